"""The invariants, proved from evidence or refuted by name. Pure: no server is asked here, so that test_checker.py can seed every violation.

A violation is one line that begins with the invariant's name:
  I1 one document a number       I1b no NewOrder after an applied one      I2 one terminal record a delivery     I3 committed means visible
  I4 posted means that document  I5 one `posted` a key, one ledger entry   I6 later versions change nothing        I7 Redis agrees, `posted` stays
  I8 the key's order             I10 dead letters are the original records I11 no personal data                  I12 nothing grows
  I13 retries have a budget      I14 nobody's work without a reason
I9 and I15 are not orders' business here: stock and refunds have tests of their own (the bound of memory: cases_hostile.py).

I14 is the strict one. An order is expected to be *posted*. What a person has to look at instead needs a reason of its own, found in what Prima's own
log says of that order, in Redis' losses, or in what the case arranged (excuses.py); that a worker died is none.
"""

import hashlib
import json
from collections import Counter, defaultdict

import excuses

POSTED = ("posted", "posted_on_hold")
SENDS_MAX = 25            # NewOrders of one number, whatever it meets
FORWARDS_MAX = 40         # through retry topics, of one delivery: a case lasts two minutes at most
EARLY_MS = 150            # by which a record may leave a retry topic before its time: two brokers' clocks, and a batch's timestamp
# In one partition a later record's end is not visible so much before an earlier one's, while everybody lives. The earlier one may have ended in a retry
# topic's partition, behind others that have not settled: their end, or their way to the next retry topic, is worker.settle_deadline away (profile.yaml: 4 s).
SETTLES_WITHIN_MS = 6000


def check(evidence, personal=()):
    """Every violation, as text. Empty: the invariants hold."""
    found = []
    view = View(evidence)
    for rule in RULES:
        found += rule(evidence, view)
    return found + list(no_personal_data(evidence, personal))


class View:
    """The evidence by delivery and by key."""

    def __init__(self, e):
        self.inputs = {i.delivery: i for i in e.inputs}
        self.results, self.dead, self.by_key = defaultdict(list), defaultdict(list), defaultdict(list)
        self.posted = defaultdict(list)
        for i in e.inputs:
            if i.key is not None:
                self.by_key[i.key].append(i)
        for r in e.results:
            self.results[r.delivery].append(r)
            if r.outcome in POSTED:
                self.posted[r.key].append(r)
        for d in e.dead:
            self.dead[d.delivery].append(d)
        self.documents = defaultdict(list)
        for d in e.documents:
            self.documents[d.number].append(d)
        self.sends, self.requests = defaultdict(list), defaultdict(list)
        for r in e.requests:
            self.requests[r.number].append(r)
            if r.kind == "NewOrder":
                self.sends[r.number].append(r)
        self.entries = defaultdict(list)
        for entry in e.ledger:
            self.entries[entry.key].append(entry)

    def terminals(self, delivery):
        return [r.outcome for r in self.results[delivery]] + [f"dead letter {d.code}" for d in self.dead[delivery]]

    def is_open(self, e, key):
        """Something of the key waits, or is a person's turn."""
        return any(i.delivery in e.waiting or any(d.klass == "park" for d in self.dead[i.delivery]) for i in self.by_key[key])


def one_document(e, view):
    for number, documents in view.documents.items():
        if len(documents) > 1:
            yield f"I1 {number}: {len(documents)} documents in Prima"


def one_account(e, view):
    for reference, count in Counter(e.accounts).items():
        if count > 1:
            yield f"I1 customer {reference}: {count} accounts in Prima"
    for count in Counter(e.addresses).values():
        if count > 1:
            yield f"I1 one person: {count} accounts in Prima, by the same e-mail address"


def no_needless_send(e, view):
    """The enforcement of unique numbers is not what we lean on."""
    applied, late = {}, []
    foreign = {d.number for d in e.documents if d.foreign}
    for request in (r for r in e.requests if r.kind == "NewOrder" and r.number not in foreign):
        if request.number in applied and request.arrived_at > applied[request.number]:
            late.append(request.number)
        if request.applied:
            applied.setdefault(request.number, request.applied_at)
    if len(late) > e.resends:
        yield f"I1b {len(late)} NewOrders reached Prima after an applied one, {e.resends} are explained: {', '.join(late[:5])}"


