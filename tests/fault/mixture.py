"""Everything at once: a plan of faults made from a seed, and how each of them is done and undone.

A plan depends on the seed, the seconds and the kinds allowed, and on nothing that happens meanwhile: the same seed does the same at the same moments. What
real servers make of it may differ. Each kind is a function that does its harm and returns what undoes it, or None when it is over by itself.
"""

import contextlib
import random
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass

import feed
import wire
from cases_prima import HOSTILE, MORE
from stack import DEAD, GROUP, LEDGER, READ, RESULTS, RETRIES, TREE, now_ms

SLOTS = ("0", "1", "2")
ALL = ("kafka", "redis", "prima")
KINDS = {}    # name: (function, weight, longest it lasts in seconds)
RARE, USUAL = 1, 4
EVERY_SECONDS, WAITING_MAX = 0.25, 60  # between orders; of those that wait for Kafka
PARTITIONS_MAX = 7
LOADING_US = 1500000  # to read all keys anew
CATCH_SECONDS, CATCH_AMONG = 3.0, 10  # an order under way, among the newest
OPTIONS = ("rdkafka.topic.metadata.refresh.interval.ms=2000",)  # so soon they hear of partitions that are added


@dataclass(frozen=True)
class Step:
    at: float
    kind: str
    seconds: float
    seed: int  # of its own choices


def kind(weight=USUAL, seconds=4.0):
    def register(function):
        KINDS[function.__name__] = (function, weight, seconds)
        return function
    return register


def plan(seed, seconds, kinds=None, pause=(0.1, 1.4)):
    """Steps in the order of their times; the last ends before `seconds`."""
    chance, at, steps = random.Random(seed), 0.0, []
    names = [k for k in KINDS if kinds is None or k in kinds]
    while True:
        at += chance.uniform(*pause)
        chosen = chance.choices(names, [KINDS[k][1] for k in names])[0]
        lasts = chance.uniform(0.2, KINDS[chosen][2])
        own = chance.getrandbits(32)
        if at + lasts >= seconds:
            return steps
        steps.append(Step(round(at, 2), chosen, round(lasts, 2), own))


class Mixture:
    """Carries a plan out on one World, with orders coming in all the time."""

    def __init__(self, world, seed, say=lambda text: None):
        self.world, self.stack, self.say = world, world.stack, say
        self.chance = random.Random(f"{seed} orders")
        self.slots, self.orders = {}, []
        self.over = threading.Event()
        self.busy = set()   # what has a harm of its own already, by name: one at a time each
        self.deaf = 0       # Kafka does not answer: nothing is fed
        self.undo = []      # (time, order, what undoes it, its name)
        self.mappings, option = mappings_copy(world)
        self.options = (*OPTIONS, option)

    # ---- workers ----

    def fill(self):
        """Each slot has a worker that lives."""
        for slot in SLOTS:
            if slot not in self.slots or not self.slots[slot].is_alive():
                self.slots[slot] = self.world.worker(slot, through=ALL, has_clock=True, options=self.options)

    def some(self, chance):
        return self.slots[chance.choice(SLOTS)]

    # ---- orders ----

    def come(self):
        """A few events: new orders, resends, edits, cancellations, bytes that are no order."""
        chance, w = self.chance, self.world
        new = [w.order(customer=w.numbers() if chance.random() < 0.2 else None, sku=f"SKU{3000 + chance.randrange(200):05d}",
                       store="eu" if chance.random() < 0.2 else "uk", till=chance.random() < 0.5) for _ in range(chance.randrange(2, 8))]
        self.orders += new
        old = chance.choice(self.orders)
        if chance.random() < 0.3:
            new.append({**old, "event_id": f"again-{len(self.orders)}"})
        if chance.random() < 0.15:
            till = old["customer"] is None
            new.append(feed.order(old["order_id"], version=2, quantity=2, sku=old["lines"][0]["sku"], store=old["store"], till=till))
        if chance.random() < 0.05:
            new.append(feed.order(old["order_id"], version=3, kind="cancelled", sku=old["lines"][0]["sku"], store=old["store"], till=old["customer"] is None))
        return new

    @contextlib.contextmanager
    def feeding(self):
        """Orders come in the whole time, in a thread of their own: who breaks things may have to wait for what it broke."""
        feeder = threading.Thread(target=self._come_in, daemon=True)
        feeder.start()
        try:
            yield
        finally:
            self.over.set()
            feeder.join(60)

    def _come_in(self):
        waiting = []
        while not self.over.wait(EVERY_SECONDS) or waiting:
            if len(waiting) < WAITING_MAX and not self.over.is_set():
                waiting += self.come()
            if self.deaf == 0:
                try:
                    self.stack.produce(waiting, seconds=8)
                    waiting = []
                except (RuntimeError, OSError, subprocess.TimeoutExpired):
                    pass  # Kafka is busy with itself: again with the next ones

    # ---- the plan ----

    def run(self, steps, seconds):
        began = time.monotonic()
        ahead = list(steps)
        self.fill()
        self.slots["0"].await_running(40)
        with self.feeding():
            started = time.monotonic()
            while (now := time.monotonic() - started) < seconds:
                while ahead and ahead[0].at <= now:
                    self._begin(ahead.pop(0), now)
                self._undo(now)
                self.fill()
                time.sleep(0.1)
            self.heal()
        return time.monotonic() - began

    def _begin(self, step, now):
        function = KINDS[step.kind][0]
        try:
            undo = function(self, random.Random(step.seed))
        except (OSError, RuntimeError, TimeoutError):
            undo = False  # whom it asks is down
        self.say(f"{now:6.2f} s {step.kind} {f'for {step.seconds} s' if undo else '' if undo is None else 'left out'}")
        if undo:
            self.undo.append((step.at + step.seconds, undo, step.kind))

    def _undo(self, now):
        for entry in sorted((u for u in self.undo if u[0] <= now), key=lambda u: (u[2] in ASK_PRIMA, u[0])):
            if entry[2] in ASK_PRIMA and _down(self, "prima"):
                continue
            try:
                entry[1]()
            except (OSError, RuntimeError, TimeoutError):
                continue  # whom it asks is down: once more, later
            self.undo.remove(entry)
            self.say(f"{now:6.2f} s over: {entry[2]}")

    def heal(self):
        """Everything as it should be; then all that was fed must end well."""
        for _ in range(20):
            self._undo(float("inf"))
            if not self.undo:
                break
        self.stack.calm()
        self.stack.no_faults()
        for worker in self.slots.values():
            worker.go_on()
        self.fill()

    def once(self, name, undo):
        """Only one harm of a name at a time: else the first one's end would undo the second. False: there is one."""
        def over():
            undo()
            self.busy.discard(name)
        self.busy.add(name)
        return over


