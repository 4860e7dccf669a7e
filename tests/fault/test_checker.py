#!/usr/bin/env python3
"""The checker itself: sound evidence passes, and one seeded violation of each invariant is reported under its name."""

import copy
import hashlib
import json
import unittest

from checker import SENDS_MAX, check
from evidence import Dead, Document, Entry, Evidence, Forward, Input, Request, Result
from history import Book
from stack import Happening

KEY, OTHER, PARKED = "01/orders/shopify/uk/1", "01/orders/shopify/uk/2", "01/orders/shopify/uk/3"
CONTENT, EDITED = '[[["SKU1", 1, 600]], 600]', '[[["SKU1", 2, 600]], 1200]'
RAW = (b"k", b"v", ())
FED, ENDED = 1000000, 1003000  # ms


def sound():
    """An order posted, resent, edited; one refused; one whose answer was lost, parked; one hostile record."""
    def one(offset, key, version=1, content=CONTENT):
        return Input(f"orders.raw/0/{offset}", RAW, key, version, "created", content, "201" + key[-1], at=FED, since=FED, customer="71", total=600, tax=100)

    def record(state, delivery):
        return {"state": state, "identity": "f1", "delivery": delivery}

    def dead(offset, code, klass, *of):
        return Dead(f"orders.raw/0/{offset}", code, klass, RAW, *of, at=ENDED, original_at=FED)

    return Evidence(
        inputs=[one(0, KEY), one(1, KEY), one(2, KEY, 2, EDITED), one(3, OTHER), one(4, PARKED), Input("orders.raw/0/5", RAW, at=FED, since=FED)],
        results=[Result("orders.raw/0/0", "posted", KEY, "f1", "2011", (0, 0), at=ENDED),
                 Result("orders.raw/0/1", "duplicate", KEY, "f1", "2011", (0, 1), at=ENDED, publisher="orders.raw/0/0")],
        dead=[dead(2, "conflict", "conflict", KEY, "f2"), dead(3, "prima_invalid", "dead_letter", OTHER, "f1"),
              dead(4, "outcome_unknown", "park", PARKED, "f1"), dead(5, "avro_truncated", "dead_letter")],
        committed={("orders.raw", 0): 6},
        documents=[Document("2011", CONTENT), Document("2013", CONTENT)],
        requests=[Request("2011", True, 100, 101, content=CONTENT), Request("2012", False, 100, 0, outcome="refused", content=CONTENT),
                  Request("2013", True, 100, 101, fault="apply_then_hang#1", content=CONTENT)],
        redis={KEY: record("p", "orders.raw/0/0"), OTHER: record("r", "orders.raw/0/3"), PARKED: record("k", "orders.raw/0/4")},
        forwards={"orders.raw/0/4": [Forward(("orders.raw.retry.1s", 0, 7), FED), Forward(("orders.raw.retry.2s", 0, 7), FED + 1000)]},
        ledger=[Entry(KEY, "2011", "f1", 600, 100, 600, 600)], bounds=[("descriptors of slot 0", 40, 200)],
        texts=[("worker-0.log", "message=posted key=01/orders/shopify/uk/1")])


def second_document(e):
    e.documents.append(Document("2011", CONTENT))


def second_account(e):
    e.accounts += ["201-C7", "201-C8", "201-C7"]


def second_account_by_address(e):
    e.addresses += [("01", "a@x.example"), ("01", "b@x.example"), ("02", "b@x.example"), ("01", "a@x.example")]


def needless_send(e):
    e.requests.append(Request("2011", False, 150, 0, fault="reset_after#1"))


def two_terminals(e):
    e.results.append(Result("orders.raw/0/1", "duplicate", KEY, "f1", "2011", (0, 2), publisher="orders.raw/0/0"))


def result_and_dead_letter(e):
    e.dead.append(Dead("orders.raw/0/1", "conflict", "conflict", RAW, KEY, "f1", original_at=FED))


def never_ended(e):
    e.inputs.append(Input("orders.raw/0/6", RAW, OTHER, 1, "created", CONTENT, "2012"))


def still_waiting(e):
    del e.dead[1]
    e.waiting["orders.raw/0/3"] = "orders.raw.retry.1s"


def never_entered(e):
    e.dead.append(Dead("orders.raw/0/9", "conflict", "conflict", RAW))


def committed_and_lost(e):
    del e.results[1]


def no_such_document(e):
    del e.documents[0]


def other_content(e):
    e.documents[0] = Document("2011", EDITED)


def foreign_document(e):
    e.documents[0] = Document("2011", CONTENT, foreign=True)


def other_number(e):
    e.results[0].number = "9999"


def on_hold_unsaid(e):
    e.documents[0].hold = True


