#!/usr/bin/env python3
"""A worker and the command line with a real schema registry (Apicurio): what is written, what is read, and what a registry that is away, slow
or wrong does to orders: it holds them back, and nothing else. Each case ends with the checker of tests/fault: every order has its one end.

Skipped (77) only when the registry cannot be downloaded now; ops/stack then says why."""

import base64
import io
import json
import os
import subprocess
import sys
import time
import unittest

import rig
from rig import IN, OLD, TODAY, record, unframe, variation

import avro
import feed
from case import World
from registry_proxy import SLOW_SECONDS, Proxy
from stack import DEAD, LEDGER, RESULTS, binaries, until

try:
    import fastavro  # PyPI; a third opinion where it is installed
except ImportError:
    fastavro = None

STACK = None
PAUSED = "registry_unavailable"


def processes(argument):
    """Pids of those that have it on their command line."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if argument in file.read().split(b"\0"):
                    found.append(int(pid))
        except OSError:
            pass  # gone meanwhile
    return found


class Case(unittest.TestCase):
    def setUp(self):
        self.world = World(STACK, self.id())
        self.addCleanup(self.world.close)

    def proxy(self):
        proxy = Proxy(STACK.registry_url)
        self.addCleanup(proxy.close)
        return proxy

    def worker(self, url=None):
        """A running worker that has heard of no id but those of its own results; through the proxy, if one is given."""
        made = self.world.worker("0", options=(f"schema.registry.url={url}",) if url else ())
        return made.await_running(60)

    def order(self):
        return self.world.order(till=True)

    def dead(self):
        return self.world.reader.dead()

    def await_paused(self, worker):
        until("the worker pauses: the registry is away", 20, lambda: PAUSED in (worker.status() or {"paused": []})["paused"])

    def await_posted(self, *orders, seconds=40):
        for order in orders:
            found = self.world.await_outcomes(order, seconds=seconds)
            self.assertEqual(found, ["posted"], feed.natural(order))

    def primaflow_fails(self, *words, text="", **env):
        """(exit code, what it says)."""
        done = subprocess.run([binaries() / "primaflow", *words], env={**STACK.env, **env}, input=text, capture_output=True, text=True,
                              timeout=60, cwd=rig.TREE, check=False)
        return done.returncode, done.stderr


class Written(Case):
    def test_both_framings_in_one_out(self):
        """Written is Confluent's framing with registered schemas; read is the other one beside it. Anybody can read the results."""
        confluent, single = [self.order() for _ in range(3)], [self.order() for _ in range(2)]
        self.world.feed(*confluent)
        url = STACK.env.pop("SCHEMA_REGISTRY_URL")
        try:
            self.world.feed(*single)
        finally:
            STACK.env["SCHEMA_REGISTRY_URL"] = url
        first_bytes = {key: data[:1] for key, data in STACK.values(IN)}
        self.assertEqual([first_bytes[feed.topic_key(o)] for o in confluent + single], [b"\0"] * 3 + [b"\xc3"] * 2)
        self.worker()
        self.await_posted(*confluent, *single)
        for topic, fields in ((RESULTS, ("outcome", "order_id", "document")), (LEDGER, ("key", "order_id", "total_minor", "lines"))):
            shown = {line["key"]: line["value"] for line in STACK.consume(topic)}
            read = {}
            for key, data in STACK.values(topic):
                number, payload = unframe(data)
                read[key] = avro.read(STACK.schema(number), payload)
                if fastavro:
                    third = fastavro.schemaless_reader(io.BytesIO(payload), fastavro.parse_schema(STACK.schema(number)))
                    self.assertEqual(third, read[key])
            for order in confluent + single:
                mine, theirs = shown[feed.topic_key(order)], read[feed.topic_key(order)]
                self.assertEqual([mine[f] for f in fields], [theirs[f] for f in fields])
                self.assertEqual(theirs["order_id"], order["order_id"])
        for subject in ("orders.raw-value", "orders.results-value", "orders.ledger-value", "orders.ledger-primaflow.v1.RefundCredit"):
            self.assertIn(subject, STACK.ask("GET", "/subjects")[1])
            self.assertEqual(STACK.ask("GET", f"/config/{subject}"), (200, {"compatibilityLevel": "BACKWARD_TRANSITIVE"}))
        self.world.judge()

    def test_results_are_read_again_by_id(self):
        """By `why`, and when Redis was lost: the keys come back from results in Confluent's framing, so that a resend is a duplicate."""
        order = self.order()
        self.world.feed(order)
        worker = self.worker()
        self.await_posted(order)
        said = STACK.primaflow("why", order["order_id"])
        self.assertNotIn("cannot be read", said)
        self.assertIn("posted", said)
        worker.kill()
        STACK.redis("FLUSHALL")
        worker = self.worker()
        self.assertNotIn("cannot be read", worker.log())
        self.world.feed(order)
        self.assertCountEqual(self.world.await_outcomes(order, 2), ["posted", "duplicate"])
        self.world.judge()

    def test_a_stricter_rule_stays(self):
        """What an administrator made stricter than we need is not made laxer by our next start."""
        self.worker().kill()
        STACK.ask("PUT", "/config/orders.results-value", {"compatibility": "FULL_TRANSITIVE"})
        self.addCleanup(STACK.ask, "PUT", "/config/orders.results-value", {"compatibility": "BACKWARD_TRANSITIVE"})
        self.worker()
        self.assertEqual(STACK.ask("GET", "/config/orders.results-value"), (200, {"compatibilityLevel": "FULL_TRANSITIVE"}))

    def test_incompatible(self):
        """A subject that holds something else: worker and command line end with 78 and say which; the worker goes on when it is as it should be."""
        STACK.register("taken-value", json.dumps({"type": "record", "name": "Taken", "namespace": "primaflow.v1",
                                                  "fields": [{"name": "outcome", "type": "int"}]}))
        proxy, order = self.proxy(), self.order()
        self.world.feed(order)
        proxy.renames = {"orders.results-value": "taken-value", "orders.raw-value": "taken-value"}
        refused = self.world.worker("0", options=(f"schema.registry.url={proxy.url}",))
        self.assertEqual(refused.await_death(60), 78)
        for words in ("409 for orders.results-value", "schemas/README.md"):
            self.assertIn(words, refused.log())
        code, said = self.primaflow_fails("produce", IN, text=json.dumps(order) + "\n", SCHEMA_REGISTRY_URL=proxy.url)
        self.assertEqual(code, 78, said)
        self.assertIn("409 for orders.raw-value", said)
        proxy.renames = {}
        self.worker(proxy.url)
        self.await_posted(order)
        self.world.judge()

    def test_two_workers_make_the_subjects(self):
        """The first start of a fleet: two workers ask for the same new subjects in the same moment, and both begin."""
        proxy = self.proxy()
        proxy.renames = {"orders.results-value": "fleet.results-value", "orders.ledger-value": "fleet.ledger-value",
                         "orders.ledger-primaflow.v1.RefundCredit": "fleet.ledger-primaflow.v1.RefundCredit"}
        proxy.mode = "together"
        fleet = [self.world.worker(slot, options=(f"schema.registry.url={proxy.url}",)) for slot in "01"]
        for worker in fleet:
            worker.await_running(60)
        self.assertEqual(STACK.ask("GET", "/config/fleet.results-value"), (200, {"compatibilityLevel": "BACKWARD_TRANSITIVE"}))
        self.assertEqual(STACK.ask("GET", "/subjects/fleet.results-value/versions"), (200, [1]))


