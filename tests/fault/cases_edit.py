"""A dead letter that a person edited: known by what the channel sent, posted as edited, whoever is killed meanwhile."""

import base64
import json
import shlex
import subprocess

import feed
import records
from case import case, expect, until
from cases_refunds import at_rest, feed_refunds, posted, refunder
from refund_feed import REFUND_RESULTS, REFUNDS_DEAD, Book, excess, natural, refund
from stack import DEAD, IN, RESULTS, RETRIES, TREE, binaries

RIGHT, WRONG = 200000, -1  # a tax rate: below zero is no order's. It is none of what the checker compares with Prima's document
FIELD = "lines[0].tax_lines[0].rate_ppm"
SECRET = "17 Undisclosed Row"


def wrong(w, **more):
    made = w.order(**more)
    made["lines"][0]["tax_lines"][0]["rate_ppm"] = WRONG
    return made


def letter_of(w, order):
    """Where its newest dead letter stands, as people name it."""
    key = feed.natural(order)
    places = [f"{d['topic']}/{d['partition']}/{d['offset']}" for d in w.stack.consume(DEAD, raw=True)
              if d["headers"].get("primaflow.idempotency-key") == key]
    return places[-1]


def cli(w, *words, fail=None, text=None):
    """Exit code and all that was said."""
    env = {**w.stack.env, **({"PRIMAFLOW_FAIL": fail} if fail else {})}
    done = subprocess.run([binaries() / "primaflow", *words], env=env, input=text, capture_output=True, text=True, timeout=60, cwd=TREE, check=False)
    return done.returncode, done.stdout + done.stderr


def edit(w, place, *more, fail=None, text=None):
    return cli(w, "dlq", "edit", place, "--set", f"{FIELD}={RIGHT}", *more, "--yes", "--reason", "the shop's rate", fail=fail, text=text)


def retry(w, place):
    return cli(w, "dlq", "retry", place, "--first", "0", "--yes", "--reason", "edited")


def decisions(w, order):
    """What people decided about an order, in the order of the log."""
    lines = [json.loads(line["value"]) if isinstance(line["value"], str) else line["value"] for line in w.stack.consume("ops.decisions")]
    return [d for d in lines if d.get("key") == feed.natural(order)]


def results(w, order):
    return [line["value"] for line in w.stack.consume(RESULTS) if line["key"] == feed.topic_key(order)]


@case("edit", usual=("on",))
def posted_as_edited(w):
    """An order that cannot be posted is edited and retried: posted; the channel's resend is a duplicate; a later version differs from what was posted."""
    order = wrong(w)
    w.feed(order)
    worker = w.worker("0")
    w.await_outcomes(order)
    place = letter_of(w, order)
    code, said = edit(w, place, "--from", "-", text=json.dumps({"shipping_address.line1": SECRET}))
    expect(code == 0 and "would become: posted" in said and "version 1" in said, said)
    code, said = retry(w, place)
    expect(code == 0 and "1 of 1 sent again" in said, said)
    w.await_outcomes(order, 2)
    w.feed({**order, "event_id": "again"})  # as the channel has it, unedited
    w.await_outcomes(order, 3)
    later = {**feed.order(order["order_id"], version=2, quantity=2), "lines": feed.order(order["order_id"], quantity=2)["lines"]}
    later["lines"][0]["tax_lines"][0]["rate_ppm"] = WRONG
    w.feed(later)
    w.await_outcomes(order, 4)
    w.judge()
    told = w.outcomes(order)
    expect(sorted(told) == ["duplicate", "event_invalid", "order_amended", "posted"], f"{told}")
    made = results(w, order)
    digest = [d for d in decisions(w, order) if d["decision"] == "edited"][0]["digest"]
    expect(len(digest) == 16 and [r["overlay"] for r in made] == [digest, digest], f"the posted result and its duplicate name the edit: {made}")
    expect(len({r["identity"] for r in made}) == 1, "both have the original's identity")
    record = w.stack.redis.key(feed.natural(order))
    expect(digest in record["summary"].hex(), "the key's record names the edit")
    (posted,) = w.requests(order)
    expect(SECRET.encode() in posted["request"], "Prima has the edited address")
    text = [d["headers"]["__dlq.errors.message"] for d in w.stack.consume(DEAD) if d["key"] == feed.topic_key(order)][-1]
    expect("units from 1 to 2" in text and "rate from 20 %" in text, f"what differs is told from what was posted, edit and all: {text}")
    for topic in ("ops.decisions", "ops.audit", RESULTS, "orders.ledger"):
        expect("Undisclosed" not in w.stack.consume_text(topic), f"{topic} has what was edited")
    expect("Undisclosed" not in worker.log(), "the log has what was edited")
    code, said = cli(w, "dlq", "list", "--each", "--state", "all", "--code", "event_invalid")
    expect(code == 0 and f"{place}" in said and "resolved" in said, said)


