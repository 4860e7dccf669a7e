/* One wait at a time, shared by two threads; see waits.h. */
#include "host/waits.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static const struct {
    const char *name, *meaning;
} infos[] = {
#define WAIT(id, meaning) {#id, meaning},
#include "host/waits.def"
#undef WAIT
};

const char *wait_name(enum wait wait)
{
    return infos[wait].name;
}

const char *wait_meaning(enum wait wait)
{
    return infos[wait].meaning;
}

void waits_init(struct waits *waits)
{
    *waits = (struct waits){.wait = WAIT_NONE};
    (void)pthread_mutex_init(&waits->lock, NULL);
}

void waits_begin(struct waits *waits, enum wait wait)
{
    (void)pthread_mutex_lock(&waits->lock);
    if (waits->wait != wait) {
        waits->wait = wait;
        waits->since_ms = clock_wall_ms();
        waits->detail[0] = '\0';
    }
    (void)pthread_mutex_unlock(&waits->lock);
}

void waits_explain(struct waits *waits, const char *detail)
{
    (void)pthread_mutex_lock(&waits->lock);
    (void)snprintf(waits->detail, sizeof waits->detail, "%s", detail);
    (void)pthread_mutex_unlock(&waits->lock);
}

void waits_end(struct waits *waits)
{
    waits_begin(waits, WAIT_NONE);
}

void waits_look(struct waits *waits, struct wait_seen *ret_seen)
{
    (void)pthread_mutex_lock(&waits->lock);
    ret_seen->wait = waits->wait;
    ret_seen->since_ms = waits->since_ms;
    memcpy(ret_seen->detail, waits->detail, sizeof ret_seen->detail);
    (void)pthread_mutex_unlock(&waits->lock);
}
