"""Another system's server on this machine: takes news, or fails in one of the ways servers fail."""

import contextlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Listener:
    """``mode``: "ok", "500", "redirect", "hang" (no word), "drip" (a byte now and then), "drop"."""

    def __init__(self):
        self.mode, self.taken, self.asked = "ok", [], []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                listener.asked.append(self.path)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                getattr(listener, f"_{listener.mode}".replace("_500", "_fault"))(self, body)

            def do_GET(self):  # where a followed redirect would come out
                listener.asked.append(self.path)
                listener._ok(self, b"")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.over = threading.Event()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server.server_port}/news"

    def stop(self):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()

    def _ok(self, handler, body):
        self.taken.append((dict(handler.headers), body))
        handler.send_response(204)
        handler.end_headers()

    def _fault(self, handler, body):
        handler.send_response(500)
        handler.end_headers()

    def _redirect(self, handler, body):
        handler.send_response(307)
        handler.send_header("Location", f"{self.address}/elsewhere")
        handler.end_headers()

    def _hang(self, handler, body):
        self.over.wait(30)

    def _drip(self, handler, body):
        with contextlib.suppress(OSError):
            for byte in b"HTTP/1.1 204 No Content\r\nX: " + b"x" * 600:
                handler.wfile.write(bytes([byte]))
                handler.wfile.flush()
                if self.over.wait(0.1):
                    break

    def _drop(self, handler, body):
        handler.connection.shutdown(socket.SHUT_RDWR)
