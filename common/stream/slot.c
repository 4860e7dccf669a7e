/* Taking a slot; see slot.h. */
#include "stream/slot.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "obs/log.h"

enum { AGAIN_MS = 100, KEEPER_LOOK_MS = 20 };

/* What the former holder left behind. Taken again, after a connection broke, it is what we found
 * the first time. */
static void remember_former(struct worker *w, const struct keys_slot *slot)
{
    if (w->stream->fleet.former.is_known && slot->former_epoch == w->keys.slot_epoch)
        return;
    w->stream->fleet.former.is_known = true;
    w->stream->fleet.former.epoch = slot->former_epoch;
    w->stream->fleet.former.number = slot->former_number;
    w->stream->fleet.former.at_ms = slot->former_at_ms;
}

int slot_take(struct worker *w, struct redis_once *redis, char ret_message[static KAFKA_TEXT_MAX])
{
    const int64_t until = clock_monotonic_ms() + config_int(w->host.config, CFG_slot_wait);
    char dead[PROCESS_NAME_MAX] = "";
    bool said = false;
    (void)process_describe_self(w->slot_token);
    for (;;) {
        struct keys_slot slot;
        if (keys_slot_take(redis, &w->keys, w->slot_token,
                           config_int(w->host.config, CFG_slot_lease), dead, &slot) < 0) {
            (void)snprintf(ret_message, KAFKA_TEXT_MAX,
                           "cannot take slot %s: Redis connection lost", w->host.slot);
            return -EIO;
        }
        if (slot.is_taken) {
            remember_former(w, &slot);
            w->keys.slot_epoch = slot.epoch;
            memcpy(w->keys.sender, w->slot_token, sizeof w->keys.sender);
            w->stream->fleet.slot_is_taken = 1;
            return 0;
        }
        (void)snprintf(dead, sizeof dead, "%s",
                       slot.holder != NULL && process_is_over(slot.holder) ? slot.holder : "");
        if (dead[0] != '\0')
            continue;
        if (w->host.give_up)
            return -EIO;
        if (clock_monotonic_ms() > until) {
            (void)snprintf(ret_message, KAFKA_TEXT_MAX,
                           "slot %.40s of group %.80s is held by another process (%.100s)",
                           w->host.slot, w->stream->group,
                           slot.holder != NULL ? slot.holder : "unknown");
            return -EBUSY;
        }
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "%.100s has it",
                       slot.holder != NULL ? slot.holder : "another process");
        waits_explain(&w->host.waits, ret_message);
        if (!said)
            log_info(.message = "another process holds this slot; waiting for its lease to expire",
                     .slot = w->host.slot, .ms = slot.busy_ms);
        said = true;
        (void)usleep(AGAIN_MS * 1000);
    }
}

/* ---- keeping it while starting ---- */

/* In the pool, on a connection of its own: start-up blocks for as long as a transaction's time-out
 * or a rebuild takes, and the lease is shorter. */
static void keep(uv_work_t *work)
{
    struct worker *w = work->data;
    struct redis_once *redis = NULL;
    const int64_t every = config_int(w->host.config, CFG_slot_lease) / 4;
    for (int64_t renewed = 0; !w->stream->fleet.slot_keeper_ends && !w->host.give_up;
         (void)usleep(KEEPER_LOOK_MS * 1000)) {
        struct redis_server server;
        char message[300];
        if (!w->stream->fleet.slot_is_taken || clock_monotonic_ms() - renewed < every)
            continue;
        if (redis == NULL && redis_once_open(config_text(w->host.config, CFG_redis_url),
                                             every > 0 ? every : 1, &redis, &server, message) < 0)
            continue;
        if (keys_slot_keep(redis, &w->keys, w->slot_token,
                           config_int(w->host.config, CFG_slot_lease)) < 0) {
            redis_once_close(redis);
            redis = NULL;
        } else {
            renewed = clock_monotonic_ms(); /* lost: the loop's own first renewal hears the same,
                                               and starts over */
        }
    }
    redis_once_close(redis);
}

static void kept(uv_work_t *work, int status)
{
    (void)status;
    free(work);
}

void slot_keep(struct worker *w)
{
    uv_work_t *work = calloc(1, sizeof *work);
    if (work == NULL)
        abort();
    work->data = w;
    (void)uv_queue_work(&w->host.loop, work, keep, kept);
}
