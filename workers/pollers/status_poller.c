/* Turns, and what is said of them; see status_poller.h. */
#include "status_poller.h"

#include "base/clock.h"
#include "obs/log.h"
#include "obs/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOOK_MS = 500, /* for what topics tell, where nothing is due */
    RETRY_MIN_MS = 1000,
    RETRY_MAX_MS = 300000
};

/* ---- what a turn was ---- */

static void count_exception(enum pf_error code, const struct status_asked *a)
{
    const struct pf_error_info *info = pf_error_info(code);
    metrics_add(METRIC_exceptions, info->name, 1);
    metrics_add(METRIC_owner_exceptions, pf_owner_name(info->owner), 1);
    log_warning(.message = code == PF_E_order_never_ends
                               ? "an open order is given up: Prima is not asked for it any more"
                               : "Prima has cancelled an order that its channel has",
                .key = a->order.key, .code = info->name, .owner = pf_owner_name(info->owner));
}

static void count_news(const struct status_asked *a)
{
    const struct order_status *s = &a->change.status;
    metrics_add(METRIC_status_published, order_state_names[s->state], 1);
    if (a->change.unmapped_count > 0) {
        metrics_add(METRIC_carriers_unmapped, s->channel, (double)a->change.unmapped_count);
        metrics_add(METRIC_exceptions, pf_error_info(PF_E_carrier_unmapped)->name,
                    (double)a->change.unmapped_count);
    }
    if (a->change.exception != PF_OK)
        count_exception(a->change.exception, a);
}

static void take_batch(struct status_turn *t)
{
    int64_t published = 0;
    for (size_t i = 0; i < t->batch_count; i++) {
        const struct status_asked *a = &t->batch[i];
        if (!a->is_answered)
            continue;
        metrics_add(METRIC_status_polls, status_poll_name(a->poll), 1);
        if (a->poll == POLL_INVALID)
            log_warning(.message = "what Prima says of an order cannot be read; nothing of it is "
                                   "published",
                        .key = a->order.key, .detail = a->why);
        if (t->is_published && a->change.is_news) {
            published++;
            count_news(a);
        }
    }
    if (published > 0)
        log_info(.message = "order statuses published", .key = t->company, .count = published);
}

/* Catching up is said once, not every few seconds. */
static void say_end(const struct status_poller *s, enum status_end before)
{
    const struct status_turn *t = &s->turn;
    char detail[sizeof t->words_of_end + 120];
    (void)snprintf(detail, sizeof detail, "%s%s%s", status_end_meaning(t->end),
                   t->words_of_end[0] != '\0' ? ": " : "", t->words_of_end);
    if (t->end == STATUS_COMPLETE || (t->end == STATUS_CATCHING_UP && before == t->end))
        return;
    if (t->end == STATUS_LEASE || t->end == STATUS_STOPPED || t->end == STATUS_CATCHING_UP)
        log_info(.message = "a turn of order statuses ended early", .key = t->company,
                 .reason = status_end_name(t->end), .detail = detail);
    else
        log_warning(.message = "a turn of order statuses failed", .key = t->company,
                    .reason = status_end_name(t->end), .detail = detail);
}

/* ---- turns ---- */

static void run_in_thread(void *user)
{
    struct status_poller *s = user;
    status_turn_run(&s->turn);
    (void)uv_async_send(&s->ended);
}

static void begin_turn(void *owner)
{
    struct status_poller *s = owner;
    s->is_running = true;
    s->turn.token = s->token;
    atomic_store(&s->turn.stop, s->is_active ? 0 : 1);
    if (uv_thread_create(&s->thread, run_in_thread, s) != 0)
        abort(); /* as without memory: no state depends on a clean end */
}

static int64_t wait_for_next(const struct status_poller *s)
{
    const struct status_turn *t = &s->turn;
    int64_t wait = RETRY_MIN_MS;
    if (t->end == STATUS_CATCHING_UP || (t->end == STATUS_COMPLETE && t->has_more))
        return 0;
    for (unsigned i = 1; i < s->failures && wait < RETRY_MAX_MS; i++)
        wait *= 2;
    if (s->failures > 0)
        return wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS;
    const int64_t due = t->sums.first_due_ms - t->sums.now_ms;
    return t->sums.first_due_ms < 0 || due > LOOK_MS ? LOOK_MS : due > 0 ? due : 0;
}

