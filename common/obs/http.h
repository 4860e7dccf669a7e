/* The worker's small HTTP server on its own loop: GET /metrics /livez /readyz /status. It is
 * answered by the loop that does the work; while that stands still, the watchdog stands in
 * (watchdog.h). Loop thread only. */
#ifndef PRIMAFLOW_OBS_HTTP_H
#define PRIMAFLOW_OBS_HTTP_H

#include "base/buf.h"

#include <stdbool.h>
#include <uv.h>

struct obs_http;

struct obs_answers {
    bool (*live)(void *user, struct buf *why); /* false → 503 with the reason */
    bool (*ready)(void *user, struct buf *why);
    void (*status)(void *user, struct buf *json); /* one JSON object */
    void (*before_metrics)(void *user);           /* refresh gauges; may be NULL */
    void *user;
};

/* listen: "127.0.0.1:9100", ":9100" (loopback), "0.0.0.0:9100" (everywhere), "[::1]:9100"; port 0
 * picks one. Blocks for a name's lookup only. `answers` is copied; `user` outlives the server. The
 * server keeps the loop alive until it is stopped. -EADDRINUSE, -EINVAL or another negative errno
 * with the message filled. */
__attribute__((warn_unused_result)) int obs_http_start(uv_loop_t *loop, const char *listen,
                                                       const struct obs_answers *answers,
                                                       struct obs_http **ret_http,
                                                       char ret_message[static 300]);
int obs_http_port(const struct obs_http *http);
int obs_http_socket(
    const struct obs_http *http); /* the listening one, the server's: for the watchdog */
void obs_http_stop(
    struct obs_http *http); /* accepts NULL; its memory goes when the loop has run once more */

#endif
