"""Records that are larger than a topic takes: each ends as one letter that says where it is, and holds up nobody."""

import base64
import hashlib
import json
import subprocess
import time

import feed
from case import Failed, case, expect, until
from stack import DEAD, IN, RESULTS, RETRIES, binaries

TOO_LARGE = "record_too_large"
USUAL = {IN: 1048588, DEAD: 2097164, RESULTS: 1048588, **{topic: 2097164 for topic in RETRIES}}


class takes:
    """A topic's max.message.bytes, for a while."""

    def __init__(self, w, topic, size):
        self.kafka, self.topic, self.size = w.stack.kafka, topic, size

    def __enter__(self):
        self.kafka.set_topic(self.topic, "max.message.bytes", self.size)

    def __exit__(self, *_):
        self.kafka.set_topic(self.topic, "max.message.bytes", USUAL[self.topic])


def feed_large(w, key, size, headers=0, header_size=0):
    program = binaries().parent / "tests" / "large_record"
    words = [program, w.stack.env["KAFKA_BOOTSTRAP_SERVERS"], IN, key, str(size), str(headers), str(header_size)]
    subprocess.run(words, check=True, timeout=60, stdin=subprocess.DEVNULL)


def letter(w, key, seconds=20):
    """The one dead letter under a Kafka key, as consume --raw shows it."""
    def letters():
        return [line for line in w.stack.consume(DEAD, raw=True) if line["key"] == key and line["offset"] >= w.reader.since[DEAD, line["partition"]]]

    found = until(f"a dead letter of {key}", seconds, letters)
    expect(len(found) == 1, f"{len(found)} dead letters of {key}")
    return found[0]


def text_of(line):
    value = line["value"]
    return base64.b64decode(value["base64"]).decode() if isinstance(value, dict) else value


def expect_cut(line, value):
    headers, said = line["headers"], json.loads(text_of(line))
    expect(headers["primaflow.code"] == TOO_LARGE and headers["primaflow.owner"] == "operations", f"{headers}")
    original = said["original"]
    expect(f"{original['topic']}/{original['partition']}/{original['offset']}" == headers["primaflow.delivery"], f"{said} {headers}")
    expect(original["value_size"] == len(value) and original["value_sha256"] == hashlib.sha256(value).hexdigest(), f"{said}")


def expect_posted(w, orders, seconds=15):
    for order in orders:
        expect(w.await_outcomes(order, seconds=seconds) == ["posted"], f"{feed.natural(order)}: {w.outcomes(order)}")


@case("large", modes=("on",))
def value(w):
    """3 MiB that gzip makes small: other orders are posted meanwhile, and no transaction is aborted for it."""
    worker = w.worker("0").await_running()
    feed_large(w, "large-value", 3 << 20)
    orders = [w.order() for _ in range(12)]
    w.feed(*orders)
    expect_posted(w, orders)
    expect_cut(letter(w, "large-value"), b"x" * (3 << 20))
    expect(not worker.says("was aborted") and not worker.says("restarting"), f"it was not known beforehand\n{worker.log()[-800:]}")
    w.judge()


@case("large", modes=("on",))
def headers(w):
    """More headers than any buffer is made for: 4,000 that fit are all kept, 3 MiB of them are not."""
    w.worker("0").await_running()
    feed_large(w, "many-headers", 10, 4000, 20)
    feed_large(w, "large-headers", 10, 300, 10240)
    orders = [w.order() for _ in range(12)]
    w.feed(*orders)
    expect_posted(w, orders)
    kept = letter(w, "many-headers")
    expect(kept["headers"]["primaflow.code"] == "framing_unknown" and text_of(kept) == "x" * 10, f"{kept['headers']}")
    cut = letter(w, "large-headers")
    expect_cut(cut, b"x" * 10)
    said = json.loads(text_of(cut))["original"]
    expect(said["header_count"] == 300 and said["headers_size"] == 300 * 10241, f"{said}")
    w.judge()


