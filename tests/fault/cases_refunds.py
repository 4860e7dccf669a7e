"""Refunds, on workers of their own beside those of orders: each its one note, and never more than remains of its order."""

import os
import random
import time

import feed
from case import case, expect, until
from cases_prima import HOSTILE
from refund_feed import REFUND_GROUP, REFUND_RETRIES, REFUNDS, Book, edit, excess, money_alone, natural, refund
from workers import Worker

SEED = int(os.environ.get("PF_SEED", str(random.randrange(10**6))))
KILLS = int(os.environ.get("PF_KILLS", "12"))


def refunder(w, slot="0", **more):
    """A refunds worker; it ends with the case."""
    made = Worker(w.stack, slot, program="primaflow-refunds", mutant=w.mutant, **more)
    w.workers.append(made)
    return made


def posted(w, *orders):
    """These orders, posted and in the ledger; the workers that did it are gone."""
    worker = w.worker("0").await_running()
    w.feed(*orders)
    for order in orders:
        w.await_outcomes(order)
    expect(worker.drain() == 0, "it did not drain")
    w.workers.remove(worker)


def feed_refunds(w, *events):
    w.stack.produce(events, REFUNDS)
    return events


def at_rest(w, seconds=60):
    """Every refund has ended: nothing is left in the input, nor in the retry topics."""
    topics = [REFUNDS, *REFUND_RETRIES]

    def left():
        ends, done = w.stack.kafka.ends(topics, w.stack.partitions), w.stack.kafka.committed(REFUND_GROUP, topics, w.stack.partitions)
        return [f"{place}: {done.get(place)} of {end}" for place, end in ends.items() if end > max(done.get(place, 0), 0)]
    end = time.monotonic() + seconds
    while left():
        if time.monotonic() > end:
            tails = "\n".join(f"slot {x.slot}:\n{x.log()[-1500:]}" for x in w.workers)
            raise TimeoutError(f"refunds do not come to rest within {seconds} s: {left()}\n{tails}")
        time.sleep(0.1)


def judge(w, orders, events, wanted):
    """wanted: {K: outcomes and codes that its first ending may be}."""
    at_rest(w)
    book = Book(w.stack)
    outcomes = book.outcomes()
    wrong = excess(book, orders)
    for event in events:
        its = outcomes.get(natural(event), [])
        if not its or its[0] not in wanted[natural(event)]:
            wrong.append(f"I2 {natural(event)}: ended as {its}, wanted one of {wanted[natural(event)]}")
    expect(not wrong, "\n".join(wrong))
    return outcomes


@case("refunds", usual=("on",))
def ordinary(w):
    """A partial refund and the last one; one too many; one that came before its order; a resend."""
    order, late = w.order(quantity=3), w.order(quantity=1)
    posted(w, order)
    worker = refunder(w).await_running()
    base = w.numbers()
    first, last, too_many = (refund(order, base * 10 + n, units) for n, units in ((1, 1), (2, 2), (3, 1)))
    early = refund(late, base * 10 + 4)
    feed_refunds(w, first, last)
    book = Book(w.stack)
    until("both are posted", 40, lambda: [book.outcomes().get(natural(e)) for e in (first, last)] == [["posted"], ["posted"]])
    feed_refunds(w, first, too_many, early)
    until("the one too many is stopped", 30, lambda: book.outcomes().get(natural(too_many)) == ["refund_exceeds_creditable"])
    expect(natural(early) not in book.outcomes(), "it ended before its order came")
    orders = w.worker("1").await_running()
    w.feed(late)
    w.await_outcomes(late)
    until("the early one is posted", 40, lambda: book.outcomes().get(natural(early)) == ["posted"])
    expect(orders.drain() == 0 and worker.is_alive(), "a worker ended")
    judge(w, [order, late], [first, last, too_many, early],
          {natural(first): {"posted"}, natural(last): {"posted"}, natural(too_many): {"refund_exceeds_creditable"}, natural(early): {"posted"}})
    expect(Book(w.stack).outcomes()[natural(first)] == ["posted", "duplicate"], "the resend is no duplicate")
    expect(sum(n[2] for n in book.notes(order)) == 3 * 600, f"the notes do not come to the order: {book.notes(order)}")


