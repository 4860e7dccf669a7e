/* The engine of workers that post each record to Prima once. Loop thread only. */
#ifndef PRIMAFLOW_POSTING_H
#define PRIMAFLOW_POSTING_H

#include "prima/client.h"
#include "prima/names.h"
#include "posting/breaker.h"
#include "posting/findings.h"
#include "posting/former.h"
#include "posting/permit_line.h"
#include "posting/ready.h"
#include "posting/recent.h"
#include "posting/record.h"
#include "posting/surge.h"
#include "posting/window.h"
#include "stream/stream.h"

struct accounts;
struct catalogue;
struct fact_source;
struct ktable;

/* send_queue.h */
struct send_queue {
    struct record *first, **last;
    size_t storing, posting;
};

/* From so many on a key is claimed before anything is decided. */
enum { POSTING_IN_VAIN = 16 };

struct posting {
    void *rules;
    struct prima_names names;
    struct prima_client *prima;
    struct buf message; /* scratch: the result or ledger entry being written */

    /* configuration, read once */
    size_t in_flight_max, buffered_max, connections_max;
    int64_t settle_deadline_ms, retry_max_age_ms, retry_delay_max_ms, resolve_max_ms, replay_max,
        unproven_wait_ms;
    bool unique;     /* prima.enforces_unique_order_number */
    bool asks_first; /* prima.ask_before_first_send */

    struct window window;
    struct lanes lanes;
    struct ready_queue ready;
    uint64_t records_fetched;
    bool schema_fetch_running; /* a schema in the registry */
    struct former_queue former;
    struct send_queue send_queue;
    unsigned in_vain; /* claim.c: requests that were carried to a claim in vain, of late */
    struct permit_line permit_line; /* of those that ask Prima, where there is a limit */
    struct breaker breaker;
    struct recent recent; /* Prima's last answers */
    bool rising;          /* stale.h: an epoch is being written */

    const struct fact_source *const *fact_sources; /* NULL-terminated; NULL: none */
    struct findings findings;                      /* what records of this process ask about now */
    struct catalogue *catalogue;
    struct accounts *accounts;
    struct ktable *table; /* of a flow with a ledger; else NULL */
    bool *table_also;     /* ../facts/credit.c */

    unsigned exceptions[PF_OWNER_COUNT]; /* published since the start, by owner */
    struct surge surge;                  /* surge_watch.h; keys 0: not watched */
};

/* Of a partition: read and not committed, by offset. */
struct backlog {
    struct record *first, **last;
    size_t count;
};

static inline struct backlog *backlog_of(const struct partition *p)
{
    return p->engine_state;
}

extern const struct engine posting_engine;

#endif
