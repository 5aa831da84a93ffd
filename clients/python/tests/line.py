"""A TCP line to a server whose connections can be broken, as a network does."""

import contextlib
import socket
import threading


class Line:
    """Forwards connections to a port of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(('127.0.0.1', 0))
        self._open: set[socket.socket] = set()
        self._blocked: bytes | None = None
        self._answers: dict[bytes, bytes] = {}
        self.opened = 0
        self.answered = 0
        self.url = f'http://127.0.0.1:{self._listener.getsockname()[1]}'
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Breaks every connection."""
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def block(self, words: bytes | None) -> None:
        """From now on breaks every connection over which the client sends these words, as a proxy does that does not know them."""
        self._blocked = words

    def answer(self, words: bytes, response: bytes) -> None:
        """From now on answers itself what the client asks with these words; with no bytes it keeps silent, as a proxy does that buffers."""
        self._answers[words] = response

    def __enter__(self) -> 'Line':
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(('127.0.0.1', self._port))
                self.opened += 1
                self._open |= {near, far}
                threading.Thread(target=self._forward, args=(near, far, True), daemon=True).start()
                threading.Thread(target=self._forward, args=(far, near, False), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket, asks: bool) -> None:
        with contextlib.suppress(OSError):
            answered = False
            while data := source.recv(65_536):
                if asks and self._blocked and self._blocked in data:
                    break
                for words in [words for words in self._answers if asks and words in data]:
                    source.sendall(self._answers[words])
                    answered = True
                    self.answered += 1
                if not answered:
                    target.sendall(data)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        source.close()
        self._open.discard(source)
