/* "Exactly once in effect", for one natural key K: a model for SPIN. Read README.md first.
 *
 * Four deliveries at most, two workers, one Prima, one Redis, one broker, and people. Everything that can happen is one guarded
 * command (`d_step { guard -> effect }`); commands interleave in every order. What goes wrong costs one of FAULTS, what people do one
 * of OPS; the world may calm down at any time, and must then come to rest with every delivery ended.
 *
 *   protocol.pml   configuration, state, properties, start and rest
 *   rules.pml      one switch for each rule; `check` shows what its removal leads to
 *   worker.pml     the worker: claim, sent, POST, resolve, finish (the part that mirrors the C code)
 *   world.pml      Prima, the broker's transactions and rebalances, Redis' failures, people
 */
#include "rules.pml"

/* ---- configuration: what this run of the checker explores --------------------------------------------------------------- */
#ifndef N
#define N 2                  /* deliveries, at most 4: the first, the SECOND if there is one, and room for redrives and replays */
#endif
#ifndef UNIQUE
#define UNIQUE 1             /* Prima enforces unique order numbers */
#endif
#ifndef FAULTS
#define FAULTS 0             /* at most so many faults in one run, of the kinds that are switched on below */
#endif
#ifndef OPS
#define OPS 0                /* at most so many acts of people */
#endif
#ifndef SECOND
#define SECOND 0             /* content of the second delivery: 0 there is none, 1 the same F (a resend), 2 another F (an edit) */
#endif
#ifndef SECOND_PARTITION
#define SECOND_PARTITION 0   /* 0 behind the first, 1 in the other partition, so that two workers meet */
#endif
#ifndef SECOND_LATE
#define SECOND_LATE 0        /* it arrives at any time, perhaps when all else is over */
#endif
#ifndef ALIEN
#define ALIEN 0              /* Prima already holds this number, from somebody else */
#endif
/* kinds of fault: CRASH PAUSE TIMEOUT DROP REFUSE THROTTLE CANNOT_TELL FORWARD ABORT LOST_ACK REBALANCE LOSS FLUSH ROLLBACK
   acts of people: REDRIVE EDIT REDRIVE_TWICE REPLAY RELEASE.      All are off unless -D<kind>=1; an undefined name is 0 */
#include "kinds.pml"
#define REDIS_FAILS (LOSS || FLUSH || ROLLBACK)

/* ---- state --------------------------------------------------------------------------------------------------------------- */
/* A content F is 1 or 2, so that a set of contents is a bit mask; OLD stands for sends that a lost Redis may have known. */
#define F1  1
#define F2  2
#define OLD 4

mtype = { absent, claimed, sent, posted, refused, parked };
mtype = { IDLE, FETCHED, CLAIMED, SENDING, WAITING, ANSWERED, RESOLVING, FOUND, ABSENT, PARK_SEEN };
mtype = { none, ok, exists, refusal, throttled };
mtype = { UNUSED, NOT_YET, READY, SETTLED, IN_DOUBT, SKIPPED, ENDED };
mtype = { nothing, published, duplicate, conflict, dead_refused, dead_parked, dead_unproven, forwarded };

typedef Record {             /* the state of K in Redis */
  mtype st = absent;
  unsigned F      : 2;       /* content of the claim, of the stored request, of the document */
  unsigned token  : 2;       /* 0 none, worker + 1, STALE: nobody holds it any more */
  bit expired;               /* the lease is over */
  unsigned pub    : 3;       /* delivery + 1 that claimed, and then may publish */
  unsigned unans  : 3;       /* contents of the sends of K that were never answered, without the one that is under way */
  unsigned gen    : 2;       /* highest generation that wrote */
  bit old                    /* written before the last Redis fault (its run id is another) */
};
#define STALE 3

typedef Worker {
  mtype st = IDLE;
  unsigned d  : 2;           /* the delivery in hand */
  unsigned F  : 2;           /* content of the stored request that it sends or resolves */
  unsigned pub : 3;          /* delivery + 1 that claimed that request: kept in memory, for Redis may forget it */
  mtype ans = none;
  bit zombie;                /* lost its partition and has not heard of it; `gen` is what it believes */
  unsigned gen : 2;
  bit lagged;                /* its lease ran out once while it was a zombie */
  bit paused                 /* slept past its lease: no timing assumption covers what it still holds */
};

