/* The worker: one record's life, FETCHED -> CLAIMED -> SENDING -> WAITING -> ANSWERED (-> RESOLVING
 * -> FOUND | ABSENT) -> settled. Each command is one step that nothing can interrupt: one Lua
 * script, one message, one answer. Between commands everything else may happen. `me` is the worker,
 * `D` the delivery in hand, `r` the record in the Redis with which this worker works.
 */
#if LATE
#define r            rr[view[me]]
#define old_master   (view[me] && !heard[me] && !deaf(me))
#else
#define r            rr[0]
#define old_master   0
#endif
/* Who has heard nothing for longer than the bound sends and commits nothing. */
#define deaf(w)      (INCIDENT_WATCH && !heard[w] && suspect != SUSPECT_WAIT)
#define D            dl[wk[me].d]
#define at(step)     (wk[me].st == step)
#define other        (1 - me)
#define mine         (r.token == me + 1 || !TOKEN_COMPARE)
#define my_gen       (wk[me].zombie -> wk[me].gen : generation)
/* Every script refuses a lower generation than wrote the record, and who has lost its slot. */
#define outdated     ((GENERATION_COMPARE && my_gen < r.gen) || (EPOCH_COMPARE && wk[me].ghost))
#define holds(state) (mine && !outdated && r.st == state)
/* A script answers only under the marker that the worker knows. */
#define works        ((heard[me] && suspect != SUSPECT_WAIT) || old_master)
#define in_suspect(x) (suspect == SUSPECT && heard[me] && !(cleared & (1 << dl[x].part)))

/* Timing. Bytes that left in time are applied within max_apply_delay or never; a worker that does
 * not nap on its way to the wire sends within the deadline. So "asked late enough" means: nothing
 * that was in time is under way, and nobody awake is about to send. What left after a nap is
 * covered by no time on record, until its sender says that its transfer has ended. */
#define in_time(w)   (wire[w] && !wk[w].paused)
#define held(w)      (wk[w].st == SENDING && !wk[w].paused)
#define asleep(w)    (wk[w].st == SENDING && wk[w].paused)
#define in_flight(w) (wk[w].st == SENDING || wk[w].st == WAITING || wk[w].st == ANSWERED)
#define quiet        (!in_time(0) && !in_time(1) && !stray1 && !stray2 && !held(0) && !held(1))
#define late_enough  (!RESOLVE_WAITS || quiet)

/* The unanswered sends of K. */
#define any_cur      (r.cur[0] | r.cur[1])
#define silent       (any_cur | r.dead[0] | r.dead[1] | r.past | r.over)
#define unanswered   (silent | r.told)
#define is_open      (unanswered || r.lost)
/* A document that is found is ours: every unanswered send had this F, and one got no answer at all. */
#define speaks       (TOLD_NO_PROVES_NOTHING -> silent : unanswered)
#define proven(f)    (!FOUND_NEEDS_SAME_F || (!r.lost && (unanswered & ~f) == 0 && (speaks & f)))
/* Of the sends that stay on record behind a known absence: whose bytes may yet leave. */
#define kept(w)      (DEAD_ARE_OVER -> (r.dead[w] & ~proof(w)) : r.dead[w])
#define proof(w)     (PROOF_BEFORE_QUESTION -> wk[me].known[w] : r.dead[w])
#define may_live     (r.cur[other] | kept(0) | kept(1) | r.past)
#define all_over     (!may_live && !r.lost)
/* ... of which no proof will come within prima.unproven_wait */
#define no_proof     (r.lost || r.past || (r.cur[other] && asleep(other)) || !DEAD_ARE_OVER)
#define proof_came   (DEAD_ARE_OVER && ((r.dead[0] & ~wk[me].known[0]) || (r.dead[1] & ~wk[me].known[1])))

#define say0(text)   printf(text, 65 + me, wk[me].d)  /* "%c: ... d%d ..." */