@case("large", modes=("on",))
def small_dead_letter_topic(w):
    """The dead letters' topic takes 1,000 bytes: known at the start; and so made while a worker runs, which learns it from the broker's no."""
    with takes(w, DEAD, 1000):
        worker = w.worker("0").await_running()
        expect(worker.says("low max.message.bytes"), "it does not say so")
        feed_large(w, "small-topic", 1500)
        orders = [w.order() for _ in range(12)]
        w.feed(*orders)
        expect_posted(w, orders)
        expect_cut(letter(w, "small-topic"), b"x" * 1500)
        expect(not worker.says("was aborted"), f"it was not known beforehand\n{worker.log()[-800:]}")
        worker.drain()
    worker = w.worker("0").await_running()
    with takes(w, DEAD, 1000):
        for i in range(3):
            feed_large(w, f"smaller-topic-{i}", 1500 + i)  # they compress to less than 1,000 bytes ...
        w.stack.produce_raw([{"key": "noise", "value": {"base64": base64.b64encode(NOISE).decode()}}])  # ... and this does not
        orders = [w.order() for _ in range(12)]
        w.feed(*orders)
        expect_posted(w, orders)
        expect_cut(letter(w, "noise"), NOISE)
        expect(not worker.says("restarting"), f"one message is refused, and it begins anew for that\n{worker.log()[-800:]}")
    w.judge()


NOISE = b"".join(hashlib.sha256(bytes([i])).digest() for i in range(60))


@case("large", modes=("on",))
def small_results_topic(w):
    """Results do not fit: the orders are posted once, and their letters say so. With room again, later ones are told as ever."""
    with takes(w, RESULTS, 300):
        worker = w.worker("0").await_running()
        orders = [w.order() for _ in range(4)]
        w.feed(*orders)
        for order in orders:
            expect(w.await_outcomes(order) == [TOO_LARGE], f"{w.outcomes(order)}")
            expect(len(w.documents(order)) == 1 and w.state(order) == "p", f"{feed.natural(order)} is not posted")
            line = letter(w, feed.topic_key(order))
            expect(line["headers"]["primaflow.instead-of"] == "posted" and "orders.results takes 300" in line["headers"]["__dlq.errors.message"],
                   f"{line['headers']}")
        worker.drain()
    w.worker("0").await_running()
    later = [w.order() for _ in range(3)]
    w.feed(*later, {**orders[0], "event_id": "again"})
    expect_posted(w, later)
    outcomes = sorted(w.await_outcomes(orders[0], 2))
    expect(outcomes == ["duplicate", TOO_LARGE], f"a second one of those: {outcomes}")


@case("large", modes=("on",))
def small_retry_topic(w):
    """An order has to wait, and its retry topic does not take it: it ends, and leaves nothing behind that a later one would wait for."""
    rule = w.fault({"kind": "error", "text": "Words that nobody knows"}, key="*", type="MultiAvailableToSell")
    with takes(w, RETRIES[0], 400):
        w.worker("0", options=("worker.settle_deadline=500ms",)).await_running()
        order = w.order(sku="SKU00042")  # of which nobody has asked yet
        w.feed(order)
        expect(w.await_outcomes(order) == [TOO_LARGE], f"{w.outcomes(order)}")
        line = letter(w, feed.topic_key(order))
        expect(line["headers"]["primaflow.instead-of"] == "settle_deadline", f"{line['headers']}")
        expect(not w.state(order) and not w.stack.redis("ZRANGE", f"pf:d:{feed.natural(order)}", "0", "-1"), "something is left in Redis")
    w.stack.no_faults(rule)
    w.feed({**order, "event_id": "again"})
    until("it is posted", 20, lambda: "posted" in w.outcomes(order))
    w.judge()


@case("large", modes=("on",))
def no_room_at_all(w):
    """A dead letters' topic that takes nothing: that partition waits, with a word, and the others go on; with room it goes on, too."""
    worker = w.worker("0").await_running()
    with takes(w, DEAD, 100):
        w.stack.produce_raw([{"key": "no-room", "value": "not an order", "partition": 0}])
        worker.await_log("its partition waits", 20)
        orders = [w.order_in({1, 2, 3}) for _ in range(8)]
        w.feed(*orders)
        expect_posted(w, orders)
        expect(worker.drain() == 0, "it does not end while a partition waits")
        w.worker("0").await_log("its partition waits", 40)  # whoever has it next
        time.sleep(1)
    began = time.monotonic()
    line = letter(w, "no-room", 40)
    expect(line["headers"]["primaflow.code"] in (TOO_LARGE, "framing_unknown"), f"{line['headers']}")
    if time.monotonic() - began > 35:
        raise Failed("it waited for longer than is told")
    w.judge()