def one_terminal(e, view):
    for delivery, i in view.inputs.items():
        ends = view.terminals(delivery)
        if len(ends) > 1:
            yield f"I2 {delivery} ({i.key}): {len(ends)} terminal records: {', '.join(ends)}"
        elif not ends and not _is_committed(e, delivery):
            yield f"I2 {delivery} ({i.key}): no terminal record" + (f", still in {e.waiting[delivery]}" if delivery in e.waiting else "")
    for delivery in [*view.results, *view.dead]:
        if delivery not in view.inputs and view.terminals(delivery):
            yield f"I2 {delivery}: a terminal record ({view.terminals(delivery)[0]}) of a delivery that never entered"


def _is_committed(e, delivery):
    topic, partition, offset = delivery.rsplit("/", 2)
    return int(offset) < e.committed.get((topic, int(partition)), -1)


def committed_is_visible(e, view):
    for delivery, i in view.inputs.items():
        if _is_committed(e, delivery) and not view.terminals(delivery):
            if delivery in e.waiting:
                yield f"I2 {delivery} ({i.key}): no terminal record, still in {e.waiting[delivery]}"
            else:
                yield f"I3 {delivery} ({i.key}): its offset is committed, but neither result nor dead letter nor retry is visible"


def posted_is_that_document(e, view):
    for key, results in view.posted.items():
        for r in results:
            i = view.inputs.get(r.delivery)
            documents = [d for d in view.documents[i.number if i else r.number] if not d.foreign]
            if i is None:
                continue  # I2 tells
            if not documents:
                yield f"I4 {key}: {r.outcome} by {r.delivery}, but Prima has no document of ours"
            elif any(d.content != i.content for d in documents):
                yield f"I4 {key}: {r.outcome} by {r.delivery} {i.content}, but Prima's document is {documents[0].content}"
            elif any(d.hold != (r.outcome == "posted_on_hold") for d in documents):
                yield f"I4 {key}: {r.outcome} by {r.delivery}, and Prima's document is {'' if documents[0].hold else 'not '}on hold"
            elif any(d.currency != i.currency for d in documents):
                yield f"I4 {key}: {r.outcome} by {r.delivery} in {i.currency}, Prima's document is in {documents[0].currency}"
            if r.number != i.number:
                yield f"I4 {key}: the result names document {r.number}, its order number is {i.number}"


def one_posted(e, view):
    for key, results in view.posted.items():
        if len(results) > 1:
            yield f"I5 {key}: {len(results)} committed `posted`, by {', '.join(r.delivery for r in results)}"
    for key, inputs in view.by_key.items():
        ours = [d for d in view.documents[inputs[0].number] if not d.foreign]
        if ours and not view.posted[key] and not view.is_open(e, key):
            yield f"I5 {key}: Prima has its document, nothing is open, and no `posted` was committed"
        repeats = [i.delivery for i in inputs if any(r.outcome == "duplicate" for r in view.results[i.delivery])]
        if repeats and not ours and not view.posted[key]:
            yield f"I5 {key}: {', '.join(repeats)} called a duplicate of nothing: no document, and no `posted`"


def ledger_is_what_was_posted(e, view):
    """One entry for each committed `posted`, in the same transaction, and its sums are the order's."""
    for key, inputs in view.by_key.items():
        entries, posted = view.entries[key], view.posted[key]
        if len(entries) != len(posted):
            yield f"I5 {key}: {len(posted)} committed `posted`, and {len(entries)} ledger entries"
        for entry, r in zip(entries, posted):
            i = view.inputs.get(r.delivery)
            if i is None:
                continue  # I2 tells
            if (entry.number, entry.identity) != (i.number, r.identity):
                yield f"I5 {key}: the ledger has {entry.number} with content {entry.identity[:8]}, posted was {i.number} with {r.identity[:8]}"
            elif (entry.total, entry.tax) != (i.total, i.tax):
                yield f"I5 {key}: the ledger has {entry.total} and {entry.tax} tax, the order came to {i.total} and {i.tax}"
            elif entry.lines != entry.total or entry.tenders + entry.outstanding != entry.total:
                yield f"I5 {key}: the ledger's {entry.total} are {entry.lines} by its lines, {entry.tenders} paid and {entry.outstanding} open"


