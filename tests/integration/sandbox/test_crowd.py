"""A thousand connections that are no use, at each of the sandbox's two servers: whoever comes after them is served, at once and afterwards."""

import resource
import socket
import time
import unittest

from sandbox import PATH, WithSandbox, order

MANY = 1000
HEAD = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n"
NUISANCES = {  # what each says at first, and again and again; does it close its own side?
    "silent": ("", "", False),
    "half a request": (HEAD[:20], "", False),
    "a request that drips": (HEAD, "X: y\r\n", False),
    "a body that drips": (HEAD + "Content-Length: 100000\r\n\r\n", "x", False),
    "asks and never reads": ("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "GET /stats HTTP/1.1\r\nHost: x\r\n\r\n", False),
    "closes its side alone": (HEAD, "", True),
}


class Crowd(WithSandbox):
    def connect(self, address, first, half_closes):
        s = socket.create_connection(address, timeout=20)
        s.sendall(first.encode())
        if half_closes:
            s.shutdown(socket.SHUT_WR)
        s.setblocking(False)
        return s

    def served(self, number):
        began = time.monotonic()
        self.assertEqual(self.prima.admin("GET", "/healthz")[0], 200)
        self.assertEqual(self.prima.call(order(number)).status, "OK")
        self.assertLess(time.monotonic() - began, 5)

    def test_a_thousand_of_each_kind(self):
        number = 0
        for server in (self.prima.address, self.prima.admin_address):
            for name, (first, again, half_closes) in NUISANCES.items():
                with self.subTest(name, server=server):
                    crowd = [self.connect(server, first, half_closes) for _ in range(MANY)]
                    for s in crowd:
                        try:
                            s.send(again.encode())
                        except OSError:
                            pass  # answered and closed
                    self.served(str(number := number + 1))
                    for s in crowd:
                        s.close()
                    self.served(str(number := number + 1))
        # libmicrohttpd misses a few of the clients that close their own side in the middle of a head; its idle limit finds those
        self.eventually(lambda: self.prima.stats()["connections"] < 50, "connections of clients that left are kept")


class FewDescriptors(WithSandbox):
    """The limit of descriptors comes first: it takes connections again when others have gone."""

    def test_out_of_descriptors(self):
        resource.prlimit(self.prima.process.pid, resource.RLIMIT_NOFILE, (64, 64))
        crowd = [socket.create_connection(self.prima.address, timeout=20) for _ in range(200)]
        time.sleep(0.5)
        for s in crowd:
            s.close()
        self.assertEqual(self.prima.call(order("1")).status, "OK")
        self.assertEqual(self.prima.admin("GET", "/healthz")[0], 200)


if __name__ == "__main__":
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    unittest.main()
