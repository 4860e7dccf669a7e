/* What a worker is made of beside its stream: an engine (engine.h), and what that needs of the
 * process around it. worker_main (worker/run.h) knows no more of it than this, so that an engine
 * that posts to Prima and one that keeps a state are started, drained and watched alike.
 *
 * Loop thread only; hooks that are NULL are left out. */
#ifndef PRIMAFLOW_WORKER_ENGINE_H
#define PRIMAFLOW_WORKER_ENGINE_H

#include <jansson.h>

#include "config/config.h"
#include "stream/engine.h"

struct redis_scripts;

struct worker_engine {
    const struct engine *engine;
    size_t state_size; /* of worker.engine_state: zero at first, and there until the process ends */
    const void *with;  /* what the program gave it, as worker.engine.with */
    /* What it calls in Redis, loaded with each connection; NULL: the scripts of slots and keys. */
    const struct redis_scripts *(*scripts)(const struct worker *w);

    /* Reads and checks all that the configuration decides; no connection is made. The worker's own
     * settings and its codec are there; without a ledger, keys or retry topics nothing more need be
     * set. <0: the message says what and the remedy; the program ends with 78. */
    int (*prepare)(struct worker *w, struct config_message *ret_message);
    void (*release)(struct worker *w); /* what `prepare` made: behind --check alone */
    void (*begin)(struct worker *w);   /* the loop is there; before start-up and the first record */

    /* Its fields of /status, and its gauges; also while the worker starts. */
    void (*write_status)(const struct worker *w, json_t *status);
    void (*refresh_gauges)(const struct worker *w);
};

#endif
