#!/usr/bin/python3
"""Log in where pam_nitro asks for attestation, with paramiko.

usage: login_paramiko.py USER HOST PORT KEY-FILE COMMAND

nitro-ssh must be in PATH; it makes the answer (NITRO_SSH_SOURCE says where
documents come from). The server's key is looked up in ~/.ssh/known_hosts.
"""

import pathlib
import subprocess
import sys

import paramiko


def known_key(host, port):
    name = host if port == 22 else f"[{host}]:{port}"
    known = paramiko.HostKeys(str(pathlib.Path.home() / ".ssh/known_hosts")).lookup(name)
    if not known:
        raise SystemExit(f"{name} is not in known_hosts")
    return next(iter(known.values()))


def load_key(path):
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key_file(path)
        except paramiko.SSHException:
            pass
    raise SystemExit(f"{path}: no key that paramiko can read")


def log_in(user, host, port, key_file):
    def answer(_title, _instructions, prompts):
        # A message without a prompt wants no answer.
        return [subprocess.run(["nitro-ssh", "answer", "--key", key_file, text],
                               check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
                for text, _ in prompts]

    transport = paramiko.Transport((host, port))
    transport.connect(hostkey=known_key(host, port))       # proves the server
    transport.auth_publickey(user, load_key(key_file))     # proves the key
    transport.auth_interactive(user, answer)               # proves the code
    return transport


def main():
    user, host, port, key_file, command = sys.argv[1:]
    try:
        transport = log_in(user, host, int(port), key_file)
    except paramiko.AuthenticationException as refused:
        raise SystemExit(f"refused: {refused}") from refused
    with transport, transport.open_session() as session:
        session.exec_command(command)
        for piece in iter(lambda: session.recv(65536), b""):
            sys.stdout.buffer.write(piece)
        return session.recv_exit_status()


if __name__ == "__main__":
    sys.exit(main())