UNPOSTED = ("cancelled_before_posting", "ignored_test", "ignored_before_cutover")


def ledger_says_what_was_not_posted(e, view):
    """An order that ended without a document says so in the ledger, in the same transaction, and no other order does: refunds of it read nothing else."""
    for key, inputs in view.by_key.items():
        ended = sorted({r.outcome for i in inputs for r in view.results[i.delivery] if r.outcome in UNPOSTED} | ({"discarded"} if key in e.discarded else set()))
        if bool(ended) != (key in e.unposted) and not (ended and e.earlier):
            yield f"I5 {key}: " + (f"ended as {ended[0]}, and the ledger does not say so" if ended else "the ledger says that it ended without a document, and it never did")


LATER_CODES = ("conflict", "order_amended", "units_cancelled_after_posting", "cancelled_after_posting")


def later_versions_change_nothing(e, view):
    """A duplicate has the document's content, an amendment another one: neither may be mistaken for the other."""
    for key, inputs in view.by_key.items():
        ours = {d.content for d in view.documents[inputs[0].number] if not d.foreign}
        ours = ours or {view.inputs[r.delivery].content for r in view.posted[key] if r.delivery in view.inputs}
        for i in inputs:
            if any(r.outcome == "duplicate" and not r.exception for r in view.results[i.delivery]) and ours and i.content not in ours:
                yield f"I6 {key}: {i.delivery} {i.content} was called a duplicate of {ours}"
            for r in view.results[i.delivery]:
                if r.exception and not any(d.code in LATER_CODES for d in view.dead[r.exception]):
                    yield f"I6 {key}: {i.delivery} names the exception of {r.exception}, which has no dead letter"
            if any(d.code in LATER_CODES for d in view.dead[i.delivery]):
                if ours == {i.content} and i.kind != "cancelled":
                    yield f"I6 {key}: {i.delivery} was called a conflict, and is what Prima has"
                elif not ours and not view.is_open(e, key):
                    yield f"I6 {key}: {i.delivery} was called a conflict with nothing: no document, and no `posted`"


def one_exception(e, view):
    """However often a posted order is changed: one amendment is open, and the next one only after a version that ended it."""
    for key, inputs in view.by_key.items():
        opened = sum(d.code in ("order_amended", "units_cancelled_after_posting") for i in inputs for d in view.dead[i.delivery])
        ended = sum(bool(r.resolves) for i in inputs for r in view.results[i.delivery])
        if opened > ended + 1:
            yield f"I6 {key}: {opened} amendments were opened, and {ended} have ended"


def redis_agrees(e, view):
    for key, record in e.redis.items():
        posted = view.posted[key]
        if posted and record["state"] != "p":
            yield f"I7 {key}: a committed `posted`, but Redis says {record['state']}"
        elif posted and record["identity"] != posted[0].identity:
            yield f"I7 {key}: Redis has another content than the committed `posted`"
        elif posted and record["delivery"] != posted[0].delivery:
            yield f"I7 {key}: published by {posted[0].delivery}, Redis says {record['delivery']}"
        elif record["state"] == "p" and not posted and not view.is_open(e, key):
            yield f"I7 {key}: Redis says posted, no `posted` was committed"
        elif record["state"] in "cs" and not view.is_open(e, key):
            yield f"I7 {key}: all has ended, but Redis has it {'claimed' if record['state'] == 'c' else 'sent'} still"
    for key, posted in view.posted.items():
        if posted and e.redis and key not in e.redis:
            yield f"I7 {key}: a committed `posted`, and Redis does not know the key"


def no_marks_left(e, view):
    """A deferral mark sends each later record of its key round the retry topics."""
    for name in e.marks:
        yield f"I8 {name}: all has ended, and a deferral mark is left"


