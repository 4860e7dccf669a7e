"""Refunds beside orders: what one costs and asks, what it leaves in Redis, and refunds of one order."""

import json

from rig import REFUNDS

# Each of them is posted by one request; what is not yet despatched is asked for before, and has a figure of its own.
POSTED = ("partial", "final", "goodwill", "exchange", "carriage_only", "tax_only")
UNDESPATCHED = ("undespatched",)
WARM = 500     # as of orders
HOT = 1000     # refunds of one order
HOT_MS = 50    # Prima's latency meanwhile
SHARE = 0.8    # refunds by orders: chance gives some orders several, and others none


class RefundScenarios:
    def _refunded(self, count):
        """So many refunds of what the last orders were, in the order in which they were made."""
        if self.refund_lines is None:
            self.refund_lines = self.rig.make_refunds(self.total, POSTED, self.total)
        orders = {json.loads(line)["order_id"] for line in self.last_lines}
        lines = [line for line in self.refund_lines if json.loads(line)["order_id"] in orders]
        if len(lines) < count:
            raise RuntimeError(f"{len(lines)} refunds of {len(orders)} orders, {count} are needed: a defect of tests/bench")
        return lines[:count]

    def _refund_count(self):
        return int(SHARE * self.options.orders)

    def _refund(self, what, latency, count, warm=WARM, **more):
        return self._keep(self.rig.worker(count, latency, warm, flow=REFUNDS, **more), what)

    # ---- what one costs ----

    def refunds(self):
        """In each round orders, then refunds of these orders."""
        rig, row, count = self.rig, self.row, self._refund_count()
        rig.latency(5)
        orders, refunds = [], []
        for _ in range(self.options.rounds):
            orders.append(self._worker("orders beside refunds", 5, self.options.orders))
            rig.feed(self._refunded(WARM + count), REFUNDS)
            refunds.append(self._refund("refunds", 5, count))
        cpu = [[run["cpu_us"] for run in runs] for runs in (orders, refunds)]
        redis = [[run["servers_cpu"]["redis"] / run["settled"] * 1e6 for run in runs] for runs in (orders, refunds)]
        asked = [sum(run["requests"].values()) / run["posts"] for run in refunds]
        return [row("CPU per order, in turn with refunds", "orders", "us", cpu[0]),
                row("CPU per refund", "refunds", "us", cpu[1]),
                row("CPU of a refund ÷ an order's", "refunds", "", divided(cpu[1], cpu[0]), "≤ 1.15"),
                row("Redis scripts an order, in turn with refunds", "orders", "", [run["scripts"] for run in orders]),
                row("Redis scripts a refund", "refunds", "", [run["scripts"] for run in refunds]),
                row("redis's CPU of a refund ÷ an order's, start included", "refunds", "", divided(redis[1], redis[0])),
                row("refunds posted per second ÷ orders", "refunds", "", divided([r["rate"] for r in refunds], [r["rate"] for r in orders])),
                row("Prima requests a refund", "refunds", "", asked, "≤ 1.05"),
                row("start to first POST of a refund", "refunds", "s", [run["first_post_s"] for run in refunds], "≤ 1"),
                *self._refund_bytes()]

    def _refund_bytes(self):
        keys = self.client.keys("pf:k:*/refunds/*", 1000)
        sizes = [self.client.ask("MEMORY", "USAGE", key) for key in keys]
        return [self.row("Redis bytes per settled refund", "refunds", "B", [size for size in sizes if size is not None], "≤ 250"),
                self.row("reservations left in Redis", "refunds", "", [len(self.client.keys("pf:o:*", 1000))], "= 0")]

    # ---- not yet despatched ----

    def refunds_undespatched(self):
        """`OrderStatus` is asked before such a note: two requests each."""
        rig = self.rig
        rig.latency(0)
        self._worker("orders not yet despatched", 0, self.options.orders)
        orders = {json.loads(line)["order_id"] for line in self.last_lines}
        lines = [line for line in rig.make_refunds(self.total // 2, UNDESPATCHED, self.total) if json.loads(line)["order_id"] in orders]
        rig.feed(lines, REFUNDS)
        run = self._refund("refunds not yet despatched", 0, len(lines), 0)
        return [self.row("Prima requests a refund, not yet despatched", "refunds", "", [sum(run["requests"].values()) / run["posts"]], "≤ 2.05",
                         types={kind: round(n / run["posts"], 3) for kind, n in run["requests"].items()})]

    # ---- duplicates ----

    def refund_duplicates(self):
        """The refunds of the last round once more: the same content under new offsets."""
        rig, count = self.rig, self._refund_count()
        rig.latency(5)
        new, again = [], []
        for _ in range(self.options.rounds):
            self._worker("orders before duplicates", 5, self.options.orders)
            lines = self._refunded(WARM + count)
            rig.feed(lines, REFUNDS)
            new.append(self._refund("new refunds", 5, count))
            rig.feed(lines, REFUNDS)
            again.append(self._refund("refund duplicates", 5, count, posts=False))
        cpu = [run["cpu_us"] for run in again]
        return [self.row("CPU a duplicate refund", "refunds", "us", cpu),
                self.row("CPU a duplicate ÷ a new refund's", "refunds", "", divided(cpu, [run["cpu_us"] for run in new]), "≤ 0.25"),
                self.row("POSTs for duplicate refunds", "refunds", "", [run["posts"] for run in again], "= 0")]

    # ---- a hot order ----

    def hot_orders_refunds(self):
        """A thousand refunds of one order, a minor unit each. They are posted one after the other: the ideal is latency × refunds."""
        self._worker("orders, one of them to be hot", 5, self.options.orders)
        shares = []
        for order in self._valuable(self.options.rounds):
            self.rig.feed(self._parts_of(order), REFUNDS)
            self.rig.latency(HOT_MS)
            run = self._refund("refunds of one order", HOT_MS, HOT, 0)
            shares.append(run["rate"] * HOT_MS / 1e3)
        return [self.row(f"ideal time ÷ time, {HOT} refunds of one order, {HOT_MS} ms", "refunds", "", shares, "≥ 0.9")]

    def _valuable(self, count):
        """Refunds of an amount for a whole order, of the last orders, each of which has enough for so many parts."""
        orders = {json.loads(line)["order_id"] for line in self.last_lines}
        events = [json.loads(line) for line in self.rig.make_refunds(self.total, ("goodwill",), self.total)]
        found = [event for event in events if event["order_id"] in orders and event["total"]["shop_minor"] >= HOT and len(event["transactions"]) == 1]
        if len(found) < count:
            raise RuntimeError(f"{len(found)} orders are worth {HOT} refunds, {count} are needed: more --orders")
        return found[:count]

    @staticmethod
    def _parts_of(event):
        for number in range(HOT):
            part = json.loads(json.dumps(event))
            paid = part["transactions"][0]
            part["refund_id"] = f"{event['refund_id']}{number:04d}"
            part["event_id"] = f"evt-hot-{part['refund_id']}"
            paid["transaction_id"] = f"rtx_{part['refund_id']}"
            for amount in (part["order_amount"], part["succeeded"], part["total"], paid["amount"]):
                amount["shop_minor"] = 1
            yield json.dumps(part).encode() + b"\n"


def divided(ours, theirs):
    """Of the same round."""
    return [a / b for a, b in zip(ours, theirs)]
