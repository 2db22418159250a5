# An enclave image that logs in with nitro-ssh:
#
#	docker build -f enclave.Dockerfile -t billing .
#	nitro-cli build-enclave --docker-uri billing --output-file billing.eif
#
# Beside this file: the release tarball of pam_nitro, the workload's program, and
# ssh_known_hosts with the public key of the host. The image has no key of its
# own: nitro-ssh makes one for each connection, and the attestation vouches for it.
FROM debian:12 AS nitro-ssh
RUN apt-get update && apt-get install -y --no-install-recommends \
    gcc make libc6-dev xz-utils
COPY pam_nitro.tar.xz /src.tar.xz
RUN mkdir /src && tar -C /src --strip-components=1 -xf /src.tar.xz && \
    make -C /src nitro-ssh-static

FROM debian:12
RUN apt-get update && apt-get install -y --no-install-recommends \
    openssh-client
COPY --from=nitro-ssh /src/build/nitro-ssh-static /usr/bin/nitro-ssh
COPY ssh_known_hosts /etc/ssh/ssh_known_hosts
# The only way out of an enclave is a vsock to its parent instance, CID 3. There
# vsock-proxy, socat or nitro-vsock.socket carries the bytes on. With socat in the
# image instead: ProxyCommand socat - VSOCK-CONNECT:3:8022
RUN printf '%s\n' 'Host host.example.com' '    User deploy' \
    '    StrictHostKeyChecking yes' '    ProxyCommand nitro-ssh --vsock 3:8022' \
    >/etc/ssh/ssh_config.d/host.conf
COPY billing /usr/bin/billing
CMD ["/usr/bin/billing"]
