/* The worker: one record's life, FETCHED -> CLAIMED -> SENDING -> WAITING -> ANSWERED (-> RESOLVING -> FOUND | ABSENT) -> settled.
 * Each command is one step that nothing can interrupt: one Lua script, one message, one answer. Between commands everything else may
 * happen. `me` is the worker, `D` the delivery in hand.
 */
#define D            dl[wk[me].d]
#define at(step)     (wk[me].st == step)
#define mine         (r.token == me + 1 || !TOKEN_COMPARE)
/* Every script refuses an older generation than the one that wrote the record, or the marker. */
#define outdated     (GENERATION_COMPARE && wk[me].zombie && (wk[me].gen < r.gen || wk[me].gen < marker_gen))
#define worthless    (OLD_PROVES_NOTHING && r.old)                                 /* not final, and from before the last Redis fault */
#define holds(state) (mine && !outdated && !worthless && r.st == state)
#define may_post     (suspect != SUSPECT_WAIT || !SUSPECT_WAITS)
#define may_settle   (suspect != SUSPECT_WAIT || !NOTHING_SETTLES)
#define in_suspect   (suspect != TRUSTING && !(cleared & (1 << D.part)))

/* Timing. Bytes that left are applied, or never will be, within max_apply_delay; a worker that did not sleep past its lease sends what
 * it stored within the deadline. So "asked late enough" means: nothing is under way and nobody awake is about to send. */
#define under_way    (wire[0] || wire[1] || stray1 || stray2)
#define in_flight(w) (wk[w].st == SENDING || wk[w].st == WAITING || wk[w].st == ANSWERED)
#define held(w)      (wk[w].st == SENDING && !wk[w].paused)
#define late_enough  (!RESOLVE_WAITS || (!under_way && !held(0) && !held(1)))

/* After a Redis fault there is no record whose sends could be waited for: the wait of suspect mode has to do. */
#define nothing_on_record (r.st == claimed && r.unans == OLD)

#define say0(text)   printf(text, 65 + me, wk[me].d)  /* "%c: ... d%d ..." */

inline become_stray(w) {     /* the connection of w is gone, its request is not */
  if
  :: wire[w] == F1 -> stray1++
  :: wire[w] == F2 -> stray2++
  :: else
  fi;
  wire[w] = 0
}

inline leave(w) {            /* w forgets the record in hand and its token */
  become_stray(w);
  if :: r.token == w + 1 -> r.token = STALE :: else fi;
  if :: snapshot.token == w + 1 -> snapshot.token = STALE :: else fi;
  wk[w].st = IDLE; wk[w].d = 0; wk[w].F = 0; wk[w].pub = 0; wk[w].ans = none; wk[w].zombie = 0; wk[w].gen = 0; wk[w].lagged = 0;
      wk[w].paused = 0
}

inline settle(what) {        /* a zombie's result would be fenced at its commit: it is dropped here */
  if
  :: wk[me].zombie -> printf("%c: d%d would be %e, but its partition is gone\n", 65 + me, wk[me].d, what)
  :: else -> printf("%c: d%d settles: %e\n", 65 + me, wk[me].d, what); D.st = SETTLED; D.settled = what; D.by = me
  fi;
  leave(me)
}

inline start_again() {       /* with nothing but the delivery: token, request and answer are forgotten */
  say0("%c: d%d: the record is another's now, starts again\n");
  if :: r.token == me + 1 -> r.token = STALE :: else fi;
  if :: snapshot.token == me + 1 -> snapshot.token = STALE :: else fi;
  wk[me].st = FETCHED; wk[me].F = 0; wk[me].pub = 0; wk[me].ans = none
}

inline write(state) {        /* what every writing script does besides its own change */
  require(r.st != posted, I7_posted_regresses);
  r.st = state; r.old = 0;
  if
  :: wk[me].zombie -> r.gen = wk[me].gen
  :: else -> r.gen = generation
  fi
}

inline new_token() {
  if :: snapshot.token == me + 1 -> snapshot.token = STALE :: else fi;
  r.token = me + 1; r.expired = 0
}

inline close_record() { r.token = 0; r.expired = 0 }

