/* Gathering what is not mapped; see mappings_seen.h. */
#include "core/mappings_seen.h"

#include "base/digest.h"

#include <inttypes.h>

/* ---- sets of digests ---- */

static uint64_t digest_of(const char *a, const char *b, const char *c)
{
    uint8_t hash[DIGEST_SIZE];
    uint64_t digest = 0;
    struct digest *d = digest_new();
    const char *const parts[] = {a, b, c};
    for (size_t i = 0; i < 3; i++)
        digest_add(d, parts[i], strlen(parts[i]) + 1);
    digest_end(d, hash);
    for (size_t i = 0; i < sizeof digest; i++)
        digest = digest << 8 | hash[i];
    return digest == 0 ? 1 : digest;
}

static size_t slot_of(const struct seen_set *set, uint64_t digest)
{
    size_t at = digest % set->room;
    while (set->slots[at] != 0 && set->slots[at] != digest)
        at = (at + 1) % set->room;
    return at;
}

static void set_grow(struct seen_set *set)
{
    struct seen_set more = {.room = set->room == 0 ? 1024 : 2 * set->room};
    more.slots = calloc(more.room, sizeof *more.slots);
    more.values = calloc(more.room, sizeof *more.values);
    if (more.slots == NULL || more.values == NULL)
        abort();
    for (size_t i = 0; i < set->room; i++)
        if (set->slots[i] != 0) {
            const size_t at = slot_of(&more, set->slots[i]);
            more.slots[at] = set->slots[i];
            more.values[at] = set->values[i];
            more.count++;
        }
    free(set->slots);
    free(set->values);
    *set = more;
}

/* Where a digest is, or was put just now (*ret_is_new). NULL: it is new, and there is no room for
 * more than `max`. */
static uint32_t *set_put(struct seen_set *set, uint64_t digest, size_t max, bool *ret_is_new)
{
    if (2 * (set->count + 1) > set->room && set->count < max)
        set_grow(set);
    const size_t at = slot_of(set, digest);
    *ret_is_new = set->slots[at] == 0;
    if (*ret_is_new) {
        if (set->count >= max)
            return NULL;
        set->slots[at] = digest;
        set->count++;
    }
    return &set->values[at];
}

static void set_release(struct seen_set *set)
{
    free(set->slots);
    free(set->values);
}

void seen_init(struct seen *seen)
{
    *seen = (struct seen){.events = 0};
}

void seen_release(struct seen *seen)
{
    free(seen->items);
    set_release(&seen->by_digest);
    set_release(&seen->pairs);
    set_release(&seen->orders);
    seen_init(seen);
}

/* ---- one event ---- */

struct visit {
    struct seen *seen;
    const struct order_event *event;
    char store[SEEN_TEXT_MAX];
};

/* What a channel wrote, for a terminal: nothing that it would obey, no half a character. */
static void copy_printable(char text[static SEEN_TEXT_MAX], const char *value)
{
    size_t size = strnlen(value, SEEN_TEXT_MAX);
    if (size == SEEN_TEXT_MAX)
        for (size--; size > 0 && (value[size] & 0xc0) == 0x80;)
            size--;
    memcpy(text, value, size);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            text[i] = '?';
    text[size] = '\0';
}

static struct seen_item *item_put(struct seen *seen, const struct visit *v, enum unmapped_kind kind,
                                  const char *value)
{
    bool is_new = false;
    uint32_t *index =
        set_put(&seen->by_digest, digest_of(unmapped_info(kind)->name, v->store, value),
                SEEN_ITEMS_MAX, &is_new);
    if (index == NULL) {
        seen->overflow = true;
        return NULL;
    }
    if (!is_new)
        return &seen->items[*index];
    if (seen->item_count == seen->item_room) {
        seen->item_room = seen->item_room == 0 ? 64 : 2 * seen->item_room;
        struct seen_item *more = realloc(seen->items, seen->item_room * sizeof *more);
        if (more == NULL)
            abort();
        seen->items = more;
    }
    *index = (uint32_t)seen->item_count;
    struct seen_item *item = &seen->items[seen->item_count++];
    *item = (struct seen_item){.kind = kind};
    (void)snprintf(item->channel, sizeof item->channel, "%s", v->event->channel);
    (void)snprintf(item->store, sizeof item->store, "%s", v->event->store);
    copy_printable(item->value, value);
    return item;
}

static void seen_take(void *user, enum unmapped_kind kind, const char *value)
{
    struct visit *v = user;
    struct seen_item *item = item_put(v->seen, v, kind, value);
    if (item == NULL)
        return;
    char which[24];
    bool is_new = false;
    (void)snprintf(which, sizeof which, "%zu", (size_t)(item - v->seen->items));
    if (set_put(&v->seen->pairs, digest_of(which, v->store, v->event->order_id), SEEN_ORDERS_MAX,
                &is_new) == NULL)
        v->seen->overflow = true;
    else
        item->orders += is_new;
    if (item->example[0] == '\0' || v->event->event_time >= item->last_ms) {
        item->last_ms = v->event->event_time;
        (void)snprintf(item->example, sizeof item->example, "%s", v->event->order_id);
    }
}

bool seen_event(struct seen *seen, const struct order_event *event, const struct order_rules *rules,
                struct arena *arena)
{
    struct visit visit = {.seen = seen, .event = event};
    const char *detail = "";
    bool is_new = false;
    (void)snprintf(visit.store, sizeof visit.store, "%s/%s", event->channel, event->store);
    seen->events++;
    seen->overflow |= set_put(&seen->orders, digest_of("", visit.store, event->order_id),
                              SEEN_ORDERS_MAX, &is_new) == NULL;
    const int r = order_unmapped(event, rules, arena, seen_take, &visit, &detail);
    seen->never_posted += r == UNMAPPED_NEVER_POSTED;
    seen->invalid += r == UNMAPPED_INVALID;
    if (r == UNMAPPED_INVALID && seen->first_invalid[0] == '\0') {
        char id[SEEN_TEXT_MAX];
        copy_printable(id, event->order_id);
        (void)snprintf(seen->first_invalid, sizeof seen->first_invalid, "order %s: %s", id, detail);
    }
    return r >= 0;
}

void seen_unreadable(struct seen *seen, const char *where, const char *why)
{
    seen->events++;
    seen->unreadable++;
    if (seen->first_unreadable[0] == '\0')
        (void)snprintf(seen->first_unreadable, sizeof seen->first_unreadable, "%.100s: %.180s",
                       where, why);
}

static int compare_items(const void *a_, const void *b_)
{
    const struct seen_item *a = a_, *b = b_;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->orders != b->orders)
        return a->orders > b->orders ? -1 : 1;
    const int by_channel = strcmp(a->channel, b->channel), by_store = strcmp(a->store, b->store);
    return by_channel != 0 ? by_channel : by_store != 0 ? by_store : strcmp(a->value, b->value);
}

void seen_sort(struct seen *seen)
{
    if (seen->item_count > 0)
        qsort(seen->items, seen->item_count, sizeof *seen->items, compare_items);
}
