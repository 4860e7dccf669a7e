"""A real Kafka, a real Redis and the sandbox of one test, through ops/stack; and all the ways to hurt them."""

import json
import os
import re
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from xml.sax.saxutils import escape, unescape

import feed
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


class Stack:
    def __init__(self, unique=True):
        self.unique = unique
        self.foreign = set()  # numbers of orders, codes of accounts, that no worker made
        self.folder = Path(tempfile.mkdtemp(prefix="pf-fault-"))
        self.dir = self.folder / "stack"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("PRIMAFLOW_", "KAFKA_", "REDIS_", "PRIMA_"))}
        self.env.update(PRIMAFLOW_BIN=str(binaries()), PRIMAFLOW_RETRY_DELAYS="1s,2s,4s", PRIMAFLOW_TOPICS_PARTITIONS=str(PARTITIONS))
        if "PRIMAFLOW_CACHE" in os.environ:
            self.env["PRIMAFLOW_CACHE"] = os.environ["PRIMAFLOW_CACHE"]

    def up(self):
        self._run("up", "--owner-pid", str(os.getpid()), "--life", "3600", "--prima-arg", "--unique", "--prima-arg",
                  "on" if self.unique else "off")
        for line in (self.dir / "env").read_text().splitlines():
            name, value = line.removeprefix("export ").split("=", 1)
            self.env[name] = value
        self.redis = wire.Redis(int(self.env["REDIS_URL"].rsplit(":", 1)[1].split("/")[0]))
        self.kafka = wire.Kafka(int(self.env["KAFKA_BOOTSTRAP_SERVERS"].rsplit(":", 1)[1]))
        return self

    def down(self):
        self._run("down")

    def _run(self, *words):
        done = subprocess.run([TREE / "ops" / "stack", *words, "--dir", self.dir], env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=180, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"ops/stack {' '.join(words)}: exit {done.returncode}\n{done.stderr}")

    # ---- parts: kill, start, restart ("kafka", "redis", "prima") ----

    def kill(self, part, signal="KILL"):
        self._run("kill", part, "--signal", signal)

    def start(self, part, keep_data=False):
        self._run("start", part, *(["--keep-data"] if keep_data else []))

    def restart(self, part, keep_data=False):
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

    def primaflow(self, *words, text=None):
        done = subprocess.run([binaries() / "primaflow", *words], env=self.env, input=text, capture_output=True, text=True, timeout=60,
                              cwd=TREE, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"primaflow {' '.join(words)}: exit {done.returncode}\n{done.stderr}")
        return done.stdout

    def produce(self, events, topic=IN):
        self.primaflow("produce", topic, text="".join(json.dumps(e) + "\n" for e in events))

    def produce_raw(self, records, topic=IN):
        """[{"key", "value", "headers", "partition"}]; a value that is no text is {"base64": ...}."""
        self.primaflow("produce", topic, "--raw", text="".join(json.dumps(r) + "\n" for r in records))

    def consume(self, topic, raw=False):
        """Every committed record of a topic."""
        out = self.primaflow("consume", topic, "--until", "end", *(["--raw"] if raw else []))
        return [json.loads(line) for line in out.split("\n") if line]  # splitlines() would also split at U+0085 and U+2028


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
