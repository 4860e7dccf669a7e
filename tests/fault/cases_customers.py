"""One account for one person, whichever channel, worker or crash meets them first. Accounts are counted in Prima's own table.

Whoever is not `one_account` has none, and then the order is on hold: a creation whose outcome cannot be found out is never tried a second time.
"""

import feed
import wire
from case import case, expect, until
from stack import PARTITIONS, RESULTS

MANY, UNSURE = "customer_ambiguous", "customer_unknown_outcome"  # why an order is on hold


# ---- people, their orders, their accounts ----


def mail(who):
    return f"z.q.{who}@{feed.MAIL_HOST}"


def bought(w, who, store="uk", address=None, guest=False):
    """An order of a person, in a channel; with another e-mail address than theirs, or as a guest, by e-mail alone."""
    event = w.order(customer=who, store=store)
    event["customer"]["email"] = address or mail(who)
    if guest:
        event["customer"]["customer_id"] = None
    return event


def accounts(w, who, *addresses):
    """Accounts of a person in Prima: by any of their addresses, or by the channels' references for them."""
    marks = [mail(who), *addresses]
    return w.stack.sql(f"SELECT account, customer_ref, email FROM customers WHERE email IN ({', '.join('?' * len(marks))}) OR customer_ref LIKE ?",
                       *marks, f"%-C7{who}")


def has_one(w, who, *addresses):
    found = [tuple(row) for row in accounts(w, who, *addresses)]
    expect(len(found) == 1, f"I1 {len(found)} accounts of one person: {found}")
    return found[0][0]


def all_on(w, account, *events):
    """Each is posted, not on hold, on that account."""
    for event in events:
        found = w.stack.sql("SELECT account, hold FROM orders WHERE order_number = ?", feed.order_number(event))
        expect([tuple(f) for f in found] == [(account, 0)], f"{feed.natural(event)}: {[tuple(f) for f in found]}, wanted account {account}, not on hold")


def held(w, code, *events):
    results = {line["value"]["key"]: line["value"] for line in w.stack.consume(RESULTS)}
    for event in events:
        found = results.get(feed.natural(event), {})
        expect(found.get("outcome") == "posted_on_hold" and code in found["codes"],
               f"{feed.natural(event)}: {w.outcomes(event)} {found.get('codes')}, wanted it on hold, {code}")


def creations(w, who):
    return w.stack.sql("SELECT id, applied FROM requests WHERE type = 'NewCustomer' AND natural_key LIKE ?", f"%7{who}")


def apart(w, first, second, options=()):
    """Two workers, and two partitions, one of each."""
    a, b = w.worker("0", first, options=options).await_running(), w.worker("1", second, options=options).await_running()
    until("each has its share", 15, lambda: w.partitions(a) and w.partitions(b) and not w.partitions(a) & w.partitions(b))
    return a, b


def at(w, worker, who, **more):
    """An order of a person which goes to that worker."""
    mine = w.partitions(worker)
    while True:
        event = bought(w, who, **more)
        if wire.partition_of(feed.topic_key(event), PARTITIONS) in mine:
            return event


# ---- who is who ----


@case("customers", usual=("off",))
def two_channels_one_address(w):
    """The same person in two shops, at two workers, again and again: one account."""
    apart(w, None, None)
    people = [w.numbers() for _ in range(6)]
    events = [bought(w, who, store) for who in people for store in ("uk", "eu", "uk")] + [bought(w, who, guest=True) for who in people]
    w.feed(*events)
    w.judge()
    for i, who in enumerate(people):
        all_on(w, has_one(w, who), *events[3 * i:3 * i + 3], events[18 + i])


@case("customers")
def address_changed(w):
    """The same customer of the same shop under two addresses, both new, at once at two workers: the channel's id decides."""
    a, b = apart(w, None, None)
    people = [w.numbers() for _ in range(8)]
    w.fault({"kind": "latency", "latency": "150ms"}, type=["NewCustomer", "CustomerSearch"], key="*")
    pairs = [(at(w, a, who), at(w, b, who, address=f"new.{mail(who)}")) for who in people]
    w.feed(*[event for pair in pairs for event in pair])
    w.judge()
    for who, pair in zip(people, pairs):
        all_on(w, has_one(w, who, f"new.{mail(who)}"), *pair)


@case("customers", usual=("off",))
def known_to_prima_by_address(w):
    """An account that Prima has from elsewhere, under a reference of its own: found by the address."""
    who = w.numbers()
    account = w.stack.foreign_customer(mail(who), f"OLD-{who}")
    event = bought(w, who)
    w.feed(event)
    w.worker()
    w.judge()
    expect(has_one(w, who) == account, "another account than the one that was there")
    all_on(w, account, event)


