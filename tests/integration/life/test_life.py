#!/usr/bin/env python3
"""The lives of cases.py through importer, worker and Prima's stand-in, on a stack of its own: each version ends as it should, one document
an order, at most one open exception, `why` names what differs, and nobody's name is told.

usage: test_life.py BIN-FOLDER
"""
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import cases

TREE = pathlib.Path(__file__).resolve().parents[3]
PEOPLE = ("Ada", "Example", "Test Street", "Leeds", "LS1", "Bob", "Hidden", "Secret", "York", "example.com")
WAIT_S = 60


class Stack:
    def __init__(self, bin_folder):
        self.bin, self.folder = bin_folder, pathlib.Path(tempfile.mkdtemp())
        self.worker, self.env = None, dict(os.environ, PRIMAFLOW_BIN=bin_folder)

    def up(self):
        command = [TREE / "ops/stack", "up", "--dir", self.folder / "s", "--owner-pid", str(os.getpid()), "--prima-arg", "--unique", "--prima-arg", "on"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=self.env)
        shell = subprocess.run(["bash", "-c", '. "$0" && env -0', self.folder / "s/env"], check=True, capture_output=True, env=self.env)
        self.env.update(line.split("=", 1) for line in shell.stdout.decode().split("\0") if "=" in line)
        log = open(self.folder / "worker.log", "w")
        self.worker = subprocess.Popen([self.bin + "/primaflow-orders", "--slot", "0", "-o", "prima.enforces_unique_order_number=true"], cwd=TREE, env=self.env,
                                       stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def down(self):
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait()
        subprocess.run([TREE / "ops/stack", "down", "--dir", self.folder / "s"], stdout=subprocess.DEVNULL, env=self.env)
        shutil.rmtree(self.folder)

    def cli(self, *words):
        return subprocess.run([self.bin + "/primaflow", *words], cwd=TREE, env=self.env, capture_output=True, text=True, check=True).stdout

    def records(self, topic):
        return [json.loads(line) for line in self.cli("consume", topic).splitlines()]

    def send(self, orders):
        path = self.folder / "orders.jsonl"
        path.write_text("".join(json.dumps(o) + "\n" for o in orders))
        self.cli("import", "shopify", "orders", str(path), "--store", "uk", "--to-kafka")

    def ends(self):
        """By order: [(delivery, end, text)] in the order of deliveries."""
        ends = {}
        for r in self.records("orders.results"):
            v = r["value"]
            end = v["outcome"] + (" " + v["code"] if v["outcome"] == "posted_on_hold" else "")
            ends.setdefault(v["order_id"], []).append((v["delivery"]["offset"], end, v.get("narrative") or ""))
        for r in self.records("orders.raw.dlq"):
            h = r["headers"]
            end = "dead_letter " + h["primaflow.code"]
            ends.setdefault(r["key"].split("/")[-1], []).append((int(h["primaflow.delivery"].split("/")[-1]), end, h["__dlq.errors.message"]))
        return {order: sorted(found) for order, found in ends.items()}

    def wait_for(self, count):
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            ends = self.ends()
            if sum(map(len, ends.values())) >= count:
                return ends
            time.sleep(0.2)
        sys.exit("%d of %d versions came to an end: %s" % (sum(map(len, ends.values())), count, (self.folder / "worker.log").read_text()[-1500:]))


def play(stack):
    """All lives side by side, one version of each at a time: [(name, order id, [wanted end])], and the ends."""
    lives = [(name, make(), []) for name, make in cases.CASES]
    ids, sent, ends = {}, 0, {}
    while True:
        orders = []
        for name, life, wanted in lives:
            step = next(life, None)
            if step is not None:
                orders.append(step[0])
                wanted.append(step[1])
                ids[name] = str(step[0]["id"])
        if not orders:
            return [(name, ids[name], wanted) for name, _, wanted in lives], ends
        stack.send(orders)
        sent += len(orders)
        ends = stack.wait_for(sent)


def complaints_of(name, wanted, found, documents, why):
    if len(found) != len(wanted):
        yield "%d ends of %d versions" % (len(found), len(wanted))
    for number, (want, (_, end, text)) in enumerate(zip(wanted, found), 1):
        outcome, _, words = want.partition(": ")
        if end != outcome or words.lower() not in text.lower():
            yield "version %d: %s: %s; wanted %s" % (number, end, text, want)
        yield from ("version %d names %s: %s" % (number, p, text) for p in PEOPLE if p in text)
    posted = [end for _, end, _ in found if end.startswith("posted")]
    if documents != len(posted) or len(posted) > 1:
        yield "%d documents, %d times posted" % (documents, len(posted))
    goods = [end for _, end, _ in found if end.endswith(("order_amended", "units_cancelled_after_posting"))]
    if len(goods) > 1:
        yield "%d exceptions of goods: %s" % (len(goods), goods)
    for _, end, text in found:  # the same difference, in words, for who asks
        if end in goods and text.split(". ", 1)[1][1:].split(";")[0].rstrip(".") not in why:
            yield "why does not name it: %s\n%s" % (text, why)
    yield from ("why names %s" % p for p in PEOPLE if p in why)


def main():
    stack, wrong = Stack(os.path.abspath(sys.argv[1])), 0
    try:
        stack.up()
        lives, ends = play(stack)
        db = sqlite3.connect("file:%s?mode=ro" % (stack.folder / "s/prima.sqlite"), uri=True)
        for name, order, wanted in lives:
            documents = db.execute("SELECT count(*) FROM orders WHERE order_number = '201' || ?", (order,)).fetchone()[0]
            units = [row[0] for row in db.execute("SELECT l.quantity FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.order_number = '201' || ?"
                                                  " ORDER BY l.position", (order,))]
            bad = list(complaints_of(name, wanted, ends.get(order, []), documents, stack.cli("why", order)))
            if units != cases.UNITS.get(name, units):
                bad.append("Prima has %s units, wanted %s" % (units, cases.UNITS[name]))
            print("%s: %s" % ("NOT OK" if bad else "ok", name), *bad, sep="\n    ")
            wrong += bool(bad)
        unequal = db.execute("SELECT count(*) FROM orders WHERE difference <> 0 AND NOT hold").fetchone()[0]
        if unequal:
            print("NOT OK: %d documents do not add up, and are not on hold" % unequal)
            wrong += 1
    finally:
        stack.down()
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
