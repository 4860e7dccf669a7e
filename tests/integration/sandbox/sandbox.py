"""A prima-sandbox of one's own, and clients that see what really arrives on the socket."""

import html
import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import unittest

BINARY = os.environ["PRIMA_SANDBOX"]
PATH = "/wsalive/wsalive"


class Sandbox:
    """Started on free ports over a database in a folder of its own; `stop` must be called."""

    def __init__(self, *options, folder=None):
        self._own = tempfile.TemporaryDirectory() if folder is None else None
        self.folder = folder or self._own.name
        self.db_path = os.path.join(self.folder, "prima.sqlite")
        ports = os.path.join(self.folder, "ports")
        if os.path.exists(ports):
            os.unlink(ports)
        self.process = subprocess.Popen(
            [BINARY, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--db", self.db_path, "--ports-file", ports, *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 20
        while not os.path.exists(ports):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise RuntimeError(f"prima-sandbox did not start: {self.process.communicate()[1]}")
            time.sleep(0.01)
        with open(ports, encoding="ascii") as lines:
            urls = dict(line.strip().split("=", 1) for line in lines)
        self.url, self.admin_url = urls["PRIMA_URL"], urls["PRIMA_ADMIN_URL"]
        self.address = self._address(self.url)
        self.admin_address = self._address(self.admin_url)

    @staticmethod
    def _address(url):
        host, port = re.match(r"http://([^/:]+):(\d+)", url).groups()
        return host, int(port)

    def stop(self, kill=False):
        """The exit code and what was said on standard error."""
        self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        said = self.process.communicate(timeout=20)[1]
        if self._own is not None:
            self._own.cleanup()
        return self.process.returncode, said

    def admin(self, method, path, body=None):
        connection = http.client.HTTPConnection(*self.admin_address, timeout=20)
        connection.request(method, path, body if body is None or isinstance(body, str) else json.dumps(body))
        reply = connection.getresponse()
        result = reply.status, json.loads(reply.read())
        connection.close()
        return result

    def fault(self, do, **match):
        status, reply = self.admin("POST", "/faults", {"match": match, "do": do})
        assert status == 200, reply
        return reply["id"]

    def stats(self):
        return self.admin("GET", "/stats")[1]

    def sql(self, text, *values):
        with sqlite3.connect(f"file:{self.db_path}?mode=ro", uri=True, timeout=10) as db:
            return db.execute(text, values).fetchall()

    def call(self, document, company="01", timeout=20):
        """The inner reply, parsed as far as its root's attributes; HTTP errors raise."""
        status, _, body = self.post(envelope(document, company), timeout=timeout)
        if status != 200:
            raise RuntimeError(f"HTTP {status}: {body}")
        return result_of(body)

    def post(self, body, timeout=20, content_type="text/xml; charset=utf-8"):
        connection = http.client.HTTPConnection(*self.address, timeout=timeout)
        try:
            connection.request("POST", PATH, body, {"Content-Type": content_type, "SOAPAction": '""'})
            reply = connection.getresponse()
            return reply.status, dict(reply.getheaders()), reply.read()
        finally:
            connection.close()

    def raw(self, body, timeout=20):
        """What a socket sees: (all bytes that came, how it ended: closed, reset, timeout)."""
        with socket.create_connection(self.address, timeout=timeout) as s:
            head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
            s.sendall(head.encode("ascii") + body)
            got = b""
            try:
                while True:
                    more = s.recv(65536)
                    if not more:
                        return got, "closed"
                    got += more
            except ConnectionResetError:
                return got, "reset"
            except TimeoutError:
                return got, "timeout"


def envelope(document, company="01"):
    operation = "comwsomhandler" if company else "wsomhandler"
    first = f"<company>{company}</company>" if company else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        f'<ns1:{operation} xmlns:ns1="urn:omlink">{first}<request>{html.escape(document, quote=False)}</request></ns1:{operation}>'
        "</soap:Body></soap:Envelope>"
    ).encode()


def result_of(body):
    document = html.unescape(re.search("<result>(.*)</result>", body.decode(), re.S).group(1))
    root = dict(re.findall(r'(\w+)="([^"]*)"', re.search("<Response([^>]*)>", document).group(1)))
    return Reply(root["RequestStatus"], html.unescape(root["RequestError"]), document)


class Reply:
    def __init__(self, status, error, document):
        self.status, self.error, self.document = status, error, document

    def __repr__(self):
        return f"{self.status} {self.error!r} {self.document}"

    def rows(self, name):
        return [{k: html.unescape(v) for k, v in re.findall(r'(\w+)="([^"]*)"', row)} for row in re.findall(f"<{name} ([^>]*?)/?>", self.document)]


def data(number, lines=None, header="", payments='<OrderPaymentData PayMethod="CSH" TranAmount="24.99"/>', **attributes):
    values = {"OrderNumber": number, "TPGUID": number, "Customer": "", "CustomerEmail": f"{number}@example.org", "VatInclusive": "Yes",
              "HoldOrder": "No", **attributes}
    if lines is None:
        lines = ('<OrderLineData OrderLine="1" Product="SKU00001" Quantity="1" Price="10.00" Warehouse="01"/>'
                 '<OrderLineData OrderLine="2" Product="TSHIRT" MtrxCode1="RED" MtrxCode2="M" Quantity="1" Price="14.99" Warehouse="S1"/>')
    said = " ".join(f'{k}="{html.escape(v)}"' for k, v in values.items())
    return f'<Data {said}><OrderHeaderData Currency="GBP" OrderDate="2026-11-20" {header}/>{lines}{payments}</Data>'


def order(number, request_type="NewOrder", **values):
    return f'<?xml version="1.0" encoding="ISO-8859-1"?><Request RequestType="{request_type}">{data(number, **values)}</Request>'


def status_of(number):
    return f'<Request RequestType="OrderStatus"><Data OrderNumber="{number}"/></Request>'


class WithSandbox(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.prima = Sandbox(*cls.options)

    @classmethod
    def tearDownClass(cls):
        code, said = cls.prima.stop()
        assert code == 0 and said == "", (code, said)

    def setUp(self):
        self.assertEqual(self.prima.admin("POST", "/reset", {})[0], 200)

    def orders(self, number):
        return self.prima.sql("SELECT count(*) FROM orders WHERE order_number = ?", number)[0][0]

    def last_request(self):
        row = self.prima.sql("SELECT outcome, applied, fault, http_status, request, reply FROM requests ORDER BY id DESC LIMIT 1")[0]
        return dict(zip(("outcome", "applied", "fault", "http_status", "request", "reply"), row))

    def eventually(self, check, what, seconds=5):
        deadline = time.monotonic() + seconds
        while not check():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.01)
