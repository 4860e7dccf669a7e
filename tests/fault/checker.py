"""The invariants, proved from evidence or refuted by name. Pure: no server is asked here, so that test_checker.py can seed every violation.

A violation is one line that begins with the invariant's name:
  I1 one document a number       I1b no NewOrder after an applied one      I2 one terminal record a delivery     I3 committed means visible
  I4 posted means that document  I5 one `posted` a key                     I6 a conflict changes nothing         I7 Redis agrees, `posted` stays
  I8 the key's order             I10 dead letters are the original bytes   I11 no personal data                  I14 no fault of the world
I9, I12, I13 and I15 are not orders' business here: stock, bounds and refunds have tests of their own (the bound of memory: hostile.py).
"""

from collections import Counter, defaultdict

POSTED = ("posted", "posted_on_hold")


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
    for request in (r for r in e.requests if r.number not in foreign):
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


def conflict_changes_nothing(e, view):
    """A duplicate has the document's content, a conflict another one: neither may be mistaken for the other."""
    for key, inputs in view.by_key.items():
        ours = {d.content for d in view.documents[inputs[0].number] if not d.foreign}
        for i in inputs:
            if any(r.outcome == "duplicate" for r in view.results[i.delivery]) and ours and i.content not in ours:
                yield f"I6 {key}: {i.delivery} {i.content} was called a duplicate of {ours}"
            if any(d.code == "conflict" for d in view.dead[i.delivery]) and ours == {i.content}:
                yield f"I6 {key}: {i.delivery} was called a conflict, and is what Prima has"


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
    for key in view.posted:
        if e.redis and key not in e.redis:
            yield f"I7 {key}: a committed `posted`, and Redis does not know the key"


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


def original_bytes(e, view):
    for delivery, letters in view.dead.items():
        i = view.inputs.get(delivery)
        for d in letters:
            for name, was, now in zip(("key", "value", "headers"), i.raw if i else d.raw, d.raw):
                if was != now:
                    yield f"I10 {delivery}: the dead letter's {name} is not what entered"


def no_fault_of_the_world(e, view):
    for d in e.dead:
        if d.klass not in ("dead_letter", "hold", "conflict", "park"):  # hold: where policy says dead_letter, or has waited in vain
            yield f"I14 {d.delivery}: dead-lettered as {d.code}, of class {d.klass}"
    for code, count in Counter(d.code for d in e.dead if d.code == "defect").items():
        yield f"I14 {count} dead letters of code {code}: the life table has a hole"


def no_personal_data(e, personal):
    for where, text in e.texts:
        for word in personal:
            if word in text:
                at = text.index(word)
                yield f"I11 {where} has {word!r}: …{text[max(0, at - 60):at + 60]!r}…"


RULES = (one_document, one_account, no_needless_send, one_terminal, committed_is_visible, posted_is_that_document, one_posted, conflict_changes_nothing,
         redis_agrees, key_order, original_bytes, no_fault_of_the_world)
