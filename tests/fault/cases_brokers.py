"""Three brokers: one that coordinates the group or the transactions, or leads partitions, is killed or stands still while transactions run."""

import contextlib
import shutil
import signal
import time

import case as cases
from case import case, expect
from cases_prima import mixed
from cluster import ClusterStack
from stack import GROUP
from wire import Cluster

LONG = 120


@contextlib.contextmanager
def cluster(w):
    """The case's world on a cluster of its own."""
    stack = ClusterStack(unique=w.stack.unique)
    world, is_well = None, False
    try:
        world = cases.World(stack.up(), w.name, mutant=w.mutant)
        yield world
        is_well = True
    finally:
        if world is not None:
            world.close()
        stack.down()
        if is_well:
            shutil.rmtree(stack.folder, ignore_errors=True)
        else:
            print(f"  the cluster's logs: {stack.folder}", flush=True)


def hurt(w, kind, name, times, do, undo):
    """Finds who coordinates, hurts that one under load, heals it; again and again."""
    w.stack.admin("POST", "/latency", {"latency": "uniform:20ms-200ms"})
    workers = [w.worker(slot).await_running(60) for slot in ("0", "1")]
    for _ in range(times):
        w.feed(*mixed(w, 40))
        time.sleep(0.7)
        number = w.stack.kafka.coordinator(kind, name)
        do(number)
        w.feed(*mixed(w, 20))
        time.sleep(5)
        undo(number)
    w.stack.admin("POST", "/latency", {"latency": "0ms"})
    w.judge(LONG)
    for worker in workers:
        expect(worker.is_alive(), f"slot {worker.slot} ended:\n{worker.log()[-800:]}")


@case("brokers", usual=("off",))
def coordinator_of_transactions_killed(w):
    """kill -9 of the broker that coordinates a worker's transactions, three times under load: nothing is lost or doubled, and nobody restarts the workers."""
    with cluster(w) as c:
        hurt(c, Cluster.OF_TRANSACTIONS, f"{GROUP}-0", 3, lambda n: c.stack.brokers[n].signal(signal.SIGKILL), c.stack.again)


@case("brokers", usual=("off",))
def coordinator_of_the_group_killed(w):
    """The same with the group's coordinator."""
    with cluster(w) as c:
        hurt(c, Cluster.OF_GROUP, GROUP, 2, lambda n: c.stack.brokers[n].signal(signal.SIGKILL), c.stack.again)


@case("brokers", usual=("off",))
def coordinator_stands_still(w):
    """The group's coordinator is stopped for longer than a session and goes on: who was thought dead lives again, twice."""
    with cluster(w) as c:
        hurt(c, Cluster.OF_GROUP, GROUP, 2, lambda n: c.stack.brokers[n].signal(signal.SIGSTOP), lambda n: c.stack.brokers[n].signal(signal.SIGCONT))


@case("brokers", usual=("off",))
def leader_of_control_killed(w):
    """kill -9 of the broker that leads ops.control: workers ask the one that leads it then, and go on at once, also when the former one is back."""
    with cluster(w) as c:
        workers = [c.worker(slot).await_running(60) for slot in ("0", "1")]
        c.feed(*mixed(c, 20))
        c.rest(LONG)
        number = c.stack.kafka.leader("ops.control", 0)
        c.stack.brokers[number].signal(signal.SIGKILL)
        orders = [c.order() for _ in range(8)]
        c.feed(*orders)
        for order in orders:
            c.await_outcomes(order, seconds=40)
        c.stack.again(number)
        c.feed(*mixed(c, 20))
        c.judge(LONG)
        for worker in workers:
            expect(worker.is_alive(), f"slot {worker.slot} ended:\n{worker.log()[-800:]}")
