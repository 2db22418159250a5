#!/usr/bin/python3
"""Log in where pam_nitro asks for attestation, with AsyncSSH.

usage: login_asyncssh.py USER HOST PORT KEY-FILE COMMAND

nitro-ssh must be in PATH; it makes the answer (NITRO_SSH_SOURCE says where
documents come from). The server's key is looked up in ~/.ssh/known_hosts.
"""

import asyncio
import pathlib
import subprocess
import sys

import asyncssh


class Attested(asyncssh.SSHClient):
    """Answers the challenge for the key of this login."""

    def __init__(self, key_file):
        self.key_file = key_file

    def kbdint_auth_requested(self):
        return ""  # yes, and the server chooses how

    async def kbdint_challenge_received(self, _name, _instructions, _lang, prompts):
        # A message without a prompt wants no answer.
        return [await self.answer(text) for text, _ in prompts]

    async def answer(self, text):
        process = await asyncio.create_subprocess_exec(
            "nitro-ssh", "answer", "--key", self.key_file, text, stdout=subprocess.PIPE)
        out, _ = await process.communicate()
        return out.decode().strip()


async def run(user, host, port, key_file, command):
    async with asyncssh.connect(
            host, int(port), username=user, client_keys=[key_file], config=None, agent_path=None,
            known_hosts=str(pathlib.Path.home() / ".ssh/known_hosts"),
            preferred_auth="publickey,keyboard-interactive",
            client_factory=lambda: Attested(key_file)) as connection:
        done = await connection.run(command)
        sys.stdout.write(done.stdout)
        return done.exit_status


def main():
    try:
        return asyncio.run(run(*sys.argv[1:]))
    except asyncssh.PermissionDenied as refused:
        raise SystemExit(f"refused: {refused}") from refused


if __name__ == "__main__":
    sys.exit(main())
