/* A partition's levels through random histories, half of them with deaths before and behind
 * transactions: at rest they are those of the pure function over what is known, no version is doubled
 * or goes back, and running totals have each reservation once. */
#include "test_order_support.h"

#include "domain/stock/stock_key.h"
#include "domain/stock/stock_rows.h"
#include "level_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARENA = 16 << 20,
    HISTORIES = 400,
    READS = 12,
    RECORDS = 24,
    LEVELS_MAX = 64,
    ROWS_MAX = 32,
    OUT_MAX = 512,
    SKUS = 3,
    DEPOTS = 3,
    BATCH = 2
};

static const char *const keys[SKUS] = {"TSHIRT:RED:M", "SKU00002", "SKU00003"},
                         *const depots[DEPOTS] = {"01", "02", "S1"};
static const int64_t hour = 3600000, began = 1796000000000;

static uint64_t seed;

static unsigned dice(unsigned sides)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(seed >> 33) % sides;
}

/* ---- what comes ---- */

struct one_read {
    int64_t began_at;
    bool has[SKUS * DEPOTS];
    int32_t available[SKUS * DEPOTS];
};

struct one_record { /* of stock.reservations */
    char key[80];
    bool is_tombstone;
    size_t sku;
    struct stock_reservation reservation;
    struct reservation_taken taken[2];
};

/* ---- what Kafka has ---- */

struct kept_level {
    bool is_there;
    char place[60], own[40], key[40];
    struct stock_level level; /* numbers only */
    int64_t last_version;
    int64_t first_to; /* reservations before it were not counted */
};

struct world {
    struct order_rules *rules;
    struct bundle_index bundles;
    struct level_rules level_rules;
    struct level_state state;
    int64_t now;
    struct one_read reads[READS];
    struct one_record records[RECORDS];
    size_t read_at, record_at; /* what the state has */
    /* committed */
    size_t read_committed;
    int64_t taken_to;
    struct kept_level levels[LEVELS_MAX];
    size_t level_count;
    struct {
        size_t sku;
        char depot[8];
        int32_t available;
        int64_t began_at;
    } rows[ROWS_MAX];
    size_t row_count;
    /* of the transaction that is open */
    struct kept_level out[OUT_MAX];
    size_t out_count;
    size_t deaths, written;
};

static struct one_read random_read(int64_t began_at)
{
    struct one_read r = {.began_at = began_at};
    for (size_t i = 0; i < SKUS * DEPOTS; i++) {
        r.has[i] = dice(3) > 0;
        r.available[i] = (int32_t)dice(9) - 1;
    }
    return r;
}

static void random_record(struct world *w, size_t at)
{
    struct one_record *r = &w->records[at];
    const size_t order = dice(6);
    static const char *const locations[] = {"1001", "2001", ""};
    r->sku = order % SKUS;
    const char *depot = depots[order % 2];
    (void)snprintf(r->key, sizeof r->key, "01/%s/%s/01/orders/shopify/uk/%zu", keys[r->sku], depot,
                   order);
    r->is_tombstone = dice(6) == 0;
    r->taken[0] = (struct reservation_taken){
        locations[dice(3)], dice(2) == 0 ? "SKU00002" : "TSHIRT-RED-M", 1 + dice(3)};
    r->taken[1] = (struct reservation_taken){"1001", "WEEKENDSET", 1};
    r->reservation = (struct stock_reservation){.order = "o",
                                                .company = "01",
                                                .channel = "shopify",
                                                .store = "uk",
                                                .order_id = "1",
                                                .sku = keys[r->sku],
                                                .depot = depot,
                                                .units = dice(4),
                                                .version = 1 + dice(5),
                                                .state = RESERVATION_ACCEPTED};
    r->reservation.taken.items = r->taken;
    r->reservation.taken.count = dice(3);
    if (dice(2) == 0) {
        r->reservation.state = RESERVATION_ALLOCATED;
        r->reservation.has_allocated_at = true;
        r->reservation.allocated_units = dice(4);
        r->reservation.allocated_at = began + (int64_t)dice(READS) * hour / 4;
    }
}

