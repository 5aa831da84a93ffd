"""What stands in the way to a server: an HTTP server that knows no API."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Proxy:
    """Answers every request with one status and a page for people, and counts them."""

    def __init__(self, status: int) -> None:
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.asked += 1
                self.rfile.read(int(self.headers['content-length']))
                self.send_response(status)
                self.send_header('content-type', 'text/html')
                self.send_header('content-length', '17')
                self.end_headers()
                self.wfile.write(b'<h1>A proxy.</h1>')

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self._http.server_port}'
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def __enter__(self) -> 'Proxy':
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
