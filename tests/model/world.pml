/* The world around the workers: Prima, the broker's transactions and rebalances, Redis' failures, people. */

/* ---- Prima: applies, refuses or loses each request that is under way, when it likes ---------------------------------------- */
inline answer(w, what) { wire[w] = 0; wk[w].ans = what; wk[w].st = ANSWERED }

inline arrives(content) {    /* a NewOrder reaches Prima */
  if
  :: made != 0 -> require(excuses > 0, I1_unexcused_repeat); excuses--
  :: else
  fi;
  if
  :: docs == 0 || !UNIQUE -> printf("Prima applies F%d\n", content); docs++; made = made | content;
     require(docs <= 1, I1_one_document); require(!committed_cancel, CANCELLED_AND_POSTED)
  :: else -> printf("Prima has this number already: F%d changes nothing\n", content)
  fi
}

#define can_be_made (docs == 0 || !UNIQUE)

proctype Prima() {
end:
  do
  :: d_step { wire[0] && can_be_made -> arrives(wire[0]); answer(0, ok) }
  :: d_step { wire[1] && can_be_made -> arrives(wire[1]); answer(1, ok) }
  :: d_step { wire[0] && !can_be_made -> arrives(wire[0]); answer(0, exists) }
  :: d_step { wire[1] && !can_be_made -> arrives(wire[1]); answer(1, exists) }
  :: d_step { stray1 -> arrives(F1); stray1-- }
  :: d_step { stray2 -> arrives(F2); stray2-- }
#if PAUSE
  :: d_step { late[0] & F1 -> printf("(A's, after its nap) "); arrives(F1); late[0] = late[0] & ~F1 }
  :: d_step { late[0] & F2 -> printf("(A's, after its nap) "); arrives(F2); late[0] = late[0] & ~F2 }
  :: d_step { late[1] & F1 -> printf("(B's, after its nap) "); arrives(F1); late[1] = late[1] & ~F1 }
  :: d_step { late[1] & F2 -> printf("(B's, after its nap) "); arrives(F2); late[1] = late[1] & ~F2 }
#endif
#if REFUSE                   /* a definite refusal: nothing exists by this request */
  :: d_step { wire[0] && faults > 0 -> faults--; printf("Prima refuses A's F%d\n", wire[0]); answer(0, refusal) }
  :: d_step { wire[1] && faults > 0 -> faults--; printf("Prima refuses B's F%d\n", wire[1]); answer(1, refusal) }
#endif
#if PRODUCT                  /* a definite refusal: it does not have a product, so that the order is posted on hold */
  :: d_step { wire[0] && faults > 0 -> faults--; printf("Prima does not have a product of A's F%d\n", wire[0]); answer(0, product) }
  :: d_step { wire[1] && faults > 0 -> faults--; printf("Prima does not have a product of B's F%d\n", wire[1]); answer(1, product) }
#endif
#if THROTTLE                 /* 429, a 503 that is known to mean "not accepted", a denial, not one byte left */
  :: d_step { wire[0] && faults > 0 -> faults--; printf("Prima throttles A's F%d\n", wire[0]); answer(0, throttled) }
  :: d_step { wire[1] && faults > 0 -> faults--; printf("Prima throttles B's F%d\n", wire[1]); answer(1, throttled) }
#endif
#if WORDS                    /* an answer that nobody knows: it was applied, was not, or is yet to be */
  :: d_step { wire[0] && can_be_made && faults > 0 -> faults--; excuses++; arrives(wire[0]); printf("... and answers A in other words\n"); answer(0, words) }
  :: d_step { wire[0] && faults > 0 -> faults--; printf("Prima answers A's F%d in other words, and does nothing\n", wire[0]); answer(0, words) }
  :: d_step { wire[0] && faults > 0 -> faults--; excuses++; printf("A proxy answers A's F%d in other words\n", wire[0]); become_stray(0); answer(0, words) }
  :: d_step { wire[1] && can_be_made && faults > 0 -> faults--; excuses++; arrives(wire[1]); printf("... and answers B in other words\n"); answer(1, words) }
  :: d_step { wire[1] && faults > 0 -> faults--; printf("Prima answers B's F%d in other words, and does nothing\n", wire[1]); answer(1, words) }
  :: d_step { wire[1] && faults > 0 -> faults--; excuses++; printf("A proxy answers B's F%d in other words\n", wire[1]); become_stray(1); answer(1, words) }
#endif
#if DROP                     /* the request never arrives; a sender that still listens does not know */
  :: d_step { wire[0] && faults > 0 ->
       faults--; excuses++; printf("A's F%d is lost on its way\n", wire[0]); wire[0] = 0; wk[0].st = RESOLVING }
  :: d_step { wire[1] && faults > 0 ->
       faults--; excuses++; printf("B's F%d is lost on its way\n", wire[1]); wire[1] = 0; wk[1].st = RESOLVING }
  :: d_step { stray1 && faults > 0 -> faults--; printf("a stray F1 is lost on its way\n"); stray1-- }
  :: d_step { stray2 && faults > 0 -> faults--; printf("a stray F2 is lost on its way\n"); stray2-- }
#endif
  od
}

