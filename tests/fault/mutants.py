#!/usr/bin/env python3
"""Each rule of the protocol switched off in turn: the named case must fail then, and pass with the rule.

usage: tests/fault/mutants.py [--list] [--only-mutated] [NAME...]

A mutant that no case catches, and a mutant in the sources that is not in this table, are failures. --only-mutated leaves out the runs with the rule
(tests/fault/run.py 'rules.*' makes them too).
"""

import re
import sys

import case
import run
from stack import TREE

# mutant: (case, mode of --unique). Where both modes would do, the one in which Prima's own check of numbers does not help.
CATCHES = {
    "token_compare": ("rules.another_holder", "off"),
    "generation_compare": ("rules.ghost_of_an_older_generation", "on"),
    "sent": ("rules.sent_is_stored_first", "on"),
    "resolve": ("rules.lost_answer_is_asked_for", "off"),
    "resolve_wait": ("rules.absence_asked_too_early", "on"),
    "clean_refusal": ("rules.refusal_after_an_unknown", "on"),
    "sends_stay": ("rules.refusal_after_an_unknown", "on"),
    "exists_is_ours": ("rules.somebody_elses_number", "on"),
    "body_freeze": ("rules.resend_of_the_same_bytes", "on"),
    "publisher_delivery": ("rules.resend_of_a_posted_order", "on"),
    "seek_back": ("rules.results_of_an_aborted_transaction", "on"),
    "key_order": ("rules.edit_behind_a_waiting_order", "on"),
    "marker_key": ("rules.resend_after_a_flush", "on"),
    "suspect_rebuild": ("rules.resend_after_a_flush", "on"),
    "run_id": ("rules.resend_after_a_rollback", "on"),
    "old_marker": ("rules.rolled_back_send", "on"),
    "found_proof": ("rules.rolled_back_send", "on"),
    "suspect_wait": ("rules.nobody_sends_after_a_loss", "on"),
    "suspect_resolve_first": ("rules.asked_for_after_a_loss", "on"),
    "suspect_end": ("rules.suspicion_lasts_until_committed", "on"),
    "customer_both_keys": ("customers.address_changed", "off"),
    "customer_unsure": ("customers.sleeps_at_the_post", "off"),
    "catalogue_age": ("catalogue.shared_and_lasting", "on"),
    "catalogue_question": ("catalogue.stampede", "on"),
    "catalogue_rows": ("catalogue.reply_cut_to_one_row", "on"),
    "catalogue_second_question": ("catalogue.reply_without_rows", "on"),
}


def in_sources():
    """Every mutant that the product has."""
    found = set()
    for path in [*(TREE / "common").rglob("*.c"), *(TREE / "workers").rglob("*.c"), *(TREE / "common").rglob("*.lua")]:
        found |= set(re.findall(r'\bmutant\("(\w+)"\)|--mutant (\w+)', path.read_text()))
    return {a or b for a, b in found}


def is_a_finding(failure):
    """The checker or the case's own expectation spoke; an arrangement that broke down proves nothing."""
    return failure.startswith("Failed: ")


def main():
    words = sys.argv[1:]
    run.load()
    names = [w for w in words if not w.startswith("-")] or list(CATCHES)
    if "--help" in words or any(n not in CATCHES for n in names):
        print(__doc__)
        return 64
    if "--list" in words:
        for name in names:
            print(f"{name:22} {CATCHES[name][0]} unique={CATCHES[name][1]}")
        return 0
    problems = [f"{name}: in the sources, and no case is named for it" for name in sorted(in_sources() - set(CATCHES))]
    problems += [f"{name}: in this table, and not in the sources" for name in sorted(set(CATCHES) - in_sources())]
    stacks = run.Stacks()
    try:
        sound = {}
        for name in names:
            wanted = CATCHES[name]
            made, mode = case.CASES[wanted[0]], wanted[1]
            if wanted not in sound and "--only-mutated" not in words:
                sound[wanted] = run.run_one(stacks, made, mode, 0)
            if sound.get(wanted):
                problems.append(f"{name}: {made.name} fails without the mutant: {sound[wanted]}")
                print(f"FAILED {name}: {made.name} fails without it\n  {sound[wanted]}", flush=True)
                continue
            failure = run.run_one(stacks, made, mode, 1, mutant=name)
            caught = failure is not None and is_a_finding(failure)
            words_of = (failure or "nothing was found").splitlines()[0]
            print(f"{'caught' if caught else 'FAILED'} {name}: {made.name} unique={mode}: {words_of[:200]}", flush=True)
            if not caught:
                problems.append(f"{name}: not caught by {made.name}: {failure or 'it passed'}")
    finally:
        for mode in list(stacks.running):
            stacks.drop(mode)
    for problem in problems:
        print(problem)
    print(f"{len(names)} mutants, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
