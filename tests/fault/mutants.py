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

# mutant: (case, mode of --unique). Where both modes would do, the one in which Prima's own check of numbers does not help. Where the case finds nothing
# wrong but waits in vain for what the rule does, a third word says for what: it must be in the failure.
CATCHES = {
    "token_compare": ("rules.another_holder", "off"),
    "generation_compare": ("rules.ghost_of_an_older_generation", "on"),
    "sent": ("rules.sent_is_stored_first", "on"),
    "fresh_alone": ("rules.a_send_is_met_with_a_decision", "on"),
    "one_step_asks": ("rules.asked_for_after_a_loss_with_all_known", "on"),
    "resolve": ("rules.lost_answer_is_asked_for", "off"),
    "resolve_wait": ("rules.absence_asked_too_early", "on"),
    "clean_refusal": ("rules.refusal_after_an_unknown", "on"),
    "sends_stay": ("rules.refusal_after_an_unknown", "on"),
    "sender_is_over": ("rules.sender_asleep", "off"),
    "over": ("rules.answer_lost_before_a_rebalance", "off"),
    "told_no": ("rules.told_no_in_unknown_words", "on"),
    "defer_fence": ("rules.mark_of_a_ghost", "on"),
    "exists_is_ours": ("rules.somebody_elses_number", "on"),
    "body_freeze": ("rules.resend_of_the_same_bytes", "on"),
    "publisher_delivery": ("rules.resend_of_a_posted_order", "on"),
    "life_redelivery": ("life.killed_before_it_is_told", "off"),
    "life_version": ("life.step_by_step", "on"),
    "life_arrival": ("life.an_older_one_has_waited", "on"),
    "life_ends": ("life.step_by_step", "on"),
    "life_repeat": ("life.step_by_step", "on"),
    "life_one_open": ("life.step_by_step", "on"),
    "seek_back": ("rules.results_of_an_aborted_transaction", "on"),
    "key_order": ("rules.edit_behind_a_waiting_order", "on"),
    "marker_key": ("rules.resend_after_a_flush", "on"),
    "suspect_rebuild": ("rules.resend_after_a_flush", "on"),
    "run_id": ("rules.resend_after_a_rollback", "on"),
    "ended": ("groups.offsets_set_back", "on"),
    "old_marker": ("rules.rolled_back_send", "on"),
    "found_proof": ("rules.rolled_back_send", "on"),
    "command_counter": ("failover.set_back_unseen", "on"),
    "late_command": ("links.redis_connections_cross", "off"),
    "roll_call": ("failover.nobody_answers_for_the_dead", "on"),
    "incident_watch": ("failover.two_masters", "off"),
    "marker_swap": ("redis.flushed_at_the_end_of_a_rebuild", "on"),
    "senders_over": ("failover.a_sleeper_may_still_send", "off"),
    "senders_awaited": ("redis.one_is_slow_to_begin_anew", "off"),
    "suspect_wait": ("rules.nobody_sends_after_a_loss", "on"),
    "suspect_resolve_first": ("rules.asked_for_after_a_loss", "on"),
    "suspect_end": ("rules.suspicion_lasts_until_committed", "on"),
    "customer_both_keys": ("customers.address_changed", "off"),
    "customer_unsure": ("customers.sleeps_at_the_post", "off"),
    "catalogue_age": ("catalogue.shared_and_lasting", "on"),
    "catalogue_question": ("catalogue.stampede", "on"),
    "catalogue_rows": ("catalogue.reply_cut_to_one_row", "on"),
    "permit": ("limit.killed_with_permits", "off"),
    "too_large": ("large.value", "on"),
    "commit_position": ("groups.retention_passes_a_marker", "on"),
    "revoke_overtaken": ("groups.a_revoke_is_overtaken", "off"),
    "epoch_of_the_past": ("groups.another_group", "on", "partitions assigned"),
    "rebuild_rises": ("groups.a_rebuild_of_keys_of_a_higher_epoch", "on", "partitions assigned"),
    "forward_content": ("groups.input_made_anew_behind_a_forward", "on", "1 outcomes of"),
    "remember_move": ("groups.group_deleted_after_a_crash", "off", "still lives"),
    "offset_gone": ("groups.retention_overtakes_a_running_worker", "on", "still lives"),
    "unreadable": ("groups.a_corrupt_batch", "on", "still lives"),
    "fatal_error": ("groups.fenced_by_a_namesake", "on", "it begins anew"),
    "abort_bisect": ("groups.rights_are_taken_away", "off"),
    "stop_of_a_ghost": ("drains.a_ghost_says_that_it_stops", "off", "who has it"),
    "drain_end": ("drains.nobody_hears_that_it_stops", "off"),
    "catalogue_second_question": ("catalogue.reply_without_rows", "on"),
}

