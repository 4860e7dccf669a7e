/* See ledger.h. */
#include "ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "domain/ledger/ledger_key.h"
#include "domain/ledger/ledger_pack.h"

enum { MESSAGES_MAX = 256 };

void sim_order_key(const char *order, char key[static SIM_KEY_MAX])
{
    (void)snprintf(key, SIM_KEY_MAX, "acme/web/s1/%s", order);
}

/* ---- writing ---- */

int sim_entry_write(struct codec *codec, const struct sim_entry *e, struct buf *out)
{
    char natural[SIM_KEY_MAX], number[SIM_KEY_MAX];
    (void)snprintf(natural, sizeof natural, "acme/order/web/s1/%s", e->order);
    (void)snprintf(number, sizeof number, "S%s", e->order);
    struct ledger_line lines[] = {
        {.line_id = "1", .number = 1, .product = "P", .quantity = 1, .amount_minor = e->total},
        {.line_id = "2", .number = 2, .product = "Q", .quantity = 1000}}; /* what edits take away */
    struct ledger_entry entry = {.key = natural,
                                 .company = "acme",
                                 .channel = "web",
                                 .store = "s1",
                                 .order_id = e->order,
                                 .order_number = number,
                                 .document = number,
                                 .version = e->version,
                                 .currency = "EUR",
                                 .tax_included = true,
                                 .identity = "",
                                 .goods = "",
                                 .payment = "",
                                 .source_version = e->source_version,
                                 .order_date = "2026-01-01",
                                 .posted_at = 1,
                                 .total_minor = e->total};
    entry.lines.items = lines;
    entry.lines.count = sizeof lines / sizeof *lines;
    return codec_encode(codec, &ledger_entry_record, &entry, out);
}

static struct ledger_credit credit_of(const char *order, const char *key)
{
    return (struct ledger_credit){.key = "",
                                  .order = key,
                                  .company = "acme",
                                  .channel = "web",
                                  .store = "s1",
                                  .order_id = order,
                                  .refund_id = "",
                                  .state = CREDIT_UNPOSTED,
                                  .currency = "",
                                  .at = 1};
}

int sim_unposted_write(struct codec *codec, const char *order, const char *outcome, struct buf *out)
{
    char key[SIM_KEY_MAX];
    sim_order_key(order, key);
    struct ledger_credit credit = credit_of(order, key);
    credit.outcome = outcome;
    return codec_encode(codec, &ledger_credit_record, &credit, out);
}

static bool may_exist(const struct flow_settlement *s)
{
    return s->code == PF_E_exists_unproven || s->code == PF_E_outcome_unknown ||
           s->code == PF_E_refused_after_unknown || (s->code == PF_E_defect && s->summary != NULL);
}

/* How it stands in the ledger; CREDIT_STATE_COUNT: not at all. */
static enum credit_state state_of(const struct flow_settlement *s)
{
    if (s->is_dead_letter)
        return may_exist(s) ? CREDIT_OPEN : CREDIT_STATE_COUNT;
    if (s->outcome == OUTCOME_NO_MONEY && s->summary_size > 0)
        return CREDIT_OWED;
    return s->outcome == OUTCOME_POSTED ? CREDIT_CREDITED : CREDIT_STATE_COUNT;
}

int sim_credit_write(struct codec *codec, const struct flow_settlement *s, const char *order,
                     const char *refund, struct arena *arena, struct buf *out)
{
    struct ledger_credit takes = {.all = true}, credit = credit_of(order, s->key->kafka);
    size_t used = 0;
    const enum credit_state state = state_of(s);
    if (state == CREDIT_STATE_COUNT)
        return 0;
    const int result = s->summary == NULL
                           ? -EBADMSG
                           : ledger_unpack(s->summary, s->summary_size, arena, &takes, &used);
    if (result < 0 && (result != -EBADMSG || !s->is_dead_letter))
        return result;
    credit.key = s->key->natural;
    credit.refund_id = refund;
    credit.state = state;
    credit.source_version = s->key->version;
    credit.all = result < 0;
    credit.currency = "EUR";
    credit.document = state == CREDIT_CREDITED ? s->key->document : NULL;
    if (result == 0) {
        credit.amount_minor = takes.amount_minor;
        credit.parts = takes.parts;
        credit.taken = takes.taken;
    }
    const int written = codec_encode(codec, &ledger_credit_record, &credit, out);
    return written == 0 ? 1 : written;
}

/* ---- reading ---- */

int64_t sim_entry_version(struct codec *codec, const void *bytes, size_t size)
{
    struct ledger_entry entry = {.version = 0};
    struct codec_fault fault;
    struct arena *arena = arena_new(1 << 16);
    if (arena == NULL)
        abort();
    const int result =
        codec_decode(codec, &ledger_entry_record, bytes, size, arena, &entry, &fault);
    arena_free(arena);
    return result == 0 ? entry.version : 0;
}

int64_t sim_entry_ms(const char *order)
{
    char key[SIM_KEY_MAX];
    const struct log_topic *t = broker_topic("orders.ledger");
    sim_order_key(order, key);
    for (int32_t i = 0; i < t->partition_count; i++) {
        const struct log_record *r;
        for (int64_t at = 0; (r = broker_read(&t->partitions[i], &at)) != NULL; at++)
            if (r->key_size == strlen(key) && memcmp(r->key, key, r->key_size) == 0)
                return broker_ms(r);
    }
    return -1;
}

struct ledger_group sim_ledger_read(struct codec *codec, const char *order, struct arena *arena)
{
    char key[SIM_KEY_MAX];
    struct ledger_message messages[MESSAGES_MAX];
    struct ledger_group group = {.entry = NULL};
    struct codec_fault fault;
    size_t count = 0, wrong = 0;
    sim_order_key(order, key);
    const struct log_topic *t = broker_topic("orders.ledger");
    for (int32_t i = 0; i < t->partition_count; i++) {
        const struct log_record *r;
        for (int64_t at = 0; (r = broker_read(&t->partitions[i], &at)) != NULL; at++) {
            if (ledger_key_order(r->key, r->key_size) != strlen(key) ||
                memcmp(r->key, key, strlen(key)) != 0)
                continue;
            if (count == MESSAGES_MAX)
                abort();
            messages[count++] =
                (struct ledger_message){r->key, r->key_size, r->value, r->value_size, at};
        }
    }
    if (ledger_group_read(codec, messages, count, arena, &group, &wrong, &fault) != 0) {
        (void)fprintf(stderr, "the ledger of %s cannot be read: %s\n", order, fault.message);
        abort();
    }
    return group;
}