class Read(Case):
    def test_an_old_version_by_id(self):
        """Written by somebody else's encoder with the first version, which only the registry says by id. It did not tell yet how far a payment
        has come, so that today's code takes none for captured: the order is posted on hold, and says so."""
        order = self.order()
        STACK.produce_raw([record(order, STACK.register("somebody-elses-value", OLD), OLD)])
        self.worker()
        self.assertEqual(self.world.await_outcomes(order), ["posted_on_hold"])
        self.assertEqual(len(self.world.documents(order)), 1)
        result = next(line["value"] for line in STACK.consume(RESULTS) if line["value"]["order_id"] == order["order_id"])
        self.assertEqual(result["codes"], ["total_mismatch"])
        self.assertEqual([result["proof"][f] for f in ("currency", "lines_minor", "tenders_minor")], ["GBP", 600, 0])

    def test_ids_that_mean_nothing(self):
        """No such id, an id of something that is not Avro, Avro that is no order: dead letters with their bytes, and what follows goes on."""
        numbers = [0, 0x7FFFFFFF, 0xFFFFFFFF, STACK.register("json-value", '{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}', "JSON")]
        orders = [self.order() for _ in numbers]
        good = self.order()
        records = [record(order, number, partition=1) for order, number in zip(orders, numbers)]
        number = STACK.register("good-value", TODAY)
        STACK.produce_raw([*records, record(good, number, partition=1)])
        self.worker()
        self.await_posted(good)
        dead = until("four dead letters", 20, lambda: (d := self.dead()) and len(d) >= 4 and d)
        self.assertEqual([d.code for d in dead], ["schema_unknown"] * 4)
        self.assertCountEqual([base64.b64encode(d.raw[1]).decode() for d in dead], [r["value"]["base64"] for r in records])
        said = {line["headers"]["primaflow.schema-id"]: line["headers"]["__dlq.errors.message"] for line in STACK.consume(DEAD, raw=True)}
        self.assertIn("no schema 2147483647", said["id:2147483647"])
        self.assertIn("is not Avro", said[f"id:{numbers[3]}"])
        self.world.judge()


