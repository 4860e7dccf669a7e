/* What remains creditable of one order: its refunds reserve, keep, give back and make final. A model for SPIN, beside protocol.pml, which proves what is
 * taken for granted here of each refund alone: at most one note for each key, one terminal record for each delivery, `posted` never regresses.
 *
 * The refunds of an order are claimed by two workers. `ledger` is the compacted topic: the order's entry, and a record for each refund that is open or
 * credited; each worker has read it up to somewhere (its table). Redis has the keys, the reservations (`hold`) and the position that a table must have.
 * Commands, faults and rest are as in protocol.pml; credit_world.pml has what is not the worker. */
#include "credit_rules.pml"

/* ---- configuration -------------------------------------------------------------------------- */
#ifndef R
#define R 2                  /* refunds of the order, at most 3 */
#endif
#ifndef AGAIN
#define AGAIN 0              /* another delivery of refund 0: 0 none, 1 the same, 2 another version */
#endif
#ifndef EDITED
#define EDITED 2             /* the amount of that version; 0: no money any more. All others are 1 */
#endif
#ifndef TOTAL
#define TOTAL 1              /* creditable, as posted */
#endif
#ifndef AMENDED
#define AMENDED 0            /* ... and as amended, when AMEND */
#endif
#ifndef AMEND
#define AMEND 0
#endif
#ifndef OWES
#define OWES 0               /* 1: refund 0 is an edit: it takes units away without money, and leaves them owed. What the amended entry has contains it */
#endif
#ifndef ENTRY
#define ENTRY 1              /* 0: the order is posted at any time */
#endif
#ifndef FAULTS
#define FAULTS 0
#endif
#ifndef OPS
#define OPS 0                /* at most so many acts of people: redrive, release */
#endif
#include "kinds.pml"
#define REDIS_FAILS (FLUSH || ROLLBACK)
#if R > 2 && (AGAIN || OPS)
#define N 4
#elif R > 2 || AGAIN || OPS
#define N 3
#else
#define N 2
#endif
#define LAST (N - 1)         /* the other delivery of refund 0, if there is one */

/* ---- state ----------------------------------------------------------------------------------- */
mtype = { absent, sent, posted, refused, parked };
mtype = { IDLE, FETCHED, DECIDED, SENDING, WAITING, ANSWERED, RESOLVING, FOUND, ABSENT };
mtype = { UNUSED, NOT_YET, READY, IN_HAND, SETTLED, ENDED };
mtype = { none, ok, refusal };
mtype = { fits, lacks, exceeds, no_order, no_money };
mtype = { published, other, owing, dead, dead_parked, forwarded, put_off };

#define amount(k, f) (((k) == 0 && OWES) * 0 + !((k) == 0 && OWES) * (1 + ((k) == 0 && (f) == 2) * (EDITED - 1)))
#define ALL          3       /* more than any order: nobody knows which version was applied */
#define max(a, b)    ((a) * ((a) > (b)) + (b) * ((a) <= (b)))

typedef Refund {             /* its key, and its reservation, in Redis */
  mtype st = absent;
  unsigned F     : 2;        /* content of the stored request, of the note; 0 unknown */
  unsigned pub   : 3;        /* delivery + 1 for which it happens */
  unsigned token : 2;        /* worker + 1, STALE */
  unsigned cur   : 2;        /* content of the holder's own unanswered send */
  unsigned unans : 2;        /* set of contents of the earlier ones */
  unsigned hold  : 2         /* reserved of the order, 0 none */
};
#define STALE 3

typedef Worker {
  mtype st = IDLE;
  unsigned d : 2;
  unsigned F : 2;            /* content that it sends or resolves */
  mtype ans = none;
  mtype verdict = fits;
  bit moved;                 /* a reservation was added since it decided: the stamp is another one */
  bit saw_none;              /* nothing was reserved when it decided: where nothing is left, the record is gone, and so is its stamp */
  bit zombie;                /* its partition is another's, and it has not heard */
  bit paused;                /* naps on its way to the wire */
  bit ask;                   /* Prima is to be asked first */
  bit proof;                 /* at its question no sender of the key was alive */
  /* its table, and what it has to take off since its last commit (a set of refunds) */
  unsigned at : 4;
  unsigned entry : 2;
  unsigned todrop : 3;
  unsigned credited : 3;     /* refunds with a credit, a set */
  unsigned owed : 2;         /* as `owed` below */
  unsigned tounmark : 3;     /* delivery + 1 of an edit that it has committed: its mark is to go */
  byte opened[R]             /* open ones, amounts */
};