def _coordinates(delivery):
    topic, partition, offset = delivery.rsplit("/", 2)
    return topic, int(partition), int(offset)


def key_order(e, view):
    """Deliveries of one key settle in the order in which they entered their partition, through retries too. A duplicate may be seen before what it
    repeats: both may be in one transaction, out of two partitions."""
    for key, inputs in view.by_key.items():
        placed = sorted((*_coordinates(i.delivery), i) for i in inputs if not i.parent)
        first = {i.delivery: view.results[i.delivery][0] for _, _, _, i in placed if view.results[i.delivery]}
        places = [(first[i.delivery].place, i) for _, _, _, i in placed if i.delivery in first and first[i.delivery].outcome != "duplicate"]
        for (place, i), (later_place, later) in zip(places, places[1:]):
            if _coordinates(i.delivery)[:2] == _coordinates(later.delivery)[:2] and place[0] == later_place[0] and place[1] > later_place[1]:
                yield f"I8 {key}: {later.delivery} (version {later.version}) settled before {i.delivery} (version {i.version})"
        for i in inputs:
            for r in view.results[i.delivery]:
                publisher = _coordinates(r.publisher) if r.publisher else None
                here = _coordinates(i.delivery)
                if r.outcome == "superseded" and publisher and publisher[:2] == here[:2] and publisher[2] > here[2]:
                    yield f"I8 {key}: {r.publisher} was posted before {i.delivery}, which had entered before it"


def _cut_letter(i, d):
    """The one exception: what does not fit is replaced by where it is and what it digests to."""
    original = json.loads(d.raw[1])["original"]
    place = f"{original['topic']}/{original['partition']}/{original['offset']}"
    if place != i.delivery or original["value_sha256"] != hashlib.sha256(i.raw[1]).hexdigest():
        yield f"I10 {i.delivery}: the letter that was cut speaks of another record"


def order_of_ends(e, view):
    """Results, dead letters and duplicates of one key and partition, by the time at which they came. Whoever dies between an end and its commit may
    let a later one be seen first (common/idempotency/README.md); then only effects keep their order, which order_in_prima looks at."""
    if any(h.kind in ("dead", "nap", "lost", "clock") for h in e.happenings):
        return
    for key, inputs in view.by_key.items():
        ends = [(_coordinates(i.delivery), min(x.at for x in [*view.results[i.delivery], *view.dead[i.delivery]]), i) for i in inputs
                if not i.parent and (view.results[i.delivery] or view.dead[i.delivery])]
        ends.sort(key=lambda end: end[0])
        for n, (place, at, i) in enumerate(ends):
            for later_place, later_at, later in ends[n + 1:]:
                if later_place[:2] == place[:2] and later_at < at - SETTLES_WITHIN_MS:
                    yield (f"I8 {key}: {later.delivery} ({view.terminals(later.delivery)[0]}) ended {at - later_at} ms before {i.delivery} "
                           f"({view.terminals(i.delivery)[0]})")


def order_in_prima(e, view):
    """Of two contents of a key, Prima never gets the earlier one after the later one."""
    for key, inputs in view.by_key.items():
        placed = sorted(((*_coordinates(i.delivery), i) for i in inputs if not i.parent), key=lambda p: p[:3])
        for n, (topic, partition, _, i) in enumerate(placed):
            for later_topic, later_partition, _, later in placed[n + 1:]:
                if (topic, partition) != (later_topic, later_partition) or i.content == later.content or later.version <= i.version:
                    continue
                again = any(other is not i and other.content == i.content for other in inputs)
                mine = [r.arrived_at for r in view.sends[i.number] if r.content == i.content]
                its = [r.arrived_at for r in view.sends[i.number] if r.content == later.content]
                if mine and its and not again and mine[-1] > its[0]:
                    yield f"I8 {key}: Prima got version {i.version} ({i.delivery}) after version {later.version} ({later.delivery})"


