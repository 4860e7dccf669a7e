"""Ports behind which a service is away until somebody opens them: for what must be missing when a worker starts, while others have it."""

import http.server
import json
import socket
import threading

from prometheus import free_port


class Gate:
    """A port that refuses connections, until open(): then it leads to `target`."""

    def __init__(self, target):
        self.target, self.port, self._listener = target, free_port(), None

    def open(self):
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        if self._listener is not None:
            self._listener.close()

    def _accept(self):
        while True:
            try:
                here, _ = self._listener.accept()
                there = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            for source, sink in ((here, there), (there, here)):
                threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    @staticmethod
    def _copy(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Registry:
    """As much of a schema registry as a worker asks at start: 503 until open(), then every schema is number 1."""

    def __init__(self):
        registry = self
        self.is_open = False

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                body = json.dumps({"id": 1} if registry.is_open else {"error_code": 50302, "message": "not ready"}).encode()
                self.send_response(200 if registry.is_open else 503)
                self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_PUT = do_POST

            def log_message(self, *words):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def open(self):
        self.is_open = True

    def close(self):
        self._server.shutdown()
        self._server.server_close()