# Rules of the reservation of credit: a row of a unit test that names the rule fails without it (ctest: unit.credit_without_RULE).
UNIT = {
    "reserve_with_sent",
    "stamp_compare",
    "position_compare",
    "refusal_at_position",
    "refused_gives_back",
    "unapplied_gives_back",
    "ended_gives_back",
    "publisher_holds",
    "position_with_drop",
    "drop_is_its_own",
    "told_is_its_own",
    "told_is_published",
    "holds_of_today",
    "owed_with_end",
    "owed_gives_back",
    "amend_blocks",
    "amend_holds",
    "amend_position",
}

# Rules of a person's word about a parked key: the same (ctest: unit.parked_without_RULE).
PERSON = {"parked_is_nobodys", "release_waits"}

# Rules that only a loss of Redis amid other things shows: the simulator finds them (tests/sim/mutants NAME).
SIMULATED = {"rebuild_sets_position", "owed_is_read"}


def in_sources():
    """Every mutant that the product has."""
    found = set()
    for path in [*(TREE / "common").rglob("*.c"), *(TREE / "workers").rglob("*.c"), *(TREE / "common").rglob("*.lua")]:
        found |= set(re.findall(r'\bmutant\("(\w+)"\)|--mutant (\w+)', path.read_text()))
    return {a or b for a, b in found}


def is_a_finding(failure, awaited=None):
    """The checker or the case's own expectation spoke, or what the rule does was awaited in vain; any other arrangement that broke down proves nothing."""
    return failure.startswith("Failed: ") or (awaited is not None and failure.startswith("TimeoutError: ") and awaited in failure)


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
    problems = [f"{name}: in the sources, and no case, unit test or history is named for it" for name in sorted(in_sources() - set(CATCHES) - UNIT - PERSON - SIMULATED)]
    problems += [f"{name}: in this table, and not in the sources" for name in sorted((set(CATCHES) | UNIT | PERSON | SIMULATED) - in_sources())]
    stacks = run.Stacks()
    try:
        sound = {}
        for name in names:
            wanted, awaited = CATCHES[name][:2], (*CATCHES[name], None)[2]
            made, mode = case.CASES[wanted[0]], wanted[1]
            if wanted not in sound and "--only-mutated" not in words:
                sound[wanted] = run.run_one(stacks, made, mode, 0)
            if sound.get(wanted):
                problems.append(f"{name}: {made.name} fails without the mutant: {sound[wanted]}")
                print(f"FAILED {name}: {made.name} fails without it\n  {sound[wanted]}", flush=True)
                continue
            failure = run.run_one(stacks, made, mode, 1, mutant=name)
            caught = failure is not None and is_a_finding(failure, awaited)
            words_of = (failure or "nothing was found").splitlines()[0]
            print(f"{'caught' if caught else 'FAILED'} {name}: {made.name} unique={mode}: {words_of[:200]}", flush=True)
            if not caught:
                problems.append(f"{name}: not caught by {made.name}: {failure or 'it passed'}")
    finally:
        stacks.drop()
    for problem in problems:
        print(problem)
    print(f"{len(names)} mutants, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