typedef Delivery {
  mtype st = UNUSED;
  unsigned refund : 2;
  unsigned F : 2;
  unsigned by : 1;
  mtype settled = none;
  unsigned reserves : 2;     /* parked: what the ledger is told */
  unsigned parent : 2;       /* delivery + 1 of the dead letter that it redrives */
  bit waits;                 /* in a retry topic, for what another one has reserved */
  bit ask;                   /* a header of the forward */
  bit below                  /* below the incident's ends */
};

Refund   rf[R];
Worker   wk[2];
Delivery dl[N];

unsigned position : 4;       /* Redis: how far a table must have read; MISSING: nobody's is far enough */
#define MISSING 15
unsigned mark : 3;           /* Redis: delivery + 1 of the edit that left something owed last, and is not known to be in the ledger; 0 none */
bit      block;              /* Redis: an amendment of the order is under way */

unsigned records : 4;        /* the ledger: how many records, committed */
unsigned entry : 2;          /* ... the order's entry: 0 none, 1 posted, 2 amended */
unsigned credited : 3;       /* ... refunds with a credit, a set, and its amount: it never changes */
byte     credit[R];
byte     opened[R];          /* ... amounts of those with an open record, 0 none */
byte     written[R];         /* ... how many records there were with the refund's last one */
unsigned amended_at : 4;     /* ... with the amended entry */
unsigned owed : 2;           /* ... the version of the edit that its record of what is owed is from, 0 none */
unsigned owed_at : 4;        /* ... how many records there were with it */
unsigned letter : 3;         /* dead letters: refunds that are parked, and nobody closed */

byte     note[R];            /* Prima: content of the refund's note, 0 none */
byte     wire[2];            /* requests under way: of worker w, its content */
byte     stray[R];           /* ... whose sender has gone: sets of contents */
byte     late[R];            /* ... that left after a nap: no time covers them */

mtype = { TRUSTING, SUSPECT_WAIT, SUSPECT };
mtype suspect = TRUSTING;
bit heard[2];
bit redis_failed, have_snapshot;
typedef Saved { mtype st = absent; unsigned F : 2; unsigned pub : 3; unsigned hold : 2 };
#if ROLLBACK
Saved saved[R];
#endif
unsigned amending : 2;       /* a person's amendment: 1 judged and blocked, 2 committed, 3 done */

unsigned faults : 3 = FAULTS;
unsigned ops : 2 = OPS;
unsigned left : 3;           /* for the properties: delivery + 1 of the edit that has ended, owing, and was not given up since; 0 none */
byte i, j;                   /* scratch inside one command, 0 between commands */

/* ---- properties ------------------------------------------------------------------------------ */
mtype = { I15_credited_too_much, REFUSED_THOUGH_IT_FITS, RESERVED_FOR_NOBODY, OPEN_WITHOUT_RESERVATION, WAITS_FOR_NOTHING, LEDGER_IS_NOT_PRIMA, OWED_UNKNOWN, STUCK };

inline require(condition, name) {
  if
  :: !(condition) -> printf("VIOLATES %e\n", name); assert(false)
  :: else
  fi
}

#define has(set, k)     (((set) >> (k)) & 1)
#define with(set, k)    ((set) | (1 << (k)))
#define without(set, k) ((set) & ~(1 << (k)))
#if R > 2
#define sum(term, a)    (term(a, 0) + term(a, 1) + term(a, 2))
#else
#define sum(term, a)    (term(a, 0) + term(a, 1))
#endif
#define creditable(e)   (((e) == 1) * TOTAL + ((e) == 2) * AMENDED)