/* ---- the state ---- */

static void take_read(struct world *w)
{
    const struct one_read *r = &w->reads[w->read_at++];
    struct level_state *s = &w->state;
    struct staged_row rows[SKUS * DEPOTS];
    struct staged_read read = {.company = (char *)"01",
                               .began_at = r->began_at,
                               .scope = STOCK_SCOPE_CHOSEN,
                               .rows = rows};
    struct row_tally tally;
    for (size_t i = 0; i < SKUS * DEPOTS; i++)
        if (r->has[i]) {
            const uint32_t sku = sku_table_put(&s->rows.table, "01", keys[i / DEPOTS]);
            rows[read.count++] = (struct staged_row){
                sku, sku_table_row_put(&s->rows.table, sku, depots[i % DEPOTS]), r->available[i]};
        }
    rows_apply(&s->rows, &read, NULL, NULL, &tally);
}

static void take_record(struct world *w)
{
    const struct one_record *r = &w->records[w->record_at];
    assert_true(level_state_claim(&w->state, r->key, strlen(r->key),
                                  r->is_tombstone ? NULL : &r->reservation,
                                  (int64_t)w->record_at < w->taken_to));
    w->record_at++;
}

static void write(void *user, const struct level_out *out)
{
    struct world *w = user;
    assert_true(w->out_count < OUT_MAX);
    struct kept_level *k = &w->out[w->out_count++];
    *k = (struct kept_level){.is_there = out->level != NULL};
    (void)snprintf(k->place, sizeof k->place, "%s", out->channel_place);
    (void)snprintf(k->own, sizeof k->own, "%s", out->own);
    (void)snprintf(k->key, sizeof k->key, "%s", out->key);
    if (out->level == NULL)
        return;
    k->level = *out->level;
    assert_true(k->level.level >= 0);
    assert_string_equal(out->level->company, "01");
    assert_int_equal(out->level->stock_key == NULL, strcmp(out->own, "WEEKENDSET") == 0);
}

static void write_sku(struct world *w, uint32_t sku, enum level_reason why)
{
    const struct level_writer writer = {write, w, w->now};
    assert_int_equal(level_state_write(&w->state, sku, why, &writer), 0);
    level_state_touch_bundles(&w->state, sku);
}

/* As a transaction is made: what running totals need first, and all of it; then some of the rest. */
static void collect(struct world *w, size_t most)
{
    struct level_state *s = &w->state;
    struct sku_table *t = &s->rows.table;
    uint32_t sku;
    w->out_count = 0;
    while ((sku = sku_list_take(&s->taken, t, SKU_TAKEN)) != 0)
        write_sku(w, sku, LEVEL_RESERVATION);
    for (size_t i = 0; i < most; i++)
        if ((sku = sku_list_take(&s->claimed, t, SKU_CLAIMED)) != 0)
            write_sku(w, sku, LEVEL_RESERVATION);
    for (size_t i = 0; i < most; i++)
        if ((sku = sku_list_take(&s->rows.changed, t, SKU_CHANGED)) != 0)
            write_sku(w, sku, LEVEL_SNAPSHOT);
}

static struct kept_level *kept(struct world *w, const struct kept_level *of)
{
    for (size_t i = 0; i < w->level_count; i++)
        if (strcmp(w->levels[i].place, of->place) == 0 && strcmp(w->levels[i].own, of->own) == 0)
            return &w->levels[i];
    assert_true(w->level_count < LEVELS_MAX);
    struct kept_level *k = &w->levels[w->level_count++];
    *k = *of;
    k->is_there = false;
    k->last_version = 0;
    return k;
}