@case("customers", usual=("on",))
def two_accounts_one_address(w):
    """Two accounts with that address: on hold for a person to choose; neither guessed nor a third one made."""
    who = w.numbers()
    for n in (1, 2):
        w.stack.foreign_customer(mail(who), f"OLD-{who}-{n}")
    events = [bought(w, who), bought(w, who, "eu"), bought(w, who, guest=True)]
    w.feed(*events)
    w.worker(), w.worker("1")
    w.judge()
    held(w, MANY, *events)
    expect(len(accounts(w, who)) == 2 and not creations(w, who), f"{len(accounts(w, who))} accounts, {len(creations(w, who))} creations")


# ---- one dies half-way ----


def dies_at(w, point, changed):
    """The first worker dies with the customer in hand, the other one has an order of the same person (under another address: changed). Whether the
    account was made or not, both orders go on one: whoever comes sees that the first worker is gone, and looks before it makes another."""
    dying, other = apart(w, f"{point}:kill", None)
    who = w.numbers()
    address = f"new.{mail(who)}" if changed else None
    first, second = at(w, dying, who), at(w, other, who, address=address)
    w.feed(first)
    dying.await_death(30)
    w.feed(second)
    w.await_outcomes(second)
    third = bought(w, who, "uk", address) if changed else bought(w, who, "eu")  # what another shop calls them by a new address, nobody can know
    w.feed(third)
    w.worker("0")
    w.judge()
    all_on(w, has_one(w, who, address), first, second, third)


for fail_point in ("customer.claimed", "customer.before_post", "customer.created", "customer.known"):
    for is_changed in (False, True):
        def run(w, point=fail_point, changed=is_changed):
            dies_at(w, point, changed)
        run.__name__ = fail_point.replace("customer.", "dies_") + ("_address_changed" if is_changed else "")
        run.__doc__ = f"kill -9 at {fail_point}; the other worker goes on{', under another address of that customer' if is_changed else ''}."
        # each point in both modes, and both kinds of it: one in each
        case("customers", usual=("off",) if is_changed else ("on",))(run)


@case("customers", usual=("off",))
def sleeps_at_the_post(w):
    """One sleeps with the creation stored and its bytes unsent, past every time; the other one may not create. When the sleeper wakes, it is one."""
    sleeper, other = apart(w, "customer.before_post:stop", None, ("rdkafka.session.timeout.ms=30000", "prima.unproven_wait=1s"))
    who = w.numbers()
    first, second = at(w, sleeper, who), at(w, other, who)
    w.feed(first)
    sleeper.await_stopped()
    w.feed(second)
    w.asleep(UNSURE, second)
    w.await_outcomes(second)
    sleeper.go_on()
    w.judge()
    held(w, UNSURE, second)
    expect(len(accounts(w, who)) <= 1, f"I1 {len(accounts(w, who))} accounts of one person")


# ---- Prima's answers ----

LOST = [  # what is done to NewCustomer, once; is there an account in the end?
    ({"kind": "reset_before"}, 1), ({"kind": "reset_during"}, 1), ({"kind": "reset_after"}, 1), ({"kind": "hang"}, 1), ({"kind": "apply_then_hang"}, 1),
    ({"kind": "apply_delay", "delay": "400ms", "then": "reset"}, 1), ({"kind": "apply_delay", "delay": "200ms", "then": "answer"}, 1),
    ({"kind": "apply_delay", "delay": "400ms", "then": 502}, 1), ({"kind": "cut", "bytes": 150}, 1), ({"kind": "garbage"}, 1), ({"kind": "encoding"}, 1),
    ({"kind": "http", "status": 500, "text": "java.lang.NullPointerException"}, 1), ({"kind": "soap_fault", "text": "Operation failed"}, 0),
    ({"kind": "ok_with_error", "about": "busy"}, 1), ({"kind": "error", "about": "customer_exists", "wording": "foreign"}, 0),
    ({"kind": "error", "about": "refused", "wording": "foreign"}, 0), ({"kind": "error", "about": "invalid"}, 0),
    ({"kind": "throttle", "status": 429, "retry_after": 1}, 1), ({"kind": "throttle", "status": 503, "retry_after": "date:1"}, 1),
    ({"kind": "error", "about": "busy"}, 1),
]


