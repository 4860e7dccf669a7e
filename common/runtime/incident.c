/* One incident after the other until Redis is what ops.control says; see incident.h. */
#include "runtime/incident.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "runtime/rebuild.h"
#include "runtime/startup.h"

enum { LOOK_MS = 100, TURN_MS = 15000 };

/* ---- Redis, by name ---- */

static int get(struct redis_once *redis, const char *name, char *text, size_t room)
{
    struct redis_reply reply;
    const struct redis_bytes words[] = {{"GET", 3}, {name, strlen(name)}};
    text[0] = '\0';
    if (redis_once_command(redis, words, 2, &reply) < 0 || reply.error != NULL)
        return -EIO;
    if (reply.items[0].text != NULL)
        (void)snprintf(text, room, "%.*s", (int)reply.items[0].size, reply.items[0].text);
    return 0;
}

/* ---- opening ---- */

/* Nothing was ever read or published: whatever Redis holds, nothing of ours can be in Prima. */
static int is_first_start(struct worker *w, const struct control *c, bool *ret_first, char ret_message[static KAFKA_TEXT_MAX])
{
    struct kafka_place *places = calloc(CONTROL_ENDS_MAX, sizeof *places);
    if (places == NULL)
        abort();
    memcpy(places, c->ends, c->end_count * sizeof *places);
    bool first = true;
    int result = c->end_count > 0 ? control_committed(w->config, w->group, places, c->end_count, ret_message) : 0;
    for (size_t i = 0; i < c->end_count && result == 0; i++)
        first &= places[i].offset < 0;
    size_t count = 0;
    const char *const written[] = {w->results_topic, w->dlq_topic};
    if (result == 0)
        result = control_ends(w->config, written, 2, places, CONTROL_ENDS_MAX, &count, ret_message);
    for (size_t i = 0; i < count && result == 0; i++)
        first &= places[i].offset == 0;
    free(places);
    *ret_first = first;
    return result;
}

/* One of the fleet opens an incident, the others find it: two that were opened at once would each wait for the other's marker. -EAGAIN: not
 * us. */
static int take_turn(struct worker *w, struct redis_once *redis)
{
    char name[200], ms[24], holder[64];
    struct redis_reply reply;
    (void)keys_name(&w->keys, "incident", w->flow->name, name, sizeof name);
    const int size = snprintf(ms, sizeof ms, "%d", TURN_MS);
    const struct redis_bytes words[] = {{"SET", 3}, {name, strlen(name)}, {w->slot, strlen(w->slot)}, {"NX", 2},
                                        {"PX", 2},  {ms, (size_t)size}};
    if (redis_once_command(redis, words, 6, &reply) < 0 || reply.error != NULL)
        return -EIO;
    if (reply.items[0].text != NULL)
        return 0;
    if (get(redis, name, holder, sizeof holder) < 0)
        return -EIO;
    if (strcmp(holder, w->slot) == 0)
        return 0; /* our own former self */
    (void)usleep(LOOK_MS * 1000);
    return -EAGAIN;
}

static int open_new(struct worker *w, const struct redis_server *server, char ret_message[static KAFKA_TEXT_MAX])
{
    struct control *c = calloc(1, sizeof *c);
    if (c == NULL)
        abort();
    uint8_t id[16];
    const char *names[TOPICS_MAX];
    const size_t count = rebuild_input_names(w, names);
    bool first = false;
    digest_random(id, sizeof id);
    (void)digest_hex(id, sizeof id, c->incident);
    (void)snprintf(c->run_id, sizeof c->run_id, "%s", server->run_id);
    c->detected_ms = clock_wall_ms();
    int result = control_ends(w->config, names, count, c->ends, CONTROL_ENDS_MAX, &c->end_count, ret_message);
    if (result == 0 && w->control.incident[0] == '\0')
        result = is_first_start(w, c, &first, ret_message);
    if (first)
        c->end_count = 0;
    if (result == 0)
        result = control_open(w->config, w->group, c, ret_message);
    if (result == 0 && first) {
        char name[200];
        struct redis_once *redis = w->startup_redis;
        result = rebuild_set(redis, rebuild_marker_name(w, name), c->incident);
        if (result == 0)
            result = control_clear(w->config, w->group, c->incident, ret_message);
    }
    if (result == 0 && !first)
        log_warning(.message = "Redis is not what it was: every record is resolved against Prima until the keys are rebuilt",
                    .reason = "redis_lost_state", .remedy = "nothing to do; find out why Redis lost its data");
    free(c);
    return result;
}

/* ---- rebuilding: rebuild.c ---- */

/* One of the fleet rebuilds; the others look until the marker is there. The marker is looked at once more with the lock in hand: whoever
 * had it before may have finished in between, and a rebuild that began again would take the marker away from a fleet at work. */