inline become_stray(w) {     /* the connection of w is gone, its request is not */
  if
  :: wk[w].paused -> late[w] = late[w] | wire[w]
  :: !wk[w].paused && wire[w] == F1 -> stray1++
  :: !wk[w].paused && wire[w] == F2 -> stray2++
  :: else
  fi;
  wire[w] = 0
}

inline apply_in_time(w) {    /* the end of its transfer is on record: its bytes have a time again */
  wk[1 - w].early = (wk[1 - w].st == ABSENT);
  if :: late[w] & F1 -> stray1++ :: else fi;
  if :: late[w] & F2 -> stray2++ :: else fi;
  late[w] = 0
}

inline clear_sends(q) {
  q.cur[0] = 0; q.cur[1] = 0; q.dead[0] = 0; q.dead[1] = 0; q.past = 0; q.over = 0; q.told = 0; q.lost = 0
}

/* w's process has ended, or began anew in place: whoever looks can tell. Nobody said so. */
inline process_ends(w, q) {
  q.dead[w] = q.dead[w] | q.cur[w]; q.cur[w] = 0;
  if :: q.token == w + 1 -> q.token = STALE :: else fi
}

/* The script `over`: the transfers of this attempt have ended. */
inline attempt_ends(w, q) {
  if
  :: q.cur[w] && SAY_OVER -> q.over = q.over | q.cur[w]; apply_in_time(w)
  :: q.cur[w] && !SAY_OVER -> q.past = q.past | q.cur[w]
  :: else
  fi;
  q.cur[w] = 0;
  if :: q.token == w + 1 -> q.token = STALE :: else fi
}

inline forget_claim(w) {
  wk[w].asked = 0; wk[w].knows = 0; wk[w].unclassified = 0; wk[w].again = 0; wk[w].early = 0; wk[w].known[0] = 0; wk[w].known[1] = 0
}

inline forget(w) {
  wk[w].st = IDLE; wk[w].d = 0; wk[w].F = 0; wk[w].ans = none; wk[w].zombie = 0; wk[w].ghost = 0; wk[w].gen = 0;
  wk[w].lagged = 0; wk[w].paused = 0; wk[w].ask = 0; forget_claim(w)
}

inline leave(w) {            /* w lets go of the record in hand */
  become_stray(w);
#if LATE
  attempt_ends(w, rr[view[w]]);
#else
  attempt_ends(w, rr[0]);
#endif
  if :: snapshot.token == w + 1 -> snapshot.token = STALE :: else fi;
  forget(w)
}

inline die(w) {              /* and w's process ends: whatever Redis held of it, nobody holds any more */
  become_stray(w);
  process_ends(w, rr[0]);
#if LATE
  process_ends(w, rr[1]); view[w] = 0;
#endif
  process_ends(w, snapshot);
  heard[w] = 1;
  forget(w)
}

inline settle(what) {        /* a zombie's result would be fenced at its commit: it is dropped here */
  if :: what != forwarded -> D.decided = 1 :: else fi;
  if
  :: wk[me].zombie -> printf("%c: d%d would be %e, but its partition is gone\n", 65 + me, wk[me].d, what)
  :: else -> printf("%c: d%d settles: %e\n", 65 + me, wk[me].d, what); D.st = SETTLED; D.settled = what; D.by = me
  fi;
  leave(me)
}

inline start_again() {       /* with nothing but the delivery: token, request and answer are forgotten */
  say0("%c: d%d: the record is another's now, starts again\n");
  become_stray(me); attempt_ends(me, r);
  if :: snapshot.token == me + 1 -> snapshot.token = STALE :: else fi;
  wk[me].st = FETCHED; wk[me].F = 0; wk[me].ans = none; wk[me].paused = 0; forget_claim(me)
}

inline seen() {              /* that a newer generation was here stays known */
  if :: SEEN && my_gen > r.gen -> r.gen = my_gen :: else fi
}

