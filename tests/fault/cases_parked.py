"""People decide about parked orders while workers run, and their command is killed between its steps: run again it goes on, nothing is lost and nothing is there twice.

A worker sleeps for good behind its send, so that nothing proves its end; the other one parks the order.
"""

import json
import shlex
import subprocess

import feed
from case import case, expect, until
from stack import DEAD, TREE, binaries

UNPROVEN = ("prima.unproven_wait=1s",)
TAKEN, WRITTEN = "parked.taken:kill", "parked.written:kill"


def parked(w, hostility):
    """An order that is parked, its sender asleep; Prima has done with it what the hostility says."""
    order = w.order(till=True)
    w.fault(hostility, key="*" + order["order_id"], type="NewOrder", count=1)
    w.feed(order)
    w.worker("0", "prima.after_send:stop:3").await_stopped()
    w.worker("1", options=UNPROVEN)
    w.asleep("outcome_unknown", order)
    until("it is parked", 60, lambda: "outcome_unknown" in w.outcomes(order))
    return order


def person(w, *words, fail=None):
    """A command of the command line: (exit, stdout, stderr)."""
    env = {**w.stack.env, **({"PRIMAFLOW_FAIL": fail} if fail else {})}
    done = subprocess.run([binaries() / "primaflow", "-o", UNPROVEN[0], "--json", "dlq", *words], env=env, capture_output=True, text=True, timeout=60,
                          cwd=TREE, check=False)
    return done.returncode, done.stdout, done.stderr


def does(w, *words):
    code, out, err = person(w, *words)
    expect(code == 0, f"{words}: exit {code}: {err}")
    return json.loads(out)


def manual(act, **words):
    """The manual's own command for it, word by word, as arguments of `primaflow dlq`."""
    lines = [line.strip() for line in (TREE / "ops" / "runbook" / "README.md").read_text().splitlines() if line.startswith(f"    primaflow dlq {act} ")]
    expect(len(lines) == 1, f"the manual has {len(lines)} commands for {act}")
    return [words.get(word, word) for word in shlex.split(lines[0])[2:]]


def is_killed(w, *words, fail):
    code, _, err = person(w, *words, fail=fail)
    expect(code == -9, f"{words} was not killed at {fail}: exit {code}: {err}")


def ends_posted(w, order, parkings=1):
    w.judge()
    outcomes = w.outcomes(order)
    expect(sorted(outcomes) == ["outcome_unknown"] * parkings + ["posted"], f"{feed.natural(order)}: {outcomes}")
    expect(len(w.documents(order)) == 1, f"{len(w.documents(order))} documents")
    letters = {f"{d['topic']}/{d['partition']}/{d['offset']}" for d in w.stack.consume(DEAD, raw=True) if d["key"] == feed.topic_key(order)}
    listed = json.loads(w.stack.primaflow("--json", "dlq", "list", "--each"))
    still = [row for row in listed["letters"] if row["letter"] in letters]
    expect(letters and not still, f"of {letters} are still listed: {still}")


@case("parked", modes=("off",))
def released(w):
    """Not in Prima, and the wait is over: it is sent again, once; killed behind the commit the worker waits for the lease, and goes on."""
    order = parked(w, {"kind": "hang"})
    until("it may be released", 20, lambda: person(w, "release", order["order_id"], "--reason", "look")[0] == 0)
    release = manual("release", ID=order["order_id"])
    is_killed(w, *release, fail=WRITTEN)
    code, _, err = person(w, *release)
    expect(code == 64 and "nothing of" in err, f"a second one: {code} {err}")
    ends_posted(w, order)


@case("parked", modes=("off",))
def released_and_killed_before_it_is_written(w):
    """... killed before: nothing was written, the key is the dead person's until its lease ends, and the command is run again."""
    order = parked(w, {"kind": "hang"})
    until("it may be released", 20, lambda: person(w, "release", order["order_id"], "--reason", "look")[0] == 0)
    release = manual("release", ID=order["order_id"])
    is_killed(w, *release, fail=TAKEN)
    code, _, err = person(w, *release)
    expect(code == 69 and "somebody works on it" in err, f"not the dead one's: {code} {err}")
    until("its lease is over", 60, lambda: person(w, *release)[0] == 0, 1)
    ends_posted(w, order)


@case("parked", modes=("off",))
def adopted(w):
    """Prima applied it late: a person has seen it there. Killed before the result is on its way, and run again."""
    order = parked(w, {"kind": "apply_delay", "delay": "12s", "then": "hang"})
    until("Prima has applied it", 30, lambda: w.documents(order))
    words = manual("adopt", ID=order["order_id"], NUMBER=feed.order_number(order))
    told = does(w, *(word for word in words if word != "--yes"))
    expect(told["prima"] == "found" and told["sum_agrees"] and not told["written"], f"{told}")
    is_killed(w, *words, fail=TAKEN)
    expect(w.state(order) == "p", f"state {w.state(order)}")
    expect(does(w, *words)["written"], "not written")
    ends_posted(w, order)


@case("parked", modes=("off",))
def resolved(w):
    """... or has Prima asked again: it is proven, for nobody else sent it. A later version that waits behind it goes on."""
    order = parked(w, {"kind": "apply_delay", "delay": "12s", "then": "hang"})
    later = feed.order(order["order_id"], version=2, quantity=2, till=True)
    w.feed(later)
    w.allow("parked_behind", order)
    until("it waits", 30, lambda: "parked_behind" in w.outcomes(order))
    words = manual("resolve", ID=order["order_id"])
    code, _, err = person(w, *words)
    expect(code == 65 and "Prima does not have" in err or w.documents(order), f"{code} {err}")
    until("Prima has applied it", 30, lambda: w.documents(order))
    told = does(w, *words)
    expect(told["waiting"] == 1 and told["written"], f"{told}")
    w.judge()
    outcomes = sorted(w.outcomes(order))
    expect(outcomes == ["order_amended", "outcome_unknown", "parked_behind", "posted"], f"{outcomes}")


@case("parked", modes=("off",))
def discarded(w):
    """Nothing is sent of it any more, and what comes later is a dead letter."""
    order = parked(w, {"kind": "hang"})
    place = [d for d in w.stack.consume(DEAD, raw=True) if d["key"] == feed.topic_key(order)][-1]
    words = manual("discard", PLACE=f"{DEAD}/{place['partition']}/{place['offset']}")
    expect(does(w, *words)["written"], "not written")
    expect(w.state(order) == "d", f"state {w.state(order)}")
    expect(person(w, *words)[0] == 65, "discarded twice")
    w.allow("discarded", order)
    w.discarded.add(feed.natural(order))
    w.feed(feed.order(order["order_id"], version=2, quantity=2, till=True))
    w.judge()
    outcomes = sorted(w.outcomes(order))
    expect(outcomes == ["discarded", "outcome_unknown"], f"{outcomes}")
    expect(not w.documents(order), "it was sent")