static int rebuild_or_wait(struct worker *w, struct redis_once *redis, char ret_message[static KAFKA_TEXT_MAX])
{
    char name[200], marker[64];
    (void)fail_point("rebuild.lock");
    int result = rebuild_lock(w, redis);
    if (result == -EBUSY) {
        (void)usleep(LOOK_MS * 1000);
        return 0;
    }
    if (result == 0)
        result = get(redis, rebuild_marker_name(w, name), marker, sizeof marker);
    if (result == 0 && strcmp(marker, w->control.incident) != 0)
        result = rebuild_keys(w, redis, ret_message);
    return result == 0 ? rebuild_unlock(w, redis) : result == -EBUSY ? 0 : result;
}

/* ---- the states of an incident ---- */

/* Whoever was sending when it was detected, an order or a customer, has an answer, or none that counts, after this long. */
static int64_t left_to_wait(const struct worker *w)
{
    const int64_t customer = prima_deadline_ms(w->prima, PRIMA_NEW_CUSTOMER) + config_int(w->config, CFG_prima_max_apply_delay);
    const int64_t all = w->lease_ms + (customer > w->window_ms ? customer : w->window_ms), since = clock_wall_ms() - w->control.detected_ms;
    if (mutant("suspect_wait"))
        return 0;
    return since < 0 ? all : since < all ? all - since : 0;
}

int incident_settle(struct worker *w, struct redis_once *redis, const struct redis_server *server, char ret_message[static KAFKA_TEXT_MAX])
{
    char name[200], marker[64];
    w->startup_redis = redis;
    for (bool waited = false;;) {
        if (w->give_up)
            return -EAGAIN;
        const int64_t epoch = w->control.epoch, generation = w->control.generation;
        int result = control_read(w->config, w->group, &w->control, ret_message);
        if (result < 0)
            return -EIO;
        if (w->control.epoch < epoch || (w->control.epoch == epoch && w->control.generation < generation)) {
            w->control.epoch = epoch;
            w->control.generation = generation;
        }
        if (get(redis, rebuild_marker_name(w, name), marker, sizeof marker) < 0)
            return -EIO;
        const struct control *c = &w->control;
        const bool none = c->incident[0] == '\0', other = strcmp(c->run_id, server->run_id) != 0;
        const bool cleared = strcmp(c->cleared, c->incident) == 0, marked = !none && strcmp(marker, c->incident) == 0;
        if (none || other || (cleared && !marked)) {
            char before[CONTROL_ID_MAX];
            memcpy(before, c->incident, sizeof before);
            result = take_turn(w, redis);
            if (result == 0)
                result = control_read(w->config, w->group, &w->control, ret_message);
            if (result == 0 && strcmp(before, c->incident) == 0)
                result = open_new(w, server, ret_message);
            if (result < 0 && result != -EAGAIN)
                return -EIO;
            continue;
        }
        (void)snprintf(w->keys.marker, sizeof w->keys.marker, "%s", c->incident);
        w->keys.fence = c->epoch << 32 | (c->generation > 0 ? c->generation : 0);
        w->suspect = !cleared;
        w->customers_are_whole = c->end_count == 0; /* only a first start has nothing to wait for */
        if (marked)
            return 0;
        const int64_t left = left_to_wait(w);
        if (left > 0) {
            if (!waited)
                log_info(.message = "waiting until nobody can be sending any more", .ms = left, .reason = "redis_lost_state");
            waited = true;
            (void)usleep((useconds_t)(left < LOOK_MS ? left : LOOK_MS) * 1000);
            continue;
        }
        result = rebuild_or_wait(w, redis, ret_message);
        if (result < 0)
            return result;
    }
}

bool startup_incident_is_over(struct worker *w)
{
    char message[KAFKA_TEXT_MAX];
    struct control *now = calloc(1, sizeof *now);
    if (now == NULL)
        abort();
    bool over = false;
    if (control_read(w->config, w->group, now, message) == 0 && strcmp(now->incident, w->control.incident) == 0) {
        over = strcmp(now->cleared, now->incident) == 0;
        struct kafka_place *places = calloc(now->end_count + 1, sizeof *places);
        if (places == NULL)
            abort();
        memcpy(places, now->ends, now->end_count * sizeof *places);
        if (!over && (now->end_count == 0 || control_committed(w->config, w->group, places, now->end_count, message) == 0)) {
            over = true;
            for (size_t i = 0; i < now->end_count; i++)
                over &= now->ends[i].offset == 0 || places[i].offset >= now->ends[i].offset;
            if (mutant("suspect_end"))
                over = true;
            if (over)
                over = control_clear(w->config, w->group, now->incident, message) == 0;
        }
        free(places);
    }
    free(now);
    return over;
}