inline put_posted(content) {
  if
  :: r.st == posted -> require(r.F == content, I6_conflict_overwrites)
  :: else -> write(posted)
  fi;
  r.F = content; r.unans = 0; close_record()
}

inline adopt_committed() {   /* a committed result names the document: never `posted` again */
  put_posted(committed_F); r.pub = committed_by;
  if
  :: D.F == committed_F -> settle(duplicate)
  :: else -> settle(conflict)
  fi
}

#define committed_known (COMMITTED_FIRST && in_suspect && committed_F != 0)

inline finish(content) {     /* the document of `content` is ours */
  if
  :: committed_known -> adopt_committed()
  :: else ->
     put_posted(content);
     if
     :: D.F == content -> r.pub = wk[me].d + 1; settle(published)
     :: else -> r.pub = wk[me].pub; settle(conflict)   /* another's stored request: the delivery that claimed it will publish */
     fi
  fi
}

inline park(why) {           /* a person's turn */
  write(parked); close_record(); settle(why)
}

/* Is a document that was found ours? `own` is the content of a send of ours that is itself unanswered (0: there is none). */
#define ours(own, content) ((own || r.unans) && (((own | r.unans) & ~content) == 0))
#define own_unanswered     (r.st == sent && wk[me].ans != exists -> wk[me].F : 0)

/* What the claim script may take over at once. */
#define is_free     (r.st == absent || r.st == refused || (r.st == claimed && r.expired) || (worthless && r.st != parked))
#define own_refusal (r.st == refused && r.pub == wk[me].d + 1 && !worthless)   /* settled, but its transaction aborted: published again */
#define must_resolve (r.unans != 0 || (in_suspect && SUSPECT_RESOLVES))

inline claim() {
  if
  :: worthless || (in_suspect && r.st == absent && SUSPECT_RESOLVES) -> r.unans = OLD     /* others may have sent */
  :: else
  fi;
  write(claimed); r.F = D.F; r.pub = wk[me].d + 1; new_token();
  wk[me].F = D.F; wk[me].pub = r.pub; wk[me].st = CLAIMED
}

inline store_sent(content) {
  if
  :: SENT_BEFORE_POST -> write(sent); r.F = content
  :: else
  fi;
  wk[me].F = content; wk[me].ans = none; wk[me].st = SENDING
}

inline republish_or_duplicate() {
  if
  :: D.F != r.F -> settle(conflict)
  :: D.F == r.F && (r.pub == wk[me].d + 1 || !PUBLISHER_DELIVERY) -> settle(published)
  :: D.F == r.F && r.pub != wk[me].d + 1 && PUBLISHER_DELIVERY ->
     if
     :: REDRIVE_INHERITS && D.parent != 0 && r.pub == D.parent -> r.pub = wk[me].d + 1; settle(published)
     :: else -> settle(duplicate)
     fi
  fi
}

/* Order within the key: what came before in the same lane is settled; what follows a record in retry goes there too. */
#define lane_before(y, x) (dl[y].part == dl[x].part && dl[y].st == READY && (dl[x].part == 0 || (dl[y].moved && dl[x].moved)))
#define nothing_before(x) (!(x > 0 && lane_before(0, x)) && !(x > 1 && lane_before(1 % N, x)) && !(x > 2 && lane_before(2 % N, x)))
#define may_fetch(x) (at(IDLE) && dl[x].st == READY && owner[dl[x].part] == me && nothing_before(x))
#define claimable         (!outdated && may_settle && !earlier_in_retry)
#define earlier_in_retry  (KEY_ORDER && D.part == 0 && (deferred & ((1 << wk[me].d) - 1)))

inline fetch(x) { wk[me].st = FETCHED; wk[me].d = x; printf("%c fetches d%d (F%d)\n", 65 + me, x, dl[x].F) }

inline forward() {           /* goes to the retry topic in the next transaction; the key is marked before that */
  deferred = deferred | (1 << wk[me].d);
  settle(forwarded)
}