@case("edit", usual=("off",))
def command_killed(w):
    """kill -9 of `dlq edit` at each of its steps, and run again: the letter has the edit once, whatever was left behind."""
    for point, again in (("dlq.edit.pen", 0), ("dlq.edit.added", 0), ("dlq.edit.committed", 65)):
        order = wrong(w)
        w.feed(order)
        worker = w.worker("0")
        w.await_outcomes(order)
        place = letter_of(w, order)
        code, said = edit(w, place, fail=f"{point}:kill")
        expect(code == -9, f"{point} was passed: {code} {said}")
        code, said = edit(w, place)
        expect(code == again, f"{point}: {code} {said}")
        expect([d["version"] for d in decisions(w, order)] == [1], f"{point}: {decisions(w, order)}")
        code, said = retry(w, place)
        expect(code == 0, said)
        w.await_outcomes(order, 2)
        expect(sorted(w.outcomes(order)) == ["event_invalid", "posted"], f"{w.outcomes(order)}")
        worker.drain()
    w.worker("0")
    w.judge()


@case("edit", usual=("on",))
def worker_killed(w):
    """kill -9 of the worker at each step of an edited order: one document, made of the edit, and its result says so."""
    for point in ("claim.after", "sent.before", "sent.after", "post.begun", "finish.before", "settled"):
        order = wrong(w)
        w.feed(order)
        worker = w.worker("0")
        w.await_outcomes(order)
        worker.drain()
        place = letter_of(w, order)
        code, said = edit(w, place)
        expect(code == 0, said)
        code, said = retry(w, place)
        expect(code == 0, said)
        w.worker("0", fail=f"{point}:kill").await_death()
        worker = w.worker("0")
        w.await_outcomes(order, 2)
        expect(sorted(w.outcomes(order)) == ["event_invalid", "posted"], f"{point}: {w.outcomes(order)}")
        expect(results(w, order)[-1]["overlay"], f"{point}: the result names no edit")
        worker.drain()
    w.worker("0")
    w.judge()


@case("edit", usual=("off",))
def two_people(w):
    """Two people edit one letter at the same time, on two machines: each edit follows the one before it, and who was not first is told so."""
    order = wrong(w)
    w.feed(order)
    w.worker("0")
    w.await_outcomes(order)
    place = letter_of(w, order)
    run = lambda note: subprocess.Popen(
        [binaries() / "primaflow", "dlq", "edit", place, "--set", f"{FIELD}={RIGHT}", "--set", f"note={note}", "--expects", "0", "--yes", "--reason", note],
        env=w.stack.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, cwd=TREE)
    both = [run("ann"), run("ben")]
    said = [p.communicate(timeout=60)[0] for p in both]
    codes = [p.returncode for p in both]
    expect(codes.count(0) == 1 and all(code in (0, 64, 65, 69) for code in codes), f"{codes} {said}")
    winner = ("ann", "ben")[codes.index(0)]
    expect([d["reason"] for d in decisions(w, order)] == [winner], f"{decisions(w, order)}")
    code, shown = cli(w, "dlq", "show", place)
    expect(code == 0 and f'"{winner}"' in shown, shown)
    code, told = retry(w, place)
    expect(code == 0, told)
    w.await_outcomes(order, 2)
    w.judge()