# ---- workers ----


@kind()
def kill(m, chance):
    m.some(chance).kill()


@kind(RARE)
def drain(m, chance):
    m.some(chance).signal(signal.SIGTERM)


@kind(seconds=6.0)
def nap(m, chance):
    worker = m.some(chance)
    if not worker.is_alive() or worker.is_stopped():
        return False
    worker.stop()
    return worker.go_on


@kind(RARE, 8.0)
def a_worker_without_slot(m, chance):
    worker = m.world.worker(None, through=ALL, options=m.options)
    return worker.kill if chance.random() < 0.5 else lambda: worker.signal(signal.SIGTERM)


@kind(RARE)
def reload(m, chance):
    """SIGHUP: the mappings are read again, as they are."""
    m.some(chance).signal(signal.SIGHUP)


@kind(RARE, 3.0)
def a_bad_mapping(m, chance):
    """A file of the mappings is broken while orders come: who works goes on with what it has; who starts meanwhile does not start."""
    path = m.mappings / chance.choice(("tax.yaml", "payments.yaml", "channels.yaml"))
    if "mappings" in m.busy:
        return False
    sound = path.read_text()
    path.write_text(chance.choice(("- [", "", sound[:len(sound) // 2] + "\n  nonsense: {", sound + "\nno_such_key: 1\n")))
    for slot in SLOTS:
        m.slots[slot].signal(signal.SIGHUP)

    def over():
        path.write_text(sound)
        for slot in SLOTS:
            m.slots[slot].signal(signal.SIGHUP)
    return m.once("mappings", over)


@kind(RARE, 8.0)
def clock_of_a_worker(m, chance):
    slot = chance.choice(SLOTS)
    if f"clock {slot}" in m.busy:
        return False
    m.stack.clock(f"worker-{slot}", chance.choice((-40000, -3000, 3000, 40000)))
    return m.once(f"clock {slot}", lambda: m.stack.clock(f"worker-{slot}"))


# ---- Prima ----

ASK_PRIMA = ("hostile", "outage", "other_words", "denied_one", "slow")  # undone by the sandbox itself: not while it stands still



def _down(m, part):
    """A part is down or stands still already."""
    return f"{part} down" in m.busy


@kind(seconds=6.0)
def hostile(m, chance):
    do = {k: v for k, v in chance.choice([*HOSTILE, *MORE]).items()}
    if _down(m, "prima"):
        return False
    rule = m.stack.fault(do, probability=0.4, **({"count": 1} if do["kind"] in ("throttle", "maintenance") else {"count": 6}))
    return lambda: m.stack.no_faults(rule)


@kind(seconds=3.0)
def outage(m, chance):
    do = chance.choice(({"kind": "http", "status": 500}, {"kind": "http", "status": 503}, {"kind": "http", "status": 502}, {"kind": "soap_fault"},
                        {"kind": "hang"}, {"kind": "reset_before"}, {"kind": "http", "status": 401}, {"kind": "http", "status": 403}))
    if _down(m, "prima"):
        return False
    rule = m.stack.fault(do)
    return lambda: m.stack.no_faults(rule)


@kind(RARE, 5.0)
def other_words(m, chance):
    if "wording" in m.busy or _down(m, "prima"):
        return False
    m.stack.admin("POST", "/wording", {"wording": chance.choice(("foreign", "random"))})
    return m.once("wording", lambda: m.stack.admin("POST", "/wording", {"wording": "plain"}))


@kind(RARE, 4.0)
def denied_one(m, chance):
    """A firewall dislikes one order."""
    if not m.orders or _down(m, "prima"):
        return False
    number = feed.order_number(chance.choice(m.orders[-10:]))
    rule = m.stack.fault({"kind": "http", "status": chance.choice((401, 403, 400, 404, 413, 422))}, key=number, type="NewOrder")
    return lambda: m.stack.no_faults(rule)


@kind(RARE, 3.0)
def slow(m, chance):
    if "latency" in m.busy or _down(m, "prima"):
        return False
    m.stack.admin("POST", "/latency", {"latency": chance.choice(("uniform:5ms-200ms", "exp:100ms", "450ms"))})
    return m.once("latency", lambda: m.stack.admin("POST", "/latency", {"latency": "0ms"}))


@kind(RARE, 2.5)
def prima_stands_still(m, _):
    return _still(m, "prima")


# ---- Redis ----


def _still(m, part):
    if _down(m, part):
        return False
    m.stack.kill(part, "STOP")
    return m.once(f"{part} down", lambda: m.stack.kill(part, "CONT"))


@kind(RARE, 3.0)
def redis_stands_still(m, _):
    return _still(m, "redis")


@kind(RARE)
def redis_restarted_with_its_data(m, _):
    if _down(m, "redis"):
        return False
    m.stack.restart("redis", keep_data=True)


@kind(RARE)
def redis_flushed(m, _):
    if _down(m, "redis"):
        return False
    m.stack.redis("FLUSHALL")


@kind(RARE)
def redis_forgets_the_scripts(m, _):
    if _down(m, "redis"):
        return False
    m.stack.redis("SCRIPT", "FLUSH")


@kind(RARE)
def redis_ends_its_connections(m, _):
    if _down(m, "redis"):
        return False
    m.stack.redis("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


@kind(RARE, 2.5)
def redis_out_of_memory(m, _):
    if _down(m, "redis"):
        return False
    m.stack.redis("CONFIG", "SET", "maxmemory", "1")
    return m.once("redis down", lambda: m.stack.redis("CONFIG", "SET", "maxmemory", "0"))


@kind(RARE, 2.5)
def redis_is_a_replica(m, _):
    """READONLY in answer to every script that writes: the replica of a master that is away."""
    if _down(m, "redis"):
        return False
    m.stack.redis("REPLICAOF", "127.0.0.1", "1")
    return m.once("redis down", lambda: m.stack.redis("REPLICAOF", "NO", "ONE"))


@kind(RARE)
def redis_is_loading(m, _):
    """LOADING in answer to everything, while Redis reads its data anew: nothing is lost."""
    if _down(m, "redis"):
        return False
    redis = wire.Redis(m.stack.redis.port)
    redis("CONFIG", "SET", "key-load-delay", LOADING_US // max(1, redis("DBSIZE")), "loading-process-events-interval-bytes", "1024")
    try:
        redis("DEBUG", "RELOAD")
    finally:
        redis("CONFIG", "SET", "key-load-delay", "0")
        redis.close()


SWAP = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL') return 1"
TAKE = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end return redis.call('DEL', KEYS[1])"


def _change_a_key(m, states, script, *words):
    """Of one of the newest orders, while it is in one of these states: that takes looking again and again. Its natural key and what Redis had of it."""
    end = time.monotonic() + CATCH_SECONDS
    while time.monotonic() < end and not _down(m, "redis"):
        for key in [feed.natural(order) for order in m.orders[-CATCH_AMONG:]]:
            raw = m.stack.redis("GET", f"pf:k:{key}")
            if raw is not None and wire.record(raw)["state"] in states and m.stack.redis("EVAL", script, "1", f"pf:k:{key}", raw, *words) == 1:
                m.say(f"         {key}: {wire.record(raw)['state']}")
                return key, raw
    return None, None


@kind(2)
def a_key_is_lost(m, _):
    """Of an order under way. Once it was sent, only Prima's own numbers are left to tell a second document from the first."""
    key, _ = _change_a_key(m, "cs" if m.stack.unique else "c", TAKE)
    if key is None:
        return False
    m.stack.happens("lost", "one key", key)
    m.world.resends += 1


@kind(2, 5.0)
def a_key_is_unreadable(m, _):
    """Another tool's value stands in the place of an order under way, until somebody puts it right."""
    key, raw = _change_a_key(m, "cs", SWAP, "somebody's")
    if key is None:
        return False
    noted = m.stack.happens("unreadable", key=key, is_over=False)

    def over():
        m.stack.redis("EVAL", SWAP, "1", f"pf:k:{key}", "somebody's", raw)
        noted.end = now_ms()
    return over


@kind(RARE, 5.0)
def clock_of_redis(m, chance):
    if "clock redis" in m.busy:
        return False
    m.stack.clock("redis", chance.choice((-20000, -2000, 2000, 20000)))
    return m.once("clock redis", lambda: m.stack.clock("redis"))


# ---- Kafka ----


def _deaf(m, part_is_back):
    m.deaf += 1

    def over():
        part_is_back()
        m.deaf -= 1
    return m.once("kafka down", over)


@kind(RARE, 6.0)
def kafka_stands_still(m, _):
    if _down(m, "kafka"):
        return False
    m.stack.kill("kafka", "STOP")
    return _deaf(m, lambda: m.stack.kill("kafka", "CONT"))


@kind(RARE, 2.0)
def kafka_dies(m, _):
    if _down(m, "kafka"):
        return False
    m.stack.kill("kafka")
    return _deaf(m, lambda: m.stack.start("kafka"))


@kind(RARE)
def a_member_is_expelled(m, chance):
    if _down(m, "kafka"):
        return False
    try:
        m.stack.kafka.expel(GROUP, f"{GROUP}-{chance.choice(SLOTS)}")
    except (RuntimeError, OSError):
        return False


@kind(RARE)
def retention_passes(m, _):
    """What was read of the retry topics is deleted."""
    if _down(m, "kafka"):
        return False
    try:
        for place, offset in m.stack.kafka.committed(GROUP, RETRIES, m.stack.partitions).items():
            if 0 < offset:
                m.stack.kafka.delete_records({place: offset})
    except (RuntimeError, OSError):
        return False


@kind(RARE)
def partitions_are_added(m, _):
    """To every topic; from now on some keys go elsewhere than what came of them before."""
    if _down(m, "kafka") or m.stack.partitions >= PARTITIONS_MAX:
        return False
    m.stack.spoilt, more = True, m.stack.partitions + 1
    for topic in (RESULTS, DEAD, LEDGER, *READ):
        m.stack.kafka.add_partitions(topic, more)
    m.stack.partitions = more


# ---- the ways between them ----


@kind(seconds=4.0)
def a_link(m, chance):
    name, how = chance.choice(ALL), chance.choice(("delay", "silence", "no way there", "no way back", "old ones stand", "half open", "reset", "refuse"))
    if f"link {name}" in m.busy:
        return False
    link = m.stack.links[name]
    cut = m.stack.happens("cut", f"link to Prima: {how}", is_over=False) if name == "prima" else None
    {"delay": lambda: link.delay(chance.randrange(5, 300), 100), "silence": link.hold, "no way there": lambda: link.hold(down=False),
     "no way back": lambda: link.hold(up=False), "old ones stand": lambda: link.hold(new=False), "half open": link.half_open,
     "reset": link.reset, "refuse": link.refuse}[how]()
    m.say(f"         {name}: {how}")

    def over():
        link.calm()
        if cut:
            cut.end = int(time.time() * 1000) + 1000  # what was on its way arrives now
    return m.once(f"link {name}", over)


@kind(RARE, 5.0)
def the_machine_is_suspended(m, _):
    """All processes stand still; awake again, the clocks of the workers that count sleep have gone on, and the others have not."""
    if any(_down(m, part) for part in ALL):
        return False
    napping = [w for w in m.slots.values() if w.is_alive() and not w.is_stopped()]
    for worker in napping:
        worker.stop()
    for part in ALL:
        m.stack.kill(part, "STOP")

    def wake():
        for part in ALL:
            m.stack.kill(part, "CONT")
        for worker in napping:
            worker.wake()
        m.busy.discard("prima down")
        m.busy.discard("redis down")
    m.busy |= {"prima down", "redis down"}
    return _deaf(m, wake)


def mappings_copy(world):
    """A folder of mappings to spoil, and the option that names it."""
    folder = world.stack.folder / f"mappings-{time.monotonic_ns()}"
    shutil.copytree(TREE / "ops" / "deploy" / "mappings", folder)
    return folder, f"orders.mappings={folder}"