proctype WorkerProcess(bit me) {
end:
  do
  /* FETCHED */
  :: d_step { may_fetch(0) -> fetch(0) }
#if N > 1
  :: d_step { may_fetch(1) -> fetch(1) }
#endif
#if N > 2
  :: d_step { may_fetch(2) -> fetch(2) }
#endif
#if N > 3
  :: d_step { may_fetch(3) -> fetch(3) }
#endif

  /* CLAIMED: the claim script, by the state of K */
  :: d_step { at(FETCHED) && outdated -> say0("%c: a newer generation has written: d%d is not ours any more\n"); leave(me) }
  :: d_step { at(FETCHED) && !outdated && earlier_in_retry -> say0("%c: d%d follows its key into the retry topic\n"); forward() }
  :: d_step { at(FETCHED) && claimable && committed_known -> say0("%c: d%d: a committed result is there\n"); adopt_committed() }
  :: d_step { at(FETCHED) && claimable && !committed_known && r.st == posted -> say0("%c: d%d: K is posted\n"); republish_or_duplicate() }
  :: d_step { at(FETCHED) && claimable && !committed_known && r.st == parked -> say0("%c: d%d: K is parked\n"); wk[me].st = PARK_SEEN }
  :: d_step { at(FETCHED) && claimable && !committed_known && own_refusal -> say0("%c: d%d: its own refusal\n"); settle(dead_refused) }
  :: d_step { at(FETCHED) && claimable && !committed_known && is_free && !own_refusal ->
       printf("%c claims for d%d (K was %e)\n", 65 + me, wk[me].d, r.st); claim() }
  :: d_step { at(FETCHED) && claimable && !committed_known && r.st == sent && r.expired && !worthless ->
       printf("%c takes over an expired `sent` of F%d for d%d\n", 65 + me, r.F, wk[me].d);
       new_token(); wk[me].F = r.F; wk[me].pub = r.pub; wk[me].st = (RESOLVE_FIRST -> RESOLVING : SENDING) }

  /* SENT: only with lease left, and only as a first send; what may have been sent before is resolved first */
  :: d_step { at(CLAIMED) && !(holds(claimed) && !r.expired) -> start_again() }
  :: d_step { at(CLAIMED) && holds(claimed) && !r.expired && must_resolve ->
       say0("%c: d%d must be resolved first\n"); wk[me].st = RESOLVING }
  :: d_step { at(CLAIMED) && holds(claimed) && !r.expired && !must_resolve && may_post ->
       say0("%c stores `sent` for d%d\n"); store_sent(D.F) }

  /* The POST. A resend uses the stored bytes. */
  :: d_step { at(SENDING) ->
       wire[me] = (BODY_FROZEN -> wk[me].F : D.F); wk[me].st = WAITING; printf("%c: bytes of F%d leave\n", 65 + me, wire[me]) }
#if TIMEOUT
  :: d_step { at(WAITING) && wire[me] && faults > 0 ->
       faults--; excuses++; say0("%c: its POST for d%d: timeout or reset, outcome unknown\n");
       become_stray(me); wk[me].st = RESOLVING }
#endif

  /* What the answer proves */
  :: d_step { at(ANSWERED) && wk[me].ans == ok && may_settle ->
       if
       :: !outdated && r.st != posted -> /* whatever the token */ printf("%c: OK for F%d\n", 65 + me, wk[me].F); finish(wk[me].F)
       :: else -> start_again()
       fi }
  :: d_step { at(ANSWERED) && wk[me].ans == exists && may_settle ->
       if
       :: holds(sent) && r.unans == 0 && EXISTS_IS_NOT_OURS -> printf("%c: \"exists\" to a first send\n", 65 + me); r.F = 0;
           park(dead_unproven)
       :: holds(sent) && r.unans == 0 && !EXISTS_IS_NOT_OURS -> wk[me].ans = none; wk[me].st = RESOLVING
       :: else -> wk[me].st = RESOLVING
       fi }
  :: d_step { at(ANSWERED) && wk[me].ans == refusal && may_settle ->
       if
       :: !holds(sent) -> start_again()
       :: holds(sent) && r.unans && REFUSAL_NEEDS_CLEAN -> printf("%c: refused, but an earlier send is unanswered\n", 65 + me);
           park(dead_parked)
       :: holds(sent) && !(r.unans && REFUSAL_NEEDS_CLEAN) ->
          write(refused); close_record();
          if
          :: D.F == r.F -> settle(dead_refused)
          :: else -> start_again()                              /* it was another's request that was refused */
          fi
       fi }
  :: d_step { at(ANSWERED) && wk[me].ans == throttled ->
       if
       :: !holds(sent) -> start_again()
       :: else ->
          write(claimed); if :: !THROTTLE_KEEPS_SENDS -> r.unans = 0 :: else fi;
          wk[me].ans = none; printf("%c: throttled, back to claimed\n", 65 + me);
          if
          :: D.F == r.F -> wk[me].st = CLAIMED
          :: else -> r.expired = 1; start_again()
          fi
       fi }

  /* RESOLVING: ask Prima by natural key, then write what the answer proves */
  :: d_step { at(RESOLVING) && docs > 0 -> printf("%c asks Prima: found\n", 65 + me); wk[me].st = FOUND }
  :: d_step { at(RESOLVING) && docs == 0 && (late_enough || nothing_on_record) && may_post ->
       printf("%c asks Prima: absent\n", 65 + me); wk[me].st = ABSENT }
#if CANNOT_TELL
  :: d_step { at(RESOLVING) && may_settle && faults > 0 && (holds(sent) || holds(claimed)) ->
       faults--; say0("%c cannot tell for too long: parks d%d\n");
       if :: r.st == sent && wk[me].ans != exists -> r.unans = r.unans | r.F :: else fi; park(dead_parked) }
#endif
  :: d_step { at(FOUND) && may_settle ->
       if
       :: !(holds(sent) || holds(claimed)) -> start_again()
       :: else ->
          if
          :: committed_known -> adopt_committed()
          :: !committed_known && (!FOUND_NEEDS_SAME_F || ours(own_unanswered, wk[me].F)) -> finish(wk[me].F)
          :: else -> printf("%c: found, but not proven ours\n", 65 + me); r.F = 0; park(dead_unproven)
          fi
       fi }
  :: d_step { at(ABSENT) && may_post ->
       if
       :: !((holds(sent) || holds(claimed)) && !r.expired) -> start_again()
       :: else ->
          if
          :: UNIQUE || !NO_RESEND_UNENFORCED ->
             if
             :: SENDS_STAY_ON_RECORD && r.st == sent && wk[me].ans != exists -> r.unans = r.unans | r.F
             :: !SENDS_STAY_ON_RECORD -> r.unans = 0
             :: else
             fi;
             printf("%c: known absent: sends F%d\n", 65 + me, wk[me].F); store_sent(wk[me].F)
          :: else ->
             if :: r.st == sent -> r.unans = r.unans | r.F :: else fi;
             printf("%c: absent, and nothing would refuse a second one\n", 65 + me); park(dead_parked)
          fi
       fi }

  /* A parked record's redrive, or a late delivery behind it: only evidence leads out, never another content */
  :: d_step { at(PARK_SEEN) && (r.st != parked || outdated) -> start_again() }
  :: d_step { at(PARK_SEEN) && r.st == parked && !outdated && may_settle && r.F != 0 && r.F != D.F && PARKED_NOT_EDITED ->
       settle(dead_parked) }
  :: d_step { at(PARK_SEEN) && r.st == parked && !outdated && may_settle && (r.F == 0 || r.F == D.F || !PARKED_NOT_EDITED) && docs > 0 ->
       if
       :: committed_known -> adopt_committed()
       :: !committed_known && r.F != 0 && !worthless && (!FOUND_NEEDS_SAME_F ||
           ours(0, r.F)) -> printf("%c: parked, and now found\n", 65 + me); wk[me].pub = r.pub; finish(r.F)
       :: else -> settle(dead_unproven)
       fi }
  :: d_step { at(PARK_SEEN) && r.st == parked && !outdated && may_settle && (r.F == 0 || r.F == D.F ||
      !PARKED_NOT_EDITED) && docs == 0 && late_enough -> settle(dead_parked) }

  /* The settle deadline is over: the retry topic */
#if FORWARD
  :: d_step { (at(FETCHED) || at(RESOLVING)) && D.part == 0 && !D.moved && faults > 0 ->
       faults--; say0("%c: d%d cannot settle in time\n"); forward() }
#endif
  /* A zombie hears of the rebalance */
  :: d_step { !at(IDLE) && wk[me].zombie -> say0("%c hears that d%d's partition is gone\n"); leave(me) }
  od
}