def other_currency(e):
    e.documents[0].currency = "EUR"


def duplicate_of_nothing(e):
    del e.results[0], e.documents[0], e.redis[KEY], e.ledger[0]


def no_ledger_entry(e):
    del e.ledger[0]


def ledger_twice(e):
    e.ledger.append(e.ledger[0])


def ledger_of_another(e):
    e.ledger[0].identity = "f2"


def ledger_other_total(e):
    e.ledger[0].total = 1200


def ledger_does_not_add_up(e):
    e.ledger[0].lines = 500


def ledger_not_all_paid(e):
    e.ledger[0].tenders = 500


def posted_twice(e):
    e.results[1].outcome = "posted_on_hold"


def document_without_result(e):
    e.documents.append(Document("2012", CONTENT))


def false_duplicate(e):
    e.results.append(Result("orders.raw/0/2", "duplicate", KEY, "f2", "2011", (0, 2), publisher="orders.raw/0/0"))
    del e.dead[0]


def unposted_unsaid(e):
    e.results.append(Result("orders.raw/0/3", "ignored_test", OTHER, "f1", "", (0, 3), at=ENDED))
    del e.dead[1]


def unposted_said_of_another(e):
    e.unposted.add(OTHER)


def false_conflict(e):
    e.inputs[2].content = CONTENT


def conflict_with_nothing(e):
    e.results.clear()
    e.inputs = [i for i in e.inputs if not i.delivery.endswith(("/0", "/1"))]
    del e.documents[0], e.redis[KEY], e.ledger[0]


def duplicate_without_document(e):
    del e.documents[0]
    e.inputs[1].content = EDITED


def posted_regressed(e):
    e.redis[KEY]["state"] = "r"


def forgotten(e):
    del e.redis[KEY]


def other_identity(e):
    e.redis[KEY]["identity"] = "f9"


def other_publisher(e):
    e.redis[KEY]["delivery"] = "orders.raw/0/1"


def claim_left(e):
    e.redis[OTHER]["state"] = "s"


def mark_left(e):
    e.marks.append("pf:d:" + KEY)


def mark_left_by_a_sleeper(e):
    mark_left(e)
    e.happenings.append(Happening("nap", FED, ENDED))


def conflict_overtakes(e):
    e.dead[0].at = ENDED - 6500


def sent_after_its_edit(e):
    e.requests[1].content = EDITED
    e.inputs.append(Input("orders.raw/0/7", RAW, OTHER, 2, "edited", EDITED, "2012", at=FED, since=FED))
    e.dead.append(Dead("orders.raw/0/7", "prima_invalid", "dead_letter", RAW, OTHER, "f2", at=ENDED, original_at=FED))
    e.requests.append(Request("2012", False, 200, 0, outcome="refused", content=CONTENT))


def out_of_order(e):
    e.results += [Result("orders.raw/0/3", "ignored_test", OTHER, "f1", "", (0, 9)), Result("orders.raw/0/7", "ignored_test", OTHER, "f1", "", (0, 8))]
    e.inputs.append(Input("orders.raw/0/7", RAW, OTHER, 2, "created", CONTENT, "2012"))
    del e.dead[1]


def overtaken(e):
    e.results[0] = Result("orders.raw/0/2", "posted", KEY, "f1", "2011", (0, 0))
    e.results[1] = Result("orders.raw/0/1", "superseded", KEY, "f1", "2011", (0, 1), publisher="orders.raw/0/2")


def changed_value(e):
    e.dead[3].raw = (b"k", b"w", ())


def cut(e, offset=5):
    """What is too large for its topic is replaced by what it was."""
    said = {"original": {"topic": "orders.raw", "partition": 0, "offset": offset, "value_sha256": hashlib.sha256(b"v").hexdigest()}}
    e.dead[3] = Dead("orders.raw/0/5", "record_too_large", "dead_letter", (b"k", json.dumps(said).encode(), ()), original_at=FED)


def cut_of_another(e):
    cut(e, 4)


def changed_headers(e):
    e.dead[3].raw = (b"k", b"v", (("traceparent", b"1"),))


def headers(e, was, now):
    e.inputs[5].raw, e.dead[3].raw = (b"k", b"v", was), (b"k", b"v", now)


def header_order(e):
    headers(e, (("a", b"1"), ("b", b"2")), (("b", b"2"), ("a", b"1")))


def header_repeated(e):
    headers(e, (("a", b"1"), ("a", b"2")), (("a", b"2"),))


def header_bytes(e):
    headers(e, (("a", b"\xff\x00"),), (("a", b"\xef\xbf\xbd"),))


def other_timestamp(e):
    e.dead[3].original_at = ENDED


