"""Outages are seen: by /readyz, by /status, and by the alert that is theirs, which clears when they are over; and nothing else pages. A real Prometheus
scrapes the workers and evaluates the rules that ship, at a faster pace (prometheus.py)."""

import time
import urllib.error
import urllib.request

import feed
from case import case, expect, until
from cases_waits import at_new_place, await_waiting, mappings_that_wait
from gates import Gate, Registry
from prometheus import Prometheus, free_port
from stack import IN, PARTITIONS, READ, RETRIES

PACE = 30  # five minutes are ten seconds
FIRES_SECONDS, CLEARS_SECONDS = 25, 30  # with the time that the outage takes to be noticed, on a machine that is busy


def seen_worker(w, slot="0", options=(), **more):
    """One whose port Prometheus can be told of before it starts."""
    return w.worker(slot, options=options, http_port=free_port(), **more)


def probe(worker, path):
    """(status, text) as an orchestrator's probe gets it; None: no answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{worker.http_port}{path}", timeout=2) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return None


def await_reason(worker, word, seconds=20):
    """/readyz is 503 and names what is waited for, /status names the same, and so does the metric."""
    until(f"/readyz of slot {worker.slot} speaks of {word}: {probe(worker, '/readyz')}", seconds,
          lambda: (p := probe(worker, "/readyz")) and p[0] == 503 and f"waiting for {word}" in p[1])
    status = worker.status()
    expect(not status["ready"] and word in [wait["for"] for wait in status["waiting"]], f"/status says {status['ready']}, {status['waiting']}")
    expect(worker.metric("primaflow_ready") == {"": 0} and worker.metric("primaflow_waiting").get(f'for="{word}"') == 1,
           f"the metrics say {worker.metric('primaflow_ready')}, {worker.metric('primaflow_waiting')}")


def await_ready(worker, seconds=30):
    until(f"slot {worker.slot} is ready: {probe(worker, '/readyz')}\n{worker.log()[-1500:]}", seconds,
          lambda: (probe(worker, "/readyz") or (0,))[0] == 200)


def of_a_fleet_of_its_own(name, *more):
    """Options: fleets beside each other on one stack share neither group nor keys."""
    return (f"worker.group=outage.{name}", f"redis.prefix=outage.{name}", *more)


@case("outages", usual=("off",))
def at_start(w):
    """Kafka, a topic, Redis, the registry or the slot is missing when a worker starts; a loop stands still; partitions are a stranger's: each has its alert."""
    kafka, redis, registry = Gate(w.stack.kafka.port), Gate(w.stack.redis.port), Registry()
    holder = w.worker("0", options=of_a_fleet_of_its_own("slot")).await_running()
    stranger = w.worker("1", options=of_a_fleet_of_its_own("unowned"))  # of the group, and nobody told Prometheus of it
    delays = ",".join(t.rsplit(".", 1)[1] for t in RETRIES) + ",9s"
    started = {
        "kafka": seen_worker(w, options=of_a_fleet_of_its_own("kafka", f"kafka.bootstrap.servers=127.0.0.1:{kafka.port}")),
        "topic": seen_worker(w, options=of_a_fleet_of_its_own("topic", f"retry.delays={delays}")),
        "redis": seen_worker(w, options=of_a_fleet_of_its_own("redis", f"redis.url=redis://127.0.0.1:{redis.port}/0")),
        "registry": seen_worker(w, options=of_a_fleet_of_its_own("registry", f"schema.registry.url=http://127.0.0.1:{registry.port}")),
        "slot": seen_worker(w, options=of_a_fleet_of_its_own("slot", "slot.wait=60s")),
        "unowned": seen_worker(w, options=of_a_fleet_of_its_own("unowned")),
        "stuck": seen_worker(w, options=of_a_fleet_of_its_own("stuck", "worker.stuck_after=1s"), fail="loop.tick:sleep=9000:48"),
        "well": seen_worker(w, options=of_a_fleet_of_its_own("well")),
    }
    for word in ("kafka", "topic", "redis", "registry", "slot"):
        await_reason(started[word], word)
    await_ready(started["well"])
    prometheus = Prometheus(w.stack.folder, PACE, {f"primaflow-{name}": [worker] for name, worker in started.items()})
    try:
        wanted = {(alert, f"primaflow-{name}") for alert, name in (
            ("PrimaflowKafkaDown", "kafka"), ("PrimaflowTopicMissing", "topic"), ("PrimaflowRedisDown", "redis"), ("PrimaflowRegistryDown", "registry"),
            ("PrimaflowSlotTaken", "slot"), ("PrimaflowPartitionsUnowned", "unowned"), ("PrimaflowWorkerStuck", "stuck"))}
        until("the watchdog answers", 30, lambda: (p := probe(started["stuck"], "/livez")) and p[0] == 503 and "event loop blocked" in p[1], 0.1)
        prometheus.await_firing(("PrimaflowWorkerStuck", "primaflow-stuck"), seconds=FIRES_SECONDS)
        started["stuck"].await_log("event loop was blocked; running again", 20)
        said = [probe(started["stuck"], "/livez") for _ in range(3)]
        expect([s[0] for s in said] == [503, 200, 200] and "running again" in said[0][1], f"of a stall that is over /livez says {said}")
        prometheus.await_firing(*(wanted - {("PrimaflowWorkerStuck", "primaflow-stuck")}), seconds=FIRES_SECONDS)
        kafka.open()
        redis.open()
        registry.open()
        w.stack.primaflow("-o", f"retry.delays={delays}", "topics", "create")
        holder.kill()
        stranger.drain()
        for worker in started.values():
            await_ready(worker)
        prometheus.await_quiet(CLEARS_SECONDS)
        expect(prometheus.ever_fired() == wanted, f"also paged: {prometheus.ever_fired() - wanted}; not: {wanted - prometheus.ever_fired()}")
    finally:
        prometheus.close()
        for gate in (kafka, redis, registry):
            gate.close()


