/* The world around the workers of credit.pml: transactions, Prima, the amending command, people, Redis. */

/* ---- transactions ------------------------------------------------------------------------------ */
inline commit(x) {
  printf("%c commits d%d of r%d: %e\n", 65 + me, x, dl[x].refund, dl[x].settled);
  dl[x].st = ENDED; dl[x].below = 0;
  if
  :: dl[x].settled == published ->
     credit[dl[x].refund] = own_amount(x); letter = without(letter, dl[x].refund); wk[me].todrop = with(wk[me].todrop, dl[x].refund);
     if :: ONE_TRANSACTION -> record_credit(dl[x].refund, me) :: else fi
  :: dl[x].settled == dead_parked && !has(credited, dl[x].refund) ->
     letter = with(letter, dl[x].refund);
     if
     :: PARKED_IN_LEDGER && dl[x].reserves -> records++; written[dl[x].refund] = records; opened[dl[x].refund] = dl[x].reserves; wk[me].todrop = with(wk[me].todrop, dl[x].refund)
     :: else
     fi
  :: dl[x].settled == owing -> records++; owed = dl[x].F; owed_at = records; wk[me].tounmark = x + 1
  :: dl[x].settled == forwarded -> dl[x].st = READY
  :: dl[x].settled == put_off -> dl[x].st = READY; dl[x].waits = 1
  :: else
  fi;
  dl[x].settled = none; dl[x].by = 0; dl[x].reserves = 0
}

#define committable(x) (dl[x].st == SETTLED && dl[x].by == me && !asleep(me) && !deaf(me))

inline back(x, w) {          /* to the committed offset */
  if :: dl[x].st == SETTLED && dl[x].by == w && left == x + 1 -> left = 0 :: else fi;
  if :: (dl[x].st == SETTLED || dl[x].st == IN_HAND) && dl[x].by == w -> dl[x].st = READY; dl[x].settled = none; dl[x].by = 0; dl[x].reserves = 0 :: else fi
}

inline begin_anew(w) {       /* with nothing in hand and an empty table */
  leave(w); wk[w].todrop = 0; wk[w].at = 0; wk[w].entry = 0; wk[w].credited = 0; wk[w].owed = 0; wk[w].tounmark = 0;
  for (i : 0 .. R - 1) { wk[w].opened[i] = 0 }
  for (i : 0 .. N - 1) { back(i, w) }
  i = 0
}

proctype Transactions(bit me) {
end:
  do
  :: d_step { committable(0) -> commit(0) }
  :: d_step { committable(1) -> commit(1) }
#if N > 2
  :: d_step { committable(2) -> commit(2) }
#endif
#if N > 3
  :: d_step { committable(3) -> commit(3) }
#endif
#if CRASH
  :: d_step { (wk[me].st != IDLE || wk[me].todrop || wk[me].tounmark || committable(0) || committable(1) || committable(LAST)) && faults > 0 -> faults--;
       printf("%c crashes and starts again\n", 65 + me); begin_anew(me) }
#endif
#if PAUSE
  :: d_step { wk[me].st == SENDING && !wk[me].paused && faults > 0 -> faults--; printf("%c naps for longer than its lease\n", 65 + me); wk[me].paused = 1 }
#endif
#if REBALANCE                /* what it has in hand is the other's; it has not heard */
  :: d_step { wk[me].st != IDLE && !wk[me].zombie && faults > 0 -> faults--; printf("%c's partition moves\n", 65 + me);
       back(wk[me].d, me); wk[me].zombie = 1 }
#endif
  od
}

/* ---- Prima, the orders' side, people ------------------------------------------------------------- */
inline arrives(k, content) {
  if
  :: note[k] == 0 -> printf("Prima applies r%d (%d)\n", k, amount(k, content)); note[k] = content;
     require(sum(noted, 0) <= creditable(entry), I15_credited_too_much)
  :: else -> printf("Prima has a note of r%d already\n", k)
  fi
}

inline answer(w) {
  if
  :: note[dl[wk[w].d].refund] -> arrives(dl[wk[w].d].refund, wire[w]); wire[w] = 0; wk[w].st = RESOLVING     /* "exists" */
  :: else -> arrives(dl[wk[w].d].refund, wire[w]); wire[w] = 0; wk[w].ans = ok; wk[w].st = ANSWERED
  fi
}