/* ---- The broker: results and offsets of a worker's settled records, in one transaction --------- */
#define settled_by_me(x)  (dl[x].st == SETTLED && dl[x].by == me)
#define behind(y, x)      (dl[y].part == dl[x].part && dl[y].st != ENDED && dl[y].st != UNUSED && dl[y].st != SKIPPED && \
                           (dl[x].part == 0 || (dl[y].moved && dl[x].moved && dl[y].mark && dl[y].mark < dl[x].mark)))
#define prefix_is_settled(x) (!(x > 0 && behind(0, x)) && !(x > 1 && behind(1 % N, x)) && !(x > 2 && behind(2 % N, x)))
#define committable(x)    (settled_by_me(x) && !asleep(me) && !deaf(me) && prefix_is_settled(x))
#define any_settled       (settled_by_me(0) || settled_by_me(1 % N) || settled_by_me(2 % N) || settled_by_me(3 % N))

inline make_visible(x) {     /* the transaction's content, for readers of committed records */
  for (i : 0 .. N - 1) {     /* the offset covers all that lies before it */
    require(!(i < x && dl[i].st == SKIPPED && dl[i].part == dl[x].part), I3_offset_without_record)
  }
  i = 0;
  if
  :: dl[x].settled == forwarded -> dl[x].part = 1; dl[x].moved = 1
  :: else -> record_terminal(x, dl[x].settled)
  fi
}

inline consumed(x) {         /* what the worker knows after a commit */
  if
  :: dl[x].settled == forwarded -> dl[x].st = READY
  :: else -> dl[x].st = ENDED
  fi;
  dl[x].below_end = 0;       /* what it becomes in a retry topic lies behind the ends */
  dl[x].settled = nothing; dl[x].by = 0
}

/* Back to the committed offset of partition p: all that worker w read behind it is dropped and read again, settled or in hand. (Had it
 * kept a record in hand, or a settled one, that record would overtake the ones before it.) */
inline seek_back(p, w) {
  for (i : 0 .. N - 1) {
    if
    :: dl[i].part == p && dl[i].st == SETTLED && dl[i].by == w -> dl[i].st = READY; dl[i].settled = nothing; dl[i].by = 0;
       if :: p == 0 -> dl[i].ask = 0 :: else fi      /* the forward's headers went with it */
    :: else
    fi
  }
  i = 0;
  if
  :: wk[w].st != IDLE && !wk[w].zombie && dl[wk[w].d].part == p -> leave(w)
  :: else
  fi
}

inline commit(x) { printf("%c commits d%d: %e\n", 65 + me, x, dl[x].settled); make_visible(x); consumed(x) }

inline commit_unanswered(x, happened) {
  printf("%c: the commit of d%d (%e) is not answered\n", 65 + me, x, dl[x].settled); faults--;
  if
  :: happened -> make_visible(x); dl[x].st = IN_DOUBT; if :: dl[x].settled == forwarded -> consumed(x) :: else fi
  :: else -> dl[x].st = IN_DOUBT; dl[x].settled = nothing
  fi
}