inline write(state) {        /* what every writing script does besides its own change */
  require(r.st != posted, I7_posted_regresses);
  r.st = state; r.old = 0; r.newer = 0; r.anew = 0;
  if :: my_gen > r.gen -> r.gen = my_gen :: else fi
}

inline new_token() {
  if :: snapshot.token == me + 1 -> snapshot.token = STALE :: else fi;
  r.token = me + 1; r.expired = 0
}

inline close_record() { r.token = 0; r.expired = 0; r.version = 0 }

/* ---- deferral marks: in the order of their coming --------------------------------------------- */
#define before(y, x)   (dl[y].mark && y != x && (!dl[x].mark || dl[y].mark < dl[x].mark))
#define is_behind(x)   (KEY_ORDER && (before(0, x) || before(1 % N, x) || before(2 % N, x) || before(3 % N, x)))

inline set_mark(x) {
  if
  :: !dl[x].mark ->
     dl[x].mark = 1;
     for (i : 0 .. N - 1) { if :: i != x && dl[i].mark >= dl[x].mark -> dl[x].mark = dl[i].mark + 1 :: else fi }
     i = 0
  :: else
  fi
}

inline unset_mark(x) {
  if
  :: dl[x].mark ->
     for (i : 0 .. N - 1) { if :: dl[i].mark > dl[x].mark -> dl[i].mark-- :: else fi }
     i = 0; dl[x].mark = 0
  :: else
  fi
}

/* ---- ends -------------------------------------------------------------------------------------- */
inline put_posted(content) {
  if
  :: r.st == posted -> require(r.F == content, I6_another_overwrites)
  :: else -> write(posted); r.money = content; r.moved = 0; r.open = 0
  fi;
  r.F = content; clear_sends(r); close_record()
}

inline finish(content) {     /* the document of `content` is ours */
  put_posted(content); unset_mark(wk[me].d);
  if
  :: D.F == content -> r.pub = wk[me].d + 1; settle(published)
  :: else -> r.pub = 0; start_again()             /* the next delivery of that content publishes it; ours is a later version */
  fi
}

inline park(why) {           /* a person's turn; what is unanswered stays on record */
  write(parked); close_record(); r.pub = wk[me].d + 1; unset_mark(wk[me].d); settle(why)
}

inline refuse() {            /* clean only when nothing else is unanswered */
  if
  :: is_open && REFUSAL_NEEDS_CLEAN -> printf("%c: refused, but an earlier send is unanswered\n", 65 + me); park(dead_parked)
  :: else ->
     write(refused); close_record(); clear_sends(r);
     if
     :: D.F == r.F -> r.pub = wk[me].d + 1; unset_mark(wk[me].d); settle(dead_refused)
     :: else ->                                   /* it was another's request that was refused */
        for (i : 0 .. N - 1) { if :: POLICY && dl[i].F == r.F -> dl[i].decided = 1 :: else fi }
        i = 0; r.pub = 0; start_again()
     fi
  fi
}

inline answered() {          /* the send is known not to have been applied; the earlier ones stay */
  r.cur[me] = 0; wk[me].ans = none;
  if :: !THROTTLE_KEEPS_SENDS -> clear_sends(r) :: else fi
}

inline go_on() {             /* ... and then */
  if
  :: is_open -> wk[me].st = RESOLVING
  :: else ->
     write(claimed);
     if
     :: D.F == wk[me].F -> wk[me].st = CLAIMED
     :: else -> r.expired = 1; start_again()      /* another's request, off the table: our own turn */
     fi
  fi
}

/* Absent, asked late enough: what cannot leave any more is answered thereby. */
inline mark_absent() {
  r.cur[me] = 0; r.over = 0; r.told = 0; r.expired = 0;
  wk[me].knows = all_over;
  if
  :: !SENDS_STAY_ON_RECORD -> clear_sends(r)
  :: else ->
     if :: DEAD_ARE_OVER -> r.dead[0] = kept(0); r.dead[1] = kept(1) :: else fi
  fi
}

