"""Stands between a program and the schema registry, and is what registries and the networks before them can be: slow, silent, cut off, wrong."""

import http.client
import http.server
import socket
import struct
import threading
import time
import urllib.parse

SLOW_SECONDS = 2.5


class Proxy:
    """`mode` may change at any time; it holds for requests that arrive from then on. `asked`: (method, path) of each, in order. `renames`: words
    in paths that the registry gets to see as others. "together": no PUT or POST goes on before a second one has come."""

    MODES = ("pass", "slow", "silent", "reset", "cut", "500", "404", "html", "garbage", "together")

    def __init__(self, target):
        self.target = urllib.parse.urlsplit(target)
        self.mode, self.asked, self.renames = "pass", [], {}
        self._over = threading.Event()
        self._pair = threading.Barrier(2)
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def _serve(self):
                proxy._serve(self)

            do_GET = do_POST = do_PUT = _serve

            def log_message(self, *words):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}{self.target.path}"

    def close(self):
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        self.asked.append((request.command, request.path))
        mode = self.mode
        if mode == "slow":
            time.sleep(SLOW_SECONDS)
        if mode == "together" and request.command != "GET":
            try:
                self._pair.wait(20)
            except threading.BrokenBarrierError:
                pass  # an odd one
        if mode in ("pass", "slow", "together"):
            self._answer(request, *self._forward(request, body))
        elif mode == "silent":
            self._over.wait(60)
        elif mode == "reset":
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.connection.close()
        elif mode == "cut":
            status, data = self._forward(request, body)
            self._answer(request, status, data[:len(data) // 2], len(data))
        elif mode in ("html", "404"):  # as a proxy's own page, not the registry's words
            self._answer(request, 200 if mode == "html" else 404, b"<html><body>maintenance</body></html>", kind="text/html")
        elif mode == "garbage":
            self._answer(request, 200, b'{"schema": "\xff\xfe{", "schemaType"')
        else:
            self._answer(request, int(mode), b'{"error_code": %s01, "message": "not ready"}' % mode.encode())

    def _forward(self, request, body):
        connection = http.client.HTTPConnection(self.target.hostname, self.target.port, timeout=20)
        try:
            headers = {n: v for n, v in request.headers.items() if n.lower() in ("accept", "content-type")}
            path = request.path
            for word, other in self.renames.items():
                path = path.replace(word, other)
            connection.request(request.command, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError:
            return 502, b"{}"
        finally:
            connection.close()

    @staticmethod
    def _answer(request, status, data, length=None, kind="application/json"):
        try:
            request.send_response(status)
            request.send_header("Content-Type", kind)
            request.send_header("Content-Length", str(len(data) if length is None else length))
            request.end_headers()
            request.wfile.write(data)
        except OSError:
            pass  # the client has gone