@case("refunds", usual=("on",))
def money_that_comes_and_goes(w):
    """Pending money waits for a newer version, which is posted, and the older one is superseded; money that failed makes no note; what fails after its note is told."""
    order = w.order(quantity=3)
    posted(w, order)
    refunder(w).await_running()
    base, book = w.numbers() * 10, Book(w.stack)
    first, failed = refund(order, base + 1, status="pending"), refund(order, base + 2, status="failed")
    feed_refunds(w, first, failed)
    until("no money went back", 30, lambda: book.outcomes().get(natural(failed)) == ["refund_money_failed"])
    expect(not book.notes(order) and natural(first) not in book.outcomes(), f"pending money did not wait: {book.outcomes()}")
    feed_refunds(w, refund(order, base + 1, version=2))
    until("both versions have ended", 40, lambda: sorted(book.outcomes().get(natural(first), [])) == ["posted", "superseded"])
    feed_refunds(w, refund(order, base + 1, version=3, status="failed"))
    until("what was credited did not go back", 30, lambda: "refund_money_failed_after_credit" in book.outcomes().get(natural(first), []))
    at_rest(w)
    expect(len(book.notes(order)) == 1 and not excess(book, [order]), f"{book.notes(order)}")


@case("refunds", modes=("on",))  # else Prima is asked before the first send, too, and the faults of that answer are the record's
def one_is_unknown(w):
    """Nobody can tell whether a refund has its note: a person's, and what it may have taken stays kept. One that fits beside it is posted, one that does not waits."""
    order, others = w.order(quantity=2), w.order(quantity=40)
    posted(w, order, others)
    refunder(w, options=("idempotency.resolve_max=2s",)).await_running()
    base, book, count = w.numbers() * 100, Book(w.stack), 0
    lost, fits, lacks = (refund(order, base + n) for n in (1, 2, 3))
    w.stack.fault({"kind": "apply_then_hang"}, type="NewCreditNote", key=f"*{base + 1}", count=1)
    w.stack.fault({"kind": "http", "status": 500, "text": "database is down"}, type="CreditNoteStatus", key=f"*{base + 1}")
    feed_refunds(w, lost)
    while book.outcomes().get(natural(lost)) != ["outcome_unknown"]:
        count += 1
        expect(count < 39, f"it is nobody's work: {book.outcomes()}")
        feed_refunds(w, refund(others, base + 10 + count))
        time.sleep(1)
    feed_refunds(w, fits, lacks)
    until("the one that fits is posted", 30, lambda: book.outcomes().get(natural(fits)) == ["posted"])
    time.sleep(4)
    expect(natural(lacks) not in book.outcomes(), f"what lacks only what is kept has ended: {book.outcomes()[natural(lacks)] if natural(lacks) in book.outcomes() else ''}")
    expect(not excess(book, [order, others]) and len(book.notes(order)) == 2, f"{book.notes(order)}")


def storm(w, orders, events, hostile=()):
    """Refunds on two or three workers that are killed at random; and what a hostile Prima does meanwhile."""
    chance = random.Random(f"{SEED} {w.name} {w.stack.unique}")
    print(f"       PF_SEED={SEED} PF_KILLS={KILLS}", flush=True)
    for do in hostile:
        w.stack.fault(do, type="NewCreditNote", probability=0.1)
    slots, killed = {}, 0
    batches = [events[i::4] for i in range(4)]
    while killed < KILLS or batches:
        while len(slots) < chance.randint(2, 3):
            free = next(str(i) for i in range(3) if str(i) not in slots)
            slots[free] = refunder(w, free)
        if batches and chance.random() < 0.5:
            feed_refunds(w, *batches.pop())
        time.sleep(chance.uniform(0.2, 1.5))
        slot = chance.choice(sorted(slots))
        slots.pop(slot).kill()
        killed += 1
    w.stack.no_faults()
    for slot in ("0", "1"):
        if slot not in slots:
            refunder(w, slot)