inline read_offsets(x) {     /* who starts at the committed offset has no doubt */
  if
  :: dl[x].settled != nothing -> printf("d%d: the committed offsets say: done\n", x); consumed(x)
  :: else -> printf("d%d: the committed offsets say: to be run again\n", x); dl[x].st = READY; dl[x].by = 0
  fi
}

inline end_doubt(x) {        /* the worker goes on after the commit that was not answered */
  if
  :: ASK_AFTER_UNKNOWN -> read_offsets(x)
  :: else -> printf("d%d is run again, blindly\n", x); dl[x].st = READY; dl[x].settled = nothing; dl[x].by = 0
  fi;
  if
  :: dl[x].st == READY && dl[x].part == 0 -> seek_back(0, me)
  :: dl[x].st == READY && dl[x].part == 1 -> seek_back(1, me)
  :: else
  fi
}

/* A new process in the slot, or the same one begun anew: from the committed offsets, with nothing in hand. */
inline begin_anew(w) {
  if :: in_flight(w) -> excuses++ :: else fi;
  die(w);
  if :: dl[0].st == IN_DOUBT && owner[dl[0].part] == w -> read_offsets(0) :: else fi;
  seek_back(0, w); seek_back(1, w);
  for (i : 0 .. N - 1) { if :: dl[i].st == SKIPPED && owner[dl[i].part] == w -> dl[i].st = READY :: else fi }
  i = 0
}

proctype Transactions(bit me) {
end:
  do
  :: d_step { committable(0) -> commit(0) }
#if N > 1
  :: d_step { committable(1) -> commit(1) }
#endif
#if N > 2
  :: d_step { committable(2) -> commit(2) }
#endif
#if N > 3
  :: d_step { committable(3) -> commit(3) }
#endif
#if ABORT
  :: d_step { any_settled && !asleep(me) && faults > 0 -> faults--; printf("%c: the transaction aborts\n", 65 + me);
#if SEEK_BACK
       seek_back(0, me); seek_back(1, me)
#else
       for (i : 0 .. N - 1) { if :: settled_by_me(i) -> dl[i].st = SKIPPED :: else fi }
       i = 0
#endif
     }
#endif
#if LOST_ACK
  :: d_step { committable(0) && faults > 0 -> commit_unanswered(0, true) }
  :: d_step { committable(0) && faults > 0 -> commit_unanswered(0, false) }
  :: d_step { dl[0].st == IN_DOUBT && owner[dl[0].part] == me && !asleep(me) -> end_doubt(0) }
#endif
#if OFFSETS                  /* somebody sets the group's offsets back */
  :: d_step { faults > 0 && me == 0 && dl[0].st == ENDED -> faults--; printf("offsets are set back: d0 is read again\n");
       dl[0].st = READY }
#endif
#if CRASH                    /* the worker is killed and starts again in its slot, from the committed offsets */
  :: d_step { (wk[me].st != IDLE || any_settled) && faults > 0 -> faults--; printf("%c crashes and starts again\n", 65 + me);
       begin_anew(me) }
#endif
#if PAUSE                    /* the worker naps (SIGSTOP, a stalled disk) for longer than its lease, and then goes on */
  :: d_step { wk[me].st != IDLE && !wk[me].paused && faults > 0 -> faults--; excuses++;
       printf("%c naps for longer than its lease\n", 65 + me); wk[me].paused = (wk[me].st == SENDING);
       if :: rr[0].token == me + 1 -> rr[0].expired = 1 :: else fi }
#endif
  od
}

inline move(p, heard_of) {   /* a partition goes to the other worker; the one that had it may not have heard */
  faults--; j = owner[p]; owner[p] = 1 - owner[p]; generation = generation + heard_of;
  if
  :: wk[j].st != IDLE && !wk[j].zombie && dl[wk[j].d].part == p -> wk[j].zombie = 1; wk[j].gen = generation - heard_of;
      wk[j].ghost = 1 - heard_of;
      if :: in_flight(j) -> excuses++ :: else fi
  :: else
  fi;
  if :: dl[0].st == IN_DOUBT && dl[0].part == p -> read_offsets(0) :: else fi;
  seek_back(p, j); j = 0           /* its uncommitted results are fenced; the new owner starts at the committed offset */
}

