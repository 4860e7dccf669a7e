/* "Exactly once in effect", for one natural key K: a model for SPIN. Read README.md first.
 *
 * Four deliveries at most, two workers, one Prima, one broker, people, and a Redis that may become
 * two. Everything that can happen is one guarded command (`d_step { guard -> effect }`); commands
 * interleave in every order. What goes wrong costs one of FAULTS, what people do one of OPS; the
 * world may calm down at any time, and must then come to rest with every delivery ended.
 *
 *   protocol.pml   configuration, state, properties, start and rest
 *   rules.pml      one switch for each rule; `check` shows what its removal leads to
 *   worker.pml     the worker: claim, sent, POST, resolve, finish (what mirrors the C code)
 *   world.pml      Prima, the broker's transactions and rebalances, Redis' failures, people
 *   commands.txt   which command stands for which script and which row of the life table
 */
#include "rules.pml"

/* ---- configuration: what this run of the checker explores ----------------------------------- */
#ifndef N
#define N 2                  /* deliveries, at most 4: the first, the SECOND if there is one, redrives */
#endif
#ifndef UNIQUE
#define UNIQUE 1             /* Prima enforces unique order numbers */
#endif
#ifndef FAULTS
#define FAULTS 0             /* at most so many faults in one run, of the kinds that are switched on */
#endif
#ifndef OPS
#define OPS 0                /* at most so many acts of people */
#endif
#ifndef SECOND
#define SECOND 0             /* content of the second delivery: 0 none, 1 the same F, 2 another F */
#endif
#ifndef SECOND_PARTITION
#define SECOND_PARTITION 0   /* 0 behind the first, 1 in the other partition: two workers meet */
#endif
#ifndef SECOND_LATE
#define SECOND_LATE 0        /* it arrives at any time, perhaps when all else is over */
#endif
#ifndef ALIEN
#define ALIEN 0              /* Prima already holds this number, from somebody else */
#endif
#ifndef MONEY
#define MONEY 0              /* what F1 and F2 differ in: 0 goods, 1 money */
#endif
#ifndef NO_WORK
#define NO_WORK 0            /* no fault of this configuration may leave a person work */
#endif
#include "kinds.pml"
#define REDIS_FAILS (LOSS || FLUSH || ROLLBACK || SETBACK || LATE)

/* ---- state ----------------------------------------------------------------------------------- */
#define F1  1                /* a content F is 1 or 2, so that a set of contents is a bit mask */
#define F2  2

mtype = { absent, claimed, sent, posted, refused, parked, cancelled, waits };
mtype = { IDLE, FETCHED, CLAIMED, SENDING, WAITING, ANSWERED, RESOLVING, FOUND, ABSENT, PARK_SEEN };
mtype = { none, ok, exists, refusal, product, throttled, words };
mtype = { UNUSED, NOT_YET, READY, SETTLED, IN_DOUBT, SKIPPED, ENDED };
mtype = { nothing, published, duplicate, payment, amended, superseded, cancelled_first, dead_refused,
  dead_parked, dead_unproven, forwarded };

/* The state of K in one Redis. Its unanswered sends stand in sets of contents, by what is known of
 * their senders: */
typedef Record {
  mtype st = absent;
  unsigned F      : 2;       /* content of the claim, of the stored request, of the document */
  unsigned token  : 2;       /* 0 none, worker + 1, STALE: nobody holds it any more */
  bit expired;               /* the lease is over */
  unsigned pub    : 3;       /* delivery + 1 for which it happens; posted: that publishes it, 0 none */
  byte cur[2];               /* sends of the worker's attempt that is under way */
  byte dead[2];              /* ... of the worker's former processes: whoever looks can tell */
  unsigned past   : 2;       /* ... of an attempt that has ended and did not say so */
  unsigned over   : 2;       /* ... whose sender said that its transfer has ended */
  unsigned told   : 2;       /* ... that were answered in words that prove nothing */
  bit lost;                  /* ... that a Redis which was set back may have forgotten */
  unsigned gen    : 2;       /* highest generation that wrote */
  bit old;                   /* claimed or sent under another marker than today's */
  unsigned version : 2;      /* of whoever waits by policy, or claimed after that */
  bit newer;                 /* claimed: by one that waited by policy */
  unsigned money  : 2;       /* posted: content whose money was accepted last */
  unsigned moved  : 3;       /* ... the delivery + 1 that brought it, 0 the posted one */
  unsigned open   : 3;       /* ... the delivery + 1 whose other goods are an open amendment */
  bit anew                   /* sent: the stored request is not to go again, another one follows */
};
#define STALE 3

