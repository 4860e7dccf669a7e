/* A topic that the client was not told of moves to another broker: its end is found there
 * (test_kafka_cluster.h). */
#include "test_kafka_cluster.h"

static const struct kafka_consumer_hooks hooks = {0};

static void leads(int32_t broker)
{
    assert_int_equal(rd_kafka_mock_partition_set_leader(cluster, "aside", 0, broker),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
}

static int look(const struct kafka_consumer *consumer, int64_t *ret_end)
{
    return kafka_end(consumer, "aside", 0, 5000, ret_end, words);
}

/* The former leader is there, and says each time that it leads the topic no more. */
static void test_a_topic_moves(void **state)
{
    static const char *const topics[] = {"in"};
    struct kafka_consumer *consumer;
    int64_t end = -1;
    (void)state;
    cluster_has("in", 1);
    cluster_has("aside", 1);
    cluster_holds("aside", 0, "a", 0);
    leads(1);
    assert_int_equal(
        kafka_consumer_new(config, "group", NULL, topics, 1, false, -1, &hooks, &consumer, words),
        0);
    assert_int_equal(look(consumer, &end), 0);
    assert_int_equal(end, 1);
    for (int32_t broker = 2; broker > 0; broker--) {
        int looks = 1;
        leads(broker);
        while (look(consumer, &end) != 0)
            if (++looks > 2)
                fail_msg("moved to broker %d: %s", (int)broker, words);
        assert_int_equal(end, 1);
    }
    kafka_consumer_free(consumer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_topic_moves),
    };
    return cmocka_run_group_tests_name("kafka: a leader moves", tests, cluster_set_up_two,
                                       cluster_tear_down);
}