@case("refunds", usual=("off",))
def under_kills(w):
    """Several refunds of one order each, more than it has units, on workers that are killed: as many notes as units, to the penny."""
    orders = [w.order(quantity=3) for _ in range(8)]
    posted(w, *orders)
    base = w.numbers()
    events = [refund(order, (base + n) * 100 + k) for n, order in enumerate(orders) for k in range(5)]
    w.stack.admin("POST", "/latency", {"latency": "uniform:5ms-80ms"})
    storm(w, orders, events)
    w.stack.admin("POST", "/latency", {"latency": "0ms"})
    outcomes = judge(w, orders, events, {natural(e): {"posted", "refund_exceeds_creditable"} for e in events})
    for n, order in enumerate(orders):
        its = [outcomes[natural(e)][0] for e in events[n * 5:n * 5 + 5]]
        expect(sorted(its) == ["posted"] * 3 + ["refund_exceeds_creditable"] * 2, f"{feed.natural(order)}: {its}")


@case("refunds", usual=("off",))
def redis_lost(w):
    """Redis is emptied between the refunds of an order, and while one is under way: never more than remains, and what can be told goes on by itself."""
    orders = [w.order(quantity=2) for _ in range(4)]
    posted(w, *orders)
    base = w.numbers()
    events = [refund(order, (base + n) * 100 + k) for n, order in enumerate(orders) for k in range(3)]
    worker = refunder(w).await_running()
    feed_refunds(w, *events[0::3])
    book = Book(w.stack)
    until("the first of each are posted", 40, lambda: all(book.outcomes().get(natural(e)) == ["posted"] for e in events[0::3]))
    w.stack.redis("FLUSHALL")
    feed_refunds(w, *events[1::3], *events[2::3])
    worker.await_log("restarting", 40)
    judge(w, orders, events, {natural(e): {"posted", "refund_exceeds_creditable", "outcome_unknown", "exists_unproven"} for e in events})


@case("refunds", usual=("on",))
def hostile_prima(w):
    """Every hostility on a refund of its own: each ends once, and no order has more notes than units."""
    orders = [w.order(quantity=2) for _ in HOSTILE]
    posted(w, *orders)
    base = w.numbers() * 1000
    events = [refund(order, base + 2 * n + k) for n, order in enumerate(orders) for k in (0, 1)]
    for do, event in zip(HOSTILE, events[::2]):
        w.stack.fault(do, type="NewCreditNote", key=f"*{event['refund_id']}", count=1)
    refunder(w, "0")
    refunder(w, "1")
    feed_refunds(w, *events)
    ends = {"posted", "exists_unproven", "outcome_unknown", "refused_after_unknown", "prima_refused_unclassified", "prima_faults_on_record"}
    judge(w, orders, events, {natural(e): ends if n % 2 == 0 else {"posted"} for n, e in enumerate(events)})


@case("refunds", usual=("off",))
def storm_of_everything(w):
    """Kills and a hostile Prima together."""
    orders = [w.order(quantity=2) for _ in range(10)]
    posted(w, *orders)
    base = w.numbers()
    events = [refund(order, (base + n) * 100 + k) for n, order in enumerate(orders) for k in range(3)]
    storm(w, orders, events, HOSTILE[5:16])
    ends = {"posted", "refund_exceeds_creditable", "exists_unproven", "outcome_unknown", "refused_after_unknown", "prima_refused_unclassified",
            "prima_faults_on_record"}
    judge(w, orders, events, {natural(e): ends for e in events})


EDGES = ("credit.found", "sent.after", "post.answered", "finish.after", "settled", "commit.after", "credit.done")


