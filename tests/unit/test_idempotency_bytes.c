/* What a settled key costs in Redis: there is one for each order of 45 days. */
#include "test_idempotency_support.h"

struct settled {
    const char *name, *natural;
    size_t summary_size;
    int64_t fence; /* group epoch × 2^32 + generation */
    bool is_paid_later;
    long bytes_max;
};

static void fill(uint8_t *bytes, size_t size, unsigned step)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * step + 3);
}

static void post(struct keyspace *ks, const struct key_work *w, struct redis_bytes summary)
{
    struct answer a;
    answer_begin(&a);
    keys_claim_sent(ks, w, 11, 60000, 60000, (struct redis_bytes){"r", 1}, summary, answer_take,
                    &a);
    answer_wait(&a);
    assert_int_equal(a.verdict, VERDICT_SENT);
    answer_begin(&a);
    keys_finish(ks, w, FINISH_OK, w->identity, true, summary, answer_take, &a);
    answer_wait(&a);
    assert_int_equal(a.verdict, VERDICT_FINISHED);
}

/* The same goods once more, and other money. */
static void pay(struct keyspace *ks, const struct key_work *w)
{
    static const uint8_t other[IDENTITY_SIZE] = "B", paid[MONEY_SIZE] = "paid";
    struct key_work later = *w;
    struct answer a;
    later.identity = other;
    later.money = paid;
    later.delivery = "orders.raw/3/1234999";
    later.version++;
    answer_begin(&a);
    keys_claim(ks, &later, 60000, 60000, answer_take, &a);
    answer_wait(&a);
    assert_int_equal(a.verdict, VERDICT_POSTED);
}

static long bytes_of(struct keyspace *ks, const struct settled *row)
{
    uint8_t f[IDENTITY_SIZE], goods[GOODS_SIZE], money[MONEY_SIZE], summary[120];
    struct key_work w = {.natural = row->natural,
                         .identity = f,
                         .goods = goods,
                         .money = money,
                         .delivery = "orders.raw/3/1234567",
                         .parent = "",
                         .version = 1700000000000};
    char name[100], text[400];
    fill(f, sizeof f, 7);
    fill(goods, sizeof goods, 13);
    fill(money, sizeof money, 17);
    fill(summary, sizeof summary, 11);
    memset(w.token, 0x9c, TOKEN_SIZE);
    ks->fence = row->fence;
    post(ks, &w, (struct redis_bytes){(const char *)summary, row->summary_size});
    if (row->is_paid_later)
        pay(ks, &w);
    (void)REDIS_ASK(text, "STRLEN", keys_name(ks, "k", row->natural, name, sizeof name));
    const long packed = strtol(text, NULL, 10);
    const long bytes = strtol(REDIS_ASK(text, "MEMORY", "USAGE", name), NULL, 10);
    print_message("%s: a name of %zu bytes and a value of %ld: %ld bytes in Redis\n", row->name,
                  strlen(name), packed, bytes);
    return bytes;
}

/* Redis' allocator rounds a value up to a multiple of 32 bytes, and a name of more than 44 to 64. */
static void test_bytes_of_a_settled_key(void **state)
{
    static const struct settled rows[] = {
        {"usual", "01/orders/shopify/uk/5678901234567", 36, 3, false, 250},
        {"long store name", "01/orders/mirakl/marketplace/5678901234567", 36, 3, false, 264},
        {"much flagged", "01/orders/shopify/uk/5678901234567", 60, 3, false, 280},
        {"second epoch", "01/orders/shopify/uk/5678901234567", 36, (1LL << 32) + 3, false, 280},
        {"paid later", "01/orders/shopify/uk/5678901234567", 36, 3, true, 312},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_in_range(bytes_of(world_fresh(), &rows[i]), 150, rows[i].bytes_max);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_of_a_settled_key),
    };
    return cmocka_run_group_tests_name("bytes of a settled key", tests, world_set_up,
                                       world_tear_down);
}