def original_records(e, view):
    for delivery, letters in view.dead.items():
        i = view.inputs.get(delivery)
        for d in letters:
            if i and d.code == "record_too_large" and d.raw[1] != i.raw[1]:
                yield from _cut_letter(i, d)
                continue
            for name, was, now in zip(("key", "value", "headers"), i.raw if i else d.raw, d.raw):
                if was != now:
                    yield f"I10 {delivery}: the dead letter's {name} is not what entered{f': {was} became {now}' if name == 'headers' else ''}"
            if i and d.original_at != i.at:
                yield f"I10 {delivery}: the dead letter's original timestamp is {d.original_at}, the record had {i.at}"
            if i and d.parent != i.parent:
                yield f"I10 {delivery}: the dead letter's parent is {d.parent!r}, it entered with {i.parent!r}"


def nothing_grows(e, view):
    for what, count, allowed in e.bounds:
        if count > allowed:
            yield f"I12 {what}: {count}, at most {allowed}"


def sends_have_a_reason(e, view):
    """NewOrders of a number: one, one more for each that met something, and one for each refusal that another delivery, or a product that Prima
    turned out not to have, came after. Who dies with a refusal in hand has not ended the delivery: the next one is told in turn. And there is an end
    to it."""
    for number, sends in view.sends.items():
        if any(d.foreign for d in view.documents[number]):
            continue
        unknown = [r for r in sends if r.fault or excuses.during(e, "cut", r.arrived_at, r.arrived_at)]
        refused = [r for r in sends if r.outcome == "refused" and not r.fault]
        deliveries = sum(i.number == number for i in e.inputs)
        told_in_vain = sum(r in refused and excuses.during(e, "dead", r.arrived_at, later.arrived_at) for r, later in zip(sends, sends[1:]))
        explained = 1 + len(unknown) + min(len(refused), 2 * deliveries - 1 + told_in_vain) + e.resends
        if len(sends) > SENDS_MAX or len(sends) > explained:
            yield f"I13 {number}: {len(sends)} NewOrders, {explained} are explained, at most {SENDS_MAX}"


def forwards_take_their_time(e, view):
    """A record stays in a retry topic for its delay, each time: no spinning."""
    moved = any(h.kind == "clock" for h in e.happenings)
    for delivery, forwards in e.forwards.items():
        if len(forwards) > FORWARDS_MAX:
            yield f"I13 {delivery}: {len(forwards)} times in a retry topic, at most {FORWARDS_MAX}"
        for one, following in zip(forwards, forwards[1:]):
            delay = _delay_ms(one.place[0])
            if following.at - one.at < delay - EARLY_MS and not moved:
                yield f"I13 {delivery}: left {one.place[0]} after {following.at - one.at} ms"


def _delay_ms(topic):
    text = topic.rsplit(".", 1)[1]
    unit = text.lstrip("0123456789")
    return int(text[:len(text) - len(unit)]) * {"ms": 1, "s": 1000, "m": 60000, "h": 3600000}[unit]


def nobodys_work_without_a_reason(e, view):
    for d in e.dead:
        if d.klass not in ("dead_letter", "hold", "conflict", "park"):  # hold: where policy says dead_letter, or has waited in vain
            yield f"I14 {d.delivery}: dead-lettered as {d.code}, of class {d.klass}"
        elif d.code == "defect" and not d.key:
            yield f"I14 {d.delivery}: dead-lettered as a defect: the life table has a hole"
    yield from excuses.missing(e, view)


def seen_on_the_way(e, view):
    """What was wrong for a moment (history.py)."""
    yield from e.seen


def no_personal_data(e, personal):
    for where, text in e.texts:
        for word in personal:
            if word in text:
                at = text.index(word)
                yield f"I11 {where} has {word!r}: …{text[max(0, at - 60):at + 60]!r}…"


RULES = (one_document, one_account, no_needless_send, one_terminal, committed_is_visible, posted_is_that_document, one_posted,
         ledger_is_what_was_posted, ledger_says_what_was_not_posted, later_versions_change_nothing, one_exception, redis_agrees, no_marks_left, key_order, order_of_ends, order_in_prima, original_records,
         nothing_grows, sends_have_a_reason, forwards_take_their_time, nobodys_work_without_a_reason, seen_on_the_way)
