"""A real Kafka, a real Redis and the sandbox of one test, through ops/stack; and all the ways to hurt them."""

import itertools
import json
import os
import random
import re
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, unescape

import feed
import proxy
import wire

TREE = Path(__file__).resolve().parents[2]
PROFILE = Path(__file__).resolve().parent / "profile.yaml"
PARTITIONS = 4
GROUP = "primaflow.orders"
IN, RESULTS, DEAD, REPLAY, LEDGER = "orders.raw", "orders.results", "orders.raw.dlq", "orders.raw.replay", "orders.ledger"
RETRIES = ["orders.raw.retry.1s", "orders.raw.retry.2s", "orders.raw.retry.4s"]
READ = [IN, REPLAY, *RETRIES]  # what the workers consume


def binaries():
    return Path(os.environ.get("PRIMAFLOW_BIN", TREE / "build" / "dev" / "bin"))


def shim():
    """clock_shim.so of the build whose programs are tested."""
    return binaries().parent / "tests" / "clock_shim.so"


def _free_ports():
    """The first of ten free ports. Not one of those from which outgoing connections are given theirs: while a broker is down, somebody's connection, even
    the one that tries to come to it, could have its port."""
    while True:
        base = random.randrange(2000, 3200) * 10
        try:
            for port in range(base, base + 10):
                socket.create_server(("127.0.0.1", port)).close()
            return base
        except OSError:
            continue


def now_ms():
    return time.time_ns() // 1000000


@dataclass
class Happening:
    """Something that a case did to the world and that may explain what a person has to look at. end: 0 while it lasts."""
    kind: str                    # lost: Redis forgot; nap: a worker stood still; dead: a worker was killed; clock: one was moved;
                                 # cut: the way to Prima was disturbed; unreadable: a key had another tool's value
    begin: int                   # ms, wall
    end: int = 0
    what: str = ""               # for people
    key: str = ""                # lost, unreadable: the natural key; "": all of them