def lineage_lost(e):
    e.inputs[5].parent = "orders.raw/0/1"


def descriptors_grow(e):
    e.bounds[0] = ("descriptors of slot 0", 900, 200)


def sent_for_no_reason(e):
    e.requests += [Request("2012", False, 150, 0, outcome="refused", content=CONTENT)] * 2


def sent_once_too_often_for_a_death(e):
    """Who died before the first of them, or after the last, explains none."""
    sent_for_no_reason(e)
    e.happenings += [Happening("dead", 99, 99), Happening("dead", 151, 151)]


def sent_for_ever(e):
    e.requests += [Request("2012", False, 150, 0, outcome="not_applied", fault="http#1", content=CONTENT)] * SENDS_MAX


def spins(e):
    e.forwards["orders.raw/0/4"][1].at = FED + 300


def forwarded_for_ever(e):
    e.forwards["orders.raw/0/4"] = [Forward(("orders.raw.retry.1s", 0, n), FED + 1000 * n) for n in range(100)]


def world_dead_lettered(e):
    e.dead[1].klass, e.dead[1].code = "world", "prima_unavailable"


def defect(e):
    e.dead[1].klass, e.dead[1].code = "park", "defect"


def defect_without_a_key(e):
    e.dead[3].klass, e.dead[3].code = "park", "defect"


def defect_of_another_keys_value(e):
    defect(e)
    e.happenings.append(Happening("unreadable", FED, ENDED, key=KEY))


def parked_after_another_keys_loss(e):
    e.requests[2].fault = ""
    e.happenings.append(Happening("lost", FED, FED, key=OTHER))


def parked_although_it_came_after_the_loss(e):
    e.requests[2].fault = ""
    e.happenings.append(Happening("lost", FED - 5000, FED - 5000))


def parked_behind_a_sleep(e):
    e.requests[2].fault, e.unique = "", False
    e.happenings.append(Happening("nap", FED, ENDED))


def parked_behind_somebody_awake_again(e):
    e.requests[2].fault = ""
    sender_asleep(e)
    e.happenings[-1].end = ENDED - 100


def parked_behind_the_sleeper_of_another(e):
    e.requests[2].fault = ""
    sender_asleep(e)
    e.asleep = {(OTHER, "outcome_unknown")}


def parked_behind_a_death(e):
    e.requests[2].fault = ""
    e.happenings.append(Happening("dead", FED + 100, FED + 100))


def parked_behind_a_death_where_numbers_are_not_enforced(e):
    e.unique = False
    parked_behind_a_death(e)


def held_behind_a_death(e):
    held_for_no_reason(e)
    e.happenings.append(Happening("dead", FED + 100, FED + 100))


def too_old(e):
    e.dead[2].code, e.dead[2].klass = "waited_too_long", "dead_letter"
    e.documents.pop()


def faults_on_a_sound_record(e):
    e.dead[1].code = "prima_faults_on_record"


def refusal_that_prima_never_said(e):
    e.requests[1].outcome = "applied"


def behind_nobody(e):
    e.dead[1].code, e.dead[1].klass = "parked_behind", "park"


def unproven_without_a_stranger(e):
    e.dead[2].code = "exists_unproven"


def held_for_no_reason(e):
    e.results[0].codes = ("customer_unknown_outcome",)


def wrong_for_a_moment(e):
    e.seen.append("I7 01/orders/shopify/uk/1: a committed `posted` was visible, and Redis said s")


def name_in_log(e):
    e.texts.append(("worker-0.log", "cannot match Quixotegrave"))


SEEDED = {
    "I1": [second_document, second_account, second_account_by_address], "I1b": [needless_send],
    "I2": [two_terminals, result_and_dead_letter, never_ended, still_waiting, never_entered],
    "I3": [committed_and_lost], "I4": [no_such_document, other_content, foreign_document, other_number, on_hold_unsaid, other_currency],
    "I5": [posted_twice, document_without_result, duplicate_of_nothing, no_ledger_entry, ledger_twice, ledger_of_another, ledger_other_total,
           ledger_does_not_add_up, ledger_not_all_paid, unposted_unsaid, unposted_said_of_another],
    "I6": [false_duplicate, false_conflict, conflict_with_nothing, duplicate_without_document],
    "I7": [posted_regressed, forgotten, other_identity, other_publisher, claim_left, wrong_for_a_moment],
    "I8": [out_of_order, overtaken, mark_left, mark_left_by_a_sleeper, conflict_overtakes, sent_after_its_edit],
    "I10": [changed_value, changed_headers, header_order, header_repeated, header_bytes, cut_of_another, other_timestamp, lineage_lost], "I11": [name_in_log],
    "I12": [descriptors_grow], "I13": [sent_for_no_reason, sent_once_too_often_for_a_death, sent_for_ever, spins, forwarded_for_ever],
    "I14": [world_dead_lettered, defect, defect_without_a_key, defect_of_another_keys_value, parked_after_another_keys_loss, parked_although_it_came_after_the_loss,
            parked_behind_a_sleep, parked_behind_somebody_awake_again, parked_behind_the_sleeper_of_another, parked_behind_a_death, parked_behind_a_death_where_numbers_are_not_enforced,
            held_behind_a_death, too_old, faults_on_a_sound_record, refusal_that_prima_never_said, behind_nobody,
            unproven_without_a_stranger, held_for_no_reason],
}