#define noted(a, k)     ((note[k] != 0) * amount(k, note[k]))
#define is_credited(a, k) (has(credited, k) * credit[k])
#define in_ledger(k)    (has(credited, k) * credit[k] + !has(credited, k) * opened[k])
#define larger(a, k)    max(in_ledger(k), rf[k].hold)

/* What worker w knows. */
#define its_credit(w, k) (has(wk[w].credited, k) * credit[k])
#define its(w, k)        (has(wk[w].credited, k) * credit[k] + !has(wk[w].credited, k) * wk[w].opened[k])
#define takes(w, k)      (COUNTED_ONCE * max(its(w, k), rf[k].hold) + !COUNTED_ONCE * (its(w, k) + rf[k].hold))
#define counts(w, k)     ((k != dl[wk[w].d].refund) * takes(w, k))

#define reserved(a, k)   rf[k].hold
#define none_reserved    (sum(reserved, 0) == 0 && !block && !mark)

/* An edit has left something owed, and w's table does not have that yet; of its own delivery it is no news. */
#define version(d1)      dl[(d1) - 1].F
#define unread(w, x)     (mark && mark != (x) + 1 && !(wk[w].owed >= version(mark) && OWED_IS_READ))
#define is_edit(k)       (OWES && (k) == 0)

/* ---- the worker -------------------------------------------------------------------------------- */
#define D            dl[wk[me].d]
#define K            D.refund
#define r            rf[K]
#define at(step)     (wk[me].st == step)
#define works        (heard[me] && suspect != SUSPECT_WAIT)
#define deaf(w)      (!heard[w] && suspect != SUSPECT_WAIT)
#define holds        (r.st == sent && (r.token == me + 1 || !HOLDER_GIVES_BACK))
#define older        (r.st == refused && D.F < r.F && r.pub != wk[me].d + 1)
#define claimable    (r.st == absent || (r.st == refused && r.pub != wk[me].d + 1 && !older))
#define behind       (wk[me].at < position && POSITION_COMPARE)
#define asleep(w)    (wk[w].st == SENDING && wk[w].paused)
#define works_on(w, k) (wk[w].st != IDLE && dl[wk[w].d].refund == k)
#define in_time(w, k) (works_on(w, k) && !wk[w].paused && (wire[w] || wk[w].st == SENDING))
#define quiet(k)     (!stray[k] && !in_time(0, k) && !in_time(1, k))
/* Some sender may yet let bytes of k go, or they are not applied yet. The protocol's proof (who said so, who is seen to be dead) is taken for granted. */
#define alive(k)     (late[k] || (works_on(0, k) && (asleep(0) || (wire[0] && wk[0].paused))) || (works_on(1, k) && (asleep(1) || (wire[1] && wk[1].paused))))
#define leased(k)    (rf[k].token != STALE && rf[k].token != 0 && !wk[rf[k].token - 1].zombie && !wk[rf[k].token - 1].paused)

#define say(text)    printf(text, 65 + me, K)          /* "%c: ... r%d ..." */

inline become_stray(w) {
  if
  :: wire[w] && wk[w].paused -> late[dl[wk[w].d].refund] = late[dl[wk[w].d].refund] | wire[w]
  :: wire[w] && !wk[w].paused -> stray[dl[wk[w].d].refund] = stray[dl[wk[w].d].refund] | wire[w]
  :: else
  fi;
  wire[w] = 0
}

inline let_go(w) {           /* of the key: its attempt is over, its unanswered send stays on record */
  become_stray(w);
  if
  :: wk[w].st != IDLE && rf[dl[wk[w].d].refund].token == w + 1 ->
     rf[dl[wk[w].d].refund].token = STALE; rf[dl[wk[w].d].refund].unans = rf[dl[wk[w].d].refund].unans | rf[dl[wk[w].d].refund].cur; rf[dl[wk[w].d].refund].cur = 0;
     if :: !TAKEOVER_KEEPS && rf[dl[wk[w].d].refund].st == sent -> rf[dl[wk[w].d].refund].hold = 0 :: else fi
  :: else
  fi
}

