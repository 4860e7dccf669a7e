"""The sandbox's real binary from outside: requests and its books, both kinds of uniqueness, options, and what survives a kill."""

import concurrent.futures
import os
import socket
import subprocess
import threading
import time
import unittest

import sandbox
from sandbox import Sandbox, WithSandbox, data, envelope, order, status_of


class Requests(WithSandbox):
    def test_an_order_is_in_all_its_tables(self):
        lines = '<OrderLineData OrderLine="7" Product="SKU00002" Quantity="2" Price="10.00" TrDisc="1.00" ExtTaxVal="3.17" Warehouse="02" LineNarrative="gift"/>'
        pay = '<OrderChargeData Charge="POST" ChargeValue="3.95"/><OrderPaymentData PayMethod="CSH" SubPayMethod="PP" TranAmount="22.95" TransactionID="t1"/>'
        reply = self.prima.call(order("2011", lines=lines, payments=pay, CustomerRef="r1", CustomerSurname="O'Brien & \"Söhne\""))
        self.assertEqual((reply.status, reply.error), ("OK", ""))
        self.assertEqual(
            self.prima.sql("SELECT company, status, hold, currency, lines_total, discount_total, tax_total, charge_total, paid_total, outstanding, difference,"
                           " surname FROM orders"),
            [("01", "Open", 0, "GBP", 2000, 100, 317, 395, 2295, 0, 0, "O'Brien & \"Söhne\"")])
        self.assertEqual(self.prima.sql("SELECT position, order_line, product, quantity, price, discount, tax, depot, narrative FROM order_lines"),
                         [(1, "7", "SKU00002", 2, 1000, 100, 317, "02", "gift")])
        self.assertEqual(self.prima.sql("SELECT charge, value FROM order_charges"), [("POST", 395)])
        self.assertEqual(self.prima.sql("SELECT pay_method, sub_pay_method, amount, transaction_id FROM order_payments"), [("CSH", "PP", 2295, "t1")])
        self.assertEqual(self.prima.sql("SELECT customer_ref, email FROM customers WHERE request_id IS NOT NULL"), [("r1", "2011@example.org")])

    def test_every_request_is_kept_raw_with_its_reply(self):
        for body, outcome, http_status in ((envelope(order("1")), "applied", 200), (envelope(order("1")), "refused", 200),
                                           (envelope(status_of("1")), "read", 200), (b"nonsense", "malformed", 500)):
            status, _, reply = self.prima.post(body)
            row = self.last_request()
            self.assertEqual((status, row["outcome"], row["http_status"]), (http_status, outcome, http_status))
            self.assertEqual((row["request"], row["reply"]), (body, reply))
        self.assertEqual(self.prima.sql("SELECT natural_key, type FROM requests ORDER BY id"),
                         [("1", "NewOrder"), ("1", "NewOrder"), ("1", "OrderStatus"), ("", "")])

    def test_refusals_name_what_is_wrong_and_write_nothing(self):
        line = '<OrderLineData Product="{}" Quantity="{}" Price="{}" Warehouse="{}"/>'
        for name, document, error in (
                ("product", order("1", lines=line.format("NOPE", 1, 1, "01")), "Unknown product NOPE"),
                ("matrix code", order("1", lines=line.format('TSHIRT" MtrxCode1="PINK', 1, 1, "")), "Unknown product TSHIRT PINK"),
                ("depot", order("1", lines=line.format("SKU00001", 1, 1, "ZZ")), "Unknown warehouse ZZ"),
                ("quantity", order("1", lines=line.format("SKU00001", 0, 1, "")), "Invalid Quantity"),
                ("price", order("1", lines=line.format("SKU00001", 1, "1,5", "")), "Invalid Price"),
                ("no lines", order("1", lines=""), "Invalid order: no lines"),
                ("no number", order(""), "Invalid OrderNumber"),
                ("account", order("1", Customer="C999"), "Unknown customer C999"),
                ("date", order("1").replace("2026-11-20", "20/11/2026"), "Invalid OrderDate"),
                ("currency", order("1").replace("GBP", "XXX"), "Invalid Currency"),
                ("type", '<Request RequestType="Drop"><Data/></Request>', "Invalid RequestType"),
                ("no data", '<Request RequestType="NewOrder"/>', "Invalid request: no Data")):
            with self.subTest(name):
                reply = self.prima.call(document)
                self.assertEqual((reply.status, reply.error), ("ERROR", error))
        self.assertEqual(self.prima.sql("SELECT count(*) FROM orders")[0][0] + self.prima.sql("SELECT count(*) FROM order_lines")[0][0], 0)
        self.assertEqual(self.prima.sql("SELECT count(*) FROM customers WHERE request_id IS NOT NULL")[0][0], 0)

    def test_several_orders_are_accepted_whole_or_not_at_all(self):
        bad = data("33", lines='<OrderLineData Product="NOPE" Quantity="1" Price="1"/>')
        reply = self.prima.call(f'<Request RequestType="MultiNewOrder">{data("31")}{data("32")}{bad}</Request>')
        self.assertEqual(reply.error, "Unknown product NOPE")
        self.assertEqual(self.prima.sql("SELECT count(*) FROM orders")[0][0], 0)
        self.assertEqual(self.available("SKU00001", "01"), 1001)
        reply = self.prima.call(f'<Request RequestType="MultiNewOrder">{data("31")}{data("32")}</Request>')
        self.assertEqual([r["OrderNumber"] for r in reply.rows("Data")], ["31", "32"])
        self.assertEqual(self.prima.sql("SELECT order_number FROM orders ORDER BY id"), [("31",), ("32",)])
        self.assertEqual(self.prima.sql("SELECT count(DISTINCT account) FROM orders")[0][0], 2)

    def available(self, product, depot):
        reply = self.prima.call(f'<Request RequestType="MultiAvailableToSell"><Data Warehouse="{depot}"><sku Product="{product}"/></Data></Request>')
        self.assertEqual(self.prima.sql("SELECT quantity FROM available WHERE product = ? AND depot = ?", product, depot)[0][0],
                         int(reply.rows("SKU")[0]["AvailableQuantity"]))
        return int(reply.rows("SKU")[0]["AvailableQuantity"])

    def test_stock_is_reserved_by_orders_and_given_back_by_cancelling(self):
        before = self.available("SKU00001", "01")
        self.prima.call(order("1"))
        self.assertEqual(self.available("SKU00001", "01"), before - 1)
        self.assertEqual(self.prima.admin("POST", "/status", {"order_number": "1", "company": "01", "status": "Cancelled"})[0], 200)
        self.assertEqual(self.available("SKU00001", "01"), before)

    def despatch(self, number, **more):
        return self.prima.admin("POST", "/despatch", {"order_number": "1", "company": "01", "despatch_number": number, **more})

    def test_parcels_leave_and_are_corrected(self):
        line = '<OrderLineData OrderLine="{}" Product="{}" Quantity="2" Price="1.00" Warehouse="01"/>'
        before = self.available("SKU00001", "01")
        self.prima.call(order("1", lines=line.format(1, "SKU00001") + line.format(2, "SKU00002")))
        for wrong, said in (({"lines": [{"order_line": "3", "quantity": 1}]}, "no such line"), ({"lines": [{"order_line": "1", "quantity": 3}]}, "more units"),
                            ({"lines": 1}, "order_number"), ({"order_number": "2"}, "no such order")):
            status, reply = self.despatch("D1", **wrong)
            self.assertEqual(status, 400)
            self.assertIn(said, reply["error"])
        self.assertEqual(self.despatch("D1", carrier="DPD", tracking_number="T1", lines=[{"order_line": "1", "quantity": 1}])[0], 200)
        reply = self.prima.call(status_of("1"))
        self.assertEqual(reply.rows("Data")[0]["OrderStatus"], "Part Despatched")
        self.assertEqual([(r["DespatchNumber"], r["Carrier"], r["TrackingNumber"]) for r in reply.rows("Despatch")], [("D1", "DPD", "T1")])
        self.assertEqual([(r["OrderLine"], r["Quantity"]) for r in reply.rows("Line")], [("1", "1")])
        self.assertEqual(self.available("SKU00001", "01"), before - 2)  # one has left, one is still reserved
        self.assertEqual(self.despatch("D1", tracking_number="T2")[0], 200)
        self.assertEqual(self.despatch("D1", lines=[])[0], 400)
        self.assertEqual(self.despatch("D2")[0], 200)
        reply = self.prima.call(status_of("1"))
        self.assertEqual(reply.rows("Data")[0]["OrderStatus"], "Despatched")
        self.assertEqual([(r["DespatchNumber"], r["Carrier"], r["TrackingNumber"]) for r in reply.rows("Despatch")], [("D1", "DPD", "T2"), ("D2", "", "")])
        self.assertEqual([(r["OrderLine"], r["Quantity"]) for r in reply.rows("Line")], [("1", "1"), ("1", "1"), ("2", "2")])
        self.assertEqual(self.available("SKU00001", "01"), before - 2)
        self.assertEqual(self.prima.sql("SELECT on_hand FROM available WHERE product = 'SKU00001' AND depot = '01'"), [(before - 2,)])

    def test_stock_reads(self):
        reply = self.prima.call('<Request RequestType="MultiAvailableToSell"><Data><sku Product="TSHIRT" MtrxCode1="RED" MtrxCode2="M" Warehouse="S1"/>'
                                '<sku Product="NOPE"/><sku Product="SKU00003"/></Data></Request>')
        self.assertEqual([(r["Product"], r["MtrxCode1"], r.get("Warehouse"), r["AvailableQuantity"]) for r in reply.rows("SKU")],
                         [("TSHIRT", "RED", "S1", "40"), ("SKU00003", "", None, str(1003 + 5 * 50))])
        everything = self.prima.call('<Request RequestType="ProductAvailableToSell"><Data ProductFrom="" ProductTo=""/></Request>')
        self.assertEqual(len(everything.rows("sku")), self.prima.sql("SELECT count(*) FROM products")[0][0])
        some = self.prima.call('<Request RequestType="ProductAvailableToSell"><Data ProductFrom="SKU00009" ProductTo="SKU00011"/></Request>')
        self.assertEqual([r["Product"] for r in some.rows("sku")], ["SKU00009", "SKU00010", "SKU00011"])

    def test_a_product_that_is_gone(self):
        read = '<Request RequestType="MultiAvailableToSell"><Data><sku Product="SKU00001"/></Data></Request>'
        all_of_it = '<Request RequestType="ProductAvailableToSell"><Data ProductFrom="" ProductTo=""/></Request>'
        count = len(self.prima.call(all_of_it).rows("sku"))
        self.assertEqual(self.prima.admin("POST", "/product", {"product": "SKU00001", "gone": True})[0], 200)
        self.assertEqual(self.prima.call(order("1")).error, "Unknown product SKU00001")
        self.assertEqual(self.prima.call(read).rows("SKU"), [])
        self.assertEqual(len(self.prima.call(all_of_it).rows("sku")), count - 1)
        self.prima.admin("POST", "/product", {"product": "SKU00001", "gone": False})
        self.assertEqual(self.prima.call(order("1")).status, "OK")

    def test_customers(self):
        new = '<Request RequestType="NewCustomer"><Data CustomerRef="{}" CustomerEmail="{}" CustomerSurname="Zoë"/></Request>'
        search = '<Request RequestType="CustomerSearch"><Data CustomerRef="{}" CustomerEmail="{}"/></Request>'
        account = self.prima.call(new.format("r1", "A@Example.org")).rows("Data")[0]["Account"]
        self.assertEqual(self.prima.call(new.format("r1", "b@example.org")).error, "Customer r1 already exists")
        self.assertEqual([c["Account"] for c in self.prima.call(search.format("r1", "")).rows("Customer")], [account])
        self.assertEqual([c["Account"] for c in self.prima.call(search.format("", "a@EXAMPLE.org")).rows("Customer")], [account])
        self.assertEqual(self.prima.call(search.format("r1", ""), company="02").rows("Customer"), [])
        second = self.prima.call(new.format("r2", "a@example.org")).rows("Data")[0]["Account"]
        self.assertEqual([c["Account"] for c in self.prima.call(search.format("", "a@example.org")).rows("Customer")], [account, second])
        self.assertEqual(self.prima.call(order("1", Customer=second)).status, "OK")
        self.assertEqual(self.prima.call(order("2", CustomerEmail="A@example.ORG")).status, "OK")
        self.assertEqual(self.prima.sql("SELECT account FROM orders ORDER BY id"), [(second,), (account,)])
        self.assertEqual(self.prima.call(search.format("", "")).status, "ERROR")

    def test_order_search_pages(self):
        for number in ("1", "2", "3"):
            self.prima.call(order(number))
        self.prima.call(order("4").replace("2026-11-20", "2026-11-21"))
        ask = '<Request RequestType="OrderSearch"><Data DateFrom="2026-11-20" DateTo="2026-11-20" Page="{}" PageSize="2"/></Request>'
        pages = [self.prima.call(ask.format(page)) for page in (1, 2, 3)]
        self.assertEqual([[d["OrderNumber"] for d in p.rows("Document")] for p in pages], [["1", "2"], ["3"], []])
        self.assertEqual((pages[0].rows("Data")[0]["Pages"], pages[0].rows("Data")[0]["Total"]), ("2", "3"))
        self.assertEqual(pages[0].rows("Document")[0]["Gross"], "24.99")
        self.assertEqual(len(pages[1].rows("Line")), 2)

    def test_holds_and_balances(self):
        self.prima.call(order("1", HoldOrder="Yes", HoldOrderNarrative="tax differs"))
        self.prima.call(order("2", payments='<OrderPaymentData TranAmount="24.98"/>'))
        self.prima.call(order("3", payments='<OrderPaymentData TranAmount="20.00"/>', header='OrderPaid="20.00"'))
        self.assertEqual(self.prima.sql("SELECT order_number, hold, hold_narrative, status, outstanding, difference, stated_paid FROM orders ORDER BY id"),
                         [("1", 1, "tax differs", "Held", 0, 0, None), ("2", 0, "", "Open", 0, 1, None), ("3", 0, "", "Open", 499, 0, 2000)])
        self.assertEqual(self.prima.call(status_of("1")).rows("Data")[0]["OrderStatus"], "Held")

    def test_period(self):
        self.assertEqual(self.prima.admin("POST", "/period", {"closed_until": "2026-11-20"})[0], 200)
        self.assertEqual(self.prima.call(order("1")).error, "Accounting period of 2026-11-20 is closed")
        self.assertEqual(self.prima.call(order("1").replace("2026-11-20", "2026-11-21")).status, "OK")
        self.prima.admin("POST", "/period", {"closed_until": None})
        self.assertEqual(self.prima.call(order("2")).status, "OK")

    def test_latin_1(self):
        reply = self.prima.call(order("1", CustomerSurname="Müller ½ Łukasz 🎂", HoldOrderNarrative='<&>"\''))
        self.assertEqual(reply.status, "OK")
        self.assertEqual(self.prima.sql("SELECT surname, hold_narrative FROM orders"), [("Müller ½ ?ukasz ?", "<&>\"'")])
        self.assertEqual(self.prima.sql("SELECT lossy FROM requests"), [(2,)])
        body = envelope(order("2", CustomerSurname="Söhne")).decode().replace('encoding="UTF-8"', 'encoding="ISO-8859-1"').encode("latin-1")
        self.assertEqual(self.prima.post(body, content_type="text/xml")[0], 200)
        self.assertEqual(self.prima.sql("SELECT surname FROM orders WHERE order_number = '2'"), [("Söhne",)])
        self.assertIn("Order Ü not found", self.prima.call(status_of("Ü")).error)

    def test_malformed_calls_are_faults(self):
        good = envelope(order("1"))
        for name, body in (("nothing", b""), ("no XML", b"\x00\xff" * 100), ("cut", good[:-20]), ("unescaped", good.replace(b"&lt;", b"<")),
                           ("inner cut", envelope(order("1")[:-5])), ("document type", b'<!DOCTYPE x [<!ENTITY a "b">]>' + good[38:]),
                           ("inner document type", envelope("<!DOCTYPE x><Request/>")), ("deep", envelope("<a>" * 100000)),
                           ("invalid UTF-8", good.replace(b"SKU00001", b"SKU\xc3("))):
            with self.subTest(name):
                status, _, reply = self.prima.post(body)
                self.assertEqual(status, 500)
                self.assertRegex(reply, rb"<faultcode>SOAP-ENV:Client</faultcode><faultstring>.+</faultstring>")
                self.assertEqual(self.last_request()["outcome"], "malformed")
        status, _, reply = self.prima.post(b"<x>" + b"y" * (9 << 20) + b"</x>")
        self.assertEqual((status, b"larger than 8 MiB" in reply), (500, True))
        self.assertEqual(self.prima.call(order("1")).status, "OK")

    def test_a_call_in_pieces_over_one_connection(self):
        with socket.create_connection(self.prima.address, timeout=20) as s:
            for number in ("1", "2", "3"):
                body = envelope(order(number))
                request = f"POST {sandbox.PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
                for at in range(0, len(request), 97):
                    s.sendall(request[at:at + 97])
                    time.sleep(0.001)
                got = b""
                while b"</SOAP-ENV:Envelope>" not in got:
                    got += s.recv(65536)
                self.assertIn(b"RequestStatus=&quot;OK&quot;", got)
        self.assertEqual(self.prima.sql("SELECT count(*) FROM orders")[0][0], 3)

    def test_wrong_addresses(self):
        import http.client
        for method, path, status in (("GET", sandbox.PATH, 405), ("GET", "/", 404), ("POST", "/x", 404), ("GET", sandbox.PATH + "/wsdl?targetURI=urn:x", 404)):
            connection = http.client.HTTPConnection(*self.prima.address, timeout=20)
            connection.request(method, path)
            self.assertEqual(connection.getresponse().status, status, path)
            connection.close()


