"""Each hostility as a client's socket sees it, and what the books say afterwards."""

import concurrent.futures
import re
import time
import unittest

from sandbox import WithSandbox, envelope, order, status_of


class Hostilities(WithSandbox):
    """What the client sees, what the books say, and that the raw reply is kept whatever left."""

    def check(self, do, number, ended, applied, got=rb"\A\Z", outcome=None, timeout=20):
        self.prima.fault(do, key=number)
        bytes_seen, how = self.prima.raw(envelope(order(number)), timeout=timeout)
        self.assertRegex(bytes_seen, re.compile(got, re.S))
        self.assertEqual(how, ended)
        self.eventually(lambda: self.prima.sql("SELECT 1 FROM requests WHERE natural_key = ? AND fault IS NOT NULL", number) != [], "not logged")
        row = self.last_request()
        self.assertEqual(self.orders(number), applied)
        self.assertEqual((row["fault"].split("#")[0], row["applied"]), (do["kind"], applied))
        self.assertEqual(row["outcome"], outcome or ("applied" if applied else "not_applied"))
        return row

    def test_reset_before(self):
        self.check({"kind": "reset_before"}, "1", "reset", 0)

    def test_reset_during(self):
        row = self.check({"kind": "reset_during"}, "1", "reset", 1)
        self.assertIn(b"RequestStatus=&quot;OK&quot;", row["reply"])

    def test_reset_after(self):
        self.check({"kind": "reset_after"}, "1", "reset", 1)
        self.check({"kind": "reset_after", "bytes": 20}, "2", "reset", 1, rb"\AHTTP/1.1 200 OK\r\nCon\Z")

    def test_cut(self):
        self.check({"kind": "cut", "bytes": 0}, "1", "closed", 1)
        self.check({"kind": "cut", "bytes": 20}, "2", "closed", 1, rb"\AHTTP/1.1 200 OK\r\nCon\Z")
        row = self.check({"kind": "cut", "bytes": 300}, "3", "closed", 1, rb"\A.{300}\Z")
        self.assertGreater(len(row["reply"]), 300)
        self.check({"kind": "cut", "bytes": 300, "apply": False}, "4", "closed", 0, rb"\AHTTP")

    def test_hang_and_apply_then_hang(self):
        self.check({"kind": "hang"}, "1", "timeout", 0, timeout=0.5)
        self.check({"kind": "apply_then_hang"}, "2", "timeout", 1, timeout=0.5)
        self.eventually(lambda: self.prima.stats()["connections"] == 0, "a client that left still has its connection")
        self.assertEqual(self.prima.stats()["in_flight"], 0)

    def test_late_application_after_the_client_gave_up(self):
        self.prima.fault({"kind": "apply_delay", "delay": "400ms"}, key="1")
        self.assertEqual(self.prima.raw(envelope(order("1")), timeout=0.1), (b"", "timeout"))
        self.eventually(lambda: self.prima.sql("SELECT outcome FROM requests") == [("pending",)], "not logged")
        self.assertEqual(self.orders("1"), 0)
        self.eventually(lambda: self.orders("1") == 1, "never applied")
        self.eventually(lambda: self.last_request()["outcome"] == "applied", "its row was not brought up to date")
        self.assertGreaterEqual(self.prima.sql("SELECT applied_at - arrived_at FROM requests")[0][0], 395)
        self.assertIn(b"RequestStatus=&quot;OK&quot;", self.last_request()["reply"])

    def test_late_application_and_what_the_client_sees_meanwhile(self):
        self.prima.fault({"kind": "apply_delay", "delay": "300ms"}, key="1")
        began = time.monotonic()
        self.assertEqual(self.prima.call(order("1")).status, "OK")
        self.assertGreaterEqual(time.monotonic() - began, 0.295)
        for then, seen in ((504, rb"\AHTTP/1.1 504 "), ("reset", rb"\A\Z")):
            number = f"n{then}"
            self.prima.fault({"kind": "apply_delay", "delay": "300ms", "then": then}, key=number)
            began = time.monotonic()
            got, how = self.prima.raw(envelope(order(number)), timeout=0.25)
            self.assertLess(time.monotonic() - began, 0.29)
            self.assertRegex(got, seen)
            self.assertEqual(how, "reset" if then == "reset" else "timeout") # 504: answered, the connection stays
            self.assertEqual(self.orders(number), 0)
            self.eventually(lambda n=number: self.orders(n) == 1, "never applied")

    def test_a_late_duplicate_is_refused_when_it_is_its_turn(self):
        self.prima.fault({"kind": "apply_delay", "delay": "200ms", "then": 500}, nth=1)
        self.assertEqual(self.prima.post(envelope(order("1")))[0], 500)
        self.assertEqual(self.prima.call(order("1")).status, "OK")
        self.eventually(lambda: self.prima.sql("SELECT outcome FROM requests WHERE id = 1") == [("refused",)], "the late one was not refused")
        self.assertEqual(self.orders("1"), 1)

    def test_http_statuses(self):
        self.check({"kind": "http", "status": 500, "text": "oops"}, "1", "timeout", 0, rb"\AHTTP/1.1 500 .*\r\n\r\noops\Z", timeout=0.3)
        self.check({"kind": "http", "status": 502, "apply": True}, "2", "timeout", 1, rb"\AHTTP/1.1 502 ", timeout=0.3)
        self.check({"kind": "soap_fault", "text": "boom"}, "3", "timeout", 0, rb"\AHTTP/1.1 500 .*<faultstring>boom</faultstring>", timeout=0.3)
        self.check({"kind": "maintenance"}, "4", "timeout", 0, rb"\AHTTP/1.1 503 .*<h1>Down", timeout=0.3)

    def test_throttling(self):
        for retry_after, seen in ((7, "7"), ("absurd", "absurd"), ("99999999999999", "99999999999999")):
            self.prima.fault({"kind": "throttle", "retry_after": retry_after}, count=1)
            status, headers, _ = self.prima.post(envelope(order("1")))
            self.assertEqual((status, headers["Retry-After"]), (429, seen))
        self.prima.fault({"kind": "throttle", "status": 503, "retry_after": "date:3"}, count=1)
        status, headers, _ = self.prima.post(envelope(order("1")))
        self.assertEqual(status, 503)
        from email.utils import parsedate_to_datetime
        self.assertAlmostEqual(parsedate_to_datetime(headers["Retry-After"]).timestamp(), time.time() + 3, delta=2)
        self.prima.fault({"kind": "throttle"}, count=1)
        self.assertNotIn("Retry-After", self.prima.post(envelope(order("1")))[1])
        self.assertEqual(self.orders("1"), 0)

    def test_errors_in_words(self):
        def error(do):
            self.prima.fault(do, count=1)
            return self.prima.call(order("1"))
        self.assertEqual(error({"kind": "error", "text": "Nö & <so>"}).error, "Nö & <so>")
        self.assertEqual(error({"kind": "error", "about": "exists", "wording": "foreign"}).error, "Beleg 1 ist bereits vorhanden")
        self.assertGreater(len({error({"kind": "error", "about": "exists", "wording": "random"}).error for _ in range(60)}), 2)
        self.assertEqual(self.orders("1"), 0)
        reply = error({"kind": "ok_with_error", "text": "but"})
        self.assertEqual((reply.status, reply.error, self.orders("1")), ("OK", "but", 1))
        reply = error({"kind": "ok_with_error", "text": "but", "apply": False})
        self.assertEqual((reply.status, self.last_request()["outcome"]), ("OK", "not_applied"))

    def test_answers_without_a_name_and_with_anothers(self):
        for number, kind, apply, documents in (("1", "bare_ok", True, 1), ("2", "bare_ok", False, 0), ("31", "other_answer", True, 1),
                                               ("39", "other_answer", False, 0)):
            self.prima.fault({"kind": kind, "apply": apply}, key=number)
            reply = self.prima.call(order(number))
            self.assertEqual((reply.status, reply.error, self.orders(number)), ("OK", "", documents))
            named = [row["OrderNumber"] for row in reply.rows("Data")]
            self.assertEqual(named, {"31": ["32"], "39": ["30"]}.get(number, []))
        self.prima.fault({"kind": "other_answer"}, key="407")
        self.assertEqual(self.prima.call(status_of("407")).error, "Order 408 not found")
        read = '<Request RequestType="MultiAvailableToSell"><Data><sku Product="SKU00001"/><sku Product="SKU00009"/></Data></Request>'
        self.prima.fault({"kind": "other_answer"}, type="MultiAvailableToSell", count=1)
        self.assertEqual([row["Product"] for row in self.prima.call(read).rows("SKU")], ["SKU00002", "SKU00000"])

    def test_wordings_of_prima_itself(self):
        self.prima.call(order("1"))
        self.assertEqual(self.prima.admin("POST", "/wording", {"wording": "foreign"})[0], 200)
        self.assertEqual(self.prima.call(order("1")).error, "Beleg 1 ist bereits vorhanden")
        self.prima.admin("POST", "/wording", {"wording": "random"})
        self.assertGreater(len({self.prima.call(status_of("none")).error for _ in range(60)}), 2)
        self.prima.admin("POST", "/wording", {"wording": "plain"})

    def test_garbage(self):
        row = self.check({"kind": "garbage", "bytes": 333}, "1", "timeout", 1, rb"\AHTTP/1.1 200 .*\r\n\r\n.{333}\Z", timeout=0.3)
        self.assertEqual(len(row["reply"]), 333)
        self.check({"kind": "garbage", "raw": True, "bytes": 50}, "2", "closed", 1, rb"\A(?!HTTP).{50}\Z")

    def test_wrong_encoding(self):
        self.prima.fault({"kind": "encoding"}, key="1")
        _, headers, body = self.prima.post(envelope(order("1")))
        self.assertIn("utf-8", headers["Content-Type"])
        with self.assertRaises(UnicodeDecodeError):
            body.decode("utf-8")
        self.assertEqual(self.orders("1"), 1)

    def test_stock_rows_in_disorder(self):
        read = '<Request RequestType="ProductAvailableToSell"><Data ProductFrom="SKU00001" ProductTo="SKU00100"/></Request>'
        ordered = [r["Product"] for r in self.prima.call(read).rows("sku")]

        def disorder(**do):
            self.prima.fault({"kind": "rows", **do}, count=1)
            return [r["Product"] for r in self.prima.call(read).rows("sku")]
        self.assertEqual(disorder(keep_rows=7), ordered[:7])
        self.assertEqual(disorder(keep_rows=0), [])
        self.assertEqual(disorder(drop=1), [])
        shuffled = disorder(shuffle=True)
        self.assertNotEqual(shuffled, ordered)
        self.assertEqual(sorted(shuffled), ordered)
        self.assertEqual(disorder(duplicate=1), [p for p in ordered for _ in range(2)])
        self.assertEqual(disorder(), ordered)

    def test_latency(self):
        self.prima.admin("POST", "/latency", {"latency": "50ms"})
        self.prima.fault({"kind": "latency", "latency": "150ms"}, key="slow")
        for number, low in (("quick", 0.05), ("slow", 0.2)):
            began = time.monotonic()
            self.prima.call(order(number))
            took = time.monotonic() - began
            self.assertGreaterEqual(took, low)
            self.assertLess(took, low + 1)
        with concurrent.futures.ThreadPoolExecutor(40) as pool: # all asleep at once: none holds a thread
            began = time.monotonic()
            list(pool.map(lambda i: self.prima.call(order(f"p{i}")), range(40)))
            self.assertLess(time.monotonic() - began, 1.5)
        self.assertGreater(self.prima.stats()["in_flight_max"], 10)
        self.prima.admin("POST", "/latency", {"latency": "0"})


if __name__ == "__main__":
    unittest.main()