@case("edit", usual=("on",))
def superseded(w):
    """The channel corrects the order itself while the edited letter waits: the newer version is posted, the letter is closed by it, and the edit comes too late."""
    order = wrong(w)
    w.feed(order)
    w.worker("0")
    w.await_outcomes(order)
    place = letter_of(w, order)
    code, said = edit(w, place)
    expect(code == 0, said)
    w.feed(feed.order(order["order_id"], version=2))
    w.await_outcomes(order, 2)
    code, said = retry(w, place)
    expect(code == 65 and "is resolved already" in said, said)
    w.judge()
    ends = {r["source_version"]: r["outcome"] for r in results(w, order)}
    expect(ends == {2: "posted"}, f"{ends}")


def procedure(title):
    """The commands of a section of the manual, in their order."""
    text = (TREE / "ops/runbook/README.md").read_text(encoding="utf-8")
    section = text.split(f"### {title}\n", 1)[1].split("\n#", 1)[0]
    return [line.strip() for line in section.splitlines() if line.startswith("       primaflow ")]


@case("edit", usual=("on",))
def by_the_book(w):
    """The manual's way with a wrong value, command by command: the order is in Prima, and its dead letter is closed."""
    order = wrong(w)
    w.feed(order)
    w.worker("0")
    w.await_outcomes(order)
    place = letter_of(w, order)
    commands = procedure("A value in the event is wrong")
    expect(len(commands) == 5, f"{commands}")
    for n, command in enumerate(commands):
        for name, value in (("PLACE", place), ("FIELD=VALUE", f"{FIELD}={RIGHT}"), ("TEXT", "the shop wrote"), ("CODE", "event_invalid")):
            command = command.replace(name, value)
        code, said = cli(w, *shlex.split(command)[1:])
        expect(code == 0, f"{command}: {code} {said}")
        if n == 3:
            w.await_outcomes(order, 2)
    line = [line for line in said.splitlines() if line.startswith(place)]
    expect(len(line) == 1 and "resolved" in line[0], said)
    expect(len(w.documents(order)) == 1 and "posted" in w.outcomes(order), f"{w.outcomes(order)}")
    w.judge()


@case("edit", usual=("on",))
def exported_and_imported(w):
    """Dead letters leave Kafka as a file and come back byte for byte: key, value, headers with their repetitions; killed on the way, none comes twice."""
    orders = [wrong(w) for _ in range(3)]
    w.feed(*orders)
    line = [line for line in w.stack.consume(IN, raw=True) if line["key"] == feed.topic_key(orders[0])][0]
    odd = {"base64": base64.b64encode(b"\x1b[2J\0\xff").decode()}
    w.stack.produce_raw([{"key": line["key"], "value": line["value"], "headers": {"odd": [odd, "", None, odd], "traceparent": ["a", "b"]}}])
    worker = w.worker("0")
    for order, count in zip(orders, (2, 1, 1)):
        w.await_outcomes(order, count)
    worker.drain()
    path = w.stack.folder / f"letters-{orders[0]['order_id']}"
    code, said = cli(w, "dlq", "export", str(path), "--code", "event_invalid", "--newer", "5m", "--reason", "kept")
    expect(code == 0, said)
    lines = {line["letter"]: line for line in map(json.loads, path.read_text(encoding="ascii").splitlines())}
    mine = [letter_of(w, order) for order in orders]
    expect(set(mine) <= set(lines), f"{mine} {list(lines)}")
    path.write_text("".join(json.dumps(lines[place]) + "\n" for place in mine), encoding="ascii")
    letters = {r.key: r for r in records.read(w.stack.kafka, [DEAD], w.stack.partitions, w.reader.since)}
    code, said = cli(w, "dlq", "import", str(path))
    expect(code == 0 and "3 dead letters to be sent" in said, said)
    send = ("dlq", "import", str(path), "--first", "0", "--rate", "1", "--yes", "--reason", "back")
    code, said = cli(w, *send, fail="dlq.retry.committed:kill:2")
    expect(code == -9, f"{code} {said}")
    code, said = cli(w, *send)
    expect(code == 0 and "1 of 1 sent again" in said, said)
    code, said = cli(w, *send)
    expect(code == 0 and "nothing is to be sent" in said, said)
    came = [r for r in records.read(w.stack.kafka, RETRIES, w.stack.partitions, w.reader.since) if r.key in letters]
    expect(len(came) == 3, f"{len(came)} came back")
    for r in came:
        expect((r.value, r.headers) == (letters[r.key].value, letters[r.key].headers), f"{r} is not {letters[r.key]}")
    repeated = [h for r in came for h in r.headers if h[0] == "odd"]
    expect(repeated == [("odd", b"\x1b[2J\0\xff"), ("odd", b""), ("odd", None), ("odd", b"\x1b[2J\0\xff")], f"{repeated}")
    w.worker("0")
    for order, count in zip(orders, (3, 2, 2)):
        w.await_outcomes(order, count)
    w.judge()