@case("customers")
def answers_lost_and_strange(w):
    """Every way in which a creation's answer can be lost or strange, two orders of the person at two workers: one account, for both; or for neither, or
    the second alone, where Prima said no to the first."""
    a, b = apart(w, None, None)
    people = [(w.numbers(), do, count) for do, count in LOST]
    pairs = [(at(w, a, who), at(w, b, who)) for who, _, _ in people]
    for who, do, _ in people:
        w.fault(do, type="NewCustomer", key=f"*7{who}", count=1)
    w.feed(*[event for pair in pairs for event in pair])
    w.judge()
    for (who, do, count), pair in zip(people, pairs):
        found = accounts(w, who)  # where Prima said no, the first order is on hold; the other one may try, and is let in
        expect(len(found) == count or count == 0 and len(found) <= 1, f"I1 {do}: {len(found)} accounts, not {count}")
        if count == 1:
            all_on(w, found[0]["account"], *pair)


@case("customers", usual=("off",))
def never_answered(w):
    """Prima never answers the creation of one customer, and has nothing of it: after so many times the order is on hold, and nothing goes on for ever."""
    who = w.numbers()
    w.fault({"kind": "reset_before"}, type="NewCustomer", key=f"*7{who}")
    order = bought(w, who)
    w.feed(order)
    w.worker(options=("breaker.record_faults_max=2",))
    w.judge()
    held(w, UNSURE, order)
    expect(len(creations(w, who)) == 2, f"sent {len(creations(w, who))} times")


@case("customers", usual=("off",))
def made_by_a_person(w):
    """On hold, for nobody knows; a person makes the account in Prima: the next order of that customer is posted on it."""
    who = w.numbers()
    rule = w.stack.fault({"kind": "soap_fault", "text": "Operation failed"}, type="NewCustomer", key=f"*7{who}")
    first, second = bought(w, who), bought(w, who)
    w.feed(first)
    w.worker()
    w.await_outcomes(first)
    w.stack.no_faults(rule)
    account = w.stack.foreign_customer(mail(who), f"HAND-{who}")
    w.feed(second)
    w.judge()
    held(w, UNSURE, first)
    expect(has_one(w, who) == account, "another account than the one that was made by hand")
    all_on(w, account, second)


# ---- Redis forgets ----


@case("customers", usual=("off",))
def forgotten_in_the_middle(w):
    """Redis is emptied while creations are under way, some of them applied late; the same people come again, in both shops: one account each."""
    people = [w.numbers() for _ in range(6)]
    for who in people[:3]:
        w.fault({"kind": "apply_delay", "delay": "700ms", "then": "hang"}, type="NewCustomer", key=f"*7{who}", count=1)
    w.fault({"kind": "latency", "latency": "200ms"}, type="NewCustomer", key="*")
    before = [bought(w, who) for who in people]
    w.worker().await_running(), w.worker("1").await_running()
    w.feed(*before)
    until("some are under way", 15, lambda: sum(len(creations(w, who)) for who in people) >= 2)
    w.forget()
    w.rest()  # while Redis is suspected, an order of which nothing is known is parked where numbers are not enforced
    after = [bought(w, who, store) for who in people for store in ("uk", "eu")]
    w.feed(*after)
    w.judge()
    for i, who in enumerate(people):
        all_on(w, has_one(w, who), *after[2 * i:2 * i + 2])


@case("customers", usual=("off",))
def forgotten_while_long_under_way(w):
    """A creation may take longer than an order: after Redis was emptied, nobody sends before its time is over, too."""
    who = w.numbers()
    w.fault({"kind": "apply_delay", "delay": "14s", "then": "answer"}, type="NewCustomer", key=f"*7{who}", count=1)
    options = ("prima.deadline.new_customer=15s",)
    w.worker("0", options=options).await_running()
    first = bought(w, who)
    w.feed(first)
    until("it is under way", 15, lambda: creations(w, who))
    w.workers[-1].kill()
    w.stack.redis("FLUSHALL")
    w.worker("0", options=options).await_running(60)
    w.rest()
    second = bought(w, who, "eu")
    w.feed(second)
    w.judge()
    until("the first creation is applied", 30, lambda: creations(w, who)[0]["applied"])
    all_on(w, has_one(w, who), second)


@case("customers", usual=("off",))
def moved_and_forgotten(w):
    """Redis forgets a customer, who comes again under another address: our reference finds the account."""
    who, address = w.numbers(), None
    first = bought(w, who)
    w.worker().await_running()
    w.feed(first)
    w.await_outcomes(first)
    w.forget()
    w.rest()
    address = f"new.{mail(who)}"
    second = bought(w, who, address=address)
    w.feed(second)
    w.judge()
    all_on(w, has_one(w, who, address), second)