#define come(bytes, k) if :: bytes[k] & 1 -> bytes[k] = bytes[k] & 2; arrives(k, 1) :: else -> bytes[k] = 0; arrives(k, 2) fi

proctype World() {
end:
  do
  :: d_step { wire[0] -> answer(0) }
  :: d_step { wire[1] -> answer(1) }
  :: d_step { stray[0] -> come(stray, 0) }
  :: d_step { stray[1] -> come(stray, 1) }
#if R > 2
  :: d_step { stray[2] -> come(stray, 2) }
#endif
#if PAUSE
  :: d_step { late[0] -> printf("(after a nap) "); come(late, 0) }
  :: d_step { late[1] -> printf("(after a nap) "); come(late, 1) }
#endif
#if REFUSE
  :: d_step { wire[0] && faults > 0 -> faults--; printf("Prima refuses A's r%d\n", dl[wk[0].d].refund); wire[0] = 0; wk[0].ans = refusal; wk[0].st = ANSWERED }
  :: d_step { wire[1] && faults > 0 -> faults--; printf("Prima refuses B's r%d\n", dl[wk[1].d].refund); wire[1] = 0; wk[1].ans = refusal; wk[1].st = ANSWERED }
#endif
#if DROP                     /* lost on its way: the sender does not know */
  :: d_step { wire[0] && faults > 0 -> faults--; printf("A's r%d is lost on its way\n", dl[wk[0].d].refund); wire[0] = 0; wk[0].st = RESOLVING }
  :: d_step { wire[1] && faults > 0 -> faults--; printf("B's r%d is lost on its way\n", dl[wk[1].d].refund); wire[1] = 0; wk[1].st = RESOLVING }
#endif
#if AGAIN
  :: d_step { dl[LAST].st == NOT_YET -> dl[LAST].st = READY; printf("d%d arrives\n", LAST) }
#endif
#if !ENTRY
  :: d_step { entry == 0 -> printf("the order is posted\n"); entry = 1; records++ }
#endif
#if AMEND                    /* the script that judges it, its transaction, the script that ends it; again, should the person's command die */
#define may_amend (suspect == TRUSTING && amending == 0)
  :: d_step { may_amend && entry == 1 && (sum(larger, 0) <= AMENDED || !AMEND_FITS) -> printf("an amendment fits\n"); amending = 1;
       if :: AMEND_BLOCKS -> block = 1; reservation_added() :: else fi }
  :: d_step { may_amend && entry == 1 && block && sum(larger, 0) > AMENDED && AMEND_FITS -> printf("the amendment does not fit any more\n"); block = 0; amending = 3 }
  :: d_step { may_amend && entry == 2 -> amending = 2 }
  :: d_step { amending == 1 -> printf("the amendment is committed\n"); entry = 2; records++; amended_at = records; amending = 2;
       require(sum(noted, 0) <= creditable(entry), I15_credited_too_much) }
  :: d_step { amending == 2 && suspect != SUSPECT_WAIT -> printf("the amendment's block ends\n"); amending = 3; block = 0;
       position = (AMEND_POSITION -> max(position, amended_at) : position) }
  :: d_step { (amending == 1 || amending == 2) && faults > 0 -> faults--; printf("the amending command dies\n"); amending = 0 }
#endif
#if OPS && REDRIVE
  :: d_step { ops > 0 && dl[LAST].st == UNUSED && (has(letter, 0) || (dl[0].st == ENDED && rf[0].st == refused)) ->
       ops--; dl[LAST].st = READY; dl[LAST].refund = 0; dl[LAST].F = 1; dl[LAST].parent = 1; printf("people redrive r0\n") }
#endif
#if OPS && EDIT              /* only what was refused is edited */
  :: d_step { ops > 0 && dl[LAST].st == UNUSED && dl[0].st == ENDED && rf[0].st == refused ->
       ops--; dl[LAST].st = READY; dl[LAST].refund = 0; dl[LAST].F = 2; printf("people edit r0\n") }
#endif
#if OPS && RELEASE           /* they looked in Prima late enough: nothing there, and nobody can be sending */
  :: d_step { ops > 0 && has(letter, 0) && rf[0].st == parked && suspect != SUSPECT_WAIT && !note[0] && quiet(0) && !alive(0) ->
       ops--; printf("people release r0\n"); rf[0].st = refused; rf[0].pub = 0; rf[0].unans = 0; rf[0].hold = 0; letter = without(letter, 0);
       if :: RELEASE_CLOSES -> opened[0] = 0; records++ :: else fi }
#endif
  od
}

