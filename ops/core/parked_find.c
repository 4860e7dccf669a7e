/* Finding a parked record; see parked_find.h. */
#include "core/parked_find.h"

#include "base/digest.h"
#include "core/dlq_reread.h"
#include "core/events.h"
#include "core/letter_amount.h"
#include "core/why.h"
#include "domain/events/order_event.h"
#include "domain/events/refund_event.h"
#include "domain/keys/key_parts.h"
#include "order_flow.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { ARENA_MAX = 32 << 20 };

bool parked_is_own(enum pf_error code)
{
    return pf_error_info(code)->class == PF_CLASS_PARK && code != PF_E_parked_behind &&
           code != PF_E_discarded;
}

size_t parked_waiting(const struct letter_book *book, const struct letter_case *entry,
                      struct letter_case *ret_waiting[static PARKED_WAITING_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < book->count && count < PARKED_WAITING_MAX; i++) {
        struct letter_case *c = letter_book_at(book, i);
        if (c->key == entry->key && c != entry && c->state == LETTER_OPEN && !c->is_cut &&
            c->code == PF_E_parked_behind)
            ret_waiting[count++] = c;
    }
    dlq_sort(ret_waiting, count);
    return count;
}

/* ---- which ---- */

/* The newest open letter of this key that is about it. */
static struct letter_case *find_of_key(const struct letter_book *book, const char *natural)
{
    const uint64_t key = letter_digest(natural);
    struct letter_case *found = NULL;
    for (size_t i = 0; i < book->count; i++) {
        struct letter_case *c = letter_book_at(book, i);
        if (c->key == key && c->state == LETTER_OPEN && parked_is_own((enum pf_error)c->code) &&
            (found == NULL || c->at_ms >= found->at_ms))
            found = c;
    }
    return found;
}

static enum ops_kind find_by_id(struct parked_case *p, const char *id, struct ops_error *ret_error)
{
    struct why_id ids[WHY_ORDERS_MAX];
    size_t count = 0, found = 0;
    const bool is_refund = strstr(id, "/" KEY_TYPE_REFUNDS "/") != NULL;
    enum ops_kind kind = is_refund ? OPS_DONE : why_ids(p->ops, id, ids, &count, ret_error);
    if (kind == OPS_DONE)
        kind = why_refund_ids(p->ops, id, ids, &count, ret_error);
    for (size_t i = 0; kind == OPS_DONE && i < count; i++) {
        struct letter_case *c = find_of_key(&p->book, ids[i].natural);
        if (c != NULL && c != p->entry && found++ == 0)
            p->entry = c;
    }
    if (kind != OPS_DONE || found == 1)
        return kind;
    return found == 0 ? ops_fail(ret_error, OPS_USAGE,
                                 "see primaflow dlq list --class park --each; an older one needs "
                                 "--since",
                                 "nothing of %s is parked", id)
                      : ops_fail(ret_error, OPS_USAGE,
                                 "give its key (company/orders/channel/store/id), or the place of "
                                 "its dead letter",
                                 "%s means %zu parked records", id, found);
}

static enum ops_kind find_entry(struct parked_case *p, const char *id, struct ops_error *ret_error)
{
    struct letter_place place;
    if (!letter_place_read(id, &place))
        return find_by_id(p, id, ret_error);
    p->entry = letter_book_find_place(&p->book, &place);
    if (p->entry == NULL)
        return ops_fail(ret_error, OPS_DATA,
                        "primaflow dlq list --each shows those that there are; an older one needs "
                        "--since",
                        "there is no dead letter %s", id);
    if (p->entry->state != LETTER_OPEN)
        return ops_fail(ret_error, OPS_DATA, "see primaflow dlq show", "%s is %s already", id,
                        letter_state_name((enum letter_state)p->entry->state));
    if (p->entry->code == PF_E_parked_behind)
        return ops_fail(ret_error, OPS_DATA,
                        "settle that one first; this one goes on behind it by itself",
                        "%s waits behind an earlier version that is parked", id);
    return parked_is_own((enum pf_error)p->entry->code)
               ? OPS_DONE
               : ops_fail(ret_error, OPS_DATA, "see primaflow dlq show for its next step",
                          "%s is %s, and not parked", id,
                          pf_error_info((enum pf_error)p->entry->code)->name);
}

/* ---- its bytes ---- */