@case("outages", usual=("off",))
def while_running(w):
    """Redis, Prima, credentials, Kafka killed and Kafka frozen, one after the other, under two workers: each has its alert, which clears; all is posted at last."""
    workers = [seen_worker(w, slot).await_running() for slot in ("0", "1")]
    for worker in workers:
        await_ready(worker)
    job = "primaflow-orders"
    prometheus = Prometheus(w.stack.folder, PACE, {job: workers})
    outages = (
        ("redis", "PrimaflowRedisDown", lambda: w.stack.kill("redis", "STOP"), lambda: w.stack.kill("redis", "CONT")),
        ("prima", "PrimaflowPrimaDown", lambda: w.stack.kill("prima", "STOP"), lambda: w.stack.kill("prima", "CONT")),
        ("credentials", "PrimaflowDenied", lambda: w.fault({"kind": "http", "status": 403}, key="*"), w.stack.no_faults),
        ("kafka", "PrimaflowKafkaDown", lambda: w.stack.kill("kafka"), lambda: w.stack.start("kafka")),
        ("kafka", "PrimaflowKafkaDown", lambda: w.stack.kill("kafka", "STOP"), lambda: w.stack.kill("kafka", "CONT")),
    )
    try:
        for word, alert, begin, end in outages:
            begin()
            if word != "kafka":
                w.feed(*[w.order() for _ in range(12)])
            for worker in workers:
                await_reason(worker, word)
            prometheus.await_firing((alert, job), seconds=FIRES_SECONDS)
            end()
            for worker in workers:
                await_ready(worker)
            prometheus.await_quiet(CLEARS_SECONDS)
            print(f"  {alert} came and went", flush=True)
        wanted = {(alert, job) for _, alert, _, _ in outages}
        expect(prometheus.ever_fired() == wanted, f"also paged: {prometheus.ever_fired() - wanted}; not: {wanted - prometheus.ever_fired()}")
        w.judge()
    finally:
        prometheus.close()


