"""Refunds on their way: which are fed and when, what must have ended, and what is then read for the judge."""

import base64
import json
import time
from datetime import datetime

import judge
import judge_notes
import refund_shapes
from avro import Schema
from stack import TREE, now_ms
from workers import Worker

RAW, RESULTS, DEAD = "refunds.raw", "refunds.results", "refunds.raw.dlq"
START = "2026-10-01T09:00:00Z"
STILL_SECONDS = 40
# Pending money is told off soon: the longest wait of the test.
PENDING = "refunds.pending_max_age=1s"


def schema(name):
    return (TREE / "schemas" / f"{name}.avsc").read_text()


class Refunds:
    """`count` of `generate`, of a third fewer orders; and the shapes of our own."""

    def __init__(self, stack, count, seed, shapes):
        self.stack, self.count, self.seed = stack, count, seed
        self.keys = max(count * 2 // 3, 1)
        self.late = count // 20 + 5     # orders that come after their refunds
        self.stories = refund_shapes.stories(78000000000 + seed * 100000, shapes)
        self.fed = 0
        self.worker = None
        self.cancelled = {}             # order number: since when, in Prima

    def orders(self):
        """How many were fed. What comes early has no order yet."""
        self.produce(self.stories.early + self.stories.endless)
        self.fed -= len(self.stories.endless)
        self.stack.primaflow("generate", "orders", "--to-kafka", "--start", START, "--seed", str(self.seed), "--count", str(self.keys))
        self.stack.produce(self.stories.orders)
        return self.keys + len(self.stories.orders)

    def start(self, options):
        self.worker = Worker(self.stack, options=[*options, PENDING], program="primaflow-refunds")

    def produce(self, events):
        self.stack.produce(events, RAW)
        self.fed += len(events)

    def first(self):
        self.stack.primaflow("generate", "refunds", "--to-kafka", "--start", START, "--seed", str(self.seed), "--keys", str(self.keys), "--count",
                             str(self.count), "--duplicates", "8", "--faulty", "25")
        self.fed += self.count
        self.produce(self.stories.first)
        made = self.stack.primaflow("generate", "orders", "--start", START, "--seed", str(self.seed), "--count", str(self.keys + self.late))
        self.stack.produce([json.loads(line) for line in made.splitlines()[self.keys:]])
        return self.late

    def second(self):
        for number in self.stories.cancelled:
            self.cancelled[number] = now_ms()
            self.stack.admin("POST", "/status", {"order_number": number, "company": "01", "status": "Cancelled"})
        self.produce(self.stories.second)
        self.stranger()

    def stranger(self):
        """One that no tool of ours would send: of a shop that is not there, in the bytes of one that is."""
        line = next(line for line in self.stack.consume(RAW, raw=True) if b"\x04uk" in (judge.bytes_of(line["value"]) or b""))
        value = judge.bytes_of(line["value"]).replace(b"\x04uk", b"\x04zz", 1)
        self.stack.produce_raw([{"key": line["key"].replace("/uk/", "/zz/"), "value": {"base64": base64.b64encode(value).decode()}}], RAW)
        self.fed += 1

    def await_rest(self):
        """Each has its one committed end. Late is no failure, standing still is."""
        ended, moved_at = -1, time.monotonic()
        while ended < self.fed:
            if not self.worker.is_alive():
                raise RuntimeError(f"the worker of refunds ended\n{self.worker.log()[-2000:]}")
            now = len(self.stack.consume(RESULTS, raw=True)) + len(self.stack.consume(DEAD, raw=True))
            if now > ended:
                ended, moved_at = now, time.monotonic()
            elif time.monotonic() - moved_at > STILL_SECONDS:
                raise TimeoutError(f"{ended} of {self.fed} refunds have an end, and none was added for {STILL_SECONDS} s\n{self.worker.log()[-1500:]}")
            time.sleep(0.3)

    def facts(self, db):
        raw = [judge.Record(f"{line['topic']}/{line['partition']}/{line['offset']}", judge.bytes_of(line["value"]), ms(line["timestamp"]))
               for line in self.stack.consume(RAW, raw=True)]
        events = Schema(schema("RefundEvent"))
        return judge_notes.NoteFacts(raw, list(self.ends()), str(db), events, judge_notes.identity_of(schema("RefundEvent")),
                                     self.cancelled)

    def ends(self):
        results = Schema(schema("RefundResult"))
        for line in self.stack.consume(RESULTS, raw=True):
            r = results.read(judge.bytes_of(line["value"]))
            place = "{topic}/{partition}/{offset}".format(**r["delivery"])
            yield judge_notes.End(place, r["outcome"], r["received_at"], ms(line["timestamp"]), False, r["document"] or "",
                                  codes=tuple(r["codes"]), attempts=r["attempts"])
        for line in self.stack.consume(DEAD, raw=True):
            h = line["headers"]
            yield judge_notes.End(h["primaflow.delivery"], h["primaflow.code"], int(h["primaflow.first-seen"]), ms(line["timestamp"]), True, "",
                                  judge.bytes_of(line["value"]))


def ms(text):
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)