/* ---- Redis --------------------------------------------------------------------------------------- */
#if REDIS_FAILS
inline set_back(k, q) {      /* to what was saved: what is not final there proves nothing */
  rf[k].st = (q.st == sent -> absent : q.st); rf[k].F = q.F; rf[k].pub = (q.st == sent -> 0 : q.pub); rf[k].hold = (HOLDS_OF_TODAY -> 0 : q.hold);
  rf[k].token = 0; rf[k].cur = 0; rf[k].unans = 0
}

inline redis_fails() {
  faults--; redis_failed = 1; suspect = SUSPECT_WAIT; heard[0] = 0; heard[1] = 0; block = 0; mark = 0;
  position = (REBUILD_SETS_POSITION -> MISSING : 0)
}

inline rebuild(k) {          /* the key, from the ledger: what is credited is posted, what is open is parked. Nothing is reserved thereby: tables have it */
  if
  :: has(credited, k) -> rf[k].st = posted; rf[k].F = 3; rf[k].pub = N + 1
  :: !has(credited, k) && (opened[k] || has(letter, k)) && rf[k].st != posted && rf[k].st != parked ->
     rf[k].st = parked; rf[k].F = 0; rf[k].pub = N + 1
  :: else
  fi
}

#define quiet_all  (quiet(0) && quiet(1) && quiet(R - 1))
#define has_heard(w) (heard[w] || asleep(w))
#define any_below  (dl[0].below || dl[1].below || dl[LAST].below || dl[N - 2].below)

proctype Redis() {
end:
  do
#if FLUSH
  :: d_step { faults > 0 && !redis_failed -> printf("Redis is empty\n");
       for (i : 0 .. R - 1) { rf[i].st = absent; rf[i].F = 0; rf[i].pub = 0; rf[i].token = 0; rf[i].cur = 0; rf[i].unans = 0; rf[i].hold = 0 }
       i = 0; redis_fails() }
#endif
#if ROLLBACK
  :: d_step { faults > 0 && !redis_failed && !have_snapshot -> have_snapshot = 1; printf("(Redis saves)\n");
       for (i : 0 .. R - 1) { saved[i].st = rf[i].st; saved[i].F = rf[i].F; saved[i].pub = rf[i].pub; saved[i].hold = rf[i].hold }
       i = 0 }
  :: d_step { faults > 0 && !redis_failed && have_snapshot -> printf("Redis is set back\n");
       for (i : 0 .. R - 1) { set_back(i, saved[i]); saved[i].st = absent; saved[i].F = 0; saved[i].pub = 0; saved[i].hold = 0 }
       i = 0; redis_fails() }
#endif
  :: d_step { !heard[0] && !asleep(0) -> printf("A hears of the incident\n"); begin_anew(0); heard[0] = 1 }
  :: d_step { !heard[1] && !asleep(1) -> printf("B hears of the incident\n"); begin_anew(1); heard[1] = 1 }
  /* the longest lease has passed: what was in time is applied, every transaction from before has ended, the amending command's too */
  :: d_step { suspect == SUSPECT_WAIT && has_heard(0) && has_heard(1) && quiet_all && amending != 1 -> printf("the keys are rebuilt, then the position\n");
       for (i : 0 .. R - 1) { rebuild(i) }
       for (i : 0 .. N - 1) { if :: dl[i].st != UNUSED && dl[i].st != ENDED && dl[i].st != NOT_YET -> dl[i].below = 1 :: else fi }
       i = 0; position = (REBUILD_SETS_POSITION -> records : position); suspect = SUSPECT }
  :: d_step { suspect == SUSPECT && !any_below -> printf("suspicion ends\n"); suspect = TRUSTING }
  od
}
#endif