class AdminPort(WithSandbox):
    def test_errors_are_clear_json(self):
        for method, path, body, status, error in (
                ("GET", "/none", None, 404, "no such address"), ("DELETE", "/stats", None, 405, "another method"), ("POST", "/faults", "{", 400, "no JSON"),
                ("POST", "/faults", {"do": {"kind": "x"}}, 400, "do.kind"), ("DELETE", "/faults/99", None, 404, "no rule"),
                ("POST", "/latency", {"latency": "x"}, 400, "5ms"), ("POST", "/capacity", {"per_second": -1}, 400, "per_second"),
                ("POST", "/period", {"closed_until": "soon"}, 400, "date"), ("POST", "/wording", {"wording": "rude"}, 400, "foreign"),
                ("POST", "/status", {"order_number": "x", "status": "Open"}, 404, "no such order"),
                ("POST", "/product", {"product": "x", "gone": True}, 404, "no such product"),
                ("POST", "/product", {"product": "x"}, 400, "gone"), ("POST", "/reset", {"x": 1}, 400, "data"),
                ("POST", "/faults", "[" * 300000, 413, "256 KiB")):
            with self.subTest(path):
                got, reply = self.prima.admin(method, path, body)
                self.assertEqual(got, status)
                self.assertIn(error, reply["error"])

    def test_rules_come_and_go(self):
        status, reply = self.prima.admin("POST", "/faults", {"faults": [{"do": {"kind": "hang"}}, {"do": {"kind": "nonsense"}}]})
        self.assertEqual((status, self.prima.admin("GET", "/faults")[1]), (400, {"faults": []}), reply)
        ids = self.prima.admin("POST", "/faults", {"faults": [{"match": {"key": "x"}, "do": {"kind": "hang"}}, {"do": {"kind": "http"}}]})[1]["ids"]
        self.assertEqual(self.prima.post(envelope(order("1")))[0], 500)
        rules = self.prima.admin("GET", "/faults")[1]["faults"]
        self.assertEqual([(r["id"], r["matched"], r["fired"]) for r in rules], [(ids[0], 0, 0), (ids[1], 1, 1)])
        self.prima.admin("DELETE", f"/faults/{ids[1]}")
        self.assertEqual(self.prima.call(order("1")).status, "OK")
        self.prima.admin("DELETE", "/faults")
        self.assertEqual(self.prima.admin("GET", "/faults")[1], {"faults": []})

    def test_stats_and_reset(self):
        self.prima.call(order("1"))
        self.prima.call(order("1"))
        self.prima.call(status_of("1"))
        stats = self.prima.stats()
        self.assertEqual((stats["received"], stats["applied"], stats["duplicates_refused"], stats["types"]["NewOrder"]["received"]), (3, 1, 1, 2))
        self.prima.admin("POST", "/reset", {"data": False})
        self.assertEqual((self.prima.stats()["received"], self.orders("1")), (0, 1))
        self.prima.admin("POST", "/reset", {})
        self.assertEqual((self.orders("1"), self.prima.sql("SELECT count(*) FROM requests")[0][0]), (0, 0))
        self.assertEqual(self.prima.call(order("1")).status, "OK")

    def test_capacity(self):
        self.prima.admin("POST", "/capacity", {"per_second": 20, "status": 429})
        statuses = [self.prima.post(envelope(status_of("1")))[0] for _ in range(30)]
        self.prima.admin("POST", "/capacity", {"per_second": 0})
        self.assertIn(429, statuses)
        self.assertEqual(statuses[0], 200)
        self.assertEqual(self.prima.sql("SELECT count(*) FROM requests WHERE fault = 'capacity' AND outcome = 'not_applied'")[0][0], statuses.count(429))