static void commit(struct world *w)
{
    for (size_t i = 0; i < w->out_count; i++) {
        struct kept_level *k = kept(w, &w->out[i]);
        const int64_t last = k->is_there ? k->last_version : 0,
                      first_to = k->is_there ? k->first_to : (int64_t)w->record_at;
        assert_true(w->out[i].is_there || k->is_there);
        if (w->out[i].is_there)
            assert_int_equal(w->out[i].level.version, last + 1);
        *k = w->out[i];
        k->last_version = k->level.version;
        k->first_to = first_to;
        w->written++;
    }
    w->taken_to = w->out_count > 0 ? (int64_t)w->record_at : w->taken_to;
    w->out_count = 0;
    w->read_committed = w->read_at;
    w->row_count = 0;
    const struct sku_table *t = &w->state.rows.table;
    for (uint32_t sku = 1; sku <= t->sku_count; sku++)
        for (uint32_t i = t->skus[sku].row; i != 0; i = t->rows[i].next) {
            if (sku_row_began(&t->rows[i]) == 0)
                continue;
            assert_true(w->row_count < ROWS_MAX);
            size_t k = 0;
            while (strcmp(keys[k], sku_table_key(t, sku)) != 0)
                k++;
            w->rows[w->row_count].sku = k;
            (void)snprintf(w->rows[w->row_count].depot, sizeof w->rows->depot, "%s",
                           sku_table_depot(t, i));
            w->rows[w->row_count].available = t->rows[i].available;
            w->rows[w->row_count++].began_at = sku_row_began(&t->rows[i]);
        }
}

static void begin(struct world *w)
{
    w->state = (struct level_state){.rules = &w->level_rules};
    for (size_t i = 0; i < w->row_count; i++)
        assert_true(rows_restore(&w->state.rows, "01", keys[w->rows[i].sku], w->rows[i].depot,
                                 w->rows[i].available, w->rows[i].began_at, false));
    rows_restored(&w->state.rows);
    for (size_t i = 0; i < w->level_count; i++)
        if (w->levels[i].is_there) {
            struct stock_level level = w->levels[i].level;
            char place[60], *save = NULL;
            (void)snprintf(place, sizeof place, "%s", w->levels[i].place);
            level.channel = strtok_r(place, "/", &save);
            level.store = strtok_r(NULL, "/", &save);
            level.location = strtok_r(NULL, "/", &save);
            level.sku = w->levels[i].own;
            level.company = "01";
            level.stock_key = strcmp(level.sku, "WEEKENDSET") == 0 ? NULL : w->levels[i].key;
            assert_true(level_state_published(&w->state, &level, w->levels[i].key));
        }
    w->read_at = w->read_committed;
    w->record_at = 0;
    while ((int64_t)w->record_at < w->taken_to)
        take_record(w);
    const struct sku_table *t = &w->state.rows.table; /* nobody knows what changed meanwhile */
    for (uint32_t sku = 1; sku <= t->sku_count; sku++)
        sku_list_add(&w->state.rows.changed, &w->state.rows.table, sku, SKU_CHANGED);
}

static void die(struct world *w)
{
    w->deaths++;
    level_state_release(&w->state);
    begin(w);
}

/* ---- what it must be ---- */

struct truth { /* of the pure function's inputs, without a table */
    struct world *world;
    struct stock_read reads[SKUS][DEPOTS];
    const struct one_record *claims[RECORDS];
    size_t claim_count;
};

static bool truth_look(void *user, const char *company, const char *key, struct arena *arena,
                       struct stock_inputs *ret_inputs)
{
    struct truth *truth = user;
    const struct stock_reservation **claims = arena_alloc(arena, RECORDS * sizeof *claims);
    size_t k = 0, count = 0;
    assert_string_equal(company, "01");
    while (k < SKUS && strcmp(keys[k], key) != 0)
        k++;
    if (k == SKUS)
        return false;
    for (size_t i = 0; i < truth->claim_count; i++)
        if (truth->claims[i]->sku == k)
            claims[count++] = &truth->claims[i]->reservation;
    *ret_inputs = (struct stock_inputs){
        .reads = truth->reads[k], .read_count = DEPOTS, .claims = claims, .claim_count = count};
    return true;
}

