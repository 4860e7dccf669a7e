/* From what is told of an order to its reservations; see reservation_facts.h. */
#include "reservation_facts.h"

#include "domain/events/ledger_entry.h"
#include "domain/stock/stock_key.h"
#include "domain/stock/stock_rows.h"
#include "flow/flow.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

struct reservation_facts reservation_facts_none(void)
{
    return (struct reservation_facts){.want = {.version = INT64_MIN},
                                      .gap_version = INT64_MIN,
                                      .gap_offset = -1,
                                      .since = INT64_MAX,
                                      .changed_at = INT64_MIN};
}

/* ---- the event ---- */

static bool counts(const struct reservation_facts *facts, int64_t version, bool cancelled)
{
    return version > facts->want.version ||
           (version == facts->want.version && (cancelled || !facts->want.cancelled));
}

/* What is not known of a newer event than the one that `want` is of stays until that one is read. */
static void set_gaps(struct reservation_facts *facts, struct reservation_gap *gaps, size_t count,
                     int64_t version, int64_t offset)
{
    if (facts->gap_count > 0 && version < facts->gap_version)
        return;
    facts->gaps = gaps;
    facts->gap_count = count;
    facts->gap_version = count == 0 ? INT64_MIN : version;
    facts->gap_offset = count == 0 ? -1 : offset;
}

static int forget_unmapped(struct reservation_facts *facts, const struct order_event *event,
                           int64_t offset, struct arena *arena, bool *ret_is_new)
{
    const int64_t version = event->source_version;
    *ret_is_new =
        version >= facts->want.version &&
        (facts->gap_count == 0 || version > facts->gap_version || offset > facts->gap_offset);
    if (!*ret_is_new)
        return -ENOENT;
    struct reservation_gap *gap = arena_alloc(arena, sizeof *gap);
    if (gap == NULL)
        return -ENOMEM;
    gap->what = GAP_CHANNEL;
    set_gaps(facts, gap, 1, version, offset);
    return -ENOENT;
}

static int copy_gaps(const struct stock_want *want, struct arena *arena,
                     struct reservation_gap **ret_gaps)
{
    struct reservation_gap *gaps = arena_alloc(arena, (want->gap_count + 1) * sizeof *gaps);
    if (gaps == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < want->gap_count; i++)
        gaps[i] = (struct reservation_gap){want->gaps[i].line,
                                           (enum stock_gap_what)(int)want->gaps[i].kind};
    *ret_gaps = gaps;
    return 0;
}

static bool same_rows(const struct stock_row *a, size_t a_count, const struct stock_row *b,
                      size_t b_count)
{
    bool same = a_count == b_count;
    for (size_t i = 0; same && i < a_count; i++) {
        same = strcmp(a[i].sku, b[i].sku) == 0 && strcmp(a[i].depot, b[i].depot) == 0 &&
               a[i].units == b[i].units && a[i].depots.count == b[i].depots.count;
        for (size_t d = 0; same && d < a[i].depots.count; d++)
            same = strcmp(a[i].depots.items[d], b[i].depots.items[d]) == 0;
    }
    return same;
}

static bool same_want(const struct stock_want *a, const struct stock_want *b)
{
    bool same = a->version == b->version && a->cancelled == b->cancelled &&
                a->handed_over == b->handed_over && a->taken_count == b->taken_count &&
                same_rows(a->rows, a->count, b->rows, b->count);
    for (size_t i = 0; same && i < a->taken_count; i++)
        same = strcmp(a->taken[i].sku_key, b->taken[i].sku_key) == 0 &&
               strcmp(a->taken[i].location, b->taken[i].location) == 0 &&
               strcmp(a->taken[i].sku, b->taken[i].sku) == 0 &&
               a->taken[i].units == b->taken[i].units;
    return same;
}

static bool same_gaps(const struct reservation_facts *a, const struct reservation_facts *b)
{
    bool same = a->gap_count == b->gap_count && a->gap_version == b->gap_version;
    for (size_t i = 0; same && i < a->gap_count; i++)
        same = a->gaps[i].line == b->gaps[i].line && a->gaps[i].what == b->gaps[i].what;
    return same;
}