class Stack:
    parts = "kafka,redis,prima"
    spoilt = False  # set by a case that leaves topics or groups behind as no other case expects them: the next one gets a new stack

    def __init__(self, unique=True):
        self.unique = unique
        self.partitions = PARTITIONS  # of every topic, now
        self.products = itertools.count(1000)  # numbers of products that no case has used; the sandbox has 5,000
        self.foreign = set()  # numbers of orders, codes of accounts, that no worker made
        self._away = None     # Prima, since when
        self.clocks = defaultdict(lambda: (0, 0, 0))  # by how many ms each is off: wall, boot, monotonic
        self.writer = None    # the release that writes orders; None: this one
        self.links = {}       # "kafka", "redis", "prima": the way on which a worker that goes `through` it comes there (proxy.py)
        self._read = {}       # what `consume` printed last, and of what
        self.happenings = []  # what was done to the world, for the checker to weigh what people are left with
        self.folder = Path(tempfile.mkdtemp(prefix="pf-fault-"))
        self.dir = self.folder / "stack"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("PRIMAFLOW_", "KAFKA_", "REDIS_", "PRIMA_"))}
        self.env.update(PRIMAFLOW_BIN=str(binaries()), PRIMAFLOW_RETRY_DELAYS="1s,2s,4s", PRIMAFLOW_TOPICS_PARTITIONS=str(PARTITIONS))
        if "PRIMAFLOW_CACHE" in os.environ:
            self.env["PRIMAFLOW_CACHE"] = os.environ["PRIMAFLOW_CACHE"]

    def up(self):
        self._give_clocks()
        base = _free_ports()  # ops/stack takes the first six
        behind = base + 6
        self.links["kafka"] = proxy.Link("kafka", base + 7, behind)
        self._run("up", "--only", self.parts, "--port-base", str(base), "--owner-pid", str(os.getpid()), "--life", "3600", *self._prima_mode(),
                  *self._second_listener(behind, self.links["kafka"].port), *self._authorizer())
        for line in (self.dir / "env").read_text().splitlines():
            name, value = line.removeprefix("export ").split("=", 1)
            self.env[name] = value
        self.redis = wire.Redis(int(self.env["REDIS_URL"].rsplit(":", 1)[1].split("/")[0]), lambda key: self.happens("lost", "by a command", key))
        self.kafka = wire.Kafka(int(self.env["KAFKA_BOOTSTRAP_SERVERS"].rsplit(":", 1)[1]))
        self.links["redis"] = proxy.Link("redis", base + 8, self.redis.port)
        self.links["prima"] = proxy.Link("prima", base + 9, int(re.search(r":(\d+)/", self.env["PRIMA_URL"])[1]))
        return self

    def down(self):
        self._run("down")
        for link in self.links.values():
            link.close()

    def _prima_mode(self):
        return [word for arg in ("--unique", "on" if self.unique else "off") for word in ("--prima-arg", arg)]

    def unique_off(self):
        """From now on Prima enforces unique numbers no more; everything stays: a broker takes seconds to start, and has no part in it. Only Redis forgets the
        products, for those that a case takes to be unknown."""
        self.unique = False
        self._run("restart", "prima", *self._prima_mode())
        for name in self.redis("KEYS", "pf:[pq]:*"):
            self.redis("DEL", name)

    @staticmethod
    def _second_listener(port, advertised):
        """A broker sends its clients to the address that it advertises: who is to come by the link must have been told the link's."""
        both = "PLAINTEXT://127.0.0.1:@BROKER_PORT@,{}PROXIED://127.0.0.1:{}"
        lines = ["listeners=" + both.format("CONTROLLER://127.0.0.1:@CONTROLLER_PORT@,", port), "advertised.listeners=" + both.format("", advertised),
                 "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT"]
        return [word for line in lines for word in ("--kafka-set", line)]

    @staticmethod
    def _authorizer():
        """Everybody may do everything, until a case takes a right away."""
        return [word for line in ("authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer", "allow.everyone.if.no.acl.found=true")
                for word in ("--kafka-set", line)]

    def _give_clocks(self):
        """Programs of these names load the shim: their clocks are what clock() says."""
        bin_ = self.folder / "bin"
        bin_.mkdir()
        for part, program in (("redis", "redis-server"), ("kafka", "java")):
            (bin_ / program).write_text(f"#!/bin/sh\nLD_PRELOAD={shim()} PF_CLOCK_FILE={self.folder}/clock-{part} exec {shutil.which(program)} \"$@\"\n")
            (bin_ / program).chmod(0o755)
        release = Path(shutil.which("java")).resolve().parents[1] / "release"
        if release.exists():
            shutil.copy(release, self.folder / "release")  # ops/jars.sh looks beside the program which Java it is
        self.env["PATH"] = f"{bin_}:{self.env['PATH']}"

    def clock(self, part, wall_ms=0):
        """Sets a part's ("redis", "kafka") or a worker's ("worker-<slot>") wall clock that much ahead."""
        self.happens("clock", f"{part} {wall_ms:+d} ms")
        self._move_clocks(part, wall_ms, *self.clocks[part][1:])

    def slept(self, part, ms, is_paused=False):
        """A part that has stood still, and is about to go on, was on a machine that was suspended: to it CLOCK_MONOTONIC has stood still, too; is_paused:
        every clock has, for the machine was a guest whose host paused it. Not more ms than it stood still: that clock never goes back."""
        wall, boot, monotonic = self.clocks[part]
        self.happens("clock", f"{part} slept {ms} ms")
        self._move_clocks(part, *((wall - ms, boot - ms) if is_paused else (wall, boot)), monotonic - ms)

    def _move_clocks(self, part, *off_ms):
        """As tests/support/clock_shim.c reads it."""
        self.clocks[part] = off_ms
        made = self.folder / f"clock-{part}.new"
        made.write_text(" ".join(map(str, off_ms)) + "\n")
        made.rename(self.folder / f"clock-{part}")

    def through(self, parts):
        """Variables of who comes to these parts by their links."""
        ports = {part: self.links[part].port for part in parts}
        env = {"kafka": ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:{}"), "redis": ("REDIS_URL", "redis://127.0.0.1:{}/0"),
               "prima": ("PRIMA_URL", "http://127.0.0.1:{}/wsalive/wsalive")}
        return {env[part][0]: env[part][1].format(port) for part, port in ports.items()}

    def calm(self):
        """All links and clocks as they should be."""
        for link in self.links.values():
            link.calm()
        for part, (_, *others) in self.clocks.items():
            self._move_clocks(part, 0, *others)  # not taken away: who has read it would stay with what it said

    def _run(self, *words):
        done = subprocess.run([TREE / "ops" / "stack", *words, "--dir", self.dir], env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=180, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"ops/stack {' '.join(words)}: exit {done.returncode}\n{done.stderr}")

    # ---- what was done, for the checker ----

    def happens(self, kind, what="", key="", is_over=True):
        """Notes it; returns it, so that its end can be noted when it lasts."""
        made = Happening(kind, now_ms(), now_ms() if is_over else 0, what, key)
        self.happenings.append(made)
        return made

    # ---- parts: kill, start, restart ("kafka", "redis", "prima") ----

    def kill(self, part, signal="KILL"):
        """Redis, killed, keeps at most what its last snapshot has: a loss, unless `restart` saves first."""
        if part == "redis" and signal in ("KILL", "TERM"):
            self.happens("lost", "killed")
        if part == "prima":
            self._prima_is_away(signal)
        self._run("kill", part, "--signal", signal)

    def _prima_is_away(self, signal):
        if signal != "CONT":
            self._away = self.happens("cut", f"Prima: {signal}", is_over=False)
        elif self._away:
            self._away.end = now_ms() + 1000  # what it was about to answer

    def start(self, part, keep_data=False):
        if part == "prima":
            self._prima_is_away("CONT")
        self._run("start", part, *(["--keep-data"] if keep_data else []))

    def restart(self, part, keep_data=False):
        if part == "redis" and not keep_data:
            self.happens("lost", "restarted empty")
        self._run("restart", part, *(["--keep-data"] if keep_data else []))

    # ---- the sandbox's admin port ----

    def admin(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.env["PRIMA_ADMIN_URL"] + path, data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"sandbox {method} {path}: {error.code} {error.read().decode()}") from error

    def fault(self, do, **match):
        """A rule of ops/sandbox/README.md, e.g. fault({"kind": "reset_after"}, type="NewOrder", key="2017*", count=1). Returns its id."""
        if match.get("type") == "NewOrder":
            match["type"] = ["NewOrder", "MultiNewOrder"]
        return self.admin("POST", "/faults", {"match": match, "do": do})["id"]

    def fired(self, rule):
        """How often a rule acted."""
        rules = self.admin("GET", "/faults")
        rules = rules["faults"] if isinstance(rules, dict) else rules
        return next((r["fired"] for r in rules if r["id"] == rule), 0)

    def no_faults(self, rule=None):
        self.admin("DELETE", "/faults" if rule is None else f"/faults/{rule}")

    def sql(self, query, *values):
        with sqlite3.connect(f"file:{self.dir}/prima.sqlite?mode=ro", uri=True, timeout=10) as db:
            db.row_factory = sqlite3.Row
            return db.execute(query, values).fetchall()

    def ask_prima(self, inner, company="01"):
        """A request that no worker sent, over the same wire; the reply's inner document."""
        body = ('<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><n:comwsomhandler xmlns:n="urn:omlink">'
                f"<company>{company}</company><request>{escape(inner)}</request></n:comwsomhandler></soap:Body></soap:Envelope>")
        request = urllib.request.Request(self.env["PRIMA_URL"], data=body.encode(), headers={"Content-Type": "text/xml"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = unescape(answer.read().decode(), {"&quot;": '"'})
        if "ERROR" in text:
            raise RuntimeError(f"the sandbox refused: {text}")
        return text

    def foreign_order(self, number, company="01"):
        """An order that Prima has from somebody else: it came over the same wire, but no worker sent it."""
        self.ask_prima(f'<Request RequestType="NewOrder"><Data OrderNumber="{number}" Customer="WEBGUEST" OrderChannel="TELEPHONE" VatInclusive="Yes">'
                       '<OrderHeaderData Currency="GBP" OrderPaid="7.00"/><OrderLineData OrderLine="1" Product="SKU00777" Quantity="1" Price="7.00"/>'
                       '<OrderPaymentData PayMethod="CSH" TranAmount="7.00"/></Data></Request>', company)
        self.foreign.add(number)

    def foreign_customer(self, email, reference, company="01"):
        """An account that somebody else made in Prima; its code."""
        text = self.ask_prima(f'<Request RequestType="NewCustomer"><Data CustomerRef="{reference}" CustomerSurname="Old" CustomerEmail="{email}"/></Request>',
                              company)
        account = re.search(r'Account="(\w+)"', text)[1]
        self.foreign.add(account)
        return account

    def product_gone(self, code):
        """Somebody deletes a product in Prima, of which no order was posted."""
        feed.GONE.add(code)
        self.admin("POST", "/product", {"product": code, "gone": True})

    # ---- the command line ----

    def primaflow(self, *words, text=None, seconds=60, release=None):
        bin_, tree, env = (release.bin, release.tree, release.env) if release else (binaries(), TREE, {})
        done = subprocess.run([bin_ / "primaflow", *words], env={**self.env, **env}, input=text, capture_output=True, text=True, timeout=seconds,
                              cwd=tree, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"primaflow {' '.join(words)}: exit {done.returncode}\n{done.stderr}")
        return done.stdout

    def produce(self, events, topic=IN, seconds=60):
        self.primaflow("produce", topic, text="".join(json.dumps(e) + "\n" for e in events), seconds=seconds, release=self.writer)

    def produce_raw(self, records, topic=IN):
        """[{"key", "value", "headers", "partition"}]; a value that is no text is {"base64": ...}."""
        self.primaflow("produce", topic, "--raw", text="".join(json.dumps(r) + "\n" for r in records))

    def consume(self, topic, raw=False, release=None):
        """Every committed record of a topic. Not to be changed: who asks next gets the same."""
        return list(self._consumed(topic, raw, release)[1])

    def consume_text(self, topic):
        """The same as the command line prints it."""
        return self._consumed(topic)[0]

    def _consumed(self, topic, raw=False, release=None):
        """(text, lines). A process that reads the whole topic, so that cases which wait for a record took most of the machine: only when there are others in it."""
        extent, key = self._extent(topic), (topic, raw, release and release.bin)
        if extent is None or self._read.get(key, (None,))[0] != extent:
            text = self.primaflow("consume", topic, "--until", "end", *(["--raw"] if raw else []), release=release)
            self._read[key] = extent, text, [json.loads(line) for line in text.split("\n") if line]  # splitlines() would also split at U+0085 and U+2028
        return self._read[key][1:]

    def _extent(self, topic):
        try:
            return self.kafka.extent(topic)
        except (OSError, wire.Gone):
            return None  # what the command line makes of that is the caller's


def until(what, seconds, condition, every=0.03):
    """Waits until condition() is true and returns what it gave; TimeoutError names what was waited for."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(every)