static void make_truth(struct world *w, struct truth *truth)
{
    *truth = (struct truth){.world = w};
    for (size_t i = 0; i < SKUS * DEPOTS; i++) {
        struct stock_read *read = &truth->reads[i / DEPOTS][i % DEPOTS];
        read->depot = depots[i % DEPOTS];
        for (size_t r = 0; r < READS; r++) {
            const struct stock_read newer = {.began_at = w->reads[r].began_at,
                                             .available = w->reads[r].available[i],
                                             .present = true};
            if (w->reads[r].has[i])
                (void)stock_read_apply(read, &newer);
        }
    }
    for (size_t i = 0; i < RECORDS; i++) {
        size_t at = 0;
        while (at < truth->claim_count && strcmp(truth->claims[at]->key, w->records[i].key) != 0)
            at++;
        if (w->records[i].is_tombstone) {
            if (at < truth->claim_count)
                truth->claims[at] = truth->claims[--truth->claim_count];
        } else if (at == truth->claim_count) {
            truth->claims[truth->claim_count++] = &w->records[i];
        } else if (w->records[i].reservation.version >= truth->claims[at]->reservation.version) {
            truth->claims[at] = &w->records[i];
        }
    }
}

/* The running total of a key, by all records from `from` on: of its own SKU's reservations. */
static int64_t true_total(const struct world *w, const struct kept_level *k)
{
    const struct one_record *known[RECORDS] = {NULL};
    int64_t total = 0;
    for (size_t i = 0; i < RECORDS; i++) {
        const struct one_record *r = &w->records[i];
        size_t at = 0;
        while (at < i && (known[at] == NULL || strcmp(known[at]->key, r->key) != 0))
            at++;
        const struct one_record *before = at < i ? known[at] : NULL;
        if (before != NULL && !r->is_tombstone &&
            r->reservation.version < before->reservation.version)
            continue;
        if (before != NULL)
            known[at] = NULL;
        if (r->is_tombstone)
            continue;
        known[i] = r;
        if ((int64_t)i >= k->first_to && strcmp(keys[r->sku], k->key) == 0)
            total +=
                stock_taken_change(before == NULL ? NULL : &before->reservation, &r->reservation,
                                   "shopify", "uk", strrchr(k->place, '/') + 1, k->own);
    }
    return total;
}

static void check(struct world *w)
{
    struct truth truth;
    size_t stated = 0;
    make_truth(w, &truth);
    const struct level_known known = {truth_look, &truth};
    struct arena *arena = arena_new(ARENA);
    for (size_t k = 0; k < SKUS; k++) {
        struct level_list list;
        assert_int_equal(level_want(&w->level_rules, &known, "01", keys[k], w->now, arena, &list),
                         0);
        for (size_t i = 0; i < list.count; i++) {
            struct kept_level wanted = {.is_there = true};
            (void)snprintf(wanted.place, sizeof wanted.place, "%s", list.items[i].place);
            (void)snprintf(wanted.own, sizeof wanted.own, "%s", list.items[i].own);
            const struct kept_level *got = kept(w, &wanted);
            assert_true(got->is_there);
            assert_int_equal(got->level.level, list.items[i].parts.level);
            if (strstr(got->place, "shopify/uk") != NULL)
                assert_int_equal(got->level.taken, true_total(w, got));
            stated++;
        }
    }
    for (size_t i = 0; i < w->level_count; i++)
        stated -= w->levels[i].is_there;
    assert_int_equal(stated, 0);
    arena_free(arena);
}

/* ---- histories ---- */

