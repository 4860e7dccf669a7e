"""The ways to Kafka and Redis, hurt as networks hurt them (proxy.py): one direction silent, slow, half open, old connections let go behind new ones.

Slot 0 takes the link, slot 1 does not; each has its share of the partitions before anything is done. Nobody dies and nothing is lost: every order is posted.
"""

import time

import feed
from case import case, expect, until
from cases_outages import await_reason
from cases_prima import posted_of
from prometheus import free_port
from stack import PARTITIONS

COUNT = 20                # orders before the harm, and again in it
PAST_LEASE, REST_SECONDS = 3.0, 90  # a connection that nobody answers is given up at last
QUICK = ("rdkafka.socket.timeout.ms=4000",)  # ... by librdkafka


class Fleet:
    """Two at work, with orders in the hands of both."""

    def __init__(self, w, part):
        self.w, self.part, self.link = w, part, w.stack.links[part]
        w.stack.admin("POST", "/latency", {"latency": "uniform:20ms-150ms"})
        self.hurt = w.worker("0", through=(part,), options=QUICK, http_port=free_port()).await_running()
        self.sound = w.worker("1").await_running()
        until("each has its share", 20, lambda: (a := w.partitions(self.hurt)) and (b := w.partitions(self.sound)) and not a & b)
        self.share = w.partitions(self.hurt)
        self.orders = [w.order() for _ in range(COUNT)]
        w.feed(*self.orders)
        until("some are posted", 20, lambda: posted_of(w, self.orders) > 3)

    def more(self):
        """Orders that come in while the link is hurt, those of slot 0's partitions first."""
        made = [self.w.order_in(self.share) for _ in range(COUNT // 2)] + [self.w.order() for _ in range(COUNT // 2)]
        self.orders += made
        self.w.feed(*made)
        return made[:COUNT // 2]

    def is_well(self):
        """The link is as it should be; all that was fed is posted, nothing parked, and nobody took it for a loss of Redis."""
        self.link.calm()
        self.w.stack.admin("POST", "/latency", {"latency": "0ms"})
        self.w.judge(REST_SECONDS)
        posted = posted_of(self.w, self.orders)
        expect(posted == len(self.orders), f"{posted} of {len(self.orders)} were posted")
        expect(not any(x.says("Redis state lost") for x in self.w.workers), "a link was taken for a loss")


def sent(w, orders):
    return {feed.natural(o) for o in orders if w.requests(o)}


# ---- Redis ----


def redis_silent(w, **how):
    """Without Redis' answer no byte leaves for Prima; what Redis was told without our hearing of it harms nothing."""
    fleet = Fleet(w, "redis")
    fleet.link.hold(**how)
    await_reason(fleet.hurt, "redis")
    time.sleep(1)  # what was stored before the silence has left
    late = fleet.more()
    time.sleep(PAST_LEASE)
    expect(not sent(w, late), f"sent without Redis' word: {sent(w, late)}")
    fleet.is_well()


@case("links", usual=("off",))
def redis_hears_nothing(w):
    """What slot 0 says does not come to Redis until its leases are over, and then comes all the same."""
    redis_silent(w, down=False)


@case("links", usual=("on",))
def redis_is_not_heard(w):
    """Redis does what slot 0 asks, and its answers do not come."""
    redis_silent(w, up=False)


@case("links", usual=("off",))
def redis_half_open(w):
    """Redis lost its end of each connection, and slot 0 is not told; a new one is as good as ever."""
    fleet = Fleet(w, "redis")
    fleet.link.half_open()
    fleet.more()
    fleet.is_well()


@case("links", usual=("off",))
def redis_connections_cross(w):
    """Slot 0's connections stand still and it makes new ones; what the old ones carried arrives behind what was said over the new ones."""
    fleet = Fleet(w, "redis")
    fleet.link.hold(new=False)
    old = set(fleet.link.connections)
    until("a new connection", 20, lambda: fleet.link.connections - old)
    late = fleet.more()
    until("an order has gone by the new one", 20, lambda: sent(w, late))
    fleet.is_well()


@case("links", usual=("on",))
def redis_far_away(w):
    """Each answer takes a third of a second: slower, and nothing else."""
    fleet = Fleet(w, "redis")
    fleet.link.delay(100, 60)
    fleet.more()
    time.sleep(PAST_LEASE)
    fleet.is_well()


# ---- Kafka ----


def has_all(w, worker):
    return len(w.partitions(worker)) == PARTITIONS


def kafka_away(w, harm):
    """Slot 0 is put out of the group and does not hear of it; slot 1 goes on with its partitions. When it hears again, it has nothing left to publish."""
    fleet = Fleet(w, "kafka")
    harm(fleet.link)
    late = fleet.more()
    until("slot 1 has all", 30, lambda: has_all(w, fleet.sound))
    until("slot 1 goes on with them", 30, lambda: posted_of(w, late) == len(late))
    fleet.is_well()


@case("links", usual=("on",))
def kafka_hears_nothing(w):
    """Slot 0's words do not come to the broker until others have its partitions, and then come all the same: a ghost's."""
    kafka_away(w, lambda link: link.hold(down=False))


@case("links", usual=("off",))
def kafka_is_not_heard(w):
    """The broker's answers do not come to slot 0: it commits, and does not know it."""
    kafka_away(w, lambda link: link.hold(up=False))


@case("links", usual=("off",))
def kafka_half_open(w):
    """The broker lost its end of each connection, and slot 0 is not told."""
    fleet = Fleet(w, "kafka")
    fleet.link.half_open()
    fleet.more()
    fleet.is_well()


@case("links", usual=("on",))
def kafka_connections_cross(w):
    """Slot 0's connections stand still past its session and it makes new ones; then what the old ones carried arrives behind those."""
    fleet = Fleet(w, "kafka")
    old = set(fleet.link.connections)
    fleet.link.hold(new=False)
    fleet.more()
    until("a new connection", 30, lambda: fleet.link.connections - old)
    time.sleep(PAST_LEASE)
    fleet.is_well()


@case("links", usual=("off",))
def kafka_far_away(w):
    """Each answer takes a third of a second: nobody is put out of the group, and all is posted."""
    fleet = Fleet(w, "kafka")
    assigned = fleet.hurt.log().count("partitions assigned")
    fleet.link.delay(100, 60)
    fleet.more()
    time.sleep(PAST_LEASE)
    fleet.is_well()
    expect(fleet.hurt.log().count("partitions assigned") == assigned, "it lost its partitions")