/* The thread has ended. */
static void on_ended(uv_async_t *async)
{
    struct status_poller *s = async->data;
    struct status_turn *t = &s->turn;
    (void)uv_thread_join(&s->thread);
    s->is_running = false;
    const enum status_end before = s->end;
    s->end = t->end;
    s->is_caught_up = t->is_caught_up;
    s->ended_ms = clock_wall_ms();
    metrics_add(METRIC_status_turns, status_end_name(t->end), 1);
    take_batch(t);
    if (t->found > 0)
        log_info(.message = "open orders found", .key = t->company, .count = t->found);
    say_end(s, before);
    status_turn_forget(t);
    const bool good = t->end == STATUS_COMPLETE || t->end == STATUS_CATCHING_UP;
    s->failures = good ? 0 : s->failures + 1;
    if (t->end == STATUS_COMPLETE || t->end == STATUS_PRIMA) {
        s->sums = t->sums;
        s->sums_ms = s->ended_ms;
    }
    if (s->is_active)
        timers_set(&s->host->timers, &s->timer, wait_for_next(s), begin_turn, s);
    else if (t->is_open) /* the lease was lost just now */
        begin_turn(s);
}

/* ---- life ---- */

static int open_codec(struct status_poller *s, struct config_message *message)
{
    static const struct codec_limits limits = {1 << 20, 100000, 64};
    const struct bound_record *const records[] = {&order_status_record, &order_result_record,
                                                  &ledger_entry_record};
    const struct config *config = s->host->config;
    char text[300] = "";
    int result =
        codec_open(config_text(config, CFG_schema_folder),
                   config_text(config, CFG_schema_registry_url), limits, &s->turn.codec, text);
    for (size_t i = 0; i < sizeof records / sizeof *records && result == 0; i++)
        result = codec_check(s->turn.codec, records[i], text);
    if (result < 0)
        (void)snprintf(message->text, sizeof message->text, "%s", text);
    return result;
}

static int read_from(const struct config *config, int64_t *ret_ms, struct config_message *message)
{
    const char *text = config_text(config, CFG_poller_status_from);
    *ret_ms = 0;
    if (text[0] == '\0' || clock_parse(text, ret_ms) == 0)
        return 0;
    (void)snprintf(message->text, sizeof message->text,
                   "poller.status_from: \"%.60s\" is no day; write it as 2026-11-30", text);
    return -EINVAL;
}

int status_poller_init(struct status_poller *s, struct host *host, const char *company,
                       const char *lease_name, const struct lease *lease,
                       const struct order_rules *rules, struct config_message *message)
{
    *s = (struct status_poller){.host = host, .sums.first_due_ms = -1};
    s->is_on = strcmp(config_text(host->config, CFG_poller_status), "on") == 0;
    s->turn.config = host->config;
    s->turn.rules = rules;
    s->turn.company = company;
    s->turn.lease_name = lease_name;
    s->turn.lease = lease;
    status_turn_init(&s->turn);
    int result = status_words_read(host->config, &s->turn.words, message);
    if (result == 0)
        result = read_from(host->config, &s->turn.from_ms, message);
    return result == 0 && s->is_on ? open_codec(s, message) : result;
}

void status_poller_open(struct status_poller *s)
{
    (void)uv_async_init(&s->host->loop, &s->ended, on_ended);
    s->ended.data = s;
}

void status_poller_release(struct status_poller *s)
{
    status_turn_close(&s->turn);
    codec_close(s->turn.codec);
}

void status_poller_start(struct status_poller *s, int64_t token)
{
    if (!s->is_on)
        return;
    s->is_active = true;
    s->token = token;
    s->failures = 0;
    if (!s->is_running) /* else it is of a former lease, was told to end, and another one follows */
        timers_set(&s->host->timers, &s->timer, 0, begin_turn, s);
}

void status_poller_stop(struct status_poller *s)
{
    s->is_active = false;
    atomic_store(&s->turn.stop, 1);
    timers_cancel(&s->host->timers, &s->timer);
    if (!s->is_running && s->turn.is_open) /* to close what is open */
        begin_turn(s);
}

bool status_poller_is_stopped(const struct status_poller *s)
{
    return !s->is_running && !s->turn.is_open;
}

int64_t status_poller_late_ms(const struct status_poller *s)
{
    if (!s->is_active || s->sums_ms == 0)
        return -1;
    const int64_t now = s->sums.now_ms + clock_wall_ms() - s->sums_ms;
    return s->sums.first_due_ms >= 0 && now > s->sums.first_due_ms ? now - s->sums.first_due_ms : 0;
}
