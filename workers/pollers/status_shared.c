/* What the steps of a turn share; see status_turn.h. */
#include <errno.h>

#include "status_turn.h"

const char *status_end_name(enum status_end end)
{
    static const char *const names[] = {
#define STATUS_END(ID, id, meaning) #id,
#include "status_ends.def"
#undef STATUS_END
    };
    return names[end];
}

const char *status_end_meaning(enum status_end end)
{
    static const char *const meanings[] = {
#define STATUS_END(ID, id, meaning) meaning,
#include "status_ends.def"
#undef STATUS_END
    };
    return meanings[end];
}

const char *status_poll_name(enum status_poll poll)
{
    static const char *const names[STATUS_POLLS] = {
        "ok",           "prima_absent", "prima_error", "prima_not_sent",
        "prima_denied", "prima_busy",   "prima_cut",   "parcel_invalid"};
    return names[poll];
}

/* ---- what its parts share ---- */

bool status_goes_on(void *turn)
{
    const struct status_turn *t = turn;
    return atomic_load(&t->stop) == 0 && lease_is_held(t->lease);
}

enum status_end status_why_not(const struct status_turn *t)
{
    return atomic_load(&t->stop) != 0 && lease_is_held(t->lease) ? STATUS_STOPPED : STATUS_LEASE;
}

enum status_end status_end_of(const struct status_turn *t, int error)
{
    return error == 0 ? STATUS_COMPLETE : error == -ECANCELED ? status_why_not(t) : STATUS_REDIS;
}

struct status_rules status_rules_of(const struct status_turn *t)
{
    return (struct status_rules){
        .rules = t->rules,
        .words = &t->words,
        .poll = {.every_ms = config_int(t->config, CFG_poller_status_every),
                 .every_max_ms = config_int(t->config, CFG_poller_status_every_max),
                 .ends_after_ms = config_int(t->config, CFG_poller_status_ends_after)}};
}
