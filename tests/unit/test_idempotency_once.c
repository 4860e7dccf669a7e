/* Start-up's calls of the scripts: slots, the lock of a rebuild, keys that come back. */
#include "idempotency/key_view.h"
#include "idempotency/keys_once.h"
#include "test_idempotency_support.h"

#include <errno.h>

enum { LEASE_MS = 60000, MANY = 600 };

static struct redis_once *open_once(void)
{
    char message[300];
    struct redis_server server;
    struct redis_once *redis = NULL;
    if (redis_once_open(world_url(), 5000, &redis, &server, message) != 0)
        fail_msg("%s", message);
    return redis;
}

static void test_a_slot_has_one_process(void **state)
{
    struct keys_slot slot;
    struct keyspace *ks = world_fresh();
    struct redis_once *redis = open_once();
    (void)state;
    assert_int_equal(keys_slot_take(redis, ks, "p1", LEASE_MS, "", &slot), 0);
    assert_true(slot.is_taken);
    assert_true(slot.epoch > 5);
    assert_int_equal(slot.former_epoch, 5);
    const int64_t first = slot.epoch;
    assert_int_equal(keys_slot_take(redis, ks, "p2", LEASE_MS, "", &slot), 0);
    assert_false(slot.is_taken);
    assert_string_equal(slot.holder, "p1");
    assert_true(slot.busy_ms > 0 && slot.busy_ms <= LEASE_MS);
    assert_int_equal(keys_slot_take(redis, ks, "p2", LEASE_MS, "p1", &slot), 0);
    assert_true(slot.is_taken);
    assert_int_equal(slot.former_epoch, first);
    assert_int_equal(slot.former_number, 0);
    assert_true(slot.former_at_ms >= 1600000000000 && slot.former_at_ms % 1000 == 0);
    assert_int_equal(keys_slot_keep(redis, ks, "p2", LEASE_MS), 0);
    char name[200], text[400], of[100];
    (void)snprintf(of, sizeof of, "%s:%s", ks->flow, ks->slot);
    (void)REDIS_ASK(text, "DEL", keys_name(ks, "s", of, name, sizeof name));
    (void)REDIS_ASK(text, "RPUSH", name, "no epoch"); /* Redis refuses: nobody has it */
    assert_int_equal(keys_slot_take(redis, ks, "p3", LEASE_MS, "p2", &slot), -EIO);
    assert_int_equal(keys_slot_keep(redis, ks, "p2", LEASE_MS), -EIO);
    redis_once_close(redis);
}

static void test_one_rebuilds(void **state)
{
    struct keyspace *ks = world_fresh(), other = *ks;
    struct redis_once *redis = open_once();
    (void)state;
    memcpy(other.slot, "1", 2);
    assert_int_equal(keys_lock(redis, ks, LEASE_MS), 0);
    assert_int_equal(keys_lock(redis, ks, LEASE_MS), 0);
    assert_int_equal(keys_lock(redis, &other, LEASE_MS), -EBUSY);
    assert_int_equal(keys_unlock(redis, &other, LEASE_MS), 0); /* not its own: it stays */
    assert_int_equal(keys_lock(redis, &other, LEASE_MS), -EBUSY);
    assert_int_equal(keys_unlock(redis, ks, LEASE_MS), 0);
    assert_int_equal(keys_lock(redis, &other, LEASE_MS), 0);
    redis_once_close(redis);
}

static struct key_view look(struct redis_once *redis, const struct keyspace *ks,
                            const char *natural)
{
    char message[300];
    struct key_view view;
    if (key_view_read(redis, ks->prefix, natural, &view, message) != 0)
        fail_msg("%s", message);
    return view;
}

/* More than one round trip's worth, of two scripts in turn; then the marker is another one. */
static void test_keys_come_back(void **state)
{
    static const uint8_t identity[IDENTITY_SIZE] = "A";
    struct keyspace *ks = world_fresh();
    struct redis_once *redis = open_once();
    struct keys_batch batch = {.redis = redis, .ks = ks};
    struct keys_restored key = {.state = "k",
                                .identity = identity,
                                .delivery = "t/0/7",
                                .code = "exists_unproven",
                                .version = 3,
                                .at_ms = 1700000000000};
    char natural[20];
    (void)state;
    key.natural = natural;
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(natural, sizeof natural, "%d", i);
        assert_int_equal(keys_batch_restore(&batch, &key), 0);
    }
    assert_int_equal(keys_batch_defer(&batch, "599", "t/0/8", LEASE_MS), 0);
    assert_int_equal(keys_batch_defer(&batch, "599", "t/0/9", LEASE_MS), 0);
    assert_int_equal(keys_batch_end(&batch), 0);
    const struct key_view view = look(redis, ks, "599");
    assert_int_equal(view.state, 'k');
    assert_string_equal(view.code, "exists_unproven");
    assert_string_equal(view.delivery, "t/0/7");
    assert_string_equal(view.senders, ""); /* one send, of nobody that is known */
    assert_int_equal(view.version, 3);
    assert_int_equal(view.at_ms, 1700000000000);
    assert_int_equal(view.unanswered, 1);
    assert_int_equal(view.deferred, 2);
    assert_true(view.ttl_left_ms > 0 && view.ttl_left_ms <= ks->ttl_ms);
    memcpy(ks->marker, "other", 6);
    assert_int_equal(keys_batch_restore(&batch, &key), 0);
    assert_int_equal(keys_batch_end(&batch), -EIO);
    redis_once_close(redis);
}

/* Keys of a later fence refuse ours: the highest of them is told. */
static void test_keys_of_a_later_fence(void **state)
{
    static const uint8_t identity[IDENTITY_SIZE] = "A";
    struct keyspace *ks = world_fresh();
    struct redis_once *redis = open_once();
    struct keys_batch batch = {.redis = redis, .ks = ks}, late = {.redis = redis, .ks = ks};
    struct keys_restored key = {
        .state = "p", .identity = identity, .delivery = "t/0/7", .code = ""};
    const int64_t ours = ks->fence;
    (void)state;
    key.natural = "a";
    ks->fence = ours + 7;
    assert_int_equal(keys_batch_restore(&batch, &key), 0);
    key.natural = "b";
    ks->fence = ours + 9;
    assert_int_equal(keys_batch_restore(&batch, &key), 0);
    key.natural = "c";
    ks->fence = ours + 8;
    assert_int_equal(keys_batch_restore(&batch, &key), 0);
    assert_int_equal(keys_batch_end(&batch), 0);
    assert_int_equal(batch.stale_fence, 0);
    ks->fence = ours;
    assert_int_equal(keys_batch_defer(&late, "a", "t/0/9", LEASE_MS), 0);
    assert_int_equal(keys_batch_defer(&late, "b", "t/0/9", LEASE_MS), 0);
    assert_int_equal(keys_batch_defer(&late, "c", "t/0/9", LEASE_MS), 0);
    assert_int_equal(late.given, 3);
    assert_int_equal(keys_batch_end(&late), -EIO);
    assert_int_equal(late.stale_fence, ours + 9);
    assert_int_equal(late.given, 0);
    redis_once_close(redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_slot_has_one_process),
        cmocka_unit_test(test_one_rebuilds),
        cmocka_unit_test(test_keys_come_back),
        cmocka_unit_test(test_keys_of_a_later_fence),
    };
    return cmocka_run_group_tests(tests, world_set_up, world_tear_down);
}
