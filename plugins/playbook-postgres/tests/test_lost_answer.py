"""The connection breaks while a command is being saved: nobody can know what became of it, and its key tells."""

from __future__ import annotations

import select
import socket
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.proof import workload

from playbook import Log, OutcomeUnknown
from playbook.engine import Done

_READY = b"Z\x00\x00\x00\x05I"
"""How the server says that a transaction has ended."""


class Wire:
    """Stand between clients and a server; cut the connection that carries certain bytes, once."""

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._place = parse_qs(parts.query).get("host", [parts.hostname or "localhost"])[0]
        self._port = parts.port or 5432
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.cut: tuple[bytes, str] | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept nobody any more."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client, self._connect()), daemon=True).start()

    def _connect(self) -> socket.socket:
        if not self._place.startswith("/"):
            return socket.create_connection((self._place, self._port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{self._place}/.s.PGSQL.{self._port}")
        return server

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        with client, server:
            while True:
                for end in select.select([client, server], [], [])[0]:
                    data = end.recv(1 << 16)
                    if not data:
                        return
                    if end is client and self.cut is not None and self.cut[0] in data:
                        self._send_some(data, server)
                        return
                    (server if end is client else client).sendall(data)

    def _send_some(self, data: bytes, server: socket.socket) -> None:
        """Pass on what the mode says, and wait for the answer that nobody will hear."""
        assert self.cut is not None
        mode, self.cut = self.cut[1], None
        if mode == "half":
            server.sendall(data[: len(data) // 2])
        elif mode == "all":
            server.sendall(data)
            answer = b""
            while not answer.endswith(_READY):
                answer += server.recv(1 << 16)


@pytest.mark.parametrize("mode", ["nothing", "half", "all"])
def test_the_key_tells_what_became_of_a_command(url: str, mode: str) -> None:
    workload.prepare(url, "t")
    wire = Wire(url)
    through = urlsplit(url)._replace(
        netloc=f"postgres@127.0.0.1:{wire.port}", query="sslmode=disable&gssencmode=disable"
    )
    with workload.opened(through.geturl(), "t") as engine:
        first = Log("shared-0", "call", text="key-before-0")
        assert isinstance(engine.run(first, actor="cy"), Done)
        command, key = Log("shared-0", "call", text="key-lost-0"), "key-lost-0"
        wire.cut = (key.encode(), mode)
        with pytest.raises(OutcomeUnknown, match="whether it was stored is not known") as lost:
            engine.run(command, actor="cy", key=key)
        assert "\n" not in str(lost.value)
        again = engine.run(command, actor="cy", key=key)
        assert isinstance(again, Done)
        assert again.repeated == (mode == "all")
        assert workload.happened(engine)[key] == 1
        workload.require_whole(engine)
    wire.close()