/* ---- claim ------------------------------------------------------------------------------------- */
#define final        (r.st == posted || r.st == refused || r.st == parked || r.st == cancelled)
#define has_ended    (final && r.pub == wk[me].d + 1)
#define is_older     (POLICY && SUPERSEDE && r.version > D.F && r.pub != wk[me].d + 1)
#define own_refusal  (r.st == refused && r.pub == wk[me].d + 1)
#define is_over      (r.expired || r.old)
#define overtaken    (is_older && (r.st == waits || (r.st == claimed && is_over && r.newer && WAITER_KEEPS_RANK)))
#define claimable    (r.st == absent || (r.st == refused && !own_refusal) || r.st == waits || (r.st == claimed && is_over))
#define nobodys_turn (!outdated && works && (has_ended || !is_behind(wk[me].d)))

inline claim() {
  r.newer = (r.st == waits || (r.st == claimed && r.newer && r.pub == wk[me].d + 1));
  j = r.newer;
  write(claimed); r.newer = j; j = 0;
  r.F = D.F; r.pub = wk[me].d + 1; clear_sends(r); new_token();
  r.version = (POLICY -> D.F : 0);
  wk[me].F = D.F; wk[me].st = CLAIMED
}

inline take_over() {
  new_token(); wk[me].F = r.F; wk[me].again = 1;
  if :: r.old -> r.lost = OLD_PROVES_NOTHING; r.old = 0 :: else fi;
  wk[me].st = (RESOLVE_FIRST -> RESOLVING : SENDING)
}

inline store_sent(content) {
  if
  :: SENT_BEFORE_POST -> write(sent); r.F = content; r.cur[me] = content; r.expired = 0
  :: else
  fi;
  wk[me].F = content; wk[me].ans = none; wk[me].unclassified = 0; wk[me].paused = 0; wk[me].st = SENDING
}

/* Another version of a posted order; its content is its version. Its goods open one amendment, its money is an update; whoever brought that hears
 * so again after a crash. */
#define same_goods   (MONEY || D.F == r.F)
#define told_before  (LIFE_REDELIVERY && (r.open == wk[me].d + 1 || r.moved == wk[me].d + 1))
#define moves(known) (D.F > known || (!LIFE_VERSION && D.F != known))

inline later_version() {
  if
  :: told_before && r.open == wk[me].d + 1 -> settle(amended)
  :: told_before && r.open != wk[me].d + 1 -> settle(payment)
  :: !told_before && same_goods && moves(r.money) -> r.money = D.F; r.moved = wk[me].d + 1; settle(payment)
  :: !told_before && same_goods && !moves(r.money) -> settle(duplicate)
  :: !told_before && !same_goods && !moves(r.F) -> settle(superseded)
  :: !told_before && !same_goods && moves(r.F) && r.open && LIFE_ONE_OPEN -> settle(duplicate)
  :: !told_before && !same_goods && moves(r.F) && !(r.open && LIFE_ONE_OPEN) -> r.open = wk[me].d + 1; settle(amended)
  fi
}

/* The script `claimsent`: decided before the claim. Only of a key of which Redis has nothing: what it has is the claim's to judge. */
#define nothing_known  (r.st == absent || (!FRESH_ALONE && (claimable || (r.st == sent && is_over))))
#define one_step       (nobodys_turn && nothing_known && (!wk[me].ask || !ONE_STEP_ASKS) && !cancels(wk[me].d))

inline claim_and_send() {
  claim(); store_sent(D.F)
}

