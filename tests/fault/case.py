"""A case: some arrangement of faults on a stack, then rest, then the checker. Cases are functions that are given a World."""

import os
import time

import checker
import evidence
import feed
import history
import records
import wire
from refund_feed import REFUND_GROUP, REFUND_RETRIES, REFUNDS
from stack import DEAD, GROUP, IN, READ, Stack, until
from workers import Worker

REST_SECONDS = 45  # for the last retry, the longest wait and a rebalance, on a machine that is busy

CASES = {}  # name: Case, in the order of their files


class Failed(Exception):
    """What was to be so, is not. Its text is one finding a line."""


FULL = os.environ.get("PF_FULL") == "1"  # everything in every mode that it has; else as much as fits into minutes


class Case:
    def __init__(self, function, group, modes, usual):
        self.function, self.modes, self.usual = function, modes, modes if FULL and usual != () else modes if usual is None else usual
        self.name = f"{group}.{function.__name__}"


def case(group, modes=("on", "off"), usual=None):
    """Registers a case. modes: of --unique in which it makes sense; usual: those in which it runs when nobody asks for more; (): in none."""
    def register(function):
        made = Case(function, group, modes, usual)
        CASES[made.name] = made
        return function
    return register


def expect(condition, words):
    if not condition:
        raise Failed(words)