class Unique(WithSandbox):
    def test_one_number_sent_by_many_at_once(self):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            replies = list(pool.map(lambda i: (i % 20, self.prima.call(order(f"n{i % 20}"))), range(160)))
        for number in range(20):
            self.assertEqual(sorted(r.status for n, r in replies if n == number), ["ERROR"] * 7 + ["OK"])
            self.assertEqual(self.orders(f"n{number}"), 1)
        self.assertEqual(self.prima.stats()["duplicates_refused"], 140)

    def test_numbers_are_unique_within_a_company(self):
        self.assertEqual(self.prima.call(order("1"), company="01").status, "OK")
        self.assertEqual(self.prima.call(order("1"), company="02").status, "OK")
        self.assertEqual(self.prima.call(order("1"), company=None).status, "OK")
        self.assertEqual(self.prima.call(status_of("1"), company="03").status, "ERROR")


class NotUnique(WithSandbox):
    options = ("--unique", "off")

    def test_one_number_sent_by_many_at_once(self):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            replies = list(pool.map(lambda i: self.prima.call(order(f"n{i % 20}")), range(160)))
        self.assertEqual({r.status for r in replies}, {"OK"})
        self.assertEqual({self.orders(f"n{number}") for number in range(20)}, {8})
        self.assertEqual(self.prima.stats()["second_documents"], 140)

    def test_a_second_customer_of_a_reference(self):
        new = '<Request RequestType="NewCustomer"><Data CustomerRef="r1"/></Request>'
        self.assertEqual((self.prima.call(new).status, self.prima.call(new).status), ("OK", "OK"))
        self.assertEqual(self.prima.stats()["second_documents"], 1)


