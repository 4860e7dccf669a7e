/* The world around the workers: Prima, the broker's transactions and rebalances, Redis' failures, people. */

/* ---- Prima: applies, refuses or loses each request that is under way, when it likes ---------------------------------------- */
inline answer(w, what) { wire[w] = 0; wk[w].ans = what; wk[w].st = ANSWERED }

inline arrives(content) {    /* a NewOrder reaches Prima */
  if
  :: made != 0 -> require(excuses > 0, I1_unexcused_repeat); excuses--
  :: else
  fi;
  if
  :: docs == 0 || !UNIQUE -> printf("Prima applies F%d\n", content); docs++; made = made | content; require(docs <= 1, I1_one_document)
  :: else -> printf("Prima has this number already: F%d changes nothing\n", content)
  fi
}

proctype Prima() {
end:
  do
  :: d_step { wire[0] && (docs == 0 || !UNIQUE) -> arrives(wire[0]); answer(0, ok) }
  :: d_step { wire[1] && (docs == 0 || !UNIQUE) -> arrives(wire[1]); answer(1, ok) }
  :: d_step { wire[0] && docs && UNIQUE -> arrives(wire[0]); answer(0, exists) }
  :: d_step { wire[1] && docs && UNIQUE -> arrives(wire[1]); answer(1, exists) }
  :: d_step { stray1 -> arrives(F1); stray1-- }
  :: d_step { stray2 -> arrives(F2); stray2-- }
#if REFUSE                   /* a definite refusal: nothing exists by this request */
  :: d_step { wire[0] && faults > 0 -> faults--; printf("Prima refuses A's F%d\n", wire[0]); answer(0, refusal) }
  :: d_step { wire[1] && faults > 0 -> faults--; printf("Prima refuses B's F%d\n", wire[1]); answer(1, refusal) }
#endif
#if THROTTLE                 /* 429, or a 503 that is known to mean "not accepted" */
  :: d_step { wire[0] && faults > 0 -> faults--; printf("Prima throttles A's F%d\n", wire[0]); answer(0, throttled) }
  :: d_step { wire[1] && faults > 0 -> faults--; printf("Prima throttles B's F%d\n", wire[1]); answer(1, throttled) }
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

/* ---- The broker: results and offsets of a worker's settled records, in one transaction -------------------------------------- */
#define settled_by_me(x)  (dl[x].st == SETTLED && dl[x].by == me)
#define behind(y, x)      (dl[y].part == dl[x].part && dl[y].st != ENDED && dl[y].st != UNUSED && dl[y].st != SKIPPED && \
                           (dl[x].part == 0 || (dl[y].moved && dl[x].moved)))
#define prefix_is_settled(x) (!(x > 0 && behind(0, x)) && !(x > 1 && behind(1 % N, x)) && !(x > 2 && behind(2 % N, x)))
#define committable(x)    (settled_by_me(x) && prefix_is_settled(x))
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
  :: dl[x].settled == forwarded -> dl[x].st = READY; if :: !FORWARD_STAYS_BELOW -> dl[x].below_end = 0 :: else fi
  :: else -> dl[x].st = ENDED; dl[x].below_end = 0; deferred = deferred & ~(1 << x)
  fi;
  dl[x].settled = nothing; dl[x].by = 0
}

/* Back to the committed offset of partition p: all that worker w read behind it is dropped and read again, settled or in hand. (Had it
 * kept a record in hand, or a settled one, that record would overtake the ones before it.) */