@case("edit", usual=("on",))
def refund_down_to_what_remains(w):
    """More is paid back than remains of an order: edited down to that, the refund is posted, and its resend is a duplicate; killed on the way, there is one note."""
    order = w.order(quantity=2)
    posted(w, order)
    worker = refunder(w).await_running()
    base, book = w.numbers() * 10, Book(w.stack)
    first, second = refund(order, base + 1), refund(order, base + 2, 2)
    feed_refunds(w, first)
    until("the first is posted", 40, lambda: book.outcomes().get(natural(first)) == ["posted"])
    feed_refunds(w, second)
    until("the second is too much", 40, lambda: book.outcomes().get(natural(second)) == ["refund_exceeds_creditable"])
    place = [f"{d['topic']}/{d['partition']}/{d['offset']}" for d in w.stack.consume(REFUNDS_DEAD, raw=True)
             if d["headers"]["primaflow.idempotency-key"] == natural(second)][-1]
    code, said = cli(w, "dlq", "edit", place, "--set", "lines[0].quantity=1", "--yes", "--reason", "x")
    expect(code == 65 and "would be a dead letter" in said, said)
    changes = ("lines[0].quantity=1", "lines[0].amount.shop_minor=600", "lines[0].tax.shop_minor=100", "transactions[0].amount.shop_minor=600",
               "succeeded.shop_minor=600")
    code, said = cli(w, "dlq", "edit", place, *(word for change in changes for word in ("--set", change)), "--yes", "--reason", "one unit remains")
    expect(code == 0 and "would become: posted" in said, said)
    worker.drain()
    code, said = retry(w, place)
    expect(code == 0, said)
    refunder(w, fail="post.begun:kill").await_death()
    refunder(w).await_running()
    until("the edited one is posted", 60, lambda: "posted" in book.outcomes().get(natural(second), []))
    feed_refunds(w, {**second, "event_id": "again"})
    until("its resend has ended", 40, lambda: len(book.outcomes()[natural(second)]) == 3)
    at_rest(w)
    expect(sorted(book.outcomes()[natural(second)]) == ["duplicate", "posted", "refund_exceeds_creditable"], f"{book.outcomes()[natural(second)]}")
    told = [line["value"]["overlay"] for line in w.stack.consume(REFUND_RESULTS) if line["value"]["key"] == natural(second)]
    expect(len(set(told)) == 1 and told[0], f"both results name the edit: {told}")
    expect([n[1:] for n in book.notes(order)] == [(1, 600), (1, 600)] or [n[2] for n in book.notes(order)] == [600, 600], f"{book.notes(order)}")
    expect(not excess(book, [order]), f"{excess(book, [order])}")


@case("edit", usual=("off",))
def may_only_read(w):
    """Whoever may only read Kafka may look and try, and is told which right is missing; nothing is written, in part or whole."""
    order = wrong(w)
    w.feed(order)
    w.worker("0")
    w.await_outcomes(order)
    place = letter_of(w, order)
    for name in ("ops.overlays", "ops.decisions", "ops.audit"):
        w.stack.kafka.take_rights(name, "topic", "write")
        try:
            code, said = cli(w, "dlq", "edit", place, "--set", f"{FIELD}={RIGHT}")
            expect(code == 0 and "would become: posted" in said, f"without WRITE on {name}: {said}")
            code, said = edit(w, place)
            expect(code == 69 and name in said and "Edited" not in said, f"without WRITE on {name}: {code} {said}")
        finally:
            w.stack.kafka.give_rights(name, "topic")
    expect(not decisions(w, order), f"{decisions(w, order)}")
    until("the right is back", 20, lambda: edit(w, place)[0] in (0, 65))
    expect([d["version"] for d in decisions(w, order)] == [1], f"{decisions(w, order)}")
    code, said = retry(w, place)
    expect(code == 0, said)
    w.await_outcomes(order, 2)
    w.judge()
