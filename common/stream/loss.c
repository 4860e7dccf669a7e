/* The word that begins the end; see loss.h. */
#include "stream/loss.h"

#include "base/clock.h"
#include "obs/log.h"
#include "stream/worker.h"

const char world_what_is_lost[] =
    "the marker key is missing or different, or Redis lacks commands that it had acknowledged";

void world_lost_redis(struct worker *w, const char *detail)
{
    if (w->leaving)
        return;
    log_warning(.message = "Redis state lost; committing settled records, then restarting",
                .reason = "redis_lost_state", .detail = detail);
    w->leaving = true;
    w->leave_by_ms = clock_monotonic_ms() + w->times.lease_ms / 2;
}