#define lags(w)    (wk[w].zombie && !in_flight(w) && !wk[w].lagged)   /* once: in the end a zombie hears */
#define leased(q)  ((q.st == claimed || q.st == sent) && !q.expired)

inline lease_ends(w) { rr[0].expired = 1; wk[w].lagged = 1; printf("%c's lease runs out\n", 65 + w) }

proctype Cluster() {
end:
  do
  /* A lease runs out when its holder is gone, or is a zombie that is not just about to send. */
  :: d_step { leased(rr[0]) && (rr[0].token == STALE || rr[0].token == 0) -> rr[0].expired = 1; printf("the lease runs out\n") }
  :: d_step { leased(rr[0]) && rr[0].token == 1 && lags(0) -> lease_ends(0) }
  :: d_step { leased(rr[0]) && rr[0].token == 2 && lags(1) -> lease_ends(1) }
#if LATE
  :: d_step { leased(rr[1]) && (rr[1].token == STALE || rr[1].token == 0) -> rr[1].expired = 1; printf("the lease runs out\n") }
#endif
#if SECOND_LATE
  :: d_step { dl[1].st == NOT_YET -> dl[1].st = READY; dl[1].below_end = 0; printf("d1 arrives\n") }
#endif
#if REBALANCE
  :: d_step { faults > 0 && generation < 3 -> printf("a rebalance: partition 0 moves\n"); move(0, 1) }
  :: d_step { faults > 0 && generation < 3 -> printf("a rebalance: partition 1 moves\n"); move(1, 1) }
#endif
#if TAKEN                    /* another process takes its slot, and its partition: the group counts on, nobody is newer */
  :: d_step { faults > 0 && wk[owner[0]].st != IDLE && !wk[owner[0]].zombie && dl[wk[owner[0]].d].part == 0 ->
       printf("another process takes the slot of %c\n", 65 + owner[0]); move(0, 0) }
#endif
  od
}

/* ---- Redis: lost, flushed, set back, failed over; and the fleet's incident --------------------- */
inline empty_record(q) {
  q.st = absent; q.F = 0; q.token = 0; q.expired = 0; q.pub = 0; clear_sends(q); q.gen = 0; q.old = 0; q.version = 0;
  q.newer = 0; q.anew = 0
}

inline copy_record(to, from) {
  to.st = from.st; to.F = from.F; to.token = from.token; to.expired = from.expired; to.pub = from.pub;
  to.cur[0] = from.cur[0]; to.cur[1] = from.cur[1]; to.dead[0] = from.dead[0]; to.dead[1] = from.dead[1];
  to.past = from.past; to.over = from.over; to.told = from.told; to.lost = from.lost; to.gen = from.gen;
  to.old = from.old; to.version = from.version; to.newer = from.newer; to.anew = from.anew
}

inline forget_marks() { for (i : 0 .. N - 1) { dl[i].mark = 0 } i = 0 }

inline redis_fails(noticed) {
  faults--; redis_failed = 1;
  if
  :: noticed -> suspect = SUSPECT_WAIT; heard[0] = 0; heard[1] = 0
  :: else
  fi
}

#if ROLLBACK || SETBACK
inline set_back() {
  copy_record(rr[0], snapshot); empty_record(snapshot);
  rr[0].old = (rr[0].st == claimed || rr[0].st == sent); forget_marks()
}
#endif

/* From results and dead letters. What is committed is more than what Redis was set back to. */
inline rebuild_key() {
  if
  :: KEYS_REBUILT && committed_F -> rr[0].st = posted; rr[0].F = committed_F; rr[0].pub = committed_by; clear_sends(rr[0]);
     rr[0].money = (LIFE_REBUILT && told_money -> told_money : committed_F); rr[0].moved = (LIFE_REBUILT -> told_money_by : 0);
     rr[0].open = (LIFE_REBUILT -> told_amended : 0);
     rr[0].token = 0; rr[0].expired = 0; rr[0].old = 0
  :: KEYS_REBUILT && !committed_F && rr[0].st != posted && rr[0].st != parked && rr[0].st != cancelled ->
     for (i : 0 .. N - 1) {
       if
       :: is_work(dl[i].result) || dl[i].result == cancelled_first ->
          rr[0].st = (dl[i].result == cancelled_first -> cancelled : parked);
          rr[0].F = dl[i].F; rr[0].pub = i + 1; clear_sends(rr[0]); rr[0].lost = 1; rr[0].token = 0; rr[0].expired = 0; rr[0].old = 0
       :: else
       fi
     }
     i = 0
  :: else
  fi;
  /* deferral marks, in the order of the retry topic */
  j = 0;
  for (i : 0 .. N - 1) {
    if
    :: MARKS_REBUILT && dl[i].moved && dl[i].st != ENDED && !dl[i].waited -> j++; dl[i].mark = j
    :: else -> dl[i].mark = 0
    fi
  }
  i = 0; j = 0
}