typedef Worker {
  mtype st = IDLE;
  unsigned d  : 2;           /* the delivery in hand */
  unsigned F  : 2;           /* content of the stored request that it sends or resolves */
  mtype ans = none;
  bit zombie;                /* lost its partition and has not heard of it; `gen` is what it believes */
  bit ghost;                 /* another process has its slot */
  unsigned gen : 2;
  bit lagged;                /* its lease ran out once while it was a zombie */
  bit paused;                /* naps between its look at the clock and the wire: its bytes leave late */
  unsigned ask : 2;          /* Prima is asked before the first send: 1 for caution, 2 it may have been sent */
  bit asked;                 /* ... and was */
  bit knows;                 /* an absence is known: what appears from now on is ours */
  bit unclassified;          /* the last answer was in words that nobody knows */
  bit again;                 /* a product was refused before, or the request is another's */
  bit early;                 /* Prima was asked before a transfer's end came on record */
  byte known[2]              /* the dead sends that were looked at before the question */
};

typedef Delivery {           /* one (topic, partition, offset) at which an event entered */
  mtype st = UNUSED;
  unsigned F      : 2;
  unsigned part   : 1;       /* 0 input, 1 retry or replay */
  bit input;                 /* it entered in the input, not as a redrive or replay */
  bit moved;                 /* forwarded to a retry topic, keeping its id */
  unsigned parent : 3;       /* delivery + 1 of the dead letter that it redrives */
  bit redriven;              /* a redrive of it exists: its dead letter is closed */
  mtype settled = nothing;   /* settled, in `by`'s open transaction */
  unsigned by     : 1;
  mtype result = nothing;    /* its terminal record, committed */
  bit below_end;             /* below the incident's ends: suspicion waits for it */
  unsigned ask    : 2;       /* a header of the forward: ask first */
  unsigned mark   : 3;       /* Redis: it sits in retry, so many-th of its key; 0 no mark */
  bit waited;                /* once waited by policy */
  bit decided                /* what becomes of it stands in Redis, visible or not yet */
};

#if LATE
Record   rr[2], snapshot;    /* Redis; and the old master, with which a worker may still work */
bit      view[2];            /* ... which of them the worker works with */
#else
Record   rr[1], snapshot;
#endif
Worker   wk[2];
Delivery dl[N];
bit      owner[2];           /* partition -> worker; worker 0 starts with input, 1 with retry */
unsigned generation : 2 = 1;

byte     wire[2];            /* content of the request of worker w that is under way, 0 none */
unsigned stray1 : 2, stray2 : 2;  /* requests under way whose sender has gone, in time */
byte     late[2];            /* ... that left after a nap of worker w: no time on record covers them */
unsigned docs : 2;           /* documents of K in Prima (ALIEN's included) */
unsigned made : 2;           /* contents of the documents that we made */
unsigned excuses : 4;        /* unknown outcomes, less the NewOrders that came after an applied one */

unsigned committed_F : 2, committed_by : 3;  /* the committed `posted` of K: content, delivery + 1 */
bit      committed_cancel;   /* a committed `cancelled before posting` */
unsigned told_amended : 3;   /* the committed amendment of K: delivery + 1 */
unsigned told_money : 2;     /* content of the newest committed payment update */
unsigned told_money_by : 3;

mtype = { TRUSTING, SUSPECT_WAIT, SUSPECT };
mtype suspect = TRUSTING;    /* an incident: the fleet waits, then asks first, until all is committed */
bit heard[2];                /* the worker began anew under it */
bit senders_over;            /* whoever sent before it is known to be over, and its bytes applied */
unsigned cleared : 2;        /* partitions that ended suspicion on their own (only without ALL_PARTITIONS) */
bit redis_failed, have_snapshot;