inline republish_or_duplicate() {
  seen(); unset_mark(wk[me].d);
  if
  :: D.F != r.F -> later_version()
  :: D.F == r.F && (r.pub == wk[me].d + 1 || !PUBLISHER_DELIVERY) -> settle(published)
  :: D.F == r.F && r.pub != wk[me].d + 1 && PUBLISHER_DELIVERY ->
     if
     :: r.pub == 0 || (REDRIVE_INHERITS && D.parent != 0 && r.pub == D.parent) -> r.pub = wk[me].d + 1; settle(published)
     :: else -> later_version()
     fi
  fi
}

/* Order within the key: what came before in the same lane is settled. */
#define lane_before(y, x) (dl[y].part == dl[x].part && dl[y].st == READY && (dl[x].part == 0 || (dl[y].moved && dl[x].moved && dl[y].mark < dl[x].mark)))
#define nothing_before(x) (!(x > 0 && lane_before(0, x)) && !(x > 1 && lane_before(1 % N, x)) && !(x > 2 && lane_before(2 % N, x)))
#define is_its_turn(x)    (!(dl[x].part && dl[x].mark && is_behind(x)))
#define may_fetch(x) (at(IDLE) && works && dl[x].st == READY && owner[dl[x].part] == me && nothing_before(x) && is_its_turn(x))

/* Of its key: the record itself, or one of another partition, which it does not stand behind. */
#define may_have_been_sent(x) (dl[x].below_end || (!dl[x].input && REPLAYS_MAY_BE_SENT))

inline fetch(x) {
  printf("%c fetches d%d (F%d)\n", 65 + me, x, dl[x].F);
  if
  :: OFFSETS && dl[x].result != nothing && ENDED_IS_PASSED_OVER -> printf("d%d has ended: passed over\n", x); dl[x].st = ENDED
  :: else ->
     wk[me].st = FETCHED; wk[me].d = x; wk[me].ask = dl[x].ask;
     if
     :: !dl[x].ask && in_suspect(x) && SUSPECT_RESOLVES -> wk[me].ask = (senders_over || !may_have_been_sent(x) -> 1 : 2)
     :: else
     fi
  fi
}

/* The script `defer`: the key is marked, what this attempt sent is said to be over; then the retry topic. */
inline forward() {
  if
  :: DEFER_FENCE && outdated -> leave(me)
  :: DEFER_FENCE && !outdated && has_ended -> start_again()
  :: else ->
     set_mark(wk[me].d);
     if
     :: at(CLAIMED) && mine && r.st == claimed && r.newer && WAITER_KEEPS_RANK -> r.st = waits; r.F = 0; r.newer = 0; r.token = 0; r.expired = 0
     :: at(CLAIMED) && mine && r.st == claimed && !(r.newer && WAITER_KEEPS_RANK) -> r.st = absent; r.pub = 0; r.newer = 0; close_record()
     :: else
     fi;
     if :: HEADER_TRAVELS && wk[me].ask -> D.ask = wk[me].ask :: else fi;
     settle(forwarded)
  fi
}