@case("refunds", usual=("off",))
def killed_at_each_step(w):
    """kill -9 at each step of a refund, the two that only refunds have among them; the next worker in the slot ends it, and the order's other refund has what is left."""
    orders = [w.order(quantity=2) for _ in EDGES]
    posted(w, *orders)
    base = w.numbers() * 100
    events = [refund(order, base + 10 * n + k) for n, order in enumerate(orders) for k in range(3)]
    for n, edge in enumerate(EDGES):
        dying = refunder(w, fail=f"{edge}:kill")
        feed_refunds(w, *events[3 * n:3 * n + 3])
        expect(dying.await_death(30) == -9, f"{edge} was not met")
    refunder(w).await_running()
    outcomes = judge(w, orders, events, {natural(e): {"posted", "refund_exceeds_creditable"} for e in events})
    for n, edge in enumerate(EDGES):
        its = sorted(outcomes[natural(e)][0] for e in events[3 * n:3 * n + 3])
        expect(its == ["posted"] * 2 + ["refund_exceeds_creditable"], f"{edge}: {its}")
        expect(all(len(outcomes[natural(e)]) == 1 for e in events[3 * n:3 * n + 3]), f"{edge}: ended twice: {[outcomes[natural(e)] for e in events[3 * n:3 * n + 3]]}")


@case("refunds", usual=("on",))
def an_edit_and_its_money(w):
    """Edits take units away without money, and the money follows at once: each is credited against what its edit left owed, also where the worker that ended the edit was
    killed before its record was committed, or before it could say so."""
    edges = ("", "release.after", "credit.done")
    orders = [w.order(quantity=3) for _ in edges]
    posted(w, *orders)
    base, book, events = w.numbers() * 100, Book(w.stack), []
    for n, (edge, order) in enumerate(zip(edges, orders)):
        taken, money = edit(order, base + 10 * n + 1), money_alone(order, base + 10 * n + 2)
        events += [taken, money]
        worker = refunder(w, fail=f"{edge}:kill" if edge else None)
        feed_refunds(w, taken, money)
        if edge:
            expect(worker.await_death(30) == -9, f"{edge} was not met")
        else:
            until("the money is credited", 40, lambda m=money: book.outcomes().get(natural(m)) == ["posted"])
            expect(worker.drain() == 0, "it did not drain")
            w.workers.remove(worker)
    refunder(w).await_running()
    judge(w, orders, events, {natural(e): {"no_money" if e["kind"] == "edit" else "posted"} for e in events})
    for edge, order in zip(edges, orders):
        expect([(units, paid) for _, units, paid in book.notes(order)] == [(1, 600)], f"{edge or 'nobody died'}: not credited against what is owed: {book.notes(order)}")


@case("refunds", usual=("on",))
def the_same_twice_at_once(w):
    """A refund that is sent twice in one go, and its like by another id: one note each, and what does not fit is stopped."""
    order = w.order(quantity=1)
    posted(w, order)
    base = w.numbers() * 10
    one, other = refund(order, base + 1), refund(order, base + 2)
    feed_refunds(w, one, one, other, one)
    refunder(w, "0")
    refunder(w, "1")
    at_rest(w)
    outcomes = Book(w.stack).outcomes()
    expect(sorted(outcomes[natural(one)]) == ["duplicate", "duplicate", "posted"], f"{outcomes}")
    expect(outcomes[natural(other)] == ["refund_exceeds_creditable"], f"{outcomes}")
    expect(len(Book(w.stack).notes(order)) == 1, "it has not one note")


@case("refunds", usual=("off",))  # the last of all: it costs a stack, and it makes no difference what Prima enforces
def partitions_that_do_not_meet(w):
    """The input has other partitions than the ledger: an order and its refund would be apart. The worker says so, and does not start."""
    w.stack.kafka.delete_topic(REFUNDS)
    w.stack.kafka.create_topic(REFUNDS, w.stack.partitions + 1)
    w.stack.spoilt = True
    worker = refunder(w)
    expect(worker.await_death(30) == 78, f"it did not refuse:\n{worker.log()[-600:]}")
    expect("would not meet" in worker.log() and "same number of partitions" in worker.log(), f"it does not say why:\n{worker.log()[-600:]}")