# What excuses an order that is parked although nothing of it is in Prima's log.


def lost_meanwhile(e):
    e.happenings.append(Happening("lost", FED + 100, FED + 100))


def its_own_key_lost(e):
    e.happenings.append(Happening("lost", FED + 100, FED + 100, key=PARKED))


def way_was_cut(e):
    e.happenings.append(Happening("cut", FED - 500, 0))


def sender_asleep(e):
    e.asleep.add((PARKED, "outcome_unknown"))
    e.happenings.append(Happening("nap", FED + 100, 0))


def said_by_the_case(e):
    e.allowed.add((PARKED, "outcome_unknown"))


EXCUSED = [lost_meanwhile, its_own_key_lost, way_was_cut, sender_asleep, said_by_the_case]


class CheckerTest(unittest.TestCase):
    def test_sound_evidence_passes(self):
        self.assertEqual(check(sound(), ["Quixotegrave"]), [])

    def test_a_cut_letter_passes(self):
        e = sound()
        cut(e)
        self.assertEqual(check(e), [])

    def test_an_explained_resend_passes(self):
        e = sound()
        needless_send(e)
        e.resends = 1
        self.assertEqual(check(e), [])

    def test_a_refused_key_that_was_not_rebuilt_passes(self):
        e = sound()
        del e.redis[OTHER]
        self.assertEqual(check(e), [])

    def test_refused_again_behind_a_death_passes(self):
        e = sound()
        sent_for_no_reason(e)
        e.happenings.append(Happening("dead", 120, 120))
        self.assertEqual(check(e), [])

    def test_a_key_that_cannot_be_read_passes(self):
        e = sound()
        defect_of_another_keys_value(e)
        e.happenings[-1].key = OTHER
        self.assertEqual(check(e), [])

    def test_a_foreign_document_parked_passes(self):
        e = sound()
        e.documents[1] = Document("2013", "other", foreign=True)
        e.dead[2].code = "exists_unproven"
        e.requests.append(Request("2013", False, 150, 0, outcome="refused"))
        self.assertEqual(check(e), [])

    def test_each_seeded_violation_is_reported(self):
        for invariant, seeds in SEEDED.items():
            for seed in seeds:
                with self.subTest(invariant=invariant, seed=seed.__name__):
                    e = copy.deepcopy(sound())
                    seed(e)
                    found = check(e, ["Quixotegrave"])
                    self.assertIn(invariant, {v.split(" ")[0] for v in found}, found)

    def test_each_excuse_excuses(self):
        for excuse in EXCUSED:
            with self.subTest(excuse=excuse.__name__):
                e = sound()
                e.requests[2].fault = ""
                self.assertNotEqual(check(e), [], "parked without a reason")
                excuse(e)
                self.assertEqual(check(e), [])


class HistoryTest(unittest.TestCase):
    """Exactly-one at every moment, from what became visible in its order."""

    def book(self, *steps):
        book = Book()
        for name, *words in steps:
            getattr(book, name)(*words)
        return {v.split(" ")[0] for v in book.found}

    def test_an_ordinary_life(self):
        self.assertEqual(self.book(("result", KEY, "d/0/0", "posted"), ("result", KEY, "d/0/1", "duplicate"), ("end", "d/0/2", "dead letter conflict"),
                                   ("redis", {KEY: "p"})), set())

    def test_two_ends(self):
        self.assertEqual(self.book(("result", KEY, "d/0/0", "duplicate"), ("end", "d/0/0", "dead letter conflict")), {"I2"})

    def test_two_posted(self):
        self.assertEqual(self.book(("result", KEY, "d/0/0", "posted"), ("result", KEY, "d/0/1", "posted_on_hold")), {"I5"})

    def test_posted_regresses_for_a_moment(self):
        self.assertEqual(self.book(("result", KEY, "d/0/0", "posted"), ("redis", {KEY: "s"}), ("redis", {KEY: "p"})), {"I7"})


if __name__ == "__main__":
    unittest.main()