proctype WorkerProcess(bit me) {
end:
  do
  /* FETCHED */
  :: d_step { may_fetch(0) -> fetch(0) }
#if N > 1
  :: d_step { may_fetch(1 % N) -> fetch(1 % N) }
#endif
#if N > 2
  :: d_step { may_fetch(2 % N) -> fetch(2 % N) }
#endif
#if N > 3
  :: d_step { may_fetch(3 % N) -> fetch(3 % N) }
#endif

  /* CLAIMED: the claim script, by the state of K */
  :: d_step { at(FETCHED) && works && outdated -> say0("%c: somebody newer was here: d%d is not ours any more\n"); leave(me) }
  :: d_step { at(FETCHED) && works && !outdated && !has_ended && is_behind(wk[me].d) ->
       say0("%c: d%d follows its key into the retry topic\n"); forward() }
  :: d_step { at(FETCHED) && nobodys_turn && r.st == posted -> say0("%c: d%d: K is posted\n"); republish_or_duplicate() }
  :: d_step { at(FETCHED) && nobodys_turn && r.st == cancelled -> say0("%c: d%d: K is cancelled\n"); seen(); unset_mark(wk[me].d);
       settle(cancelled_first) }
  :: d_step { at(FETCHED) && nobodys_turn && r.st == parked && (r.F == 0 || r.F == D.F || !PARKED_NOT_EDITED) ->
       say0("%c: d%d: K is parked\n"); seen(); wk[me].st = PARK_SEEN }
  :: d_step { at(FETCHED) && nobodys_turn && r.st == parked && r.F != 0 && r.F != D.F && PARKED_NOT_EDITED ->
       say0("%c: d%d: K is parked, with another content\n"); seen(); unset_mark(wk[me].d); settle(dead_parked) }
  :: d_step { at(FETCHED) && nobodys_turn && own_refusal -> say0("%c: d%d: its own refusal\n"); seen(); settle(dead_refused) }
  :: d_step { at(FETCHED) && nobodys_turn && overtaken -> say0("%c: d%d: a newer version waits\n"); seen(); unset_mark(wk[me].d);
       settle(superseded) }
  :: d_step { at(FETCHED) && nobodys_turn && claimable && !overtaken ->
       printf("%c claims for d%d (K was %e)\n", 65 + me, wk[me].d, r.st); claim() }
  :: d_step { at(FETCHED) && nobodys_turn && r.st == sent && is_over ->
       printf("%c takes over `sent` of F%d for d%d\n", 65 + me, r.F, wk[me].d); take_over() }
  /* ... or claimed and stored as sent in one step */
  :: d_step { at(FETCHED) && one_step -> printf("%c claims and stores `sent` for d%d (K was %e)\n", 65 + me, wk[me].d, r.st); claim_and_send() }

  /* Decided: to ask first, to cancel, to wait by policy, to send. `sent` is stored before the bytes leave. */
#define decides (at(CLAIMED) && works && (holds(claimed) || (holds(sent) && r.anew)))
#define may_go  (!wk[me].ask || wk[me].asked)
  :: d_step { at(CLAIMED) && works && !(holds(claimed) || (holds(sent) && r.anew)) -> start_again() }
  :: d_step { decides && !may_go -> say0("%c: d%d is asked for first\n"); wk[me].st = RESOLVING }
  :: d_step { decides && may_go && cancels(wk[me].d) && r.st == claimed -> say0("%c cancels K, for d%d\n");
       write(cancelled); close_record(); r.pub = wk[me].d + 1; unset_mark(wk[me].d); settle(cancelled_first) }
#if POLICY
  :: d_step { decides && may_go && !cancels(wk[me].d) && r.st == claimed && faults > 0 -> faults--;
       say0("%c: d%d waits, by policy\n"); write(waits); r.F = 0; r.token = 0; r.expired = 0; r.pub = wk[me].d + 1;
       r.version = D.F; D.waited = 1; unset_mark(wk[me].d); if :: HEADER_TRAVELS && wk[me].ask -> D.ask = wk[me].ask :: else fi; settle(forwarded) }
#endif
  :: d_step { decides && may_go && !cancels(wk[me].d) -> say0("%c stores `sent` for d%d\n"); store_sent(D.F) }

  /* The POST. A resend uses the stored bytes. */
  :: d_step { at(SENDING) ->
       wire[me] = (BODY_FROZEN -> wk[me].F : D.F); wk[me].st = WAITING; printf("%c: bytes of F%d leave\n", 65 + me, wire[me]) }
#if TIMEOUT
  :: d_step { at(WAITING) && wire[me] && faults > 0 ->
       faults--; excuses++; say0("%c: its POST for d%d: timeout or reset, outcome unknown\n");
       become_stray(me); wk[me].st = RESOLVING }
#endif

  /* What the answer proves */
  :: d_step { at(ANSWERED) && works && wk[me].ans == ok ->
       if
       :: r.st != posted -> /* whatever the token */ printf("%c: OK for F%d\n", 65 + me, wk[me].F); finish(wk[me].F)
       :: r.st == posted && r.F == wk[me].F && r.pub == (D.F == wk[me].F -> wk[me].d + 1 : 0) -> finish(wk[me].F)
       :: else -> start_again()
       fi }
  :: d_step { at(ANSWERED) && works && wk[me].ans != ok && !holds(sent) -> start_again() }
  :: d_step { at(ANSWERED) && wk[me].ans == exists && works && holds(sent) ->
       r.cur[me] = 0;
       if
       :: proven(r.F) && unanswered -> printf("%c: \"exists\", after an unanswered send of ours\n", 65 + me); finish(r.F)
       :: !(proven(r.F) && unanswered) && EXISTS_IS_NOT_OURS -> printf("%c: \"exists\" to a first send\n", 65 + me); r.F = 0;
           park(dead_unproven)
       :: else -> finish(r.F)
       fi }
  :: d_step { at(ANSWERED) && works && holds(sent) && (wk[me].ans == refusal || (wk[me].ans == product && wk[me].again)) ->
       r.cur[me] = 0; refuse() }
  :: d_step { at(ANSWERED) && works && holds(sent) && wk[me].ans == product && !wk[me].again ->
       printf("%c: a product is refused: decides again\n", 65 + me); wk[me].again = 1;
       if
       :: PRODUCT_IS_ANSWERED -> answered(); go_on()
       :: else -> r.past = r.past | r.cur[me]; r.cur[me] = 0; wk[me].ans = none; store_sent(wk[me].F)
       fi }
  :: d_step { at(ANSWERED) && works && holds(sent) && wk[me].ans == throttled ->
       printf("%c: throttled\n", 65 + me); answered(); go_on() }
  :: d_step { at(ANSWERED) && works && holds(sent) && wk[me].ans == words ->
       printf("%c: words that nobody knows\n", 65 + me); wk[me].unclassified = 1; wk[me].ans = none;
       if
       :: !wk[me].knows -> r.told = r.told | r.cur[me]; r.cur[me] = 0; apply_in_time(me)
       :: else
       fi;
       if
       :: WORDS_ARE_ASKED_ABOUT -> wk[me].st = RESOLVING
       :: else -> r.told = 0; r.cur[me] = 0; refuse()
       fi }

  /* RESOLVING: look at the senders, ask Prima by natural key, then write what the answer proves */
#define own_waits  (r.st == sent && mine && !(late_enough && !late[me]))
#define wait_for(w) (PROOF_WAITS && PROOF_BEFORE_QUESTION && r.st == sent && mine && r.dead[w] && late[w])
  :: d_step { at(RESOLVING) && works && docs > 0 -> printf("%c asks Prima: found\n", 65 + me); wk[me].st = FOUND }
  :: d_step { at(RESOLVING) && works && docs == 0 && !own_waits && !wait_for(0) && !wait_for(1) ->
       printf("%c asks Prima: absent\n", 65 + me); wk[me].st = ABSENT;
       wk[me].known[0] = r.dead[0]; wk[me].known[1] = r.dead[1] }
#if CANNOT_TELL
  :: d_step { at(RESOLVING) && works && faults > 0 && (holds(sent) || holds(claimed)) ->
       faults--; say0("%c cannot tell for too long: parks d%d\n"); park(dead_parked) }
#endif
#if BLAME
  :: d_step { at(RESOLVING) && works && faults > 0 && holds(sent) && !BLAME_NEEDS_ABSENCE ->
       faults--; say0("%c: d%d alone fails again and again\n"); r.cur[me] = 0; refuse() }
#endif
  :: d_step { at(FOUND) && works ->
       if
       :: !(holds(sent) || holds(claimed)) -> start_again()
       :: holds(sent) && proven(r.F) -> finish(r.F)
       :: else -> printf("%c: found, but not proven ours\n", 65 + me); r.F = 0; park(dead_unproven)
       fi }
  /* asked first: nothing of ours is on record */
  :: d_step { at(ABSENT) && works && !(holds(sent) || holds(claimed)) -> start_again() }
  :: d_step { at(ABSENT) && works && holds(claimed) ->
       if
       :: wk[me].ask == 1 || (UNIQUE && !cancels(wk[me].d)) || (cancels(wk[me].d) && !CANCEL_NEEDS_PROOF) -> wk[me].asked = 1; wk[me].knows = 1; wk[me].st = CLAIMED
       :: else -> printf("%c: absent, and nothing would refuse a second one\n", 65 + me); park(dead_parked)
       fi }
  /* the script `absent` */
#define needs_proof (!UNIQUE || (cancels(wk[me].d) && CANCEL_NEEDS_PROOF))
#define too_early   (!late_enough || (wk[me].early && QUESTION_BEHIND_THE_END))
#define is_absent   (at(ABSENT) && works && holds(sent) && !too_early)
#define permitted   (!needs_proof || all_over || !SENDER_IS_OVER)
#define goes_anew   (D.F != r.F && (r.lost || cancels(wk[me].d)))
  :: d_step { at(ABSENT) && works && holds(sent) && too_early -> say0("%c: asked too early for d%d\n"); wk[me].early = 0; wk[me].st = RESOLVING }
  :: d_step { is_absent && permitted && !goes_anew ->
       mark_absent(); printf("%c: known absent: sends F%d\n", 65 + me, wk[me].F);
       store_sent(wk[me].F) }
  :: d_step { is_absent && permitted && goes_anew ->
       mark_absent(); printf("%c: known absent: decides again, for its own content\n", 65 + me);
       if
       :: is_open -> r.anew = 1
       :: else -> write(claimed)
       fi;
       wk[me].asked = 1; wk[me].st = CLAIMED }
  /* believed while Prima takes others' orders; else as any other absence, above and below */
  :: d_step { is_absent && wk[me].unclassified -> mark_absent(); printf("%c: absent, after an answer that nobody knows\n", 65 + me); refuse() }
#if BLAME
  :: d_step { is_absent && faults > 0 -> faults--;
       say0("%c: d%d alone fails again and again\n"); mark_absent(); refuse() }
#endif
  :: d_step { is_absent && !permitted && proof_came -> say0("%c: a sender of d%d has ended: asks again\n");
       wk[me].st = RESOLVING }
  :: d_step { is_absent && !permitted && no_proof ->
       printf("%c: absent, and nothing proves that its sender has ended\n", 65 + me); park(dead_parked) }

  /* A parked record's redrive, or a late delivery behind it: only evidence leads out, never another content */
  :: d_step { at(PARK_SEEN) && works && docs > 0 && r.st == parked && !outdated && r.F != 0 && proven(r.F) && unanswered ->
       printf("%c: parked, and now found\n", 65 + me); finish(r.F) }
  :: d_step { at(PARK_SEEN) && works && docs > 0 && (r.st != parked || outdated) -> start_again() }
  :: d_step { at(PARK_SEEN) && works && (docs == 0 || (r.st == parked && !(r.F != 0 && proven(r.F) && unanswered))) ->
       unset_mark(wk[me].d); settle((r.F == 0 -> dead_unproven : dead_parked)) }

  /* The settle deadline is over: the retry topic */
#if FORWARD
  :: d_step { (at(FETCHED) || at(CLAIMED) || at(RESOLVING)) && works && faults > 0 ->
       faults--; say0("%c: d%d cannot settle in time\n"); forward() }
#endif
  /* A zombie hears of the rebalance; who has lost its slot starts over */
  :: d_step { !at(IDLE) && wk[me].zombie && !asleep(me) -> say0("%c hears that d%d's partition is gone\n"); leave(me) }
  od
}
