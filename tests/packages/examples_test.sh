#!/bin/bash
# The recipes for images, as far as they can be tried without AWS: the Dockerfile
# is carried out line by line in a clean Debian, cloud-init reads its user data.
# (Logins from an enclave are tests/enclave, those by Ansible tests/clients.)
# shellcheck disable=SC2016,SC2317 # quoted for the shell in the root; ok calls the functions
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck disable=SC1091 # looked at by itself
. tests/packages/tap.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf --one-file-system "$work"' EXIT
need tests/packages/root bookworm clean
unset MAKEFLAGS MAKELEVEL BUILD CC CFLAGS CPPFLAGS LDFLAGS SOURCE_DATE_EPOCH

new_root() { # FOLDER
	mkdir "$1" && tar -C "$1" --numeric-owner -xf "$(tests/packages/root bookworm clean)"
}

# FROM, RUN and COPY, with lines that go on; each FROM is a folder of its own.
image=
carry_out() { # DOCKERFILE CONTEXT
	local line whole='' words stage
	while IFS= read -r line; do
		case $whole$line in '#'* | '') continue ;; esac
		whole+=${line%\\}
		[ "$line" = "${line%\\}" ] || continue
		read -r -a words <<<"$whole"
		case ${words[0]} in
		FROM)
			[ "${words[1]}" = debian:12 ] || return 1
			image=$work/image-${words[3]:-last}
			new_root "$image" || return 1
			;;
		RUN) tests/packages/inside "$image" sh -c "${whole#RUN }" </dev/null || return 1 ;;
		COPY)
			case ${words[1]} in
			--from=*) stage=$work/image-${words[1]#--from=} && cp "$stage${words[2]}" "$image${words[3]}" || return 1 ;;
			*) cp "$2/${words[1]}" "$image${words[2]}" || return 1 ;;
			esac
			;;
		CMD) ;;
		*) echo "${words[0]} is not known here"; return 1 ;;
		esac
		whole=
	done <"$1"
}

mkdir "$work/context"
commit_tree "$work/tree"
"$work/tree/packaging/dist" "$work/dist" >/dev/null || exit 1
cp "$work"/dist/*.tar.xz "$work/context/pam_nitro.tar.xz"
echo 'host.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPnLqTYB7Ejw4mwvKvLJFDhUcyr1Wnz4sVUfEe3FDRKk' >"$work/context/ssh_known_hosts"
printf '#!/bin/sh\nexec nitro-ssh host.example.com true\n' >"$work/context/billing"
chmod 755 "$work/context/billing"
online() {
	new_root "$work/probe" && tests/packages/inside "$work/probe" apt-get -qq update --error-on=any && return
	echo "apt-get update fails"
	return 77
}
need online
ok "enclave.Dockerfile is carried out" carry_out packaging/examples/enclave.Dockerfile "$work/context"
runs() { tests/packages/inside "$image" nitro-ssh --help && ! readelf -dW "$image/usr/bin/nitro-ssh" | grep NEEDED; }
ok "its nitro-ssh runs and needs no library" runs
ssh_has() { tests/packages/inside "$image" ssh -G host.example.com | grep -qx "$1"; }
ok "ssh goes by the vsock" ssh_has "proxycommand nitro-ssh --vsock 3:8022"
ok "as the workload's account" ssh_has "user deploy"
ok "to a host that it knows" ssh_has "stricthostkeychecking true"
no_keys() { ! find "$image/etc/ssh" "$image/root" -name 'id_*' | grep .; }
ok "no key is in the image" no_keys
# This is no enclave: it must say so, and not hang.
no_enclave() {
	! timeout 20 tests/packages/inside "$image" billing >"$work/billing" 2>&1 && grep 'lacks the nsm driver' "$work/billing"
}
ok "outside of an enclave it says what is missing" no_enclave

with_cloud_init() {
	new_root "$work/cloud" && tests/packages/inside "$work/cloud" sh -c 'apt-get update && apt-get install -y --no-install-recommends cloud-init'
}
ok "a Debian with cloud-init" with_cloud_init
schema() { # FILE
	cp "$1" "$work/cloud/root/user-data" && tests/packages/inside "$work/cloud" cloud-init schema -c /root/user-data
}
ok "nitrotpm-image.yaml is what cloud-init takes" schema packaging/examples/nitrotpm-image.yaml
sed 's/^package_update: true/package_update: [1]/' packaging/examples/nitrotpm-image.yaml >"$work/mistaken"
mistaken() { ! schema "$work/mistaken"; }
ok "one with a mistake is not" mistaken
finish
