/* The poller of one company: its lease, its sources' jobs, the reading that is under way, and beside
 * them the statuses of its orders (status_poller.h). One
 * reading at a time: Prima is asked for one thing of a company after the other, and one
 * transactional id has one writer.
 *
 * Life: without the lease nothing runs. When it is taken, its note says when each source was last
 * read, here or elsewhere, and the jobs begin. When it is lost, they stop, and the reading that is
 * under way is told to end: it commits nothing any more. Loop thread only; a reading has a thread of
 * its own, and the loop does not touch it until that has ended. */
#ifndef PRIMAFLOW_COMPANY_H
#define PRIMAFLOW_COMPANY_H

#include <uv.h>

#include "host/host.h"
#include "poller_settings.h"
#include "schedule/job.h"
#include "status_poller.h"
#include "stock_note.h"

struct company_source {
    struct company *company;
    const struct stock_source *source;
    char name[STOCK_SOURCE_NAME_MAX];
    struct job job;
    struct stock_last last;
    struct bad_rows told;
    bool waits;           /* due, and another one is being read */
    enum reading_end end; /* of the last one */
    int64_t ended_ms;     /* wall; 0: none ended yet */
};

struct company {
    struct host *host;
    const char *name;
    char lease_name[80];
    struct lease lease;
    int64_t token; /* 0: we have no lease */
    /* Redis' clock less ours, wall; when the lease was taken, Redis' clock */
    int64_t clock_ahead_ms, taken_ms;
    struct company_source *sources;
    size_t source_count;
    struct codec *codec;
    struct status_poller status;
    struct company_source *reading_of; /* NULL: nothing is being read */
    struct stock_reading reading;
    uv_thread_t thread;
    uv_async_t ended;
};

/* -EINVAL with the key and the remedy. */
__attribute__((warn_unused_result)) int company_init(struct company *company, struct host *host,
                                                     const struct poller_company *settings,
                                                     const struct order_rules *rules,
                                                     struct codec *codec,
                                                     struct config_message *ret_message);
void company_start(struct company *company, struct redis *redis);
/* Stops its jobs, ends its reading. */
void company_stop(struct company *company);
/* Nothing is being read any more: gives the lease back. True once it was. */
bool company_is_stopped(struct company *company);

/* Since the last complete reads began, the oldest of the whole catalogue's parts; since the lease was
 * taken where there was none; -1: we have no lease, and do not know. */
int64_t company_age_ms(const struct company *company);

#endif
