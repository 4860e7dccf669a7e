/* From an answer to a status; see status_change.h. */
#include "domain/status/status_change.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

enum { PARCELS_MAX = 500, QUANTITY_MAX = 1000000000 };

struct making {
    const struct polled_order *order;
    const struct order_status *last; /* NULL: none */
    const struct status_rules *rules;
    struct arena *arena;
    struct status_change *change;
    bool has_no_memory;
    const char *why;
};

static const char *making_copy(struct making *m, const char *text)
{
    const char *copy = arena_text(m->arena, text, strlen(text));
    m->has_no_memory |= copy == NULL;
    return copy;
}

static const char *copy_or_null(struct making *m, const char *text)
{
    return text_is_empty(text) ? NULL : making_copy(m, text);
}

/* ---- parcels ---- */

static bool parcel_lines_make(struct making *m, const struct prima_despatch *d, struct parcel *p)
{
    struct parcel_line *lines = arena_alloc(m->arena, (d->line_count + 1) * sizeof *lines);
    m->has_no_memory |= lines == NULL;
    for (size_t i = 0; lines != NULL && i < d->line_count; i++) {
        char *end;
        errno = 0;
        const long long quantity = strtoll(d->lines[i].quantity, &end, 10);
        if (d->lines[i].order_line[0] == '\0' || end == d->lines[i].quantity || *end != '\0' ||
            errno != 0 || quantity < 1 || quantity > QUANTITY_MAX) {
            m->why = "a parcel's line has no number, or a quantity that is no whole number above 0";
            return false;
        }
        lines[i] = (struct parcel_line){making_copy(m, d->lines[i].order_line), quantity};
    }
    p->lines.items = lines;
    p->lines.count = d->line_count;
    return true;
}

static void parcel_name_carrier(struct making *m, const struct channel_rules *channel,
                                const struct prima_despatch *d, struct parcel *p)
{
    const struct carrier_rule *row =
        channel != NULL && d->carrier[0] != '\0'
            ? rules_carrier(m->rules->rules, channel, d->carrier, d->service)
            : NULL;
    p->prima_carrier = making_copy(m, d->carrier);
    p->carrier = row != NULL ? making_copy(m, row->name) : p->prima_carrier;
    p->carrier_mapped = row != NULL;
    p->tracking_url = copy_or_null(m, d->tracking_url);
    p->url_is_primas = p->tracking_url != NULL;
    if (p->tracking_url == NULL && row != NULL && p->tracking_number != NULL)
        p->tracking_url = rules_tracking_url(row, p->tracking_number, m->arena);
    m->change->unmapped_count += row == NULL && d->carrier[0] != '\0';
}

static int compare_parcels(const void *a, const void *b)
{
    return strcmp(((const struct parcel *)a)->number, ((const struct parcel *)b)->number);
}

static bool parcels_make(struct making *m, const struct prima_reply *reply)
{
    struct order_status *s = &m->change->status;
    const struct channel_rules *channel =
        rules_channel(m->rules->rules, m->order->channel, m->order->store);
    if (reply->despatch_count > PARCELS_MAX) {
        m->why = "the order has more than 500 parcels";
        return false;
    }
    s->parcels.items = arena_alloc(m->arena, (reply->despatch_count + 1) * sizeof(struct parcel));
    m->has_no_memory |= s->parcels.items == NULL;
    for (size_t i = 0; !m->has_no_memory && i < reply->despatch_count; i++) {
        const struct prima_despatch *d = &reply->despatches[i];
        struct parcel *p = &s->parcels.items[s->parcels.count++];
        if (d->number[0] == '\0') {
            m->why = "a parcel has no number";
            return false;
        }
        *p = (struct parcel){.number = making_copy(m, d->number),
                             .despatch_date = copy_or_null(m, d->date),
                             .service = copy_or_null(m, d->service),
                             .tracking_number = copy_or_null(m, d->tracking_number)};
        parcel_name_carrier(m, channel, d, p);
        if (!parcel_lines_make(m, d, p))
            return false;
    }
    if (m->has_no_memory)
        return false;
    qsort(s->parcels.items, s->parcels.count, sizeof *s->parcels.items, compare_parcels);
    for (size_t i = 1; i < s->parcels.count; i++)
        if (compare_parcels(&s->parcels.items[i - 1], &s->parcels.items[i]) == 0) {
            m->why = "one number of a parcel is there twice";
            return false;
        }
    return true;
}

/* ---- what changed ---- */

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Is b what a was? What the channel calls the carrier, and where carriers.yaml says that it is
 * followed, is ours: a mapping that changed is no news of Prima's. */
static bool parcel_same(const struct parcel *a, const struct parcel *b)
{
    bool same = strcmp(a->number, b->number) == 0 && a->lines.count == b->lines.count &&
                same_text(a->despatch_date, b->despatch_date) &&
                same_text(a->prima_carrier, b->prima_carrier) &&
                same_text(a->service, b->service) &&
                same_text(a->tracking_number, b->tracking_number) &&
                (!b->url_is_primas || same_text(a->tracking_url, b->tracking_url));
    for (size_t i = 0; same && i < a->lines.count; i++)
        same = strcmp(a->lines.items[i].order_line, b->lines.items[i].order_line) == 0 &&
               a->lines.items[i].quantity == b->lines.items[i].quantity;
    return same;
}