#if REDIS_FAILS
#define has_heard(w)   (heard[w] || asleep(w))
#define waited_enough  (!SUSPECT_WAITS || quiet)
#define everybody      (!INCIDENT_WATCH || (has_heard(0) && has_heard(1)))
#define nobody_sends   (!asleep(0) && !asleep(1) && heard[0] && heard[1])
#define applied        (!LAST_BYTES_APPLIED || (!late[0] && !late[1]))

#define reached(p)     (!waits_for(0, p) && !waits_for(1 % N, p) && !waits_for(2 % N, p) && !waits_for(3 % N, p))
#define waits_for(x, p) (dl[x].below_end && dl[x].part == p && (ENDS_ON_COMMITTED || dl[x].st != SETTLED))

inline hear(w) {
  printf("%c hears of the incident\n", 65 + w); heard[w] = 1;
#if LATE
  view[w] = 0;
#endif
  if :: BEGIN_ANEW -> begin_anew(w) :: else fi
}

proctype Redis() {
end:
  do
#if LOSS
  :: d_step { faults > 0 && !redis_failed -> printf("Redis restarts empty, with a new run id\n");
       empty_record(rr[0]); forget_marks(); redis_fails(true) }
#endif
#if FLUSH
  :: d_step { faults > 0 && !redis_failed ->
       printf("FLUSHALL: Redis is empty, its run id the same\n"); empty_record(rr[0]); forget_marks(); redis_fails(MARKER_KEY) }
#endif
#if ROLLBACK || SETBACK
  :: d_step { faults > 0 && !redis_failed && !have_snapshot && rr[0].st != absent -> have_snapshot = 1; printf("(Redis saves: %e)\n", rr[0].st);
       copy_record(snapshot, rr[0]) }
#endif
#if ROLLBACK
  :: d_step { faults > 0 && !redis_failed && have_snapshot ->
       printf("Redis restarts from its snapshot (%e), with a new run id\n", snapshot.st); set_back(); redis_fails(true) }
#endif
#if SETBACK
  :: d_step { faults > 0 && !redis_failed && have_snapshot ->
       printf("Redis' machine is set back to its snapshot (%e), run id and all\n", snapshot.st);
       if :: COMMAND_COUNTER -> set_back() :: else -> copy_record(rr[0], snapshot); empty_record(snapshot) fi;
       redis_fails(COMMAND_COUNTER) }
#endif
#if LATE                     /* a failover that reaches one of them only: the other works with the old master */
  :: d_step { faults > 0 && !redis_failed -> printf("Redis fails over to an empty replica, which A does not see\n");
       copy_record(rr[1], rr[0]); view[0] = 1; empty_record(rr[0]); forget_marks(); redis_fails(true) }
  :: d_step { faults > 0 && !redis_failed -> printf("Redis fails over to an empty replica, which B does not see\n");
       copy_record(rr[1], rr[0]); view[1] = 1; empty_record(rr[0]); forget_marks(); redis_fails(true) }
#endif
  /* Whoever finds the incident begins anew. Asleep, nobody hears. */
  :: d_step { !heard[0] && !asleep(0) -> hear(0) }
  :: d_step { !heard[1] && !asleep(1) -> hear(1) }
  /* Everybody has heard, and one lease and one window have passed: longer than any deadline plus max_apply_delay. Then the keys are
   * rebuilt, and only then anybody works. */
  :: d_step { suspect == SUSPECT_WAIT && waited_enough && everybody ->
       printf("the fleet's wait is over: the keys are rebuilt\n"); suspect = SUSPECT; rebuild_key();
       senders_over = (!SENDERS_PROVEN || (nobody_sends && applied));
       for (i : 0 .. N - 1) {
         if :: dl[i].st != UNUSED && dl[i].st != ENDED && dl[i].st != NOT_YET -> dl[i].below_end = 1 :: else fi
       }
       i = 0 }
  :: d_step { suspect == SUSPECT && ALL_PARTITIONS && reached(0) && reached(1) -> printf("suspicion ends\n"); suspect = TRUSTING }
  :: d_step { suspect == SUSPECT && !ALL_PARTITIONS && !(cleared & 1) && reached(0) ->
       printf("suspicion ends for partition 0\n"); cleared = cleared | 1 }
  :: d_step { suspect == SUSPECT && !ALL_PARTITIONS && !(cleared & 2) && reached(1) ->
       printf("suspicion ends for partition 1\n"); cleared = cleared | 2 }
  :: d_step { suspect == SUSPECT && cleared == 3 -> suspect = TRUSTING; cleared = 0 }
  od
}
#endif