unsigned faults : 3 = FAULTS;
unsigned ops : 2 = OPS;
byte i, j;                   /* scratch inside one command, 0 between commands */

/* ---- properties ------------------------------------------------------------------------------ */
mtype = { I1_one_document, I1_unexcused_repeat, I2_one_terminal_record, I3_offset_without_record,
  I4_posted_without_its_document, I5_one_posted, I6_another_overwrites, I7_posted_regresses,
  I8_key_order, CANCELLED_AND_POSTED, OLDER_VERSION_POSTED, PEOPLE_HAVE_WORK, NOBODY_IS_TOLD,
  MARK_LEFT_BEHIND, ONE_EXCEPTION, MONEY_GOES_BACK, NEWS_IS_UNTOLD, STUCK };

inline require(condition, name) {
  if
  :: !(condition) -> printf("VIOLATES %e\n", name); assert(false)
  :: else
  fi
}

#define dead_letter(x) (dl[x].result == dead_refused || dl[x].result == dead_parked || dl[x].result == dead_unproven)
#define is_work(what)  (what == dead_parked || what == dead_unproven)
#define open_case(x)   (is_work(dl[x].result) && !dl[x].redriven)

#define from_input(x)  (dl[x].input)
#define cancels(x)     (CANCEL && x == 1)

/* A delivery's terminal record becomes visible. */
inline record_terminal(x, what) {
  require(dl[x].result == nothing, I2_one_terminal_record);
  require(!(NO_WORK && is_work(what)), PEOPLE_HAVE_WORK);
  for (j : 0 .. N - 1) {
    if
    :: j < x && from_input(x) && from_input(j) && !dl[j].waited ->
       require(dl[j].decided, I8_key_order)
    :: else
    fi;
    if
    :: what == published && dl[j].waited && !dl[j].decided ->
       require(dl[j].F <= dl[x].F, OLDER_VERSION_POSTED)
    :: else
    fi
  }
  j = 0;
  dl[x].result = what;
  if
  :: what == published ->
     require(made & dl[x].F, I4_posted_without_its_document);
     require(committed_F == 0, I5_one_posted);
     committed_F = dl[x].F; committed_by = x + 1
  :: what == amended ->
     require(told_amended == 0, ONE_EXCEPTION);
     told_amended = x + 1
  :: what == payment ->
     require(told_money < dl[x].F, MONEY_GOES_BACK);
     told_money = dl[x].F; told_money_by = x + 1
  :: what == cancelled_first ->
     require(made == 0, CANCELLED_AND_POSTED);
     committed_cancel = 1
  :: else
  fi
}

#include "worker.pml"
#include "world.pml"

/* ---- start and rest --------------------------------------------------------------------------- */
init {
  d_step {
    dl[0].st = READY; dl[0].F = F1; dl[0].input = 1;
#if SECOND
    dl[1].st = (SECOND_LATE -> NOT_YET : READY); dl[1].F = SECOND; dl[1].part = SECOND_PARTITION; dl[1].input = !SECOND_PARTITION;
#endif
    owner[1] = 1; heard[0] = 1; heard[1] = 1;
    docs = ALIEN
  }
  atomic {
    run WorkerProcess(0); run WorkerProcess(1); run Transactions(0); run Transactions(1); run Prima(); run Cluster();
#if REDIS_FAILS
    run Redis();
#endif
#if OPS
    run People();
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
    for (i : 0 .. N - 1) {
      require(dl[i].st != SKIPPED, I3_offset_without_record);
      require(dl[i].st == UNUSED || dl[i].st == ENDED, STUCK);
      require(dl[i].mark == 0, MARK_LEFT_BEHIND);
      require(!(dl[i].result == duplicate && committed_F && dl[i].F > committed_F) || told_amended || told_money >= dl[i].F, NEWS_IS_UNTOLD)
    }
    i = 0;
    require(made == 0 || committed_F != 0 || open_case(0) || open_case(1 % N) || open_case(2 % N) ||
            open_case(3 % N), NOBODY_IS_TOLD)
  }
}
