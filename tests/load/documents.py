"""Attestation documents by the hundred: one nitro-sim serve for each kind."""

import subprocess
import threading

from harness import environment, sim


def _word(value):
    return "-" if value is None else value.hex()


class Documents:
    """Documents of one simulated workload; options as nitro-sim attest has them."""

    def __init__(self, *options, **how):
        argv = sim(*options, **how)
        argv[1] = "serve"
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(),
                                         text=True)
        self._turn = threading.Lock()

    def base64(self, nonce, user_data, public_key):
        """One document made now, as a line of base64."""
        with self._turn:
            self._process.stdin.write(f"{_word(nonce)} {_word(user_data)} {_word(public_key)}\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line.endswith("\n"):
            raise RuntimeError("nitro-sim serve has ended")
        return line.strip()

    def answer(self, prompt, blob):
        """The honest answer to a prompt."""
        return self.base64(prompt.nonce, prompt.audience.encode(), blob)

    def close(self):
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()
