"""What a consumer of our topics sees while everything is going on: at no moment may it see two ends of a delivery or two `posted` of a key, and from the
moment at which it sees a `posted`, Redis says so, too, as long as Redis has not been lost.

evidence.py reads what is left in the end. Here a thread reads along; what was wrong only for a moment is a violation all the same. `Book` judges (and is
tested), `History` reads.
"""

import threading

import records
import single_object
import wire
from stack import DEAD, RESULTS

EVERY_SECONDS = 0.15
POSTED = ("posted", "posted_on_hold")
WATCHED_MAX = 400  # posted keys looked at each time: the newest


class Book:
    """Ends and `posted` in the order in which they became visible."""

    def __init__(self):
        self.ends, self.posted, self.found = {}, {}, []

    def end(self, delivery, what):
        if delivery in self.ends:
            self.found.append(f"I2 {delivery}: {self.ends[delivery]} was visible when {what} came")
        self.ends.setdefault(delivery, what)

    def result(self, key, delivery, outcome):
        self.end(delivery, outcome)
        if outcome in POSTED:
            if key in self.posted:
                self.found.append(f"I5 {key}: `posted` by {self.posted[key]} was visible when {delivery} became `posted`")
            self.posted.setdefault(key, delivery)

    def redis(self, states):
        """states: {key: letter or ""} of posted keys, read while Redis' marker stayed the same."""
        for key, state in states.items():
            if state != "p" and key in self.posted:
                self.found.append(f"I7 {key}: a committed `posted` was visible, and Redis said {state or 'nothing'}")
                del self.posted[key]  # said once


class History:
    """Reads along from `since` until stop(). A server that does not answer is asked again."""

    def __init__(self, stack, since):
        self.stack, self.since, self.book = stack, dict(since), Book()
        self.over = threading.Event()
        self.kafka = stack.kafka  # a connection for each question: any thread may ask
        self.redis = wire.Redis(stack.redis.port)
        self.redis_is_another = False  # a worker has a Redis of its own: what the stack's says of its orders means nothing
        self.known, self.marker = {}, None  # keys posted while Redis had this marker
        self.losses, self.doubted = 0, None  # losses seen so far, and the marker that Redis had before the last one
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def stop(self):
        """What was wrong on the way."""
        self.over.set()
        self.thread.join(30)
        self.redis.close()
        return self.book.found

    def _run(self):
        while not self.over.wait(EVERY_SECONDS):
            try:
                self._read()
                if not self.redis_is_another:
                    self._look_at_redis()
            except (OSError, RuntimeError, wire.Gone, ValueError):
                self.redis.close()  # somebody is down: that is what the case is about

    def _read(self):
        for r in records.read(self.kafka, (RESULTS, DEAD), self.stack.partitions, self.since):
            self.since[r.topic, r.partition] = r.offset + 1
            if r.topic == DEAD:
                ours = {name: value.decode() for name, value in r.headers if name.startswith("primaflow.")}
                self.book.end(ours.get("primaflow.delivery", "?"), f"dead letter {ours.get('primaflow.code')}")
                continue
            if not r.value.startswith(single_object.MAGIC):
                continue  # in a registry's framing; the checker reads it at the end
            value = single_object.decode("OrderResult", r.value)
            d = value["delivery"]
            self.book.result(value["key"], f"{d['topic']}/{d['partition']}/{d['offset']}", value["outcome"])
            if value["outcome"] in POSTED:
                self.known[value["key"]] = True

    def _look_at_redis(self):
        losses, marker = self._losses(), self.redis("GET", "pf:marker:orders")
        if losses != self.losses:
            self.losses, self.doubted = losses, self.marker  # rolled back, it has its old marker; rebuilt, another one
        if marker is None or marker != self.marker or marker == self.doubted:
            self.known, self.marker = {}, marker  # what was posted before a loss is rebuilt; the end will tell
            return
        states = {}
        for key in list(self.known)[-WATCHED_MAX:]:
            record = self.redis.key(key)
            states[key] = record["state"] if record else ""
        if self.redis("GET", "pf:marker:orders") == marker and self._losses() == losses:
            self.book.redis(states)

    def _losses(self):
        return sum(h.kind == "lost" for h in list(self.stack.happenings))