inline seek_back(p, w) {
  for (i : 0 .. N - 1) {
    if
    :: dl[i].part == p && dl[i].st == SETTLED && dl[i].by == w -> dl[i].st = READY; dl[i].settled = nothing; dl[i].by = 0
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
  :: d_step { any_settled && faults > 0 -> faults--; printf("%c: the transaction aborts\n", 65 + me);
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
  :: d_step { dl[0].st == IN_DOUBT && owner[dl[0].part] == me -> end_doubt(0) }
#endif
#if CRASH                    /* the worker is killed and starts again in its slot, from the committed offsets */
  :: d_step { (wk[me].st != IDLE || any_settled) && faults > 0 -> faults--; printf("%c crashes and starts again\n", 65 + me);
       if :: in_flight(me) -> excuses++ :: else fi; leave(me);
       if :: dl[0].st == IN_DOUBT && owner[dl[0].part] == me -> read_offsets(0) :: else fi;
       seek_back(0, me); seek_back(1, me);
       for (i : 0 .. N - 1) { if :: dl[i].st == SKIPPED && owner[dl[i].part] == me -> dl[i].st = READY :: else fi }
       i = 0 }
#endif
#if PAUSE                    /* the worker sleeps past its lease (SIGSTOP, a stalled disk) and then goes on */
  :: d_step { wk[me].st != IDLE && !wk[me].paused && faults > 0 -> faults--; wk[me].paused = 1; excuses++;
       printf("%c sleeps past its lease\n", 65 + me); if :: r.token == me + 1 -> r.expired = 1 :: else fi }
#endif
  od
}

inline move(p) {             /* a partition goes to the other worker; the one that had it may not have heard */
  faults--; generation++; j = owner[p]; owner[p] = 1 - owner[p];
  printf("partition %d moves from %c to %c\n", p, 65 + j, 66 - j);
  if
  :: wk[j].st != IDLE && !wk[j].zombie && dl[wk[j].d].part == p -> wk[j].zombie = 1; wk[j].gen = generation - 1;
      if :: in_flight(j) -> excuses++ :: else fi
  :: else
  fi;
  if :: dl[0].st == IN_DOUBT && dl[0].part == p -> read_offsets(0) :: else fi;
  seek_back(p, j); j = 0           /* its uncommitted results are fenced; the new owner starts at the committed offset */
}

#define lags(w) (wk[w].zombie && !in_flight(w) && !wk[w].lagged)   /* once: in the end a zombie hears */

proctype Cluster() {
end:
  do
  /* A lease runs out when its holder is gone, or is a zombie that is not just about to send. */
  :: d_step { (r.st == claimed || r.st == sent) && !r.expired &&
       (r.token == STALE || r.token == 0) -> r.expired = 1; printf("the lease runs out\n") }
  :: d_step { (r.st == claimed || r.st == sent) && !r.expired && r.token == 1 && lags(0) ->
       r.expired = 1; wk[0].lagged = 1; printf("A's lease runs out\n") }
  :: d_step { (r.st == claimed || r.st == sent) && !r.expired && r.token == 2 && lags(1) ->
       r.expired = 1; wk[1].lagged = 1; printf("B's lease runs out\n") }
#if SECOND_LATE
  :: d_step { dl[1].st == NOT_YET -> dl[1].st = READY; dl[1].below_end = 0; printf("d1 arrives\n") }
#endif
#if REBALANCE
  :: d_step { faults > 0 && generation < 3 -> move(0) }
  :: d_step { faults > 0 && generation < 3 -> move(1) }
#endif
  od
}

/* ---- Redis: lost, flushed, rolled back; and suspect mode, which the workers share ------------------------------------------- */
inline empty_record() {
  r.st = absent; r.F = 0; r.token = 0; r.expired = 0; r.pub = 0; r.unans = 0; r.gen = 0; r.old = 0; deferred = 0
}

inline redis_fails(noticed) {
  faults--; redis_failed = 1; snapshot.token = 0;
  if
  :: noticed ->
     suspect = (SUSPECT_WAITS -> SUSPECT_WAIT : SUSPECT);
     for (i : 0 .. N - 1) { if :: dl[i].st != UNUSED && dl[i].st != ENDED && dl[i].st != NOT_YET -> dl[i].below_end = 1 :: else fi }
     i = 0
  :: else
  fi
}

#define waits_for(x)   (dl[x].below_end && (ENDS_ON_COMMITTED || dl[x].st != SETTLED))
#define reached_end    (!waits_for(0) && !waits_for(1 % N) && !waits_for(2 % N) && !waits_for(3 % N))
#define reached(p)     (!(waits_for(0) && dl[0].part == p) && !(waits_for(1 % N) && dl[1 % N].part == p) && \
                        !(waits_for(2 % N) && dl[2 % N].part == p) && !(waits_for(3 % N) && dl[3 % N].part == p))

inline rebuild_key() {       /* from results and dead letters; what was written since the fault is newer */
  if
  :: KEYS_REBUILT && (r.st == absent || r.old) ->
     if
     :: committed_F -> r.st = posted; r.F = committed_F; r.pub = committed_by; r.unans = 0; r.token = 0; r.expired = 0; r.old = 0
     :: else ->
        for (i : 0 .. N - 1) {
          if
          :: open_case(i) -> r.st = parked; r.F = (dl[i].result == dead_parked -> dl[i].F : 0); r.unans = OLD; r.token = 0;
              r.expired = 0; r.old = 0
          :: else
          fi
        }
        i = 0
     fi
  :: else
  fi
}

#if REDIS_FAILS
#define settled_in(x, p, w) (dl[x].st == SETTLED && dl[x].part == p && dl[x].by == w)

inline seek_back_settled() { /* what was settled before and did not get committed is dropped */
  for (j : 0 .. 3) {
    if
    :: settled_in(0, j % 2, j / 2) || settled_in(1 % N, j % 2, j / 2) || settled_in(2 % N, j % 2, j / 2) ||
        settled_in(3 % N, j % 2, j / 2) ->
       if
       :: j == 0 -> seek_back(0, 0)
       :: j == 1 -> seek_back(1, 0)
       :: j == 2 -> seek_back(0, 1)
       :: j == 3 -> seek_back(1, 1)
       fi
    :: else
    fi
  }
  j = 0
}

proctype Redis() {
end:
  do
#if LOSS
  :: d_step { faults > 0 && !redis_failed -> printf("Redis restarts empty, with a new run id\n"); empty_record(); redis_fails(true) }
#endif
#if FLUSH
  :: d_step { faults > 0 && !redis_failed ->
       printf("FLUSHALL: Redis is empty, its run id the same\n"); empty_record(); redis_fails(MARKER_KEY) }
#endif
#if ROLLBACK
  :: d_step { faults > 0 && !redis_failed && !have_snapshot && r.st != absent -> have_snapshot = 1; printf("(Redis saves: %e)\n", r.st);
       snapshot.st = r.st; snapshot.F = r.F; snapshot.token = r.token; snapshot.expired = r.expired; snapshot.pub = r.pub;
       snapshot.unans = r.unans; snapshot.gen = r.gen }
  :: d_step { faults > 0 && !redis_failed && have_snapshot ->
       printf("Redis restarts from its snapshot (%e), with a new run id\n", snapshot.st);
       r.st = snapshot.st; r.F = snapshot.F; r.token = snapshot.token; r.expired = snapshot.expired; r.pub = snapshot.pub;
       r.unans = snapshot.unans; r.gen = snapshot.gen; r.old = (r.st != posted); deferred = 0; redis_fails(true) }
#endif
  /* One maximum lease has passed: longer than any deadline plus max_apply_delay, unless somebody sleeps. */
  :: d_step { suspect == SUSPECT_WAIT && !under_way && !held(0) && !held(1) ->
       printf("suspect: one maximum lease has passed\n"); suspect = SUSPECT; marker_gen = (MARKER_HAS_GENERATION -> generation : 0);
       if :: NOTHING_SETTLES -> seek_back_settled() :: else fi }
  :: d_step { suspect == SUSPECT && ALL_PARTITIONS && reached_end -> printf("suspect mode ends\n"); suspect = TRUSTING; rebuild_key() }
  :: d_step { suspect == SUSPECT && !ALL_PARTITIONS && !(cleared & 1) && reached(0) ->
       printf("suspect mode ends for partition 0\n"); cleared = cleared | 1 }
  :: d_step { suspect == SUSPECT && !ALL_PARTITIONS && !(cleared & 2) && reached(1) ->
       printf("suspect mode ends for partition 1\n"); cleared = cleared | 2 }
  :: d_step { suspect == SUSPECT && cleared == 3 -> suspect = TRUSTING; cleared = 0; rebuild_key() }
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
#define may_redrive(x)  (ops > 0 && dead(x) && (!dl[x].redriven || REDRIVE_TWICE) && room)
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
  :: d_step { ops > 0 && dl[0].result == published && room -> enter(0, dl[0].F, 0) }
#if N > 2
  :: d_step { ops > 0 && dl[1].result == published && room -> enter(1, dl[1].F, 0) }
#endif
#endif
#if RELEASE                  /* they looked in Prima: nothing there. It may be claimed again */
  :: d_step { ops > 0 && r.st == parked && docs == 0 && (!RELEASE_WAITS || (!under_way && !held(0) && !held(1))) ->
       ops--; r.st = refused; r.pub = 0; r.unans = 0; printf("people release the parked record\n") }
#endif
  od
}
#endif