/* ---- People: redrive a dead letter (edited or not), replay a posted record, release a parked one ------------------------------ */
inline enter(x, content, lineage) {   /* always a new delivery, in the retry or replay topic */
  for (i : 0 .. N - 1) { if :: dl[i].st == UNUSED -> j = i :: else fi }
  ops--; dl[j].st = READY; dl[j].F = content; dl[j].part = 1; dl[j].parent = lineage;
  printf("people send d%d again as d%d (F%d)\n", x, j, content);
  i = 0; j = 0
}

#define room            (dl[0].st == UNUSED || dl[1 % N].st == UNUSED || dl[2 % N].st == UNUSED || dl[3 % N].st == UNUSED)
#define may_redrive(x)  (ops > 0 && dead_letter(x) && (!dl[x].redriven || REDRIVE_TWICE) && room)
#define may_edit(x)     (dl[x].result == dead_refused || !PARKED_NOT_EDITED)

#if OPS
proctype People() {
end:
  do
#if REDRIVE
  :: d_step { may_redrive(0) -> dl[0].redriven = 1; enter(0, dl[0].F, 1) }
#if N > 2
  :: d_step { may_redrive(1) -> dl[1].redriven = 1; enter(1, dl[1].F, 2) }
#endif
#if N > 3
  :: d_step { may_redrive(2) -> dl[2].redriven = 1; enter(2, dl[2].F, 3) }
#endif
#endif
#if EDIT
  :: d_step { may_redrive(0) && may_edit(0) && dl[0].F == F1 -> dl[0].redriven = 1; enter(0, F2, 1) }
#endif
#if REPLAY
#define has_a_result(x) (dl[x].result == published || dl[x].result == payment || dl[x].result == amended)
  :: d_step { ops > 0 && has_a_result(0) && room -> enter(0, dl[0].F, 0) }
#if N > 2
  :: d_step { ops > 0 && has_a_result(1) && room -> enter(1, dl[1].F, 0) }
#endif
#endif
#if RELEASE                  /* they looked in Prima: nothing there. It may be claimed again */
  :: d_step { ops > 0 && rr[0].st == parked && docs == 0 && (!RELEASE_WAITS || quiet) ->
       ops--; rr[0].st = refused; rr[0].pub = 0; clear_sends(rr[0]); printf("people release the parked record\n") }
#endif
#if ADOPT                    /* they saw it in Prima, and it is ours: whoever comes with its content publishes it. Nobody edits it */
#define was_sent       (rr[0].F -> rr[0].F : dl[rr[0].pub - 1].F)
#define is_seen        (docs == 1 && made == was_sent)
  :: d_step { ops > 0 && rr[0].st == parked && rr[0].pub && suspect != SUSPECT_WAIT && (!ADOPT_NEEDS_DOCUMENT || is_seen) ->
       ops--; rr[0].F = was_sent; rr[0].st = posted; rr[0].pub = 0; clear_sends(rr[0]); rr[0].money = rr[0].F; rr[0].moved = 0; rr[0].open = 0;
       printf("people adopt the document of F%d\n", rr[0].F) }
#endif
  od
}
#endif
