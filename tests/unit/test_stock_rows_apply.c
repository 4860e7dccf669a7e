/* Reads in any order, and a death behind any record that was written: the rows are always those of the
 * newest read that had each, and what the changelog gives back is the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows_apply.h"

enum { SKUS = 6, DEPOTS = 2, ROWS = SKUS * DEPOTS, READS = 8, HISTORIES = 3000 };

static const char *const keys[SKUS] = {"A", "B:RED", "C", "D%2F1", "E", "F"},
                         *const depots[DEPOTS] = {"X", ""};

static uint64_t seed;

static unsigned dice(unsigned sides)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(seed >> 33) % sides;
}

/* ---- reads ---- */

struct one_read {
    enum stock_scope scope;
    const char *from, *to;
    int64_t began_at;
    bool has[ROWS];
    int32_t available[ROWS];
};

static bool is_within(const struct one_read *r, size_t row)
{
    const struct complete_read scope = {.company = (char *)"ACME",
                                        .from = (char *)(uintptr_t)r->from,
                                        .to = (char *)(uintptr_t)r->to};
    return r->scope == STOCK_SCOPE_CHOSEN || complete_read_has(&scope, "ACME", keys[row / DEPOTS]);
}

static struct one_read random_read(int64_t began_at)
{
    static const char *const bounds[] = {NULL, "B", "C", "D/1", "E", NULL};
    struct one_read r = {.began_at = began_at, .scope = (enum stock_scope)dice(STOCK_SCOPE_COUNT)};
    if (r.scope == STOCK_SCOPE_RANGE) {
        const unsigned from = dice(5);
        r.from = bounds[from];
        r.to = bounds[from + 1 + dice(5 - from)];
    }
    for (size_t i = 0; i < ROWS; i++) {
        r.has[i] = is_within(&r, i) && dice(4) > 0;
        r.available[i] = (int32_t)dice(3);
    }
    return r;
}

/* ---- the changelog ---- */

struct saved_row {
    bool is_there, alone;
    int64_t began_at;
    int32_t available;
};
struct changelog {
    struct saved_row rows[ROWS];
    struct complete_reads reads;
};

static void write_sku(struct changelog *log, const struct row_state *s, uint32_t sku)
{
    size_t k = 0;
    while (strcmp(keys[k], sku_table_key(&s->table, sku)) != 0)
        k++;
    for (uint32_t i = s->table.skus[sku].row; i != 0; i = s->table.rows[i].next) {
        const size_t d = strcmp(sku_table_depot(&s->table, i), depots[0]) == 0 ? 0 : 1;
        const struct sku_row *row = &s->table.rows[i];
        if (sku_row_began(row) > 0)
            log->rows[k * DEPOTS + d] = (struct saved_row){true, rows_is_alone(s, sku, i),
                                                           sku_row_began(row), row->available};
    }
}

static void write_reads(struct changelog *log, const struct row_state *s)
{
    complete_reads_release(&log->reads);
    for (size_t i = 0; i < s->reads.count; i++)
        (void)complete_reads_add(&log->reads, &s->reads.list[i], NULL, NULL);
}

static void restore(struct row_state *s, const struct changelog *log)
{
    rows_release(s);
    for (size_t i = 0; i < ROWS; i++)
        if (log->rows[i].is_there)
            assert_true(rows_restore(s, "ACME", keys[i / DEPOTS], depots[i % DEPOTS],
                                     log->rows[i].available, log->rows[i].began_at,
                                     log->rows[i].alone));
    for (size_t i = 0; i < log->reads.count; i++)
        (void)complete_reads_add(&s->reads, &log->reads.list[i], NULL, NULL);
    rows_restored(s);
}

/* ---- applying ---- */

static void apply(struct row_state *s, const struct one_read *r, struct row_tally *tally)
{
    struct staged_row rows[ROWS];
    struct staged_read read = {.company = (char *)"ACME",
                               .from = (char *)(uintptr_t)r->from,
                               .to = (char *)(uintptr_t)r->to,
                               .began_at = r->began_at,
                               .scope = r->scope,
                               .rows = rows};
    for (size_t i = 0; i < ROWS; i++)
        if (r->has[i]) {
            const uint32_t sku = sku_table_put(&s->table, "ACME", keys[i / DEPOTS]);
            rows[read.count++] = (struct staged_row){
                sku, sku_table_row_put(&s->table, sku, depots[i % DEPOTS]), r->available[i]};
        }
    rows_apply(s, &read, NULL, NULL, tally);
    assert_int_equal(tally->changed + tally->unchanged + tally->older, (int64_t)read.count);
}

/* True: it died on the way, and was restored. */
static bool save(struct row_state *s, struct changelog *log, bool may_die)
{
    for (;;) {
        if (may_die && dice(8) == 0) {
            restore(s, log);
            return true;
        }
        const uint32_t sku = sku_list_take(&s->unsaved, &s->table, SKU_UNSAVED);
        if (sku == 0)
            break;
        write_sku(log, s, sku);
    }
    write_reads(log, s);
    if (may_die && dice(4) == 0)
        restore(s, log);
    return false;
}

/* ---- what it must be ---- */