class Away(Case):
    def test_killed_in_the_middle(self):
        """kill -9: who needs an unknown id waits, and the worker says so; it goes on by itself."""
        number = STACK.register("killed-value", variation("killed"))
        before, waiting, after = self.order(), [self.order() for _ in range(4)], self.order()
        worker = self.worker()
        self.world.feed(before)
        self.await_posted(before)
        STACK.kill("registry")
        try:
            STACK.produce_raw([record(order, number) for order in waiting])
            self.await_paused(worker)
            self.assertIn(PAUSED, worker.http("/readyz"))
            code, said = self.primaflow_fails("produce", IN, text=json.dumps(after) + "\n")
            self.assertEqual(code, 69, said)
            self.assertIn("schema registry", said)
            code, said = self.primaflow_fails("consume", IN)
            self.assertEqual(code, 69, said)
            self.assertIn("schema registry does not answer", said)
            time.sleep(2)  # some more tries, none of which may cost an order anything
            self.assertEqual(self.dead(), [])
            self.assertIn(PAUSED, worker.status()["paused"])
        finally:
            STACK.start("registry")
        self.await_posted(*waiting)
        until("the pause is over", 10, lambda: not worker.status()["paused"])
        results = {line["value"]["order_id"]: line["value"] for line in STACK.consume(RESULTS)}
        self.assertEqual([results[order["order_id"]]["attempts"] for order in waiting], [1] * 4)
        self.world.judge()

    def test_away_at_the_start(self):
        """Ids that are known need no registry. A worker that starts waits for it, may be ended meanwhile, and begins when it is there."""
        number = STACK.register("known-value", variation("known"))
        known, after, order = self.order(), self.order(), self.order()
        worker = self.worker()
        STACK.produce_raw([record(known, number)])
        self.await_posted(known)
        STACK.kill("registry")
        try:
            STACK.produce_raw([record(after, number)])
            until("an order of a known id is posted without the registry", 20, lambda: self.world.documents(after))
            self.assertEqual(worker.status()["paused"], [])
            self.assertEqual(worker.drain(), 0)
            STACK.produce_raw([record(order, number)])
            ended = self.world.worker("0").await_log("waiting for the schema registry", 60)
            self.assertEqual(ended.drain(), 0)
            waiting = self.world.worker("0").await_log("waiting for the schema registry", 60)
        finally:
            STACK.start("registry")
        waiting.await_running(60)
        self.await_posted(order)
        self.world.judge()


