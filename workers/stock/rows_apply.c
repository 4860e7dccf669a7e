/* Watermarks; see rows_apply.h. */
#include "rows_apply.h"

#include <string.h>

enum { ALONE = 0x8000 /* in began_high, while the state is restored */ };

static const int64_t began_max = ((int64_t)1 << 47) - 1;

struct applying {
    struct row_state *state;
    const struct staged_read *read;
    struct complete_read scope; /* of the read, but of chosen ones */
    bool is_again;              /* its own record is not there yet */
    struct row_tally *tally;
};

/* ---- rows that it has ---- */

/* One whose time will be that of its read's record need not be written. */
static bool is_written_by_itself(const struct applying *a, uint32_t sku, int64_t before,
                                 bool is_changed)
{
    const struct sku_table *t = &a->state->table;
    return is_changed || a->read->scope == STOCK_SCOPE_CHOSEN ||
           before < complete_reads_began(&a->state->reads, sku_table_company(t, sku),
                                         sku_table_key(t, sku));
}

static void apply_row(struct applying *a, const struct staged_row *staged)
{
    struct row_state *s = a->state;
    struct sku_row *row = &s->table.rows[staged->row];
    const int64_t before = sku_row_began(row), now = a->read->began_at;
    if (now <= before) {
        const bool was_this = now == before && a->is_again;
        a->tally->changed += was_this;
        a->tally->older += !was_this;
        return;
    }
    const bool is_changed = before == 0 || row->available != staged->available;
    row->available = staged->available;
    sku_row_set_began(row, now);
    a->tally->changed += is_changed;
    a->tally->unchanged += !is_changed;
    if (is_written_by_itself(a, staged->sku, before, is_changed))
        sku_list_add(&s->unsaved, &s->table, staged->sku, SKU_UNSAVED);
    if (is_changed || (s->table.marks[staged->sku] & (SKU_STALE | SKU_HAS_CLAIMS)) != 0)
        sku_list_add(&s->changed, &s->table, staged->sku, SKU_CHANGED);
}

/* ---- rows that it has not ---- */

/* They keep what they have, and from now on their time is theirs alone: written, where it was that of
 * a former read's record. */
static void find_missing(struct applying *a, uint32_t sku)
{
    struct row_state *s = a->state;
    struct sku_table *t = &s->table;
    const char *company = sku_table_company(t, sku), *key = sku_table_key(t, sku);
    bool is_missing = false, has_row = false;
    if (!complete_read_has(&a->scope, company, key))
        return;
    for (uint32_t i = t->skus[sku].row; i != 0; i = t->rows[i].next) {
        const int64_t began = sku_row_began(&t->rows[i]);
        has_row |= began >= a->read->began_at;
        if (began == 0 || began >= a->read->began_at)
            continue;
        is_missing = true;
        if (began >= complete_reads_began(&s->reads, company, key))
            sku_list_add(&s->unsaved, t, sku, SKU_UNSAVED);
    }
    a->tally->missing += is_missing && !has_row;
}

/* ---- a read ---- */

void rows_apply(struct row_state *state, const struct staged_read *read,
                void (*dropped)(void *user, const struct complete_read *read), void *user,
                struct row_tally *ret_tally)
{
    struct applying a = {.state = state,
                         .read = read,
                         .scope = {.company = read->company,
                                   .from = read->from,
                                   .to = read->to,
                                   .began_at = read->began_at,
                                   .token = read->token},
                         .tally = ret_tally};
    const bool is_chosen = read->scope == STOCK_SCOPE_CHOSEN,
               is_known = !is_chosen && complete_reads_knows(&state->reads, &a.scope);
    *ret_tally = (struct row_tally){0};
    a.is_again = !is_chosen && !is_known;
    for (size_t i = 0; i < read->count; i++)
        apply_row(&a, &read->rows[i]);
    for (uint32_t sku = 1; !is_chosen && sku <= state->table.sku_count; sku++)
        find_missing(&a, sku);
    if (!is_chosen)
        (void)complete_reads_add(&state->reads, &a.scope, dropped, user);
}

bool rows_is_alone(const struct row_state *state, uint32_t sku, uint32_t row)
{
    const struct sku_table *t = &state->table;
    return sku_row_began(&t->rows[row]) <
           complete_reads_began(&state->reads, sku_table_company(t, sku), sku_table_key(t, sku));
}

/* ---- restoring ---- */

bool rows_restore(struct row_state *state, const char *company, const char *key, const char *depot,
                  int64_t available, int64_t began_at, bool alone)
{
    struct sku_table *t = &state->table;
    if (began_at <= 0 || began_at > began_max || available < -SKU_UNITS_MAX ||
        available > SKU_UNITS_MAX)
        return false;
    const uint32_t sku = sku_table_put(t, company, key),
                   row = sku == 0 ? 0 : sku_table_row_put(t, sku, depot);
    if (row == 0)
        return false;
    sku_row_set_began(&t->rows[row], began_at);
    t->rows[row].available = (int32_t)available;
    if (alone)
        t->rows[row].began_high |= ALONE;
    return true;
}

void rows_restored(struct row_state *state)
{
    struct sku_table *t = &state->table;
    for (uint32_t sku = 1; sku <= t->sku_count; sku++) {
        const int64_t covered =
            complete_reads_began(&state->reads, sku_table_company(t, sku), sku_table_key(t, sku));
        for (uint32_t i = t->skus[sku].row; i != 0; i = t->rows[i].next) {
            struct sku_row *row = &t->rows[i];
            const bool is_alone = (row->began_high & ALONE) != 0;
            row->began_high = (uint16_t)(row->began_high & ~ALONE);
            if (!is_alone && sku_row_began(row) < covered)
                sku_row_set_began(row, covered);
        }
    }
}

void rows_release(struct row_state *state)
{
    sku_list_release(&state->unsaved);
    sku_list_release(&state->changed);
    complete_reads_release(&state->reads);
    sku_table_release(&state->table);
}
