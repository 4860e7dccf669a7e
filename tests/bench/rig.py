"""A stack of its own, orders to put into it, and the contestants that take them out again."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import typing
import urllib.request
from pathlib import Path

import machine

TREE = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
GROUP = "primaflow.orders"
SEED = 7
PRODUCTS = 300
GIVE_UP_S = 180
SOON = 2000  # so few are awaited closely: what begins after them is measured


class Failed(Exception):
    pass


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Flow(typing.NamedTuple):
    program: str
    topic: str
    posts: tuple  # the types of request that are a document of its own


ORDERS = Flow("primaflow-orders", "orders.raw", ("MultiNewOrder", "NewOrder"))
REFUNDS = Flow("primaflow-refunds", "refunds.raw", ("NewCreditNote",))


class Worker(typing.NamedTuple):
    process: subprocess.Popen
    port: int


class Rig:
    """Orders are made once, all with one seed, so that later ones come from customers that earlier ones made known; each round takes the next of them.
    Both contestants read with one group, so neither has to skip what the other took."""

    def __init__(self, binaries):
        self.bin = binaries
        self.folder = Path(tempfile.mkdtemp(prefix="primaflow-bench-"))
        self.dir = self.folder / "stack"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("PRIMAFLOW_", "KAFKA_", "REDIS_", "PRIMA_", "SCHEMA_"))}
        self.env["PRIMAFLOW_BIN"] = str(binaries)
        if "PRIMAFLOW_CACHE" in os.environ:
            self.env["PRIMAFLOW_CACHE"] = os.environ["PRIMAFLOW_CACHE"]
        self.config = self.folder / "worker.yaml"
        self.config.write_text(f"schema.folder: {TREE}/schemas\norders.mappings: {TREE}/ops/deploy/mappings\n"
                               "prima.enforces_unique_order_number: true # as the sandbox is set up: --unique on\n")
        self.orders = None
        self.flow, self.posted = ORDERS, 0  # of this run; at the sandbox, before it
        self.numbers = 10_000_000  # of the bare loop's and wrk's orders

    # ---- the stack ----

    def up(self):
        self._run(TREE / "ops/stack", "up", "--dir", self.dir, "--owner-pid", str(os.getpid()), "--life", "7200")
        for line in (self.dir / "env").read_text().splitlines():
            name, value = line.removeprefix("export ").split("=", 1)
            self.env[name] = value.strip("'\"")
        self.pids = {}
        for line in self._run(TREE / "ops/stack", "status", "--dir", self.dir).splitlines():
            words = line.split()
            if words[0] in ("kafka", "redis", "prima"):
                self.pids[words[0]] = int(words[3])
        self.redis_port = int(self.env["REDIS_URL"].rsplit(":", 1)[1].split("/")[0])
        return self

    def down(self):
        subprocess.run([TREE / "ops/stack", "down", "--dir", self.dir], env=self.env, check=False, capture_output=True)
        subprocess.run(["rm", "-rf", str(self.folder)], check=False)

    def _run(self, *words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE):
        done = subprocess.run([str(w) for w in words], env=self.env, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise Failed(f"{' '.join(str(w) for w in words[:4])}: exit {done.returncode}: {done.stderr.decode(errors='replace')[-800:]}")
        return done.stdout.decode() if stdout == subprocess.PIPE else ""

    def cli(self, *words, **more):
        return self._run(self.bin / "primaflow", "--config", self.config, *words, **more)

    def admin(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.env["PRIMA_ADMIN_URL"] + path, data=data), timeout=10) as answer:
            return json.load(answer)

    def latency(self, ms):
        self.admin("/latency", {"latency": f"{ms}ms"})

    def requests(self):
        """{type: received} since the sandbox began."""
        return {name: row["received"] for name, row in self.admin("/stats")["types"].items()}

    def ledger(self, sql, *values):
        connection = sqlite3.connect(f"file:{self.dir}/prima.sqlite?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def last_request(self):
        return self.ledger("SELECT coalesce(max(id), 0) FROM requests")[0][0]

    # ---- orders ----

    def make(self, count, customers, seed=SEED, *more):
        """A shop of PRODUCTS products: a new worker has asked Prima for all of them within its first few hundred orders."""
        made, path = self.folder / "made.jsonl", self.folder / f"orders-{seed}.jsonl"
        with made.open("wb") as out:
            self.cli("generate", "orders", "--count", count, "--seed", seed, "--customers", customers, *more, stdout=out)
        with made.open("rb") as lines, path.open("wb") as out:
            for line in lines:
                out.write(re.sub(rb'"SKU(\d{5})"', lambda sku: b'"SKU%05d"' % (int(sku.group(1)) % PRODUCTS + 1), line))
        made.unlink()
        return path.open("rb")

    def make_refunds(self, count, kinds, orders, seed=SEED):
        """Lines of refunds of these kinds, of the first so many orders of the seed; they name lines of orders, and no products."""
        path = self.folder / f"refunds-{seed}.jsonl"
        with path.open("wb") as out:
            self.cli("generate", "refunds", "--count", count, "--seed", seed, "--keys", orders, "--kinds", ",".join(kinds), stdout=out)
        return path.read_bytes().splitlines(keepends=True)

    def feed(self, lines, flow=ORDERS):
        """Puts these events into the flow's input."""
        part = self.folder / "part.jsonl"
        part.write_bytes(b"".join(lines))
        with part.open("rb") as file:
            self.cli("produce", flow.topic, stdin=file)

    def feed_next(self, count):
        lines = [self.orders.readline() for _ in range(count)]
        if not lines[-1]:
            raise Failed("not enough orders were made for this run: a defect of tests/bench")
        self.feed(lines)
        return lines

    # ---- a worker ----

    def start(self, *options, flow=ORDERS):
        port = free_port()
        words = [word for option in options for word in ("-o", option)]
        with (self.folder / "worker.log").open("ab") as log:
            child = subprocess.Popen([self.bin / flow.program, "--config", self.config, "--slot", "0", "--http", f"127.0.0.1:{port}", *words],
                                     env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return Worker(child, port)

    def stop(self, worker):
        worker.process.send_signal(signal.SIGTERM)
        if worker.process.wait(60) != 0:
            raise Failed(f"the worker ended with {worker.process.returncode}: {self.worker_log()}")

    def progress(self, worker):
        if worker.process.poll() is not None:
            raise Failed(f"the worker ended with {worker.process.returncode}: {self.worker_log()}")
        return self._progress(worker.port)

    def scripts(self, worker):
        """Scripts that it ran for orders, since it began; its slot is renewed by the clock."""
        with urllib.request.urlopen(f"http://127.0.0.1:{worker.port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        found = re.findall(r'^primaflow_redis_scripts_total\{script="(\w+)"\} (\S+)$', text, re.MULTILINE)
        return sum(int(float(value)) for script, value in found if script not in ("slot", "command"))

    def first_request(self, worker):
        """Waits until Prima hears of it."""
        before, deadline = self.last_request(), time.monotonic() + GIVE_UP_S
        while self.last_request() == before:
            if worker.process.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"no request came from the worker: {self.worker_log()}")
            time.sleep(0.05)

    def drain(self):
        """Works off what is left in orders.raw."""
        worker, deadline = self.start(), time.monotonic() + GIVE_UP_S
        while time.monotonic() < deadline:
            status = self._status(worker.port)
            mine = [p for p in status.get("partitions", ()) if p["topic"] == "orders.raw"]
            if mine and status["running"] and all(p["lag"] == 0 and p["uncommitted"] == 0 for p in mine):
                self.stop(worker)
                return
            time.sleep(0.2)
        worker.process.kill()
        raise Failed(f"orders.raw is not worked off within {GIVE_UP_S} s: {self.worker_log()}")

    @staticmethod
    def _status(port):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=5) as answer:
                return json.load(answer)
        except OSError:
            return {}

    # ---- contestants ----

    def _arrivals(self, after, skip=0, flow=ORDERS):
        """(documents, ms of the first, ms of the last, mean size) of the flow's own requests behind a place in the ledger, `skip` of them left out."""
        marks = ",".join("?" * len(flow.posts))
        return self.ledger("SELECT count(*), min(arrived_at), max(arrived_at), avg(size) FROM (SELECT arrived_at, length(request) AS size "
                           f"FROM requests WHERE id > ? AND type IN ({marks}) ORDER BY id LIMIT -1 OFFSET ?)", after, *flow.posts, skip)[0]

    def _outcome(self, run, after, span, began, warm, flow=ORDERS):
        """Adds what the ledger and the machine say. `warm` orders at the beginning do not count for the rate: what a start costs is its own figure."""
        posts, first_ms = self._arrivals(after, flow=flow)[:2]
        count, first, last, size = self._arrivals(after, warm, flow)
        run |= {"posts": posts, **span.end(run["cpu_s"])}
        run["sandbox_cpu_us"] = run["servers_cpu"]["prima"] / max(posts, 1) * 1e6
        if count > 1:
            rate = (count - 1) / max((last - first) / 1e3, 1e-3)
            ideal = 64e3 / run["latency_ms"] if run["latency_ms"] else None
            run |= {"rate": rate, "of_ideal": rate / ideal if ideal else None, "body_bytes": size, "first_post_s": first_ms / 1e3 - began}
        return run

    def worker(self, orders, latency_ms, warm=0, rest_s=0.0, profile=None, posts=True, flow=ORDERS):
        """One worker, from exec to exit, over a backlog of warm + orders events of its flow. How far it is, the sandbox is asked as long as that can tell: a look at
        the worker's own metrics is half a millisecond of its CPU."""
        after, before = self.last_request(), self.requests()
        self.flow, self.posted = flow, self._posts(flow)
        span, began = machine.Span(self.pids), time.time()
        child, port = self.start(flow=flow)
        first = self._await(child, port, "begun", warm, posts)
        asked = self.scripts(Worker(child, port)) if warm else 0
        recorder = profile(child.pid) if profile else None
        if posts:
            self._await(child, port, "begun", warm + orders, posts)
        final = self._await(child, port, "committed", warm + orders, False)
        asked = self.scripts(Worker(child, port)) - asked
        time.sleep(rest_s)
        memory = machine.memory_kib(child.pid)
        if recorder:
            recorder.send_signal(signal.SIGINT)
            recorder.wait(60)
        child.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise Failed(f"the worker ended with {child.returncode}: {self.worker_log()}")
        threads = self._by_kind({thread: spent - first["threads"].get(thread, 0.0) for thread, spent in final["threads"].items()}, child.pid)
        done = warm + orders - first["begun"]
        run = {"who": "worker", "orders": orders, "warm": warm, "latency_ms": latency_ms, "cpu_s": usage.ru_utime + usage.ru_stime,
               "cpu_us": sum(threads.values()) / done * 1e6, "threads": threads, "settled": done, "hwm_kib": memory["VmHWM"], "rss_kib": memory["VmRSS"],
               "requests": {name: count - before.get(name, 0) for name, count in self.requests().items() if count > before.get(name, 0)},
               "outcomes": final["outcomes"], "scripts": asked / done}
        return self._outcome(run, after, span, began, warm, flow)

    def worker_log(self):
        return (self.folder / "worker.log").read_text(errors="replace")[-1500:]

    def _await(self, child, port, what, count, posts):
        """Waits until so many records are begun (claimed, or posted), or committed; returns what the process had used by then. 0: as soon as it lives."""
        deadline, before = time.monotonic() + GIVE_UP_S, self.posted
        while time.monotonic() < deadline:
            if child.poll() is not None:
                raise Failed(f"the worker ended with {child.returncode}: {self.worker_log()}")
            seen = {"begun": 0} if count == 0 else {"begun": self._posts(self.flow) - before} if posts else self._progress(port)
            seen["threads"] = machine.thread_cpu(child.pid)
            if seen[what] >= count:
                return seen
            time.sleep(0.03 if count < SOON else 0.2)  # a look costs the sandbox as much as dozens of orders
        child.kill()
        raise Failed(f"the worker has not {what} {count} records within {GIVE_UP_S} s: {seen}: {self.worker_log()}")

    def _posts(self, flow):
        requests = self.requests()
        return sum(requests.get(name, 0) for name in flow.posts)

    @staticmethod
    def _progress(port):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                text = answer.read().decode()
        except OSError:
            text = ""
        found = re.findall(r'^(primaflow_redis_scripts_total\{script="(?:credit)?claim(?:sent)?"|primaflow_records_total\{outcome="(\w+)")\} (\S+)$', text, re.MULTILINE)
        outcomes = {outcome: int(float(value)) for _, outcome, value in found if outcome}
        return {"begun": sum(int(float(value)) for _, outcome, value in found if not outcome), "committed": sum(outcomes.values()), "outcomes": outcomes}

    @staticmethod
    def _by_kind(threads, pid):
        kinds = {"loop": 0.0, "kafka": 0.0, "pool": 0.0}
        for (tid, name), seconds in threads.items():
            kinds["loop" if tid == pid else "kafka" if name.startswith("rdk:") else "pool"] += seconds
        return kinds

    def bare(self, orders, latency_ms, samples, warm):
        after, began = self.last_request(), time.time()
        span = machine.Span(self.pids)
        child = subprocess.Popen([self.bin / "bench-bare", "--samples", samples, "--orders", str(warm + orders), "--warm", str(warm),
                                  "--first", str(self._numbers(warm + orders)),
                                  "--bootstrap", self.env["KAFKA_BOOTSTRAP_SERVERS"], "--group", GROUP, "--instance", f"{GROUP}-0",
                                  "--redis-port", str(self.redis_port), "--url", self.env["PRIMA_URL"]],
                                 env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=sys.stderr)
        out, usage = self._end_of(child)
        done, cpu_us = (int(word) for word in out.split())
        run = {"who": "bare", "orders": orders, "warm": warm, "latency_ms": latency_ms, "cpu_s": usage.ru_utime + usage.ru_stime,
               "cpu_us": cpu_us / done, "settled": done, "hwm_kib": usage.ru_maxrss}
        return self._outcome(run, after, span, began, warm)

    def wrk(self, seconds, latency_ms, bodies):
        after, began = self.last_request(), time.time()
        span = machine.Span(self.pids)
        child = subprocess.Popen(["wrk", "-t1", "-c64", f"-d{seconds}s", "-s", HERE / "post.lua", self.env["PRIMA_URL"]],
                                 env={**self.env, "BENCH_BODIES": str(bodies), "BENCH_FIRST": str(self._numbers(1_000_000))},
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out, usage = self._end_of(child)
        if b"Non-2xx" in out:
            raise Failed(f"wrk: {out.decode()[-600:]}")
        time.sleep(0.05)  # what is applied with the next shared commit
        count, cpu = self._arrivals(after)[0], usage.ru_utime + usage.ru_stime
        run = {"who": "wrk", "orders": count, "warm": 0, "latency_ms": latency_ms, "cpu_s": cpu, "cpu_us": cpu / max(count, 1) * 1e6}
        return self._outcome(run, after, span, began, 0)

    def table(self, orders, *more):
        """Writes the ledger of so many orders (--fill), or reads it."""
        out = self._run(self.bin / "bench-table", "--bootstrap", self.env["KAFKA_BOOTSTRAP_SERVERS"], "--topic", "bench.table", "--partitions", "8",
                        "--orders", str(orders), *more)
        return json.loads(out) if out else {}

    @staticmethod
    def _end_of(child):
        out = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise Failed(f"{child.args[0]} ended with {child.returncode}: {out.decode()[-600:]}")
        return out, usage

    def _numbers(self, count):
        first, self.numbers = self.numbers, self.numbers + count
        return first