int reservation_hear_event(struct reservation_facts *facts, const struct order_event *event,
                           int64_t offset, const struct order_rules *rules, struct arena *arena,
                           bool *ret_is_new, const char **ret_detail)
{
    struct stock_want want;
    struct reservation_gap *gaps = NULL;
    *ret_is_new = false;
    int r = stock_want(event, rules, arena, &want, ret_detail);
    if (r == -ENOENT)
        return forget_unmapped(facts, event, offset, arena, ret_is_new);
    if (r == 0)
        r = copy_gaps(&want, arena, &gaps);
    if (r < 0)
        return r;
    if (!counts(facts, want.version, want.cancelled))
        return 0;
    const struct reservation_facts before = *facts;
    set_gaps(facts, gaps, want.gap_count, want.version, offset);
    want.gaps = NULL;
    want.gap_count = 0;
    facts->want = want;
    facts->event_time = want.version == before.want.version && before.event_time > event->event_time
                            ? before.event_time
                            : event->event_time;
    *ret_is_new = !same_want(&before.want, &want) || !same_gaps(&before, facts) ||
                  before.event_time != facts->event_time;
    return *ret_is_new;
}

/* ---- the ledger ---- */

static int copy_line(const struct ledger_line *line, struct stock_rows *rows, struct arena *arena)
{
    char key[STOCK_KEY_BYTES_MAX + 1];
    if (line->gift_card || line->quantity <= 0 ||
        stock_key_write_parts(line->product, line->matrix_codes.items, line->matrix_codes.count,
                              key, sizeof key) < 0)
        return 0;
    const struct stock_row row = {.sku = TEXT_JOIN(arena, key),
                                  .depot = line->depot == NULL ? "" : line->depot,
                                  .units = line->quantity};
    return row.sku == NULL ? -ENOMEM : stock_rows_add(rows, &row, arena);
}

static int64_t in_prima_since(const struct ledger_entry *entry, int64_t written_at)
{
    return entry->version > 1 && written_at > entry->posted_at ? written_at : entry->posted_at;
}

int reservation_hear_entry(struct reservation_facts *facts, const struct ledger_entry *entry,
                           int64_t written_at, struct arena *arena)
{
    struct stock_rows rows;
    if (facts->has_document && entry->version < facts->document.entry)
        return 0;
    int r = stock_rows_begin(&rows, entry->lines.count + 1, arena);
    for (size_t i = 0; i < entry->lines.count && r == 0; i++)
        r = copy_line(&entry->lines.items[i], &rows, arena);
    if (r < 0)
        return r;
    stock_rows_sort(&rows);
    const struct reservation_document document = {.version = entry->source_version,
                                                  .entry = entry->version,
                                                  .posted_at = in_prima_since(entry, written_at),
                                                  .lines = rows.items,
                                                  .count = rows.count},
                                      *old = &facts->document;
    const bool same = facts->has_document && old->version == document.version &&
                      old->entry == document.entry && old->posted_at == document.posted_at &&
                      same_rows(old->lines, old->count, document.lines, document.count);
    facts->has_document = true;
    facts->document = document;
    return !same;
}

bool reservation_hear_discard(struct reservation_facts *facts, bool is_discarded, int64_t at)
{
    const bool is_new =
        facts->is_discarded != is_discarded || (is_discarded && facts->discarded_at != at);
    facts->is_discarded = is_discarded;
    facts->discarded_at = is_discarded ? at : 0;
    return is_new;
}

/* ---- the result ---- */

bool reservation_hear_result(struct reservation_facts *facts, const struct order_result *result)
{
    const enum stock_order_hold hold = result->outcome == (int)OUTCOME_POSTED_ON_HOLD ? HOLD_HELD
                                       : result->outcome == (int)OUTCOME_POSTED       ? HOLD_FREE
                                                                                : HOLD_UNKNOWN;
    if (hold == HOLD_UNKNOWN || facts->hold == HOLD_HELD || facts->hold == hold)
        return false;
    facts->hold = hold;
    return true;
}

/* ---- confirmations ---- */

bool reservation_hear_confirmation(struct reservation_facts *facts,
                                   const struct stock_confirmation *confirmation)
{
    for (size_t i = 0; i < facts->count; i++) {
        const struct stock_reservation *row = &facts->rows[i];
        if (strcmp(row->sku, confirmation->sku) != 0 ||
            strcmp(row->depot, confirmation->depot) != 0)
            continue;
        if (row->version != confirmation->version || row->updated_at != confirmation->updated_at ||
            facts->confirmed[i])
            return false;
        facts->confirmed[i] = true;
        return true;
    }
    return false;
}

