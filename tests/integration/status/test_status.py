"""Orders on their way: each change of Prima's is told once, whatever ends between two of its steps.

usage: test_status.py STACK-FOLDER, in the stack's environment, with an orders worker running.
"""

import atexit
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections import defaultdict
from itertools import pairwise

BIN, TMP, STACK = os.environ["PRIMAFLOW_BIN"], os.environ["TMP"], sys.argv[1]
COMPANY, WAIT_S, SEED = "01", 90, int(os.environ.get("SEED", "1"))
pollers, wrong = {}, []


# ---- the programs ----

def cli(*words, stdin=None, check=True):
    return subprocess.run([f"{BIN}/primaflow", *words], input=stdin, text=True, capture_output=True, check=check).stdout


def poller(name, *options, fail=None):
    env = dict(os.environ, **({"PRIMAFLOW_FAIL": fail} if fail else {}))
    words = ["--slot", name, "-o", "stock.poll_every=1h", "-o", "stock.poll_jitter=0ms", "-o", "poller.lease=4s", "-o", f"poller.spool={TMP}",
             "-o", "poller.status_every=200ms", "-o", "poller.status_every_max=500ms"]
    for option in options:
        words += ["-o", option]
    with open(f"{TMP}/poller-{name}.log", "a") as log:
        pollers[name] = subprocess.Popen([f"{BIN}/primaflow-poller", *words], env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    return pollers[name]


def kill(name, how=signal.SIGKILL):
    process = pollers.pop(name)
    process.send_signal(how)
    return process.wait()


atexit.register(lambda: [kill(name) for name in list(pollers)])


def admin(path, **body):
    request = urllib.request.Request(os.environ["PRIMA_ADMIN_URL"] + path, data=json.dumps(body).encode(), method="POST")
    urllib.request.urlopen(request).read()


def sql(text, *values):
    with sqlite3.connect(f"file:{STACK}/prima.sqlite?mode=ro", uri=True, timeout=20) as db:
        return db.execute(text, values).fetchall()


def redis(*words):
    port = os.environ["REDIS_URL"].rsplit(":", 1)[1].split("/")[0]
    return subprocess.run(["redis-cli", "-p", port, *words], text=True, capture_output=True, check=True).stdout


# ---- what is told ----

def told(order=None):
    """Records of orders.status, of all orders or of one."""
    records = [json.loads(line) for line in cli("consume", "orders.status").splitlines()]
    return [r["value"] for r in records if order is None or r["value"]["order_id"] == order]


def letters(code):
    lines = [json.loads(line) for line in cli("consume", "orders.raw.dlq").splitlines()]
    return [x["key"].split("/")[-1] for x in lines if x["headers"]["primaflow.code"] == code]


def until(what, check):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        value = check()
        if value:
            print(f"ok: {what}", flush=True)
            return value
        time.sleep(0.2)
    logs = "".join(open(f"{TMP}/{name}").read()[-1500:] for name in os.listdir(TMP) if name.endswith(".log"))
    sys.exit(f"NOT OK: {what}: not within {WAIT_S} s\n{json.dumps(told(), indent=1)[-3000:]}\n{logs}")


def is_so(what, wanted, found):
    print(f"{'ok' if wanted == found else 'NOT OK'}: {what}" + ("" if wanted == found else f": {found}, wanted {wanted}"), flush=True)
    if wanted != found:
        wrong.append(what)


def asked(order):
    return sql("SELECT count(*) FROM requests WHERE type = 'OrderStatus' AND natural_key = ?", number(order))[0][0]


def await_asked(order, what, times=2):
    """Prima was asked for it so often from now on: what it said before is known, and judged."""
    before = asked(order)
    until(what, lambda: asked(order) >= before + times)


def number(order):
    return prefix[order] + order


def despatch(order, parcel, **more):
    admin("/despatch", order_number=number(order), company=COMPANY, despatch_number=parcel, **more)


def status(order, word):
    admin("/status", order_number=number(order), company=COMPANY, status=word)


def one_unit(order):
    """Of a line of which something remains; None: nothing does."""
    rows = sql("""SELECT order_line, l.quantity - coalesce((SELECT sum(d.quantity) FROM despatch_lines d WHERE d.order_id = l.order_id AND d.position = l.position), 0)
                  FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE order_number = ? ORDER BY position""", number(order))
    return next(({"order_line": line, "quantity": 1} for line, rest in rows if rest > 0), None)


def still_open(order):
    return one_unit(order) is not None


def in_prima(order):
    """What Prima has of it, as a record of orders.status would tell it."""
    parcels = sql("SELECT despatch_number, d.carrier, tracking_number FROM despatches d JOIN orders o ON o.id = d.order_id WHERE order_number = ? ORDER BY 1", number(order))
    lines = sql("""SELECT despatch_number, order_line, d.quantity FROM despatch_lines d JOIN order_lines l USING (order_id, position) JOIN orders o ON o.id = d.order_id
                   WHERE order_number = ? ORDER BY despatch_number, position""", number(order))
    return [(n, c or "", t or None, [(line, q) for p, line, q in lines if p == n]) for n, c, t in parcels]


# ---- orders ----

def orders():
    """One order for each thing that may become of it."""
    lines = [json.loads(line) for line in cli("generate", "orders", "--seed", "11", "--count", "120").splitlines()]
    fit = [e for e in lines if e["channel"] == "shopify" and e["store"] in ("uk", "eu") and e["kind"] == "created" and not e["test"] and e["source_name"] == "web"
           and e.get("shipping_address")]
    names = ["parts", "whole", "killed", "taken", "emptied", "stopped", "cancelled", "held", "till", "test", "quiet", "storm1", "storm2", "storm3"]
    chosen = dict(zip(names, fit))
    assert len(chosen) == len(names), "too few orders of seed 11"
    chosen["held"]["lines"][0]["location_id"] = "nowhere"
    for name in names:
        if name.startswith("storm"):  # many parcels; its sums are off then, which is a hold
            chosen[name]["lines"][0]["quantity"] = 12
    chosen["till"].update(source_name="pos", shipping_address=None, store="uk", location_id="2001")
    chosen["test"]["test"] = True
    return chosen


chosen = orders()
ids = {name: e["order_id"] for name, e in chosen.items()}
prefix = {e["order_id"]: {"uk": "201", "eu": "202"}[e["store"]] for e in chosen.values()}
cli("produce", "orders.raw", "-", stdin="".join(json.dumps(e) + "\n" for e in chosen.values()))
results = lambda: {v["order_id"]: v["outcome"] for v in (json.loads(line)["value"] for line in cli("consume", "orders.results").splitlines())}
ended = until("every order has its result", lambda: len(results()) == len(ids) and results())
is_so("the held order is on hold", "posted_on_hold", ended[ids["held"]])
is_so("the test order is not posted", "ignored_test", ended[ids["test"]])
is_so("the till's order is posted", True, ended[ids["till"]].startswith("posted"))

# ---- a life in parts ----

poller("a")
until("every open order is asked for", lambda: all(asked(ids[n]) > 0 for n in ids if n not in ("till", "test")))
is_so("nothing is told of orders that are only open or held", [], told())

parts = ids["parts"]
first_line = sql("SELECT order_line, quantity FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE order_number = ? ORDER BY position", number(parts))
despatch(parts, "D1", carrier="DPD", service="24", tracking_number="T 1", date="2026-11-30", lines=[{"order_line": first_line[0][0], "quantity": 1}]) \
    if len(first_line) > 1 or first_line[0][1] > 1 else status(parts, "Part Despatched")
record = until("a part is told", lambda: told(parts))[-1]
is_so("... as a part", "part_despatched", record["state"])
if record["parcels"]:
    is_so("... with the channel's name of the carrier", {"uk": "DPD UK", "eu": "DPD"}[record["store"]], record["parcels"][0]["carrier"])
    is_so("... and its units", [{"order_line": first_line[0][0], "quantity": 1}], record["parcels"][0]["lines"])
    is_so("... and its number in the address", True, "T%201" in record["parcels"][0]["tracking_url"])
    despatch(parts, "D1", tracking_number="T2")
    record = until("a corrected number is told", lambda: [r for r in told(parts) if r["parcels"] and r["parcels"][0]["tracking_number"] == "T2"])[-1]
    is_so("... as a new version of its parcel", record["version"], record["parcels"][0]["version"])
despatch(parts, "D2", carrier="YODEL")
record = until("the rest is told", lambda: [r for r in told(parts) if r["state"] == "despatched"])[-1]
is_so("... under Prima's name of a carrier that is not mapped", ("YODEL", False, ["carrier_unmapped"]),
      (record["parcels"][-1]["carrier"], record["parcels"][-1]["carrier_mapped"], record["codes"]))
is_so("... as the last word", True, record["is_final"])

despatch(ids["whole"], "W1", carrier="RM", tracking_number="R1")
until("an order that leaves at once is told", lambda: told(ids["whole"]))

# ---- holds, cancellations ----

status(ids["held"], "Open")
until("a released hold is told", lambda: [r["state"] for r in told(ids["held"])] == ["open"])
status(ids["stopped"], "Cancelled")
until("an order that Prima cancelled is told, and is an exception", lambda: told(ids["stopped"]) and letters("order_stopped_in_prima"))
cancelled = dict(chosen["cancelled"], kind="cancelled", event_id="cancelled-1", event_time=chosen["cancelled"]["event_time"] + 1000,
                 source_version=chosen["cancelled"]["source_version"] + 1000, cancelled_at=chosen["cancelled"]["event_time"] + 1000)
cli("produce", "orders.raw", "-", stdin=json.dumps(cancelled) + "\n")
until("the channel's own cancellation is known", lambda: letters("cancelled_after_posting"))
await_asked(ids["cancelled"], "... and read", 4)
status(ids["cancelled"], "Cancelled")
until("its end in Prima is told", lambda: told(ids["cancelled"]))
is_so("... and is no exception", [ids["stopped"]], letters("order_stopped_in_prima"))

is_so("people see the exception", True, "order_stopped_in_prima" in cli("dlq", "list"))

# ---- pollers that die before their commit, and between it and Redis ----

is_so("a poller that is told to stop ends", 0, kill("a", signal.SIGTERM))
for where, order, word, wanted in (("commit", "killed", "Part Despatched", ["part_despatched"]),
                                   ("committed", "killed", "Held", ["part_despatched", "held"])):
    killed = poller(where, fail=f"status.{where}:kill")
    status(ids[order], word)
    until(f"a poller dies at its {where}", lambda: killed.poll() is not None)
    pollers.pop(where)
    is_so("... by the kill", -signal.SIGKILL, killed.returncode)
    poller(f"behind-{where}")
    until("another one tells of it, or finds it told", lambda: len(told(ids[order])) >= len(wanted))
    await_asked(ids[order], "... and asks for the same order")
    is_so("... and tells nothing twice", wanted, [r["state"] for r in told(ids[order])])
    kill(f"behind-{where}", signal.SIGTERM)
poller("c")

# ---- a storm: pollers end anywhere while parcels leave and are corrected ----

storm, chance = [ids[n] for n in ids if n.startswith("storm")], random.Random(SEED)
print(f"storm of seed {SEED}", flush=True)
kill("c")
for turn in range(12):
    name = f"storm-{turn}"
    where = chance.choice(["status.commit", "status.committed", "status.asked", "status.fenced", None])
    poller(name, fail=where and f"{where}:kill:{chance.randint(1, 3)}")
    for step in range(chance.randint(1, 3)):
        order = chance.choice(storm)
        parcels = sql("SELECT despatch_number FROM despatches d JOIN orders o ON o.id = d.order_id WHERE order_number = ?", number(order))
        if not still_open(order):  # what is over is not looked at any more
            continue
        if parcels and chance.random() < 0.6:
            despatch(order, chance.choice(parcels)[0], tracking_number=f"C{turn}")
        else:
            despatch(order, f"P{turn}-{step}", carrier=chance.choice(["DPD", "RM", "YODEL"]), tracking_number=f"T{turn}", lines=[one_unit(order)])
        time.sleep(chance.random() / 2)
    time.sleep(chance.random())
    kill(name)
poller("c")
for order in storm:
    if still_open(order):
        despatch(order, "LAST", carrier="DPD")
until("after the storm all are told as despatched", lambda: all(r and r[-1]["state"] == "despatched" for r in map(told, storm)))

# ---- two of them ----

poller("d")
await_asked(ids["quiet"], "with two pollers orders are asked for")
kill("c")
despatch(ids["taken"], "X1", carrier="DHL", tracking_number="H1")
until("the other one takes over", lambda: told(ids["taken"]))

# ---- Redis loses everything ----

before = {order: asked(order) for order in (parts, ids["whole"], ids["stopped"], ids["taken"])}
status(ids["emptied"], "Part Despatched")
until("a last change before Redis is emptied", lambda: told(ids["emptied"]))
redis("FLUSHALL")
for name in ("quiet", "emptied", "killed", "held"):
    await_asked(ids[name], f"the open order '{name}' is found again")
is_so("orders that are over are not asked for again", before, {order: asked(order) for order in before})
despatch(ids["emptied"], "E1", carrier="RM")
until("and what changes then is told", lambda: [r for r in told(ids["emptied"]) if r["state"] == "despatched"])

# ---- an order that never ends ----

kill("d", signal.SIGTERM)
poller("e", "poller.status_ends_after=1s")
until("an order that does not move is given up, and is an exception",
      lambda: [r for r in told(ids["quiet"]) if r["is_final"]] and ids["quiet"] in letters("order_never_ends"))
given_up = asked(ids["quiet"])
until("the others too", lambda: all(r and r[-1]["is_final"] for r in (told(ids[n]) for n in ("killed", "held"))))
is_so("... and is not asked for any more", given_up, asked(ids["quiet"]))

# ---- all of it, by its own rows ----

for name, order in ids.items():
    rows = told(order)
    if rows:
        is_so(f"'{name}' is told as Prima has it", in_prima(order),
              [(p["number"], p["prima_carrier"], p["tracking_number"], [(x["order_line"], x["quantity"]) for x in p["lines"]]) for p in rows[-1]["parcels"]])
is_so("neither the till's nor the test order was ever asked for", [0, 0], [asked(ids["till"]), sql(
    "SELECT count(*) FROM requests WHERE type = 'OrderStatus' AND natural_key LIKE ? AND reply LIKE '%OrderStatus=%'", "%" + ids["test"])[0][0]])
by_order = defaultdict(list)
for r in told():
    by_order[r["order_id"]].append(r)
for order, rows in by_order.items():
    content = [(r["state"], r["is_final"], [{k: v for k, v in p.items() if k != "version"} for p in r["parcels"]]) for r in rows]
    for (a, x), (b, y) in pairwise(zip(rows, content)):
        if not a["version"] < b["version"]:
            wrong.append(f"{order}: version {b['version']} follows {a['version']}")
        if x == y:
            wrong.append(f"{order}: the same is told twice: {y}")
        was = {p["number"]: p for p in a["parcels"]}
        for p in b["parcels"]:
            q = was.get(p["number"])
            same = q is not None and {k: v for k, v in q.items() if k != "version"} == {k: v for k, v in p.items() if k != "version"}
            if (q is not None and same != (p["version"] == q["version"])) or (not same and p["version"] != b["version"]):
                wrong.append(f"{order}: parcel {p['number']} has version {p['version']}")
    if any(r["is_final"] for r in rows[:-1]):
        wrong.append(f"{order}: something follows its last word")
personal = {v for e in chosen.values() for v in (e["customer"] or {}).values() if len(str(v)) > 6} if all(e.get("customer") for e in chosen.values()) else set()
if any(str(p) in json.dumps(told()) for p in personal):
    wrong.append("personal data in orders.status")
print(f"{sum(map(len, by_order.values()))} records of {len(by_order)} orders", *wrong, sep="\n")
sys.exit(bool(wrong))