inline forget(w) {
  wk[w].st = IDLE; wk[w].d = 0; wk[w].F = 0; wk[w].ans = none; wk[w].verdict = fits; wk[w].moved = 0; wk[w].saw_none = 0; wk[w].zombie = 0; wk[w].paused = 0;
  wk[w].ask = 0; wk[w].proof = 0
}

inline leave(w) { let_go(w); forget(w) }

inline settle(what) {
  if
  :: wk[me].zombie -> printf("%c: r%d would be %e, but its partition is gone\n", 65 + me, K, what)
  :: else -> printf("%c: d%d of r%d settles: %e\n", 65 + me, wk[me].d, K, what); D.st = SETTLED; D.settled = what; D.by = me
  fi;
  leave(me)
}

inline start_again() {
  let_go(me);
  wk[me].st = FETCHED; wk[me].F = 0; wk[me].ans = none; wk[me].paused = 0; wk[me].proof = 0
}

inline read_on() {
  wk[me].at = records; wk[me].entry = entry; wk[me].credited = credited; wk[me].owed = owed;
  for (i : 0 .. R - 1) { wk[me].opened[i] = opened[i] }
  i = 0
}

inline reservation_added() { wk[0].moved = 1; wk[1].moved = 1 }

/* Decided by the entry, by what of the others is credited or open in the table, and by what is reserved: a pure function. */
inline decide() {
  wk[me].st = DECIDED; wk[me].moved = 0; wk[me].saw_none = none_reserved;
  if
  :: unread(me, wk[me].d) -> wk[me].verdict = lacks
  :: !unread(me, wk[me].d) && amount(K, D.F) == 0 -> wk[me].verdict = no_money
  :: !unread(me, wk[me].d) && amount(K, D.F) > 0 && wk[me].entry == 0 -> wk[me].verdict = no_order
  :: !unread(me, wk[me].d) && amount(K, D.F) > 0 && wk[me].entry > 0 ->
     if
     :: block && REFUSAL_AT_POSITION -> wk[me].verdict = lacks
     :: !(block && REFUSAL_AT_POSITION) && sum(its_credit, me) + amount(K, D.F) > creditable(wk[me].entry) -> wk[me].verdict = exceeds
     :: else ->
        if
        :: sum(counts, me) + amount(K, D.F) > creditable(wk[me].entry) -> wk[me].verdict = (LACK_WAITS -> lacks : exceeds)
        :: else -> wk[me].verdict = (block -> lacks : fits)
        fi
     fi
  fi
}

inline send(content) { r.cur = content; wk[me].F = content; wk[me].ans = none; wk[me].paused = 0; wk[me].st = SENDING }

inline reserve() {           /* claimed, reserved and stored as sent, in one step */
  r.st = sent; r.F = D.F; r.pub = wk[me].d + 1; r.token = me + 1; r.unans = 0;
  if :: RESERVE_WITH_SENT -> r.hold = amount(K, D.F); reservation_added() :: else fi;
  if :: DROP_IS_ITS_OWN -> wk[0].todrop = without(wk[0].todrop, K); wk[1].todrop = without(wk[1].todrop, K) :: else fi;   /* another number */
  send(D.F)
}

/* What an edit comes to: it is owed from now on, and whoever reserves afterwards must know. Its key is free again. */
inline end_edit() {
  if
  :: wk[me].entry == 2 || wk[me].owed > D.F -> printf("%c: the entry contains the edit, or a newer version of it has ended\n", 65 + me);
     if :: OWED_GIVES_BACK && mark == wk[me].d + 1 -> mark = 0 :: else fi;
     settle(other)
  :: else ->
     require(wk[me].zombie || !left || left == wk[me].d + 1 || wk[me].owed >= version(left), OWED_UNKNOWN);
     say("%c: r%d left something owed\n");
     r.token = 0;
     if :: mark && mark != wk[me].d + 1 && POSITION_WITH_DROP -> position = max(position, wk[me].at) :: else fi;   /* an earlier one's, which it has read */
     if :: OWED_WITH_END -> mark = wk[me].d + 1; reservation_added() :: else fi;
     if :: !wk[me].zombie -> left = wk[me].d + 1 :: else fi;
     settle(owing)
  fi
}