@case("outages", usual=("off",))
def what_cannot_be_read(w):
    """While they run: a right to a topic is taken away, a topic is deleted, and a group never tells its member what is its own. Each has its alert, which clears."""
    denied, gone = f"{RETRIES[0].rsplit('.', 1)[0]}.7s", f"{RETRIES[0].rsplit('.', 1)[0]}.8s"
    for topic in (denied, gone):
        w.stack.kafka.create_topic(topic, PARTITIONS)
    quick = "rdkafka.topic.metadata.refresh.interval.ms=2000"
    workers = {
        "denied": seen_worker(w, options=of_a_fleet_of_its_own("denied", "retry.delays=7s", quick)),
        "gone": seen_worker(w, options=of_a_fleet_of_its_own("gone", "retry.delays=8s", quick)),
        "unheard": seen_worker(w, options=of_a_fleet_of_its_own("unheard"), fail=",".join(f"rebalance.unheard:error:{n}" for n in range(1, 9))),
        "well": seen_worker(w, options=of_a_fleet_of_its_own("well2")),
    }
    for name in ("denied", "gone", "well"):
        await_ready(workers[name])
    jobs = {f"primaflow-{name}": [worker] for name, worker in workers.items()}
    prometheus = Prometheus(w.stack.folder, PACE, jobs)
    wanted = {("PrimaflowRightMissing", "primaflow-denied"), ("PrimaflowTopicMissing", "primaflow-gone"), ("PrimaflowNoAssignment", "primaflow-unheard")}
    try:
        w.stack.kafka.take_rights(denied)
        w.stack.kafka.delete_topic(gone)
        await_reason(workers["denied"], "rights")
        await_reason(workers["gone"], "topic", 30)
        prometheus.await_firing(*wanted, seconds=2 * FIRES_SECONDS)
        lines = workers["denied"].log().count("level=warn")
        time.sleep(4)
        expect(workers["denied"].log().count("level=warn") <= lines + 1, f"it says the same again and again:\n{workers['denied'].log()[-1500:]}")
        w.stack.kafka.give_rights(denied)
        w.stack.kafka.create_topic(gone, PARTITIONS)
        port = workers["unheard"].http_port
        workers["unheard"].kill()
        workers["heard"] = w.worker("0", options=of_a_fleet_of_its_own("unheard"), http_port=port)
        for name in ("denied", "gone", "heard", "well"):
            await_ready(workers[name])
        prometheus.await_quiet(CLEARS_SECONDS)
        expect(prometheus.ever_fired() == wanted, f"also paged: {prometheus.ever_fired() - wanted}; not: {wanted - prometheus.ever_fired()}")
    finally:
        prometheus.close()
        w.stack.spoilt = True


@case("outages", usual=("off",))
def one_waits_by_policy(w):
    """An order that waits for a mapping, all night long: it is retried, it is somebody's exception (a ticket), and nothing pages."""
    night = 80  # at this pace: seven hours in 320 s would be long; the slowest rule that it could raise takes a quarter of an hour
    _, option = mappings_that_wait(w)
    worker = seen_worker(w, options=(option,)).await_running()
    prometheus = Prometheus(w.stack.folder, night, {"primaflow-orders": [worker]})
    try:
        w.feed(at_new_place(w.order()))
        await_waiting(w, worker, 1)
        prometheus.await_firing(("PrimaflowExceptionsWait", ""), seconds=20)
        time.sleep(1.5 * 15 * 60 / night)
        lag = worker.metric("primaflow_lag_records")
        expect(sum(lag.values()) > 0, f"it does not wait: {lag}")
        expect(prometheus.ever_fired() == set(), f"paged: {prometheus.ever_fired()}")
    finally:
        prometheus.close()


@case("outages", usual=("off",))
def one_order_on_a_quiet_night(w):
    """Prima fails on everything and one order is there, too few for it to count as down: it has its alert all the same, which clears when the order passes."""
    night = 80  # at this pace a try of four seconds would be one of five minutes, in which nothing moves
    worker = seen_worker(w, options=("worker.settle_deadline=500ms",)).await_running()
    await_ready(worker)
    prometheus = Prometheus(w.stack.folder, night, {"primaflow-orders": [worker]})
    wanted = ("PrimaflowPrimaFails", "primaflow-orders")
    try:
        order = w.order()
        w.fault({"kind": "http", "status": 500, "text": "database is down"}, key="*")
        w.feed(order)
        prometheus.await_firing(wanted, seconds=40)
        expect(not w.outcomes(order), f"it has ended: {w.outcomes(order)}")
        w.stack.no_faults()
        prometheus.await_quiet(CLEARS_SECONDS)
        expect(prometheus.ever_fired() == {wanted}, f"also paged: {prometheus.ever_fired() - {wanted}}")
        w.judge()
    finally:
        prometheus.close()


@case("outages", usual=("off",))
def nothing_to_do(w):
    """More workers than partitions: the one that has none is ready all the same, and all partitions are somebody's."""
    workers = [seen_worker(w, str(slot)) for slot in range(PARTITIONS + 1)]
    for worker in workers:
        await_ready(worker)

    def shares():
        return sorted(sum(worker.metric("primaflow_partitions_assigned").values()) for worker in workers)

    def count(name):
        return {worker.metric(name).get(f'topic="{IN}"', -1) for worker in workers}
    until(f"one has none, the others have all: {shares()}", 20, lambda: shares() == [0] + [len(READ)] * PARTITIONS, 0.3)
    for worker in workers:
        await_ready(worker, 5)
    until(f"all know how many there are: {count('primaflow_topic_partitions')}", 15, lambda: count("primaflow_topic_partitions") == {PARTITIONS}, 0.3)