static void run(struct world *w, bool dies)
{
    while (w->read_at < READS || w->record_at < RECORDS) {
        const unsigned what = dice(4);
        if (what == 0 && w->read_at < READS)
            take_read(w);
        else if (what == 1 && w->record_at < RECORDS)
            take_record(w);
        else if (what == 2) {
            collect(w, BATCH);
            if (dies && dice(3) == 0)
                die(w); /* nothing of it is there */
            else
                commit(w);
        } else if (dies && dice(6) == 0) {
            die(w);
        }
    }
    do {
        collect(w, BATCH);
        commit(w);
    } while (sku_list_count(&w->state.claimed) + sku_list_count(&w->state.rows.changed) > 0);
}

static void world_begin(struct world *w, struct order_rules *rules)
{
    *w = (struct world){.rules = rules, .now = began + 2 * hour};
    bundle_index_make(&w->bundles, rules);
    w->level_rules = (struct level_rules){rules, &w->bundles};
    for (size_t i = 0; i < READS; i++)
        w->reads[i] = random_read(began + (int64_t)i * hour / 4 + (int64_t)dice(100));
    for (size_t i = READS; i-- > 1;) {
        const size_t with = dice((unsigned)i + 1);
        const struct one_read read = w->reads[i];
        w->reads[i] = w->reads[with];
        w->reads[with] = read;
    }
    for (size_t i = 0; i < RECORDS; i++)
        random_record(w, i);
    begin(w);
}

static void world_end(struct world *w)
{
    level_state_release(&w->state);
    bundle_index_release(&w->bundles);
}

static void test_histories(void **state)
{
    (void)state;
    struct order_rules *rules = support_rules(NULL);
    static struct world w;
    size_t deaths = 0, written = 0;
    for (unsigned h = 0; h < HISTORIES; h++) {
        seed = h + 1;
        world_begin(&w, rules);
        run(&w, h % 2 == 1);
        check(&w);
        deaths += w.deaths;
        written += w.written;
        world_end(&w);
    }
    print_message("  %zu deaths, %zu records\n", deaths, written);
    assert_true(deaths > HISTORIES / 2 && written > HISTORIES);
    support_rules_free(rules);
}

/* ---- single cases ---- */

static void quiet(struct world *w)
{
    do {
        collect(w, BATCH);
        commit(w);
    } while (sku_list_count(&w->state.claimed) + sku_list_count(&w->state.rows.changed) > 0);
}

static void sweep(struct world *w)
{
    struct sku_table *t = &w->state.rows.table;
    w->out_count = 0;
    for (uint32_t sku = 1; sku <= t->sku_count; sku++)
        if (level_state_is_due(&w->state, sku, w->now))
            write_sku(w, sku, LEVEL_BUFFER);
}

/* Nothing changed: nothing is written; after refresh_every each once, and as a refresh. */
static void test_refresh(void **state)
{
    (void)state;
    struct order_rules *rules = support_rules(
        (const char *const[]){"stock.refresh_every=1h", "stock.stale_after=24h", NULL});
    static struct world w;
    seed = 7;
    world_begin(&w, rules);
    while (w.read_at < READS)
        take_read(&w);
    quiet(&w);
    const size_t levels = w.level_count;
    assert_true(levels > 3);
    w.read_at = 0;
    while (w.read_at < READS)
        take_read(&w);
    collect(&w, SKUS);
    assert_int_equal(w.out_count, 0);
    size_t refreshed = 0, most = 0;
    for (int minute = 0; minute < 60; minute++) {
        w.now += hour / 60;
        sweep(&w);
        for (size_t i = 0; i < w.out_count; i++)
            assert_int_equal(w.out[i].level.reason, LEVEL_REFRESH);
        refreshed += w.out_count;
        most = w.out_count > most ? w.out_count : most;
        commit(&w);
    }
    assert_int_equal(refreshed, levels);
    assert_true(most < levels); /* spread */
    world_end(&w);
    support_rules_free(rules);
}