inline finish(content) {     /* the note of `content` is there, and ours */
  r.st = posted; r.F = content; r.token = 0; r.cur = 0; r.unans = 0;
  r.hold = (KEPT_UNTIL_LEDGER -> amount(K, content) : 0); reservation_added();
  if
  :: D.F == content -> r.pub = wk[me].d + 1; settle(published)
  :: else -> r.pub = 0; start_again()
  fi
}

inline park() {              /* a person's turn: what it may have credited stays reserved, and becomes an open record in the ledger */
  if
  :: r.st == parked && r.pub != wk[me].d + 1 && suspect != SUSPECT -> skip          /* ends behind a parked one: nothing of it was sent */
  :: else ->
     D.reserves = (suspect == SUSPECT -> (PARKED_ALL -> ALL : amount(K, D.F)) : r.hold);
     r.hold = (PARKED_KEEPS -> D.reserves : 0); reservation_added()
  fi;
  if :: r.st != parked -> r.pub = wk[me].d + 1 :: else fi;
  r.st = parked; r.token = 0; r.unans = r.unans | r.cur; r.cur = 0;
  settle(dead_parked)
}

inline refuse() {
  r.cur = 0;
  if
  :: r.unans && REFUSED_NEEDS_CLEAN -> printf("%c: refused, but an earlier send of r%d is unanswered\n", 65 + me, K); park()
  :: else ->
     r.st = refused; r.token = 0; r.unans = 0; r.hold = (REFUSED_GIVES_BACK -> 0 : r.hold);
     if
     :: D.F == r.F -> r.pub = wk[me].d + 1; settle(dead)
     :: else -> r.pub = 0; start_again()
     fi
  fi
}

/* Who waits comes again by time; here, when it would not wait again. */
#define others0(w, x)     ((dl[x].refund != 0) * takes(w, 0))
#define others1(w, x)     ((dl[x].refund != 1) * takes(w, 1))
#if R > 2
#define others2(w, x)     ((dl[x].refund != 2) * takes(w, 2))
#else
#define others2(w, x)     0
#endif
#define own_amount(x)     amount(dl[x].refund, dl[x].F)
#define due(w, x)         (!dl[x].waits || dl[x].below || rf[dl[x].refund].st == posted || rf[dl[x].refund].st == parked || rf[dl[x].refund].st == sent || \
  (wk[w].entry && !block && !unread(w, x) && (is_edit(dl[x].refund) || sum(its_credit, w) + own_amount(x) > creditable(wk[w].entry) || \
    (others0(w, x) + others1(w, x) + others2(w, x) + own_amount(x) <= creditable(wk[w].entry)))))
/* What arrives behind the ends waits until suspicion ends. */
#define may_fetch(x) (at(IDLE) && works && dl[x].st == READY && (suspect != SUSPECT || dl[x].below || !SUSPECT_RESERVES_NOTHING) && due(me, x))

inline fetch(x) {
  printf("%c fetches d%d, of r%d (%d)\n", 65 + me, x, dl[x].refund, own_amount(x));
  wk[me].st = FETCHED; wk[me].d = x; dl[x].st = IN_HAND; dl[x].by = me; dl[x].waits = 0;
  wk[me].ask = dl[x].ask || (suspect == SUSPECT && SUSPECT_ASKS)
}

/* A refund's credit becomes visible in the ledger. */
inline record_credit(k, w) {
  records++;
  if :: !OWN_RECORD -> credited = wk[w].credited :: else fi;
  written[k] = records; opened[k] = 0; credited = with(credited, k)
}

inline ledger_later(k) {
  if :: !ONE_TRANSACTION && !has(credited, k) && rf[k].st == posted -> record_credit(k, me) :: else fi
}

