/* primaflow-poller: a host's job without a topic. It keeps one poller for each company of the
 * mappings (company.h). Loop thread only. */
#ifndef PRIMAFLOW_POLLER_H
#define PRIMAFLOW_POLLER_H

#include "company.h"

struct poller {
    struct host host;
    struct poller_settings settings;
    struct redis *redis; /* NULL: not yet */
    struct company *companies;
    size_t company_count;
};

static inline struct poller *poller_of(struct host *h)
{
    return (struct poller *)(void *)h; /* its first member */
}

/* Runs until SIGTERM; the exit code. */
int poller_main(int argc, char **argv);

/* poller_status.c: /livez, /readyz, /status and the gauges of /metrics. */
void poller_status_install(struct poller *poller, struct obs_answers *answers);

#endif
