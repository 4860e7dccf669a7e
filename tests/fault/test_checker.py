#!/usr/bin/env python3
"""The checker itself: sound evidence passes, and one seeded violation of each invariant is reported under its name."""

import copy
import unittest

from checker import check
from evidence import Dead, Document, Evidence, Input, Request, Result

KEY, OTHER, PARKED = "01/orders/shopify/uk/1", "01/orders/shopify/uk/2", "01/orders/shopify/uk/3"
CONTENT, EDITED = '[[["SKU1", 1, 600]], 600]', '[[["SKU1", 2, 600]], 1200]'
RAW = ('"k"', '"v"', "{}")


def sound():
    """An order posted, resent, edited; one refused; one parked; one hostile record."""
    def one(offset, key, version=1, content=CONTENT):
        return Input(f"orders.raw/0/{offset}", RAW, key, version, "created", content, "201" + key[-1])

    def record(state, delivery):
        return {"state": state, "identity": "f1", "delivery": delivery}

    return Evidence(
        inputs=[one(0, KEY), one(1, KEY), one(2, KEY, 2, EDITED), one(3, OTHER), one(4, PARKED), Input("orders.raw/0/5", RAW)],
        results=[Result("orders.raw/0/0", "posted", KEY, "f1", "2011", (0, 0)),
                 Result("orders.raw/0/1", "duplicate", KEY, "f1", "2011", (0, 1), publisher="orders.raw/0/0")],
        dead=[Dead("orders.raw/0/2", "conflict", "conflict", RAW, KEY, "f2"), Dead("orders.raw/0/3", "prima_invalid", "dead_letter", RAW, OTHER, "f1"),
              Dead("orders.raw/0/4", "outcome_unknown", "park", RAW, PARKED, "f1"), Dead("orders.raw/0/5", "avro_truncated", "dead_letter", RAW)],
        committed={("orders.raw", 0): 6},
        documents=[Document("2011", CONTENT), Document("2013", CONTENT)],
        requests=[Request("2011", True, 100, 101), Request("2012", False, 100, 0), Request("2013", True, 100, 101)],
        redis={KEY: record("p", "orders.raw/0/0"), OTHER: record("r", "orders.raw/0/3"), PARKED: record("k", "orders.raw/0/4")},
        texts=[("worker-0.log", "message=posted key=01/orders/shopify/uk/1")])


def second_document(e):
    e.documents.append(Document("2011", CONTENT))


def second_account(e):
    e.accounts += ["201-C7", "201-C8", "201-C7"]


def second_account_by_address(e):
    e.addresses += ["a@x.example", "b@x.example", "a@x.example"]


def needless_send(e):
    e.requests.append(Request("2011", False, 150, 0))


def two_terminals(e):
    e.results.append(Result("orders.raw/0/1", "duplicate", KEY, "f1", "2011", (0, 2), publisher="orders.raw/0/0"))


def result_and_dead_letter(e):
    e.dead.append(Dead("orders.raw/0/1", "conflict", "conflict", RAW, KEY, "f1"))


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


def posted_twice(e):
    e.results[1].outcome = "posted_on_hold"


def document_without_result(e):
    e.documents.append(Document("2012", CONTENT))


def false_duplicate(e):
    e.results.append(Result("orders.raw/0/2", "duplicate", KEY, "f2", "2011", (0, 2), publisher="orders.raw/0/0"))
    del e.dead[0]


def false_conflict(e):
    e.inputs[2].content = CONTENT


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


def out_of_order(e):
    e.results += [Result("orders.raw/0/3", "ignored_test", OTHER, "f1", "", (0, 9)), Result("orders.raw/0/7", "ignored_test", OTHER, "f1", "", (0, 8))]
    e.inputs.append(Input("orders.raw/0/7", RAW, OTHER, 2, "created", CONTENT, "2012"))
    del e.dead[1]


def overtaken(e):
    e.results[0] = Result("orders.raw/0/2", "posted", KEY, "f1", "2011", (0, 0))
    e.results[1] = Result("orders.raw/0/1", "superseded", KEY, "f1", "2011", (0, 1), publisher="orders.raw/0/2")


def changed_value(e):
    e.dead[3].raw = ('"k"', '"w"', "{}")


def changed_headers(e):
    e.dead[3].raw = ('"k"', '"v"', '{"traceparent": "1"}')


def world_dead_lettered(e):
    e.dead[1].klass, e.dead[1].code = "world", "prima_unavailable"


def defect(e):
    e.dead[1].klass, e.dead[1].code = "park", "defect"


def name_in_log(e):
    e.texts.append(("worker-0.log", "cannot match Quixotegrave"))


SEEDED = {
    "I1": [second_document, second_account, second_account_by_address], "I1b": [needless_send], "I2": [two_terminals, result_and_dead_letter, never_ended, still_waiting, never_entered],
    "I3": [committed_and_lost], "I4": [no_such_document, other_content, foreign_document, other_number],
    "I5": [posted_twice, document_without_result], "I6": [false_duplicate, false_conflict],
    "I7": [posted_regressed, forgotten, other_identity, other_publisher, claim_left], "I8": [out_of_order, overtaken],
    "I10": [changed_value, changed_headers], "I11": [name_in_log], "I14": [world_dead_lettered, defect],
}


class CheckerTest(unittest.TestCase):
    def test_sound_evidence_passes(self):
        self.assertEqual(check(sound(), ["Quixotegrave"]), [])

    def test_an_explained_resend_passes(self):
        e = sound()
        needless_send(e)
        e.resends = 1
        self.assertEqual(check(e), [])

    def test_a_foreign_document_parked_passes(self):
        e = sound()
        e.documents[1] = Document("2013", "other", foreign=True)
        e.requests.append(Request("2013", False, 150, 0))
        self.assertEqual(check(e), [])

    def test_each_seeded_violation_is_reported(self):
        for invariant, seeds in SEEDED.items():
            for seed in seeds:
                with self.subTest(invariant=invariant, seed=seed.__name__):
                    e = copy.deepcopy(sound())
                    seed(e)
                    found = check(e, ["Quixotegrave"])
                    self.assertIn(invariant, {v.split(" ")[0] for v in found}, found)


if __name__ == "__main__":
    unittest.main()