typedef Delivery {           /* one (topic, partition, offset) at which an event entered */
  mtype st = UNUSED;
  unsigned F      : 2;
  unsigned part   : 1;       /* 0 input, 1 retry or replay */
  bit moved;                 /* moved from input to retry, keeping its id */
  unsigned parent : 3;       /* delivery + 1 of the dead letter that it redrives */
  bit redriven;              /* a redrive of it exists: its dead letter is closed */
  mtype settled = nothing;  /* settled, in `by`'s open transaction */
  unsigned by     : 1;
  mtype result = nothing;   /* its terminal record, committed */
  bit below_end              /* below the end offsets at detection: suspect mode waits for it */
};

Record   r, snapshot;
Worker   wk[2];
Delivery dl[N];
bit      owner[2];           /* partition -> worker; worker 0 starts with input, 1 with retry */
unsigned generation : 2 = 1;
unsigned deferred : 4;       /* Redis: the deliveries of K that sit in retry, a set */

byte     wire[2];            /* content of the request of worker w that is under way, 0 none */
unsigned stray1 : 2, stray2 : 2;  /* requests under way with F1, F2 whose sender has gone */
unsigned docs : 2;           /* documents of K in Prima (ALIEN's included) */
unsigned made : 2;           /* contents of the documents that we made */
unsigned excuses : 4;        /* unknown outcomes so far, less the NewOrders that came after an applied one */

unsigned committed_F : 2, committed_by : 3;  /* the committed `posted` of K: content, delivery + 1 */

mtype = { TRUSTING, SUSPECT_WAIT, SUSPECT };
mtype suspect = TRUSTING;
unsigned cleared : 2;        /* partitions that ended suspect mode on their own (only without ALL_PARTITIONS) */
unsigned marker_gen : 2;     /* the generation of those who wrote the marker key after a Redis fault */
bit redis_failed, have_snapshot;

unsigned faults : 3 = FAULTS;
unsigned ops : 2 = OPS;
byte i, j;                   /* scratch inside one command, 0 between commands */

/* ---- properties ---------------------------------------------------------------------------------------------------------- */
mtype = { I1_one_document, I1_unexcused_repeat, I2_one_terminal_record, I3_offset_without_record, I4_posted_without_its_document,
  I5_one_posted, I6_conflict_overwrites, I7_posted_regresses, I8_key_order, NOBODY_IS_TOLD, STUCK };

inline require(condition, name) {
  if
  :: !(condition) -> printf("VIOLATES %e\n", name); assert(false)
  :: else
  fi
}

#define dead(x)      (dl[x].result == dead_refused || dl[x].result == dead_parked || dl[x].result == dead_unproven)
#define open_case(x) ((dl[x].result == dead_parked || dl[x].result == dead_unproven) && !dl[x].redriven)

#define from_input(x) (dl[x].st != UNUSED && (dl[x].part == 0 || dl[x].moved))

/* A delivery's terminal record becomes visible. */
inline record_terminal(x, what) {
  require(dl[x].result == nothing, I2_one_terminal_record);
  for (j : 0 .. N - 1) {
    if
    :: j < x && !redis_failed && from_input(x) && from_input(j) -> require(dl[j].st == ENDED, I8_key_order)
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
  :: else
  fi
}

#include "worker.pml"
#include "world.pml"

/* ---- start and rest ------------------------------------------------------------------------------------------------------ */
init {
  d_step {
    dl[0].st = READY; dl[0].F = F1;
#if SECOND
    dl[1].st = (SECOND_LATE -> NOT_YET : READY); dl[1].F = SECOND; dl[1].part = SECOND_PARTITION;
#endif
    owner[1] = 1;
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
      require(dl[i].st == UNUSED || dl[i].st == ENDED, STUCK)
    }
    i = 0;
    require(made == 0 || committed_F != 0 || open_case(0) || open_case(1)
#if N > 2
            || open_case(2)
#endif
#if N > 3
            || open_case(3)
#endif
            , NOBODY_IS_TOLD)
  }
}