/* Parcels that are as they were keep their versions. True: some are not, or are gone. */
static bool parcels_version(const struct order_status *last, struct order_status *s)
{
    bool changed = s->parcels.count != (last != NULL ? last->parcels.count : 0);
    for (size_t i = 0; i < s->parcels.count; i++) {
        struct parcel *p = &s->parcels.items[i];
        const struct parcel *was =
            last != NULL && last->parcels.count > 0
                ? bsearch(p, last->parcels.items, last->parcels.count, sizeof *p, compare_parcels)
                : NULL;
        const bool same = was != NULL && parcel_same(was, p);
        p->version = same ? was->version : s->version;
        changed |= !same;
    }
    return changed;
}

/* Before anything was published: what posting said of it. */
static bool state_changed(const struct polled_order *order, const struct order_status *last,
                          const struct order_status *s)
{
    const enum order_state was = last != NULL     ? last->state
                                 : order->is_held ? STATE_HELD
                                                  : STATE_OPEN;
    return s->state != was ||
           (s->state == STATE_OTHER && (last == NULL || strcmp(last->status, s->status) != 0));
}

/* ---- the whole ---- */

static void status_begin(const struct polled_order *o, const struct order_status *last,
                         int64_t now_ms, struct status_change *c)
{
    const int64_t next = last != NULL ? last->version + 1 : 1;
    *c = (struct status_change){
        .exception = PF_OK,
        .status = {.key = o->key,
                   .company = o->company,
                   .channel = o->channel,
                   .store = o->store,
                   .order_id = o->order_id,
                   .order_number = o->order_number,
                   .state = last != NULL ? last->state
                            : o->is_held ? STATE_HELD
                                         : STATE_OPEN,
                   .status = last != NULL ? last->status : "",
                   .version = next > now_ms ? next : now_ms,
                   .as_of = now_ms,
                   .imported = o->is_imported,
                   .published_at = now_ms},
    };
    if (last != NULL)
        c->status.parcels = last->parcels;
    c->moved_ms = last != NULL && last->as_of > o->since_ms ? last->as_of : o->since_ms;
}

/* When it is asked for again, and whether it is. */
static void status_end(const struct polled_order *order, int64_t now_ms,
                       const struct status_rules *rules, struct status_change *c)
{
    const bool ended = c->status.state == STATE_DESPATCHED || c->status.state == STATE_CANCELLED;
    if (c->is_news)
        c->moved_ms = now_ms;
    const int64_t unmoved = now_ms - c->moved_ms;
    if (c->is_news && c->status.state == STATE_CANCELLED && !order->is_cancelled)
        c->exception = PF_E_order_stopped_in_prima;
    if (!ended && poll_is_over(&rules->poll, unmoved)) {
        c->exception = PF_E_order_never_ends;
        c->is_news = true;
    }
    c->status.is_final = ended || c->exception == PF_E_order_never_ends;
    c->wait_ms = poll_wait_ms(&rules->poll, unmoved > 0 ? unmoved : 0);
}

static bool codes_make(struct making *m)
{
    struct status_change *c = m->change;
    const char **codes = arena_alloc(m->arena, 2 * sizeof *codes);
    if (codes == NULL)
        return false;
    c->status.codes.items = codes;
    if (c->exception != PF_OK)
        codes[c->status.codes.count++] = pf_error_info(c->exception)->name;
    if (c->unmapped_count > 0)
        codes[c->status.codes.count++] = pf_error_info(PF_E_carrier_unmapped)->name;
    return true;
}

int status_change_of(const struct polled_order *order, const struct order_status *last,
                     const struct prima_reply *reply, int64_t now_ms,
                     const struct status_rules *rules, struct arena *arena,
                     struct status_change *ret_change, const char **ret_why)
{
    struct making m = {.order = order, .last = last, .rules = rules, .arena = arena};
    m.change = ret_change;
    status_begin(order, last, now_ms, ret_change);
    struct order_status *s = &ret_change->status;
    s->state = status_words_state(rules->words, reply->order_status);
    s->status = reply->order_status != NULL ? making_copy(&m, reply->order_status) : "";
    s->parcels.items = NULL;
    s->parcels.count = 0;
    if (!parcels_make(&m, reply) || m.has_no_memory) {
        *ret_why = m.why;
        return m.why != NULL ? -EBADMSG : -ENOMEM;
    }
    const bool parcels_changed = parcels_version(last, s);
    ret_change->is_news = parcels_changed || state_changed(order, last, s);
    status_end(order, now_ms, rules, ret_change);
    return codes_make(&m) ? 0 : -ENOMEM;
}

int status_without_answer(const struct polled_order *order, const struct order_status *last,
                          int64_t now_ms, const struct status_rules *rules, struct arena *arena,
                          struct status_change *ret_change)
{
    struct making m = {.order = order, .last = last, .rules = rules, .arena = arena};
    m.change = ret_change;
    status_begin(order, last, now_ms, ret_change);
    status_end(order, now_ms, rules, ret_change);
    return codes_make(&m) ? 0 : -ENOMEM;
}