bool reservation_facts_are_over(const struct reservation_facts *facts)
{
    for (size_t i = 0; i < facts->count; i++)
        if (!facts->confirmed[i] &&
            (facts->rows[i].units > 0 || facts->rows[i].allocated_units > 0))
            return false;
    return true;
}

/* Rows as they were written before keep their word; those that are written anew have none. */
static int carry_confirmed(const struct reservation_facts *facts, const struct stock_order *after,
                           struct arena *arena, bool **ret_confirmed)
{
    bool *confirmed = arena_alloc(arena, after->count + 1);
    if (confirmed == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < after->count; i++)
        for (size_t j = 0; j < facts->count; j++) {
            const struct stock_reservation *now = &after->rows[i], *then = &facts->rows[j];
            if (strcmp(now->sku, then->sku) == 0 && strcmp(now->depot, then->depot) == 0)
                confirmed[i] = facts->confirmed[j] && now->version == then->version &&
                               now->updated_at == then->updated_at;
        }
    *ret_confirmed = confirmed;
    return 0;
}

/* ---- what follows ---- */

static int rebuild_line(const struct stock_row *row, struct arena *arena,
                        struct ledger_line *ret_line)
{
    struct prima_sku sku;
    const char **codes = arena_alloc(arena, sizeof sku.matrix);
    const int r = codes == NULL ? -ENOMEM : stock_key_read(row->sku, arena, &sku);
    if (r < 0)
        return r;
    memcpy(codes, sku.matrix, sizeof sku.matrix);
    *ret_line = (struct ledger_line){
        .product = sku.product,
        .matrix_codes = {codes, sizeof sku.matrix / sizeof *sku.matrix},
        .depot = *row->depot == '\0' ? NULL : row->depot,
        .quantity = row->units > INT32_MAX ? INT32_MAX : (int32_t)row->units,
    };
    return 0;
}

/* The document as the ledger has it, as far as stock asks. */
static int rebuild_entry(const struct stock_reserve_key *key,
                         const struct reservation_document *document, struct arena *arena,
                         struct ledger_entry *ret_entry)
{
    struct ledger_line *lines = arena_alloc(arena, (document->count + 1) * sizeof *lines);
    int r = lines == NULL ? -ENOMEM : 0;
    for (size_t i = 0; i < document->count && r == 0; i++)
        r = rebuild_line(&document->lines[i], arena, &lines[i]);
    if (r < 0)
        return r;
    *ret_entry = (struct ledger_entry){.company = key->company,
                                       .channel = key->channel,
                                       .store = key->store,
                                       .order_id = key->order_id,
                                       .source_version = document->version,
                                       .posted_at = document->posted_at,
                                       .lines = {lines, document->count}};
    return 0;
}

int reservation_settle(const struct stock_reserve_key *key, struct reservation_facts *facts,
                       const struct order_rules *rules, int64_t now, struct arena *arena,
                       struct stock_change **ret_changes, size_t *ret_count)
{
    struct ledger_entry entry;
    struct stock_have have;
    struct stock_order after;
    struct stock_fate fate = {.held = facts->hold != HOLD_FREE,
                              .discarded =
                                  facts->is_discarded && facts->event_time <= facts->discarded_at};
    facts->since = now < facts->since ? now : facts->since;
    facts->changed_at = now > facts->changed_at ? now : facts->changed_at;
    *ret_changes = NULL;
    *ret_count = 0;
    if (facts->want.version == INT64_MIN)
        return 0; /* whatever Prima has, the order's event decides what is reserved */
    int r = 0;
    if (facts->has_document) {
        r = rebuild_entry(key, &facts->document, arena, &entry);
        fate.entry = &entry;
    }
    if (r == 0)
        r = stock_have(&fate, facts->want.handed_over, rules, arena, &have);
    if (r < 0)
        return r;
    const struct stock_order before = {.want = facts->want,
                                       .have = {.version = INT64_MIN},
                                       .since = facts->since,
                                       .rows = facts->rows,
                                       .count = facts->count};
    r = stock_reserve(key, &before, NULL, &have, now, arena, &after, ret_changes, ret_count);
    bool *confirmed = NULL;
    if (r == 0)
        r = carry_confirmed(facts, &after, arena, &confirmed);
    if (r < 0)
        return r;
    facts->confirmed = confirmed;
    facts->rows = after.rows;
    facts->count = after.count;
    return 0;
}