static void check(const struct row_state *s, const struct one_read reads[])
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct one_read *newest = NULL;
        for (size_t r = 0; r < READS; r++)
            if (reads[r].has[i] && (newest == NULL || reads[r].began_at > newest->began_at))
                newest = &reads[r];
        const uint32_t sku = sku_table_find(&s->table, "ACME", keys[i / DEPOTS]),
                       row = sku == 0 ? 0 : sku_table_row(&s->table, sku, depots[i % DEPOTS]);
        if (newest == NULL) {
            assert_true(row == 0 || sku_row_began(&s->table.rows[row]) == 0);
            continue;
        }
        assert_true(row != 0);
        assert_int_equal(sku_row_began(&s->table.rows[row]), newest->began_at);
        assert_int_equal(s->table.rows[row].available, newest->available[i]);
    }
}

static void test_histories(void **state)
{
    (void)state;
    size_t deaths = 0;
    for (unsigned h = 0; h < HISTORIES; h++) {
        seed = h + 1;
        struct one_read reads[READS];
        for (size_t r = 0; r < READS; r++)
            reads[r] = random_read(1000 + 10 * (int64_t)r);
        for (size_t r = READS; r-- > 1;) {
            const size_t with = dice((unsigned)r + 1);
            const struct one_read kept = reads[r];
            reads[r] = reads[with];
            reads[with] = kept;
        }
        struct row_state s = {.unsaved = {NULL}};
        struct changelog log = {.reads = {NULL}};
        struct row_tally tally;
        for (size_t r = 0; r < READS; r++)
            for (bool died = true; died; deaths += died) {
                apply(&s, &reads[r], &tally);
                died = save(&s, &log, h % 2 == 1);
            }
        check(&s, reads);
        restore(&s, &log);
        check(&s, reads);
        complete_reads_release(&log.reads);
        rows_release(&s);
    }
    print_message("  %zu deaths\n", deaths);
    assert_true(deaths > HISTORIES);
}

/* ---- single cases ---- */

static struct one_read whole(int64_t began_at, int32_t available, size_t but)
{
    struct one_read r = {.scope = STOCK_SCOPE_WHOLE, .began_at = began_at};
    for (size_t i = 0; i < ROWS; i++) {
        r.has[i] = i != but;
        r.available[i] = available;
    }
    return r;
}

/* A read that confirms everything writes no row, one that lacks a row writes that one. */
static void test_cost(void **state)
{
    (void)state;
    struct row_state s = {.unsaved = {NULL}};
    struct changelog log = {.reads = {NULL}};
    struct row_tally tally;
    const struct one_read first = whole(1000, 5, ROWS), same = whole(2000, 5, ROWS),
                          lacks = whole(3000, 5, 3), again = whole(4000, 5, ROWS);
    apply(&s, &first, &tally);
    assert_int_equal(tally.changed, ROWS);
    assert_int_equal(sku_list_count(&s.unsaved), SKUS);
    (void)save(&s, &log, false);
    apply(&s, &same, &tally);
    assert_int_equal(tally.unchanged, ROWS);
    assert_int_equal(sku_list_count(&s.unsaved), 0);
    (void)save(&s, &log, false);
    apply(&s, &lacks, &tally);
    assert_int_equal(tally.missing, 0); /* its SKU has another row */
    assert_int_equal(sku_list_count(&s.unsaved), 1);
    (void)save(&s, &log, false);
    assert_true(log.rows[3].alone);
    assert_int_equal(log.rows[3].began_at, 2000);
    apply(&s, &again, &tally);
    assert_int_equal(sku_list_count(&s.unsaved), 1);
    (void)save(&s, &log, false);
    assert_false(log.rows[3].alone);
    complete_reads_release(&log.reads);
    rows_release(&s);
}

static void test_missing(void **state)
{
    (void)state;
    struct row_state s = {.unsaved = {NULL}};
    struct row_tally tally;
    struct one_read first = whole(1000, 5, ROWS), lacks = whole(2000, 7, ROWS);
    lacks.has[4] = lacks.has[5] = false;
    apply(&s, &first, &tally);
    apply(&s, &lacks, &tally);
    assert_int_equal(tally.missing, 1);
    const uint32_t row = sku_table_row(&s.table, sku_table_find(&s.table, "ACME", "C"), "X");
    assert_int_equal(s.table.rows[row].available, 5);
    assert_int_equal(sku_row_began(&s.table.rows[row]), 1000);
    rows_release(&s);
}

/* The same read once more changes nothing, and says so. */
static void test_repeated(void **state)
{
    (void)state;
    struct row_state s = {.unsaved = {NULL}};
    struct row_tally tally;
    const struct one_read first = whole(1000, 5, ROWS);
    apply(&s, &first, &tally);
    while (sku_list_take(&s.unsaved, &s.table, SKU_UNSAVED) != 0)
        ;
    apply(&s, &first, &tally);
    assert_int_equal(tally.older, ROWS);
    assert_int_equal(sku_list_count(&s.unsaved), 0);
    rows_release(&s);
}

static void test_absurd(void **state)
{
    (void)state;
    struct row_state s = {.unsaved = {NULL}};
    assert_false(rows_restore(&s, "ACME", "A", "X", (int64_t)SKU_UNITS_MAX + 1, 1000, false));
    assert_false(rows_restore(&s, "ACME", "A", "X", 1, INT64_MAX, false));
    assert_false(rows_restore(&s, "ACME", "A", "X", 1, 0, false));
    assert_true(rows_restore(&s, "ACME", "A", "X", -5, 1000, true));
    rows_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histories), cmocka_unit_test(test_cost),
        cmocka_unit_test(test_missing),   cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_absurd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