class Options(unittest.TestCase):
    def run_with(self, *options, **values):
        return subprocess.run([sandbox.BINARY, *options], capture_output=True, text=True, timeout=20, check=False, **values)

    def test_exit_codes(self):
        with open(os.path.join(self.folder(), "bad.yaml"), "w", encoding="ascii") as file:
            file.write("unique: maybe\n")
        for options, code, said in (
                (("--help",), 0, ""), (("--version",), 0, ""), (("--check",), 0, ""), (("--print-config",), 0, ""), (("--nonsense",), 64, "unknown option"),
                (("--latency",), 64, "an argument is missing"), (("--latency", "x"), 64, "--check"), (("-o", "x=1"), 64, "unknown option"),
                (("-o", "unique=x", "--check"), 78, "unique: x"), (("--config", "/nowhere"), 78, "/nowhere"), (("--config", file.name, "--check"), 78, "line 1"),
                (("--listen", "nowhere:x"), 64, "not an address"), (("--db", "/nowhere/x"), 74, "unable to open"), (("--data", "/nowhere/x"), 65, "/nowhere/x"),
                (("--listen", "127.0.0.1:1", "--listen=127.0.0.1:70000"), 64, "not an address")):
            with self.subTest(options):
                done = self.run_with(*options)
                self.assertEqual(done.returncode, code, done.stderr)
                if said != "--check":
                    self.assertIn(said, done.stderr)

    def folder(self):
        import tempfile
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return folder.name

    def test_an_address_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            done = self.run_with("--listen", f"127.0.0.1:{taken.getsockname()[1]}", "--admin", "127.0.0.1:0")
        self.assertEqual(done.returncode, 69)
        self.assertIn("address in use", done.stderr)

    def test_the_last_word_wins_and_says_where_it_came_from(self):
        with open(os.path.join(self.folder(), "a.yaml"), "w", encoding="ascii") as file:
            file.write("# a comment\nlatency: \"5ms\"\nunique: off # not enforced\necho: on\n")
        done = self.run_with("--config", file.name, "-o", "echo=off", "--print-config", "--latency=7ms")
        self.assertRegex(done.stdout, r"latency: 7ms +# command line\n")
        self.assertRegex(done.stdout, r"unique: off +# .*a.yaml line 3\n")
        self.assertRegex(done.stdout, r"echo: off +# -o\n")
        self.assertRegex(done.stdout, r"price: unit +# default\n")

    def test_a_database_of_somebody_else_is_left_alone(self):
        import sqlite3
        path = os.path.join(self.folder(), "x.sqlite")
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE orders (x)")
        done = self.run_with("--db", path, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
        self.assertEqual(done.returncode, 74)
        self.assertIn("not a database of this version", done.stderr)

    def test_seed_files(self):
        import json
        good = {"depots": ["A", "B"], "products": [{"product": "BOOT", "mtrx_code1": "TAN", "stock": {"B": 12}}],
                "customers": [{"account": "B2B1", "company": "01", "email": "Buyer@example.org"}],
                "orders": [{"order_number": "77", "company": "01", "status": "Despatched"}]}
        path = os.path.join(self.folder(), "seed.json")

        def write(value):
            with open(path, "w", encoding="ascii") as file:
                json.dump(value, file)
        for name, change, said in (("stock of no depot", {"products": [{"product": "X", "stock": {"C": 1}}]}, "products[0]: stock names a depot"),
                                   ("no depots", {"depots": []}, "depots[0]"), ("a misspelt field", {"customers": [{"acount": "x"}]}, "customers[0]"),
                                   ("an order twice", {"orders": [good["orders"][0]] * 2}, "orders[1]: order_number")):
            with self.subTest(name):
                write({**good, **change})
                done = self.run_with("--data", path, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
                self.assertEqual(done.returncode, 65)
                self.assertIn(said, done.stderr)
        write(good)
        prima = Sandbox("--data", path)
        self.addCleanup(prima.stop)
        self.assertEqual(prima.call(status_of("77")).rows("Data")[0]["OrderStatus"], "Despatched")
        line = '<OrderLineData Product="BOOT" MtrxCode1="TAN" Quantity="1" Price="24.99" Warehouse="B"/>'
        self.assertEqual(prima.call(order("1", lines=line, CustomerEmail="buyer@example.org")).status, "OK")
        self.assertEqual(prima.sql("SELECT account FROM orders WHERE order_number = '1'"), [("B2B1",)])
        self.assertEqual(prima.call(order("77", lines=line)).error, "Order 77 already exists")

    def test_strict_balance_price_of_line_and_echo(self):
        prima = Sandbox("--balance", "refuse", "--price", "line", "--echo", "on")
        self.addCleanup(prima.stop)
        line = '<OrderLineData Product="SKU00001" Quantity="2" Price="24.99"/>'
        self.assertEqual(prima.call(order("1", lines=line, CustomerRef="ours")).status, "OK")
        self.assertEqual(prima.call(status_of("1")).rows("Data")[0]["CustomerRef"], "ours")
        self.assertEqual(prima.call(order("2", lines=line, payments="")).error, "Order does not balance by 24.99 GBP")
        self.assertEqual(prima.call(order("2", lines=line, payments="", HoldOrder="Yes")).status, "OK")

    def test_unique_on_over_a_file_with_a_number_twice(self):
        folder = self.folder()
        prima = Sandbox("--unique", "off", folder=folder)
        prima.call(order("1"))
        prima.call(order("1"))
        prima.stop()
        with self.assertRaisesRegex(RuntimeError, "has the same number twice"):
            Sandbox("--unique", "on", folder=folder)


class Survival(unittest.TestCase):
    def test_what_was_answered_survives_kill_9(self):
        """Eight clients at full speed, killed in the middle, four times over one file."""
        import tempfile
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        answered = set()
        for turn in range(4):
            prima = Sandbox("--latency", "uniform:0ms-3ms", folder=folder.name)
            stop = threading.Event()

            def client(name, prima=prima, stop=stop, turn=turn):
                for i in range(100000):
                    number = f"{turn}.{name}.{i}"
                    try:
                        if prima.call(order(number)).status == "OK":
                            answered.add(number)
                    except OSError:
                        return
                    if stop.is_set():
                        return
            threads = [threading.Thread(target=client, args=(n,)) for n in range(8)]
            for thread in threads:
                thread.start()
            time.sleep(0.4 + turn * 0.1)
            prima.stop(kill=True)
            stop.set()
            for thread in threads:
                thread.join()
        prima = Sandbox(folder=folder.name)
        self.addCleanup(prima.stop)
        self.assertGreater(len(answered), 100)
        stored = {row[0] for row in prima.sql("SELECT order_number FROM orders")}
        self.assertEqual(answered - stored, set())
        self.assertEqual(prima.sql("PRAGMA integrity_check"), [("ok",)])
        self.assertEqual(prima.sql("PRAGMA foreign_key_check"), [])
        self.assertEqual(prima.sql("SELECT count(*) FROM orders WHERE (SELECT count(*) FROM order_lines WHERE order_id = orders.id) <> 2"), [(0,)])
        logged = {row[0] for row in prima.sql("SELECT natural_key FROM requests WHERE applied")}
        self.assertEqual(stored, logged) # each document has its request, and each applied request its document
        self.assertEqual(prima.call(order("after")).status, "OK") # ids go on
        self.assertEqual(prima.call(order(sorted(answered)[0])).status, "ERROR")

    def test_an_answer_is_in_the_file_before_it_leaves(self):
        prima = Sandbox()
        self.addCleanup(prima.stop)
        for i in range(50):
            prima.call(order(str(i)))
            self.assertEqual(prima.sql("SELECT count(*) FROM orders")[0][0], i + 1)

    def test_sigterm_ends_it_with_calls_asleep(self):
        prima = Sandbox("--latency", "60s")
        prima.fault({"kind": "apply_delay", "delay": "60s"}, key="late")
        prima.fault({"kind": "hang"}, key="hang")
        threads = []
        seen = []
        for number in ("slow", "late", "hang"):
            threads.append(threading.Thread(target=lambda n=number: seen.append(prima.raw(envelope(order(n))))))
            threads[-1].start()
        deadline = time.monotonic() + 5
        while prima.stats()["in_flight"] < 3:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        began = time.monotonic()
        self.assertEqual(prima.stop(), (0, ""))
        self.assertLess(time.monotonic() - began, 2)
        for thread in threads:
            thread.join()
        self.assertEqual([got for got, _ in seen], [b""] * 3)

    def test_64_connections_kept_alive(self):
        import http.client
        prima = Sandbox()
        self.addCleanup(prima.stop)
        connections = [http.client.HTTPConnection(*prima.address, timeout=20) for _ in range(80)]
        for turn in range(3):
            for i, connection in enumerate(connections):
                connection.request("POST", sandbox.PATH, envelope(order(f"{turn}.{i}")), {"Content-Type": "text/xml"})
            for connection in connections:
                self.assertIn(b"&quot;OK&quot;", connection.getresponse().read())
        self.assertEqual(prima.stats()["connections"], 80)
        self.assertEqual(prima.stats()["applied"], 240)
        for connection in connections:
            connection.close()


if __name__ == "__main__":
    unittest.main()