class World:
    """One case's view of a stack: orders of its own, its workers, its evidence. Everything is ended by close()."""

    def __init__(self, stack, name, turn=0, mutant=None):
        self.stack, self.name, self.mutant = stack, name, mutant
        self.numbers = feed.Numbers(name, f"{turn}/{stack.unique}")  # both modes have their orders on one stack
        self.reader = evidence.Reader(stack)
        stack.happenings.clear()
        self.history = history.History(stack, self.reader.since)
        self.workers = []
        self.resends = 0
        self.allowed, self.sleepers, self.discarded = set(), set(), set()

    # ---- workers ----

    def worker(self, slot="0", fail=None, **more):
        """Starts one; the mutant under test is in every worker of the case."""
        if any(option.startswith(("redis.url=", "redis.prefix=")) for option in more.get("options", ())):
            self.history.redis_is_another = True
        made = Worker(self.stack, slot, fail, self.mutant, **more)
        self.workers.append(made)
        return made

    @staticmethod
    def partitions(worker, topic=IN):
        """Those of a topic that a worker has."""
        return {p["partition"] for p in worker.status()["partitions"] if p["topic"] == topic}

    def living(self):
        return [w for w in self.workers if w.is_alive() and not w.is_stopped()]

    def fresh(self):
        """Begins anew on the same stack: what was fed until here was judged, and is not judged again."""
        self.history.stop()
        self.reader = evidence.Reader(self.stack)
        self.stack.happenings.clear()
        self.workers.clear()
        self.history = history.History(self.stack, self.reader.since)

    def close(self):
        for w in self.workers:
            w.go_on()
            w.kill()
        self.history.stop()
        self.stack.calm()
        self.stack.no_faults()

    # ---- orders ----

    def order(self, **more):
        """A new order; the customer is everybody's unless one is named."""
        return feed.order(self.numbers(), **more)

    def product(self):
        """One of Prima's that no worker of this stack has asked for yet: what was asked once is in the catalogue, for every case that follows."""
        return f"SKU{next(self.stack.products):05}"

    def order_in(self, partitions, **more):
        """A new order whose key goes to one of these partitions."""
        while True:
            made = self.order(**more)
            if wire.partition_of(feed.topic_key(made), self.stack.partitions) in partitions:
                return made

    def feed(self, *events):
        self.stack.produce(events)
        return events

    def fault(self, do, **match):
        """On this case's orders only, unless a key is given."""
        match.setdefault("key", self.numbers.glob)
        return self.stack.fault(do, **match)

    def state(self, event):
        """The key's state in Redis, a letter; "": none."""
        record = self.stack.redis.key(feed.natural(event))
        return record["state"] if record else ""

    def await_state(self, event, states, seconds=20):
        until(f"{feed.natural(event)} is in state {states!r}, it is {self.state(event)!r}", seconds, lambda: self.state(event) in tuple(states))

    def requests(self, event, kinds=("NewOrder", "MultiNewOrder")):
        """Requests about an order that reached Prima, in order."""
        marks = ", ".join("?" * len(kinds))
        return self.stack.sql(f"SELECT * FROM requests WHERE natural_key = ? AND type IN ({marks}) ORDER BY id", feed.order_number(event), *kinds)

    def documents(self, event):
        return self.stack.sql("SELECT * FROM orders WHERE order_number = ?", feed.order_number(event))

    def outcomes(self, event):
        """What became of an order's deliveries: outcomes and codes, in no order."""
        key = feed.natural(event)
        return [r.outcome for r in self.reader.results() if r.key == key] + [d.code for d in self.reader.dead() if d.key == key]

    def await_outcomes(self, event, count=1, seconds=REST_SECONDS):
        return until(f"{count} outcomes of {feed.natural(event)}", seconds, lambda: (o := self.outcomes(event)) and len(o) >= count and o)

    # ---- rest and judgement ----

    def _unrest(self):
        """What still moves, as text; "": nothing. Asked of the brokers and of every worker's /status."""
        ends = self.stack.kafka.ends(READ, self.stack.partitions)
        seen, idle = {}, []
        for w in self.living():
            status = w.status()
            if status is None or not status["running"]:
                return f"slot {w.slot} is starting"
            if status["suspect"]:
                return f"slot {w.slot} still resolves everything first (Redis was lost)"
            if not status["partitions"]:
                idle.append(w.slot)
            for p in status["partitions"]:
                if (p["topic"], p["partition"]) in seen:
                    return f"{p['topic']}/{p['partition']} is two workers'"
                seen[p["topic"], p["partition"]] = p
        for place, end in ends.items():
            if place not in seen:
                return f"{place} is nobody's"
            if seen[place]["uncommitted"] > 0 or seen[place]["position"] < end:
                return f"{place}: {seen[place]}, its end is {end}"
        if idle and len(self.living()) <= self.stack.partitions:
            return f"slot {', '.join(idle)} runs, and has no partitions, though there are some for everybody"
        return ""

    def rest(self, seconds=REST_SECONDS):
        """Waits until every record has ended and every retry topic is drained. The living workers must cover all partitions."""
        end = time.monotonic() + seconds
        calm = 0
        while calm < 2:
            why = self._unrest()
            calm = calm + 1 if not why else 0
            if why and time.monotonic() > end:
                raise Failed(f"I2 no rest within {seconds} s: {why}\n{self.report()}")
            time.sleep(0.05)

    def forget(self):
        """Empties Redis, and waits until every living worker has noticed and begun anew. Who has nothing to do notices nothing: orders are fed."""
        seen = {w: w.log().count("restarting") for w in self.living()}
        self.stack.redis("FLUSHALL")
        until("all have noticed", 40, lambda: all(w.log().count("restarting") > n for w, n in seen.items()) or not self.feed(self.order()), 0.5)

    def while_working(self, seconds):
        """Lets the workers work for so long, or until all has ended."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._unrest():
            time.sleep(0.2)

    def report(self):
        """What is stuck, seen from all sides."""
        lines = []
        for w in self.workers:
            tail = "\n    ".join(w.log().splitlines()[-12:])
            lines.append(f"  slot {w.slot} ({'alive' if w.is_alive() else 'dead'}, {w.fail or 'no fail point'}), end of {w.log_path.name}:\n    {tail}")
            status = w.status() if w.is_alive() and not w.is_stopped() else None
            if status:
                lines.append("    /status: " + ", ".join(f"{name} {status[name]}" for name in ("ready", "waiting", "paused", "in_flight", "buffered", "records")))
        found = self.reader.collect()
        ended = {r.delivery for r in found.results} | {d.delivery for d in found.dead}
        for i in [i for i in found.inputs if i.delivery not in ended][:8]:
            requests = self.stack.sql("SELECT type, outcome, fault FROM requests WHERE natural_key = ? ORDER BY id", i.number)
            lines.append(f"  {i.delivery} {i.key}: waits in {found.waiting.get(i.delivery, 'no retry topic')}\n    Redis: {found.redis.get(i.key)}\n"
                         f"    Prima: {', '.join(r['type'] + ' ' + r['outcome'] + ' ' + (r['fault'] or '') for r in requests) or 'nothing came'}")
        return "\n".join(lines)

    def allow(self, code, *events):
        """A person may have to look at these orders (none named: at any of this case) for this reason: the case arranged it."""
        self.allowed |= {(feed.natural(e), code) for e in events} or {("*", code)}

    def asleep(self, code, *events):
        """Only a worker that sleeps for longer than prima.unproven_wait could prove what became of these: the case arranged that."""
        self.sleepers |= {(feed.natural(e), code) for e in events}

    def collect(self):
        """What is left, as the checker wants it."""
        found = self.reader.collect(self.workers, self.resends)
        found.allowed, found.asleep, found.discarded, found.seen = self.allowed, self.sleepers, self.discarded, list(self.history.book.found)
        return found

    def judge(self, seconds=REST_SECONDS):
        """Rest, then every invariant."""
        self.rest(seconds)
        for w in self.workers:
            if "WARNING: ThreadSanitizer" in w.log():
                raise Failed(f"the thread sanitizer found something: {w.log_path}")
        found = self.collect()
        violations = checker.check(found, feed.PERSONAL)
        if violations:
            self.reader.dump(self.stack.folder / "evidence.txt", found)
            raise Failed("\n".join(violations[:20]))
        return found


def committed(world):
    return world.stack.kafka.committed(GROUP, READ, world.stack.partitions)


def unread(stack):
    """What a case left that the next case's workers would read as if it were theirs, in words; None. A transaction that nobody ended hides what it has."""
    left = []
    for group, topics in ((GROUP, READ), (REFUND_GROUP, [REFUNDS, *REFUND_RETRIES])):
        ends, stable = (ask(topics, stack.partitions) for ask in (stack.kafka.ends, stack.kafka.stable_ends))
        since = {place: max(offset, 0) for place, offset in stack.kafka.committed(group, topics, stack.partitions).items()}
        left += [f"{topic}/{partition}" for (topic, partition), end in ends.items() if end > stable[topic, partition]]
        left += [f"{topic}/{partition}" for topic, partition in {(r.topic, r.partition): None for r in records.read(stack.kafka, topics, stack.partitions, since)}]
    return f"{', '.join(left)} has records that no worker has ended" if left else None


def stack_for(mode):
    return Stack(unique=mode == "on").up()


__all__ = ["CASES", "DEAD", "Failed", "World", "case", "committed", "expect", "stack_for", "unread", "until"]
