"""The figures. Each function measures, and gives rows: {figure, who, unit, values, ...}; what is compared ran alternately, in one run of the rig."""

import machine
import samples as sampling
from refunds import RefundScenarios
from scenarios import BACKLOG, Scenarios

# Few customers, and so many orders first that each has ordered in each of their roles (private, business, other company) and is known: what a new
# customer asks of Prima is its own figure, and would take connections from the orders that are counted.
CUSTOMERS, FIRST = 30, 3000
WARM = 500    # of a backlog, while a new process still asks for products
LATENCIES = (5, 50)


def row(figure, who, unit, values, target=None, **more):
    return {"figure": figure, "who": who, "unit": unit, "values": [v for v in values if v is not None], "target": target, **more}


class Bench(Scenarios, RefundScenarios):
    row = staticmethod(row)

    def __init__(self, rig, options, say):
        self.rig, self.options, self.say = rig, options, say
        self.runs = []  # every one of them: nothing is discarded
        self.last_lines = None
        self.total = 0  # orders that were made
        self.refund_lines = None
        self.orders = {5: options.orders, 50: max(options.orders // 2, 200)}

    def prepare(self):
        """Customers become known, and samples are taken from what that wrote."""
        rig = self.rig
        per_round = 2 * sum(WARM + orders for orders in self.orders.values())
        total = FIRST + self.options.rounds * per_round + (6 + 3 * self.options.rounds) * (WARM + self.options.orders) + BACKLOG
        self.total = total
        self.say(f"making {total} orders, {FIRST} of them to make {CUSTOMERS} customers known")
        rig.orders = rig.make(total, CUSTOMERS)
        rig.latency(0)
        rig.feed_next(FIRST)
        self._keep(rig.worker(FIRST, 0), "first")
        self.client = sampling.Redis(rig.redis_port)
        self.samples, self.bodies, sizes = sampling.write(rig, self.client)
        self.say("mean bytes an order: " + ", ".join(f"{name} {size}" for name, size in sizes.items()))

    def _keep(self, run, what):
        run["what"] = what
        self.runs.append(run)
        rate = f"{run['rate']:.0f}/s, " if "rate" in run else ""
        self.say(f"{what}: {run['who']} {run['orders']} orders, {rate}{run['cpu_us']:.0f} us CPU each; "
                 f"steal {run['steal']:.0%}, others {run['others']:.0%}")
        return run

    def _worker(self, what, latency, orders, **more):
        self.last_lines = self.rig.feed_next(WARM + orders)
        return self._keep(self.rig.worker(orders, latency, WARM, **more), what)

    # ---- throughput, CPU, commits, start: contestants in turn ----

    def throughput(self):
        for round_number in range(self.options.rounds):
            for latency in LATENCIES:
                self.rig.latency(latency)
                turns = [self._turn_worker, self._turn_bare, self._turn_wrk]
                shift = round_number % len(turns)
                for turn in turns[shift:] + turns[:shift]:
                    turn(latency)
        rows = []
        for latency in LATENCIES:
            rows += self._throughput_rows(latency)
        return rows

    def _turn_worker(self, latency):
        self._worker(f"{latency} ms", latency, self.orders[latency])

    def _turn_bare(self, latency):
        self.rig.feed_next(WARM + self.orders[latency])
        self._keep(self.rig.bare(self.orders[latency], latency, self.samples, WARM), f"{latency} ms")

    def _turn_wrk(self, latency):
        self._keep(self.rig.wrk(2, latency, self.bodies), f"{latency} ms")

    def _runs(self, who, latency):
        return [run for run in self.runs if run["who"] == who and run["what"] == f"{latency} ms"]

    def _of(self, who, latency, key):
        return [run[key] for run in self._runs(who, latency)]

    def _throughput_rows(self, latency):
        at = f"{latency} ms"
        each = {who: self._of(who, latency, "rate") for who in ("worker", "bare", "wrk")}
        cpu = {who: self._of(who, latency, "cpu_us") for who in ("worker", "bare", "wrk")}
        rows = [row(f"throughput ÷ (64 / {at})", who, "", self._of(who, latency, "of_ideal")) for who in each]
        rows += [row(f"throughput at {at}", who, "/s", each[who]) for who in each]
        rows.append(row(f"throughput ÷ wrk's at {at}", "worker", "", ratios(each["worker"], each["wrk"]), "≥ 0.97" if latency == 50 else "≥ 0.6"))
        rows.append(row(f"throughput ÷ bare loop's at {at}", "worker", "", ratios(each["worker"], each["bare"]), "≥ 0.9" if latency == 5 else None))
        rows += [row(f"CPU per order at {at}", who, "us", cpu[who]) for who in ("worker", "bare", "wrk")]
        rows.append(row(f"CPU ÷ bare loop's at {at}", "worker", "", ratios(cpu["worker"], cpu["bare"]), "≤ 1.3"))
        rows.append(row(f"CPU per order at {at}", "sandbox", "us", self._of("worker", latency, "sandbox_cpu_us"), "< worker's"))
        for server in ("kafka", "redis", "prima"):
            for who in ("worker", "bare"):
                spent = [run["servers_cpu"][server] / (run["orders"] + run["warm"]) * 1e6 for run in self._runs(who, latency)]
                rows.append(row(f"{server}'s CPU per order at {at}, start included", who, "us", spent))
        rows.append(row(f"Redis scripts an order at {at}", "worker", "", self._of("worker", latency, "scripts"), "≤ 2.2"))
        threads = self._of("worker", latency, "threads")
        for kind, meaning in (("loop", "our loop"), ("kafka", "librdkafka's threads"), ("pool", "pool: commits")):
            rows.append(row(f"share of CPU at {at}", meaning, "%", [100 * t[kind] / sum(t.values()) for t in threads]))
        rows.append(row(f"start to first POST, {at}", "worker", "s", self._of("worker", latency, "first_post_s"), "≤ 1"))
        rows.append(row(f"body bytes of a POST, {at}", "worker", "B", self._of("worker", latency, "body_bytes")))
        rows.append(row(f"body bytes of a POST, {at}", "bare", "B", self._of("bare", latency, "body_bytes")))
        return rows

    # ---- requests an order, counted at the server ----

    def requests(self):
        self.rig.latency(0)
        count = self.options.orders
        with self.rig.make(FIRST + count, CUSTOMERS, seed=9) as file:
            lines = file.readlines()
        self.rig.feed(lines[:FIRST])
        self._keep(self.rig.worker(FIRST, 0), "customers become known")
        self.rig.feed(lines[FIRST:])
        known = self._keep(self.rig.worker(count, 0), "known customers")
        with self.rig.make(count, 1_000_000, seed=8) as file:
            self.rig.feed(file.readlines())
        new = self._keep(self.rig.worker(count, 0), "new customers")
        rows = []
        for name, run, target in (("known", known, "≤ 1.05"), ("new", new, "≤ 3.05")):
            rows.append(row(f"Prima requests an order, {name} customer", "worker", "", [sum(run["requests"].values()) / run["posts"]], target,
                            types={kind: round(n / run["posts"], 3) for kind, n in run["requests"].items()}))
        return rows

    # ---- memory ----

    def memory(self):
        self.rig.latency(5)
        run = self._worker("memory", 5, self.options.orders, rest_s=1.0)
        at = f"backlog {self.options.orders}"
        return [row(f"RSS, highest, {at}", "worker", "MiB", [run["hwm_kib"] / 1024], "≤ 40"),
                row("RSS, at rest afterwards", "worker", "MiB", [run["rss_kib"] / 1024])]

    # ---- duplicates ----

    def duplicates(self):
        """The events of the last round once more: the same content under new offsets."""
        self.rig.latency(5)
        new, again = [], []
        for _ in range(self.options.rounds):
            new.append(self._worker("new orders", 5, self.options.orders))
            self.rig.feed(self.last_lines)
            again.append(self._keep(self.rig.worker(self.options.orders, 5, WARM, posts=False), "duplicates"))
        cpu = [run["cpu_us"] for run in again]
        return [row("CPU a duplicate", "worker", "us", cpu),
                row("CPU a duplicate ÷ a new order's", "worker", "", ratios(cpu, [run["cpu_us"] for run in new]), "≤ 0.25"),
                row("POSTs for duplicates", "worker", "", [run["posts"] for run in again], "= 0")]

    # ---- Redis ----

    def redis(self):
        values = []
        for prefix in ("pf:k:*", "pb:k:*"):
            keys = self.client.keys(prefix, 1000)
            sizes = [self.client.ask("MEMORY", "USAGE", key) for key in keys]
            values.append([size for size in sizes if size is not None])
        rows = [row("Redis bytes per settled key", "worker", "B", values[0], "≤ 250")]
        return rows + ([row("Redis bytes per settled key", "bare", "B", values[1])] if values[1] else [])

    # ---- the table of the ledger ----

    def table(self):
        """A process that begins reads the ledger, then looks up orders: those written last, which are in memory, and others, which are not."""
        orders, runs = self.options.table_orders, []
        self.say(f"writing {orders} orders, one in ten with a credit")
        self.rig.table(orders, "--fill")
        for _ in range(self.options.rounds):
            span = machine.Span(self.rig.pids)
            run = self.rig.table(orders)
            runs.append({"who": "table", "what": "table", "orders": orders, **run, **span.end(run["cpu_s"])})
            self.say(f"table: {run}")
        self.runs += runs

        def of(name, scale=1.0):
            return [run[name] * scale for run in runs]

        return [row(f"table of {orders} orders: restore", "table", "s", of("restore_s"), "≤ 20"),
                row("records restored", "table", "/s", [run["keys"] / run["restore_s"] for run in runs]),
                row("CPU of a restored record", "table", "us", [run["restore_cpu_s"] / run["keys"] * 1e6 for run in runs]),
                row("RSS of an order, cache included", "table", "B", of("hwm_kib", 1024 / orders), "≤ 200"),
                row("index of an order", "table", "B", of("index_bytes", 1 / orders)),
                row("lookups of orders in memory", "table", "/s", of("warm_rate")),
                row("lookups of other orders, 64 at a time", "table", "/s", of("cold_rate"))]

    # ---- where the worker's time goes ----

    def profile(self):
        import profile_worker
        self.rig.latency(5)
        self.rig.feed_next(WARM + self.options.orders)
        recorder, show = profile_worker.recorder(self.rig.folder)
        self._keep(self.rig.worker(self.options.orders, 5, WARM, profile=recorder), "profile")
        self.say(show())
        return []


def ratios(ours, theirs):
    """Of the same round, so that both met the same machine."""
    return [a / b for a, b in zip(ours, theirs)]


NAMES = {"throughput": "throughput, CPU per order, share of commits, start: worker, bare loop and wrk in turn, at 5 and 50 ms",
         "requests": "requests to Prima an order, known and new customers", "memory": "resident memory with a backlog, and afterwards",
         "duplicates": "CPU for a duplicate", "redis": "bytes in Redis for a settled key", "capacity": "a Prima of 20 requests per second and a backlog: its use, and who is throttled",
         "hot_keys": "Zipf over order ids and over new customers, beside the ideal schedule",
         "soak": "slopes of memory and descriptors over a million orders (only when named)",
         "refunds": "refunds beside orders in turn: CPU, scripts, requests, bytes in Redis, start",
         "refunds_undespatched": "requests to Prima for refunds before despatch", "refund_duplicates": "CPU for a duplicate of a refund",
         "hot_orders_refunds": "a thousand refunds of one order, beside the ideal schedule",
         "table": "the table of a ledger: restore, memory of an order, lookups (only when named)",
         "profile": "perf's view of the worker at 5 ms (only when named)"}
DEFAULT = ("throughput", "requests", "memory", "duplicates", "redis", "hot_keys", "capacity",
           "refunds", "refunds_undespatched", "refund_duplicates", "hot_orders_refunds")