static void *keep(struct arena *arena, const void *bytes, size_t size)
{
    void *copy = bytes != NULL ? arena_alloc(arena, size + 1) : NULL;
    if (copy != NULL && size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

static int see_record(void *user, const struct kafka_record *record)
{
    struct parked_case *p = user;
    struct kafka_header *headers =
        arena_alloc(p->arena, (record->header_count + 1) * sizeof *headers);
    if (!dead_letter_read(record, &p->letter) || headers == NULL)
        return headers == NULL ? -ENOMEM : 0;
    p->record = *record;
    p->record.key = keep(p->arena, record->key, record->key_size);
    p->record.value = keep(p->arena, record->value, record->value_size);
    p->record.headers = headers;
    p->record.topic = p->letter.topic;
    for (size_t i = 0; i < record->header_count; i++)
        headers[i] = (struct kafka_header){
            arena_text(p->arena, record->headers[i].name, strlen(record->headers[i].name)),
            keep(p->arena, record->headers[i].value, record->headers[i].size),
            record->headers[i].size};
    return 0;
}

static bool header_digest(const struct parked_case *p, const char *name, uint8_t *ret_digest,
                          size_t size)
{
    char hex[2 * IDENTITY_SIZE + 1];
    return kafka_header_text(&p->record, name, hex, sizeof hex) != NULL &&
           digest_of_hex(hex, ret_digest, size);
}

/* Who it is to the worker: by the event, with today's channels. */
static enum ops_kind read_event(struct parked_case *p, struct ops_error *ret_error)
{
    const struct flow *flow = p->letter.flow;
    struct codec *codec;
    struct codec_fault fault = {0};
    const char *detail = NULL;
    enum ops_kind kind = ops_codec(p->ops, &codec, ret_error);
    if (kind == OPS_DONE)
        kind = ops_rules(p->ops, flow, &p->rules, ret_error);
    if (kind != OPS_DONE)
        return kind;
    void *event = arena_alloc(p->arena, flow->event->size);
    if (event == NULL)
        return ops_fail_memory(ret_error);
    if (p->letter.is_cut || p->record.value == NULL ||
        events_decode(codec, flow->event, p->record.value, p->record.value_size, p->arena, event,
                      &fault) != 0)
        return ops_fail(ret_error, OPS_DATA,
                        "look for its number in Prima; then have the channel send it again, or "
                        "primaflow dlq discard",
                        "%s has no bytes that its worker could read", p->place);
    const enum pf_error code = flow->key(event, p->rules, p->arena, &p->key, &detail);
    if (code != PF_OK)
        return ops_fail(ret_error, OPS_CONFIG, "restore the channel in mappings/channels.yaml",
                        "%s: %s %s", p->place, pf_error_info(code)->meaning,
                        detail != NULL ? detail : "");
    if (strcmp(p->key.natural, p->letter.natural) != 0)
        return ops_fail(ret_error, OPS_CONFIG, "restore the channel in mappings/channels.yaml",
                        "%s is of %s, and by today's mappings of %s", p->place, p->letter.natural,
                        p->key.natural);
    const struct letter_amount amount = letter_amount_read(codec, flow, &p->record, p->arena);
    p->minor = amount.minor;
    memcpy(p->currency, amount.currency, sizeof p->currency);
    p->created_ms = flow == &order_flow ? ((const struct order_event *)event)->created_at
                                        : ((const struct refund_event *)event)->created_at;
    return OPS_DONE;
}

static enum ops_kind read_letter(struct parked_case *p, struct ops_error *ret_error)
{
    struct letter_place place;
    dlq_place(p->entry, p->place);
    (void)letter_place_read(p->place, &place);
    p->record.topic = NULL;
    const enum ops_kind kind = dlq_fetch(p->ops, &place, see_record, p, ret_error);
    if (kind != OPS_DONE)
        return kind;
    if (p->record.topic == NULL)
        return ops_fail(ret_error, OPS_DATA, "have the channel send it again",
                        "the bytes of %s have gone", p->place);
    if (!header_digest(p, HEADER_FINGERPRINT, p->identity, IDENTITY_SIZE))
        return ops_fail(ret_error, OPS_DATA, "primaflow dlq retry has its worker ask Prima again",
                        "%s does not say which content it has", p->place);
    p->has_parts = header_digest(p, HEADER_GOODS, p->goods, GOODS_SIZE) &&
                   header_digest(p, HEADER_MONEY, p->money, MONEY_SIZE);
    return read_event(p, ret_error);
}

enum ops_kind parked_find(struct ops *ops, const char *id, int64_t since_ms,
                          struct parked_case *ret_case, struct ops_error *ret_error)
{
    const struct dlq_options options = {.since_ms = since_ms};
    char incomplete[KAFKA_TEXT_MAX] = "";
    struct parked_case *p = ret_case;
    *p = (struct parked_case){.ops = ops, .arena = arena_new(ARENA_MAX)};
    if (p->arena == NULL)
        return ops_fail_memory(ret_error);
    enum ops_kind kind = dlq_read(ops, &options, &p->book, incomplete, ret_error);
    if (kind == OPS_DONE && incomplete[0] != '\0')
        kind = ops_fail(ret_error, OPS_UNAVAILABLE, "run it again", "%s", incomplete);
    if (kind == OPS_DONE)
        kind = find_entry(p, id, ret_error);
    if (kind == OPS_DONE)
        kind = read_letter(p, ret_error);
    if (kind == OPS_DONE)
        p->waiting_count = parked_waiting(&p->book, p->entry, p->waiting);
    return kind;
}

void parked_case_release(struct parked_case *p)
{
    letter_book_release(&p->book);
    arena_free(p->arena);
}