class Wrong(Case):
    def test_each_wrong_answer_is_waited_for(self):
        """Whatever it answers that is not "I know no such id" is the registry's fault: the worker pauses and asks again."""
        proxy = self.proxy()
        worker = self.worker(proxy.url)
        for mode in ("reset", "cut", "500", "404", "html", "garbage"):  # others: unit.test_codec_registry
            with self.subTest(mode):
                order = self.order()
                number = STACK.register(f"wrong-{mode}-value", variation(mode))
                proxy.mode = mode
                STACK.produce_raw([record(order, number)])
                self.await_paused(worker)
                proxy.mode = "pass"
                self.await_posted(order)
                until("the pause is over", 10, lambda: not worker.status()["paused"])
        self.assertEqual(self.dead(), [])
        self.world.judge()

    def test_slow(self):
        """A slow answer holds back its own record, not the others; one question at a time."""
        proxy = self.proxy()
        worker = self.worker(proxy.url)
        number, known = STACK.register("slow-value", variation("slow")), STACK.register("orders.raw-value", TODAY)
        first = self.world.order_in({0}, till=True)
        STACK.produce_raw([record(first, known)])
        self.await_posted(first)
        proxy.mode, proxy.asked[:] = "slow", []
        late, others = self.world.order_in({0}, till=True), [self.world.order_in({1, 2, 3}, till=True) for _ in range(5)]
        began = time.monotonic()
        STACK.produce_raw([record(late, number)])
        until("the registry is asked", 20, lambda: proxy.asked)
        STACK.produce_raw([record(order, known) for order in others])
        until("the others are posted", SLOW_SECONDS + 20, lambda: all(self.world.documents(order) for order in others))
        held = not self.world.documents(late)
        if time.monotonic() - began < SLOW_SECONDS:  # a machine that is too busy to see it proves nothing
            self.assertTrue(held)
        self.await_posted(late)
        self.assertEqual(proxy.asked, [("GET", proxy.target.path + f"/schemas/ids/{number}")])
        self.assertEqual(worker.status()["paused"], [])
        self.world.judge()

    def test_silent(self):
        """It takes the question and never answers: SIGTERM still ends the worker in time, the next one waits, pauses and goes on."""
        proxy = self.proxy()
        number, order = STACK.register("silent-value", variation("silent")), self.order()
        worker = self.worker(proxy.url)
        proxy.mode, proxy.asked[:] = "silent", []
        STACK.produce_raw([record(order, number)])
        until("the registry is asked", 20, lambda: proxy.asked)
        self.assertEqual(worker.drain(30), 0)
        proxy.mode = "pass"
        worker = self.worker(proxy.url)
        self.await_posted(order)
        second, number = self.order(), STACK.register("silent-2-value", variation("silent 2"))
        proxy.mode = "silent"
        STACK.produce_raw([record(second, number)])
        self.await_paused(worker)
        proxy.mode = "pass"
        self.await_posted(second)
        self.assertEqual(self.dead(), [])
        self.world.judge()


class Ends(unittest.TestCase):
    def test_with_its_owner(self):
        """ops/stack: a registry of a stack whose owner is gone is gone, too. The last of all: the stack is this one, given away."""
        with subprocess.Popen(["sleep", "600"]) as owner:
            STACK.give_to(owner.pid)
            mark = f"-Dprimaflow.registry={os.path.realpath(STACK.dir)}".encode()
            self.assertEqual(len(processes(mark)), 1)
            with open(STACK.dir / "env", encoding="utf-8") as env:
                self.assertIn("SCHEMA_REGISTRY_URL=", env.read())
            owner.kill()
            owner.wait()
            until("the registry is gone", 20, lambda: not processes(mark))


def load_tests(loader, _tests, _pattern):
    return unittest.TestSuite(loader.loadTestsFromTestCase(kind) for kind in (Away, Read, Written, Wrong, Ends))


def main():
    global STACK
    STACK = rig.RegistryStack()
    try:
        STACK.up()
    except rig.NoDownload as why:
        print(f"skipped: the schema registry is not in the cache, and cannot be downloaded now\n{why}")
        sys.exit(77)
    try:
        done = unittest.main(exit=False, verbosity=2)
    finally:
        STACK.down()
    sys.exit(not done.result.wasSuccessful())


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    main()