proctype WorkerProcess(bit me) {
end:
  do
  /* the table follows; not while a decision by it is in hand */
  :: d_step { wk[me].at != records && !at(DECIDED) -> read_on() }

  :: d_step { may_fetch(0) -> fetch(0) }
  :: d_step { may_fetch(1) -> fetch(1) }
#if N > 2
  :: d_step { may_fetch(2) -> fetch(2) }
#endif
#if N > 3
  :: d_step { may_fetch(3) -> fetch(3) }
#endif

  /* FETCHED: what Redis has of the key */
#define publishes (D.F == r.F && (r.pub == wk[me].d + 1 || r.pub == 0 || (D.parent && r.pub == D.parent)))
  :: d_step { at(FETCHED) && works && r.st == posted && publishes ->
       r.pub = wk[me].d + 1; if :: PUBLISHER_HOLDS -> r.hold = amount(K, r.F); reservation_added() :: else fi; settle(published) }
  :: d_step { at(FETCHED) && works && r.st == posted && !publishes -> settle(other) }
  :: d_step { at(FETCHED) && works && r.st == refused && r.pub == wk[me].d + 1 -> settle((amount(K, D.F) -> dead : other)) }
  :: d_step { at(FETCHED) && works && older -> say("%c: a newer version of r%d has ended\n"); settle(other) }
  :: d_step { at(FETCHED) && works && r.st == parked && !behind ->
       if
       :: note[K] && r.F && (r.unans & ~r.F) == 0 && r.unans -> say("%c: r%d is parked, and now found\n"); finish(r.F)
       :: else -> say("%c: r%d is parked\n"); park()
       fi }
  :: d_step { at(FETCHED) && works && r.st == sent && !leased(K) -> say("%c takes over r%d\n");
       r.token = me + 1; r.unans = r.unans | r.cur; r.cur = 0; wk[me].F = r.F; wk[me].st = RESOLVING }
  :: d_step { at(FETCHED) && works && claimable && wk[me].ask -> wk[me].st = RESOLVING }
  :: d_step { at(FETCHED) && works && claimable && !wk[me].ask && !behind && !(is_edit(K) && leased(K)) -> if :: is_edit(K) -> r.token = me + 1 :: else fi; decide(); printf("%c decides r%d: %e\n", 65 + me, K, wk[me].verdict) }

  /* DECIDED */
/* An edit's claim counts here: nothing else keeps two of its deliveries apart. */
#define may_owe   (r.token == me + 1 && !behind && !(block && AMEND_BLOCKS) && !(mark && version(mark) > D.F))
#define unchanged (claimable && !(wk[me].moved && !(wk[me].saw_none && none_reserved) && STAMP_COMPARE) && !behind && !block)
#define is_newest (!((behind || block) && REFUSAL_AT_POSITION))
#define reserves_nothing (suspect == SUSPECT && SUSPECT_RESERVES_NOTHING)
  :: d_step { at(DECIDED) && works && wk[me].verdict == fits && unchanged -> say("%c reserves and stores `sent` for r%d\n");
       require(!left || wk[me].owed >= version(left) || wk[me].entry == 2, OWED_UNKNOWN); reserve() }
  :: d_step { at(DECIDED) && works && wk[me].verdict == fits && !unchanged -> say("%c: what r%d was decided on is no more\n"); start_again() }
  :: d_step { at(DECIDED) && works && wk[me].verdict == exceeds && claimable && is_newest ->
       require(sum(is_credited, 0) + amount(K, D.F) > creditable(entry), REFUSED_THOUGH_IT_FITS);
       r.st = refused; r.F = D.F; r.pub = wk[me].d + 1; settle(dead) }
  :: d_step { at(DECIDED) && works && wk[me].verdict == exceeds && !(claimable && is_newest) -> start_again() }
  :: d_step { at(DECIDED) && works && wk[me].verdict == no_money && claimable && is_edit(K) && may_owe -> end_edit() }
  :: d_step { at(DECIDED) && works && wk[me].verdict == no_money && claimable && is_edit(K) && !may_owe -> start_again() }
  :: d_step { at(DECIDED) && works && wk[me].verdict == no_money && claimable && !is_edit(K) -> r.st = refused; r.F = D.F; r.pub = wk[me].d + 1; settle(other) }
  :: d_step { at(DECIDED) && works && wk[me].verdict == no_money && !claimable -> start_again() }
  :: d_step { at(DECIDED) && works && (wk[me].verdict == lacks || wk[me].verdict == no_order) -> settle(put_off) }

  /* The POST */
  :: d_step { at(SENDING) -> wire[me] = wk[me].F; wk[me].st = WAITING; say("%c: bytes of r%d leave\n");
       if :: !RESERVE_WITH_SENT -> r.hold = amount(K, wk[me].F) :: else fi }
#if TIMEOUT
  :: d_step { at(WAITING) && wire[me] && faults > 0 -> faults--; say("%c: its POST for r%d: timeout or reset, outcome unknown\n");
       become_stray(me); wk[me].st = RESOLVING }
#endif
  :: d_step { at(ANSWERED) && works && wk[me].ans == ok ->
       if
       :: r.st != posted -> say("%c: OK for r%d\n"); finish(wk[me].F)
       :: else -> start_again()
       fi }
  :: d_step { at(ANSWERED) && works && wk[me].ans == refusal ->
       if
       :: holds -> refuse()
       :: else -> start_again()
       fi }

  /* RESOLVING */
  :: d_step { at(RESOLVING) && works && note[K] -> say("%c asks Prima for r%d: found\n"); wk[me].st = FOUND }
  :: d_step { at(RESOLVING) && works && !note[K] && quiet(K) -> say("%c asks Prima for r%d: absent\n"); wk[me].proof = !alive(K); wk[me].st = ABSENT }
#if CANNOT_TELL
  :: d_step { at(RESOLVING) && works && faults > 0 && (holds || claimable) && !behind -> faults--; say("%c cannot tell for too long: parks r%d\n"); park() }
#endif
  :: d_step { at(FOUND) && works && !behind ->
       if
       :: r.st == sent && r.token == me + 1 && r.F && (r.unans | r.cur) == r.F -> finish(r.F)
       :: (r.st == sent && r.token == me + 1 && !(r.F && (r.unans | r.cur) == r.F)) || claimable -> say("%c: r%d is found, but not proven ours\n"); r.F = 0; park()
       :: else -> start_again()
       fi }
#define ends_now   (amount(K, D.F) == 0 && D.F != r.F)
#define proven     (wk[me].proof || !ENDED_NEEDS_PROOF)
  /* sent before: again, with what is stored; or not again, for the newest version has no money */
  :: d_step { at(ABSENT) && works && r.st == sent && r.token == me + 1 && !ends_now ->
       r.unans = (wk[me].proof -> 0 : r.unans | r.cur); say("%c: r%d is absent: sends again\n"); send(r.F) }
  :: d_step { at(ABSENT) && works && r.st == sent && r.token == me + 1 && ends_now && proven ->
       r.st = refused; r.token = 0; r.cur = 0; r.unans = 0; r.F = D.F; r.pub = wk[me].d + 1; r.hold = (ENDED_GIVES_BACK -> 0 : r.hold); say("%c: r%d is absent, and ends\n"); settle(other) }
  :: d_step { at(ABSENT) && works && r.st == sent && r.token == me + 1 && ends_now && !proven && !behind -> say("%c: r%d is absent, its sender perhaps alive\n"); park() }
  /* asked first */
  :: d_step { at(ABSENT) && works && claimable && (wk[me].proof || !SUSPECT_PROOF) ->
       wk[me].ask = 0;
       if
       :: reserves_nothing && !is_edit(K) -> settle(put_off)
       :: else -> wk[me].st = FETCHED; wk[me].proof = 0
       fi }
  :: d_step { at(ABSENT) && works && claimable && !(wk[me].proof || !SUSPECT_PROOF) && !behind -> say("%c: r%d is absent, its sender perhaps alive\n"); park() }
  :: d_step { at(ABSENT) && works && !claimable && !(r.st == sent && r.token == me + 1) -> start_again() }

#if FORWARD
  :: d_step { (at(FETCHED) || at(DECIDED) || at(RESOLVING)) && works && faults > 0 && !(suspect == SUSPECT && wk[me].ask && UNASKED_STAYS) ->
       faults--; say("%c: r%d cannot settle in time\n"); D.ask = wk[me].ask;
       if :: !FORWARD_KEEPS && r.st == sent && r.token == me + 1 -> r.hold = 0 :: else fi;
       settle(forwarded) }
#endif
  :: d_step { !at(IDLE) && wk[me].zombie && !asleep(me) -> say("%c hears that r%d's partition is gone\n"); leave(me) }

  /* after the commit: the ledger has it */
#define take_off(k) works && has(wk[me].todrop, k) -> wk[me].todrop = without(wk[me].todrop, k); printf("%c takes r%d's reservation off\n", 65 + me, k); ledger_later(k); \
    rf[k].hold = 0; position = (POSITION_WITH_DROP -> max(position, written[k]) : position)
  :: d_step { works && wk[me].tounmark -> printf("%c: what d%d left owed is in the ledger\n", 65 + me, wk[me].tounmark - 1);
       if :: mark == wk[me].tounmark -> mark = 0 :: else fi;
       wk[me].tounmark = 0; position = (POSITION_WITH_DROP -> max(position, owed_at) : position) }
  :: d_step { take_off(0) }
  :: d_step { take_off(1) }
#if R > 2
  :: d_step { take_off(2) }
#endif
  od
}

