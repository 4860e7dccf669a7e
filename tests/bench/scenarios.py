"""Figures that are not about the contestants: a Prima of small capacity, hot customers and orders, and hours of work in minutes."""

import json
import os
import random
import time

import machine

CAPACITY = 20            # requests per second
CAPACITY_SECONDS = 40
BACKLOG = 5000
SOAK_PART = 20_000       # orders fed at a time
SOAK_PARTS_AHEAD = 5     # of what the worker has done
SKEW = 1.0               # Zipf's exponent


def zipf(count, ranks, seed):
    """`count` ranks out of `ranks`, the first the hottest."""
    weights = [1 / (rank + 1) ** SKEW for rank in range(ranks)]
    return random.Random(seed).choices(range(ranks), weights, k=count)


def slope(points):
    """Of a straight line through (x, y), least squares."""
    n = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    across = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / across if across else 0.0


class Scenarios:
    # ---- Prima at its limit ----

    def capacity(self):
        """A backlog for a Prima that takes 20 requests per second and says 429 to all beyond; the fleet's limit is set to the same."""
        rig = self.rig
        rig.feed_next(BACKLOG)
        rig.latency(20)
        rig.admin("/capacity", {"per_second": CAPACITY, "status": 429})
        worker = rig.start(f"limit.rate={CAPACITY}", "limit.burst=1")
        try:
            rig.first_request(worker)
            time.sleep(3)
            began, before, posted = time.time() * 1e3, rig.scripts(worker), rig.progress(worker)["committed"]
            time.sleep(CAPACITY_SECONDS)
            ended, after, seen = time.time() * 1e3, rig.scripts(worker), rig.progress(worker)["committed"]
        finally:
            rig.stop(worker)
        rig.admin("/capacity", {"per_second": 0, "status": 429})
        served, throttled = rig.ledger("SELECT coalesce(sum(fault IS NOT 'capacity'), 0), coalesce(sum(fault IS 'capacity'), 0) FROM requests "
                                       "WHERE arrived_at BETWEEN ? AND ?", began, ended)[0]
        twice = rig.ledger("SELECT count(*) FROM (SELECT natural_key FROM requests WHERE fault IS 'capacity' GROUP BY natural_key HAVING count(*) > 1)")[0][0]
        rig.latency(0)
        rig.drain()
        self.say(f"capacity: {served} served, {throttled} throttled within {CAPACITY_SECONDS} s")
        row = self.row
        return [row(f"share of Prima's {CAPACITY}/s used, backlog {BACKLOG}", "worker", "", [served / (CAPACITY * CAPACITY_SECONDS)], "≥ 0.95"),
                row(f"throttled at {CAPACITY}/s", "worker", "", [throttled]),
                row(f"Redis scripts an order at {CAPACITY}/s", "worker", "", [(after - before) / max(1, seen - posted)], "≤ 4.5"),
                row("keys throttled twice", "worker", "", [twice], "= 0")]

    # ---- what is hot ----

    def hot_keys(self):
        """Zipf over order ids, resent and edited; Zipf over customers that are new. Compared with the ideal schedule: 64 requests at a time, always."""
        latency, rows = 50, []
        for name, lines in (("orders", self._hot_orders()), ("new customers", self._hot_customers())):
            shares = []
            for part in lines:
                self.rig.feed(part)
                self.rig.latency(latency)
                after = self.rig.last_request()
                self._keep(self.rig.worker(len(part), latency, 0, posts=False), f"hot {name}")
                requests, first, last = self.rig.ledger("SELECT count(*), min(arrived_at), max(arrived_at) FROM requests WHERE id > ?", after)[0]
                shares.append((requests * latency / 64) / (last - first + latency))
            rows.append(self.row(f"ideal time ÷ time, Zipf {SKEW} over {name}, 50 ms", "worker", "", shares, "≥ 0.9"))
        return rows

    def _hot_orders(self):
        for turn in range(self.options.rounds):
            with self.rig.make(self.options.orders, 200, 900 + turn, "--keys", self.options.orders // 2, "--skew", SKEW) as file:
                yield file.readlines()

    def _hot_customers(self):
        """Orders of one seed, each given the customer of another of them, by rank."""
        count = self.options.orders // 2
        for turn in range(self.options.rounds):
            with self.rig.make(count, 1_000_000, 950 + turn) as file:
                events = [json.loads(line) for line in file]
            events = [event for event in events if event.get("customer")]  # not those of a till
            customers = [event["customer"] for event in events]
            for event, rank in zip(events, zipf(len(events), len(events) // 4, turn)):
                event["customer"] = customers[rank]
            yield [json.dumps(event).encode() + b"\n" for event in events]

    # ---- for long ----

    def soak(self):
        """A million orders, or --soak-orders, through one worker; its memory and descriptors meanwhile."""
        rig, total = self.rig, self.options.soak_orders
        rig.latency(5)
        worker = rig.start()
        memory, descriptors, fed, began = [], [], 0, time.monotonic()
        try:
            with rig.make(SOAK_PART, 200, 700) as file:
                lines = file.readlines()
            while fed < total or rig.progress(worker)["committed"] < total:
                done = rig.progress(worker)["committed"]
                if fed < total and fed - done < SOAK_PARTS_AHEAD * SOAK_PART:
                    rig.feed(self._renamed(lines, fed))
                    fed += len(lines)
                else:
                    time.sleep(1)
                if done > total / 10:  # what a start takes is no leak
                    memory.append((done, machine.memory_kib(worker.process.pid)["VmRSS"]))
                    descriptors.append((done, len(os.listdir(f"/proc/{worker.process.pid}/fd"))))
                    self.say(f"soak: {done} orders, {memory[-1][1] / 1024:.1f} MiB, {descriptors[-1][1]} descriptors, {time.monotonic() - began:.0f} s")
            outcomes, highest = rig.progress(worker)["outcomes"], machine.memory_kib(worker.process.pid)["VmHWM"]
        finally:
            rig.stop(worker)
        self.say(f"soak: {outcomes}")
        per_million = 1_000_000
        return [self.row("RSS slope over a million orders", "worker", "MiB", [slope(memory) * per_million / 1024], "= 0"),
                self.row(f"RSS, highest, backlog {SOAK_PARTS_AHEAD * SOAK_PART}", "worker", "MiB", [highest / 1024], "≤ 40"),
                self.row("descriptor slope over a million orders", "worker", "", [slope(descriptors) * per_million], "= 0"),
                self.row("orders committed", "worker", "", [sum(outcomes.values())], f"= {fed}")]

    @staticmethod
    def _renamed(lines, offset):
        """The same orders under ids of their own; the ids of one seed are ten digits and more, all with one beginning."""
        for line in lines:
            event = json.loads(line)
            event["order_id"] = f"8{offset // SOAK_PART:05d}{event['order_id'][-8:]}"
            yield json.dumps(event).encode() + b"\n"
