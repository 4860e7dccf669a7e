/* Kinds of faults and acts: off unless switched on. What each means stands beside its command in
 * world.pml and worker.pml. */
#ifndef CRASH
#define CRASH 0
#endif
#ifndef PAUSE
#define PAUSE 0
#endif
#ifndef TAKEN
#define TAKEN 0
#endif
#ifndef TIMEOUT
#define TIMEOUT 0
#endif
#ifndef DROP
#define DROP 0
#endif
#ifndef REFUSE
#define REFUSE 0
#endif
#ifndef PRODUCT
#define PRODUCT 0
#endif
#ifndef THROTTLE
#define THROTTLE 0
#endif
#ifndef WORDS
#define WORDS 0
#endif
#ifndef BLAME
#define BLAME 0
#endif
#ifndef CANNOT_TELL
#define CANNOT_TELL 0
#endif
#ifndef FORWARD
#define FORWARD 0
#endif
#ifndef POLICY
#define POLICY 0
#endif
#ifndef ABORT
#define ABORT 0
#endif
#ifndef LOST_ACK
#define LOST_ACK 0
#endif
#ifndef OFFSETS
#define OFFSETS 0
#endif
#ifndef REBALANCE
#define REBALANCE 0
#endif
#ifndef LOSS
#define LOSS 0
#endif
#ifndef FLUSH
#define FLUSH 0
#endif
#ifndef ROLLBACK
#define ROLLBACK 0
#endif
#ifndef SETBACK
#define SETBACK 0
#endif
#ifndef LATE
#define LATE 0
#endif
#ifndef REDRIVE
#define REDRIVE 0
#endif
#ifndef EDIT
#define EDIT 0
#endif
#ifndef REDRIVE_TWICE
#define REDRIVE_TWICE 0
#endif
#ifndef REPLAY
#define REPLAY 0
#endif
#ifndef RELEASE
#define RELEASE 0
#endif
#ifndef ADOPT
#define ADOPT 0
#endif
#ifndef CANCEL
#define CANCEL 0
#endif