/* Under each policy once when it becomes stale, and once when it is fresh again. */
static void check_stale(const char *policy, enum level_reason reason, int64_t level)
{
    char set[60];
    (void)snprintf(set, sizeof set, "stock.stale_policy=%s", policy);
    struct order_rules *rules = support_rules((const char *const[]){
        "stock.refresh_every=720h", "stock.stale_after=6h", "stock.stale_cap=3", set, NULL});
    static struct world w;
    seed = 9;
    world_begin(&w, rules);
    for (size_t i = 0; i < SKUS * DEPOTS; i++) {
        w.reads[0].has[i] = w.reads[1].has[i] = true;
        w.reads[0].available[i] = w.reads[1].available[i] = 5000;
    }
    w.reads[0].began_at = began;
    w.reads[1].began_at = began + 7 * hour;
    w.now = began + hour;
    take_read(&w);
    quiet(&w);
    const size_t levels = w.level_count;
    sweep(&w);
    assert_int_equal(w.out_count, 0);
    w.now = began + 6 * hour + 1;
    sweep(&w);
    assert_int_equal(w.out_count, levels);
    for (size_t i = 0; i < w.out_count; i++) {
        assert_int_equal(w.out[i].level.reason, reason);
        /* of a bundle what its parts allow */
        assert_true(level < 0 ? w.out[i].level.level > 3
                              : w.out[i].level.level <= level && w.out[i].level.level >= level / 2);
        assert_int_equal(w.out[i].level.stale_since, began + 6 * hour);
    }
    commit(&w);
    sweep(&w);
    assert_int_equal(w.out_count, 0);
    w.now = began + 7 * hour;
    take_read(&w); /* the same figures */
    collect(&w, SKUS);
    assert_int_equal(w.out_count, levels);
    for (size_t i = 0; i < w.out_count; i++)
        assert_true(w.out[i].level.level > 3 && !w.out[i].level.has_stale_since);
    commit(&w);
    world_end(&w);
    support_rules_free(rules);
}

static void test_stale(void **state)
{
    (void)state;
    check_stale("keep", LEVEL_STALE_KEEP, -1);
    check_stale("cap", LEVEL_STALE_CAP, 3);
    check_stale("zero", LEVEL_STALE_ZERO, 0);
}

/* A location that is mapped no more ends by a tombstone, once. */
static void test_unmapped(void **state)
{
    (void)state;
    struct order_rules *rules = support_rules(NULL);
    static struct world w;
    char folder[300];
    seed = 11;
    world_begin(&w, rules);
    while (w.read_at < READS)
        take_read(&w);
    quiet(&w);
    const char *copy = support_mappings_copy(
        "depots.yaml", "depots:\n"
                       "  - {channel: shopify, store: uk, location: \"2001\", depot: \"S1\"}\n");
    (void)snprintf(folder, sizeof folder, "orders.mappings=%s", copy);
    struct order_rules *other = support_rules((const char *const[]){folder, NULL});
    bundle_index_release(&w.bundles);
    bundle_index_make(&w.bundles, other);
    w.level_rules.rules = other;
    size_t tombstones = 0, kept_count = 0;
    for (int pass = 0; pass < 2; pass++) {
        struct sku_table *t = &w.state.rows.table;
        w.out_count = 0;
        for (uint32_t sku = 1; sku <= t->sku_count; sku++)
            write_sku(&w, sku, LEVEL_MAPPING);
        for (size_t i = 0; i < w.out_count; i++)
            tombstones += !w.out[i].is_there;
        assert_true(pass == 0 || w.out_count == 0);
        commit(&w);
    }
    for (size_t i = 0; i < w.level_count; i++) {
        assert_int_equal(w.levels[i].is_there, strstr(w.levels[i].place, "/2001") != NULL);
        kept_count += w.levels[i].is_there;
    }
    assert_true(tombstones > 0 && kept_count > 0);
    world_end(&w);
    support_rules_free(other);
    support_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histories),
        cmocka_unit_test(test_refresh),
        cmocka_unit_test(test_stale),
        cmocka_unit_test(test_unmapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
