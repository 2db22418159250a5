"""A rogue server: whoever logs in there is used to log in somewhere else.

It takes any key from its victim, logs in at the real server with a key of
its own, and hands the real server's challenge to the victim and the victim's
answer to the real server. With rewrite it changes the prompt on the way.
"""

import queue
import socket
import threading

import harness

_library = harness.paramiko()


class Rogue(_library.ServerInterface):
    def __init__(self, server, user, key, rewrite=lambda prompt, rogue: prompt):
        self.server, self.user, self.own_key, self.rewrite = server, user, key, rewrite
        self.host_key = _library.RSAKey.generate(2048)
        self.victim_key = None
        self.prompts, self.answers = [], []
        self.got_in = False
        self._to_victim, self._from_victim = queue.Queue(), queue.Queue()
        self._relay = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    # The victim's side.

    def _serve(self):
        connection, _ = self._listener.accept()
        transport = _library.Transport(connection)
        transport.add_server_key(self.host_key)
        try:
            transport.start_server(event=threading.Event(), server=self)
            transport.join(60)
        finally:
            transport.close()
            self._from_victim.put(None)

    def wait(self):
        """Until the victim has gone and the real server has answered."""
        self._thread.join(60)
        if self._relay is not None:
            self._relay.join(60)
        self._listener.close()

    def known_hosts_line(self, name):
        return f"{name} {self.host_key.get_name()} {self.host_key.get_base64()}\n"

    def get_allowed_auths(self, username):
        return "publickey" if self.victim_key is None else "keyboard-interactive"

    def check_auth_publickey(self, username, key):
        self.victim_key = key
        return _library.AUTH_PARTIALLY_SUCCESSFUL

    def check_auth_interactive(self, username, submethods):
        if self.victim_key is None or self._relay is not None:
            return _library.AUTH_FAILED
        self._relay = threading.Thread(target=self._log_in, daemon=True)
        self._relay.start()
        return self._next()

    def check_auth_interactive_response(self, responses):
        self.answers += responses
        self._from_victim.put(responses[0] if responses else "")
        return self._next()

    def _next(self):
        prompt = self._to_victim.get(timeout=60)
        if prompt is None:
            return _library.AUTH_SUCCESSFUL if self.got_in else _library.AUTH_FAILED
        query = _library.InteractiveQuery()
        query.add_prompt(self.rewrite(prompt, self), True)
        return query

    # The real server's side.

    def _log_in(self):
        try:
            with harness.Library(self.server) as client:
                client.publickey(self.user, self.own_key)
                self.got_in = client.interactive(self.user, self._ask_victim)
        finally:
            self._to_victim.put(None)

    def _ask_victim(self, prompt):
        self.prompts.append(prompt)
        self._to_victim.put(prompt)
        answer = self._from_victim.get(timeout=60)
        if answer is None:
            raise EOFError("the victim has gone")
        return answer


def lure(rogue, user, *, argv=None, args=()):
    """Have nitro-ssh log in at the rogue server; what it did."""
    config = harness.ROOT / f"client/rogue-{rogue.port}.config"
    known = harness.ROOT / f"client/rogue-{rogue.port}.known"
    known.write_text(rogue.known_hosts_line("rogue"))
    config.write_text(f"Host rogue\n\tHostName 127.0.0.1\n\tPort {rogue.port}\n\tHostKeyAlias rogue\n"
                      f"\tUserKnownHostsFile {known}\n\tGlobalKnownHostsFile none\n\tStrictHostKeyChecking yes\n")
    done = harness.run([harness.BUILD / "nitro-ssh", "-F", config, *args, f"{user}@rogue", "true"],
                       env={"NITRO_SSH_SOURCE": harness.source(argv or harness.sim())})
    rogue.wait()
    return done