#include "credit_world.pml"

/* ---- start and rest --------------------------------------------------------------------------------- */
#define is_open(k)   has(letter, k)
#define at_rest(a, k) (has(credited, k) * credit[k] + (!has(credited, k) && is_open(k)) * max(opened[k], rf[k].hold))
#define fits_at_rest(x) (entry && sum(at_rest, 0) - at_rest(0, dl[x].refund) + own_amount(x) <= creditable(entry))

init {
  d_step {
    for (i : 0 .. R - 1) { dl[i].st = READY; dl[i].refund = i; dl[i].F = 1 }
    i = 0;
#if AGAIN
    dl[LAST].st = NOT_YET; dl[LAST].refund = 0; dl[LAST].F = AGAIN;
#endif
    heard[0] = 1; heard[1] = 1; entry = ENTRY; records = ENTRY; position = ENTRY
  }
  atomic {
    run WorkerProcess(0); run WorkerProcess(1); run Transactions(0); run Transactions(1); run World();
#if REDIS_FAILS
    run Redis();
#endif
  }
end:
  if
  :: d_step { faults + ops > 0 -> faults = 0; ops = 0; printf("(the world calms down: no more faults)\n") }
  :: timeout
  fi;
end_rest:
  atomic {
    timeout -> printf("(at rest)\n");
    require(suspect == TRUSTING && !block, STUCK);
    for (i : 0 .. N - 1) {
      j = fits_at_rest(i);
      require(!(dl[i].st == READY && dl[i].waits && j && !block), WAITS_FOR_NOTHING);
      require(dl[i].st == UNUSED || dl[i].st == ENDED || (dl[i].st == READY && dl[i].waits), STUCK)
    }
    require(!mark || owed >= version(mark), RESERVED_FOR_NOBODY);
    for (i : 0 .. R - 1) {
      require(!(has(credited, i) && credit[i] != noted(0, i)), LEDGER_IS_NOT_PRIMA);
      require(!(note[i] && !has(credited, i) && !is_open(i)), LEDGER_IS_NOT_PRIMA);
      require(!(rf[i].hold && !has(credited, i) && !is_open(i)), RESERVED_FOR_NOBODY);
      require(!(opened[i] && !has(credited, i) && !is_open(i)), RESERVED_FOR_NOBODY);
      require(!(is_open(i) && !has(credited, i) && max(opened[i], rf[i].hold) < noted(0, i)), OPEN_WITHOUT_RESERVATION)
    }
    i = 0; j = 0
  }
}
