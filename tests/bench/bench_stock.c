/* What the stock worker's state costs, without Kafka: how fast a partition's state is read back out of
 * its changelog, how much memory each row takes, how many rows of reads it applies. One thread, as in
 * a worker; rows are decoded from their bytes, as they come.
 * usage: bench-stock [ROWS]   (from the tree's top: schemas/ and ops/deploy/mappings) */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "domain/events/stock_state.h"
#include "domain/stock/stock_key.h"
#include "kafka/topics.h"
#include "level_part.h"
#include "level_restore.h"

enum { BATCH = 10000, VALUE_MAX = 400, CHANGED_EACH = 20 };

static const int64_t began = 1796000000000;

struct value {
    char key[60];
    size_t key_size, size;
    char bytes[VALUE_MAX];
};

struct bench {
    struct codec *codec;
    struct level_rules rules;
    struct level_part *part;
    uint64_t rows;
    int64_t offset;
    struct value *values; /* BATCH of them */
    struct buf scratch;
};

static _Noreturn void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("bench-stock: error: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    exit(70);
}

static long resident_kib(void)
{
    long pages = 0, all = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%ld %ld", &all, &pages) != 2)
        die("no /proc");
    (void)fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* ---- rows as bytes ---- */

static void encode(struct bench *b, const struct bound_record *record, const void *value,
                   struct value *to)
{
    buf_clear(&b->scratch);
    if (codec_encode(b->codec, record, value, &b->scratch) < 0 || b->scratch.size > VALUE_MAX)
        die("a row cannot be encoded");
    memcpy(to->bytes, b->scratch.data, b->scratch.size);
    to->size = b->scratch.size;
}

static const char *key_of(uint64_t row, struct value *to, const char **ret_key)
{
    to->key_size = (size_t)snprintf(to->key, sizeof to->key, "01/P%07" PRIu64 ":RED:M", row);
    *ret_key = to->key + 3;
    return to->key;
}

static void encode_state(struct bench *b, uint64_t row, struct value *to)
{
    const char *key;
    struct stock_figure figure = {
        .depot = "01", .available = (int64_t)(row % 50), .began_at = began};
    (void)key_of(row, to, &key);
    const struct stock_state state = {.company = "01", .stock_key = key, .figures = {&figure, 1}};
    encode(b, &stock_state_record, &state, to);
}

static struct stock_event event_of(enum stock_kind kind, int64_t began_at)
{
    return (struct stock_event){.kind = kind,
                                .company = "01",
                                .snapshot = "01/bench/1",
                                .token = 1,
                                .has_began_at = true,
                                .began_at = began_at,
                                .scope = STOCK_SCOPE_WHOLE};
}

static void encode_row(struct bench *b, uint64_t row, int64_t began_at, struct stock_sum *sum,
                       struct value *to)
{
    static const char *codes[] = {"RED", "M"};
    char product[20];
    const char *key;
    struct stock_event event = event_of(STOCK_ROW, began_at);
    (void)snprintf(product, sizeof product, "P%07" PRIu64, row);
    (void)key_of(row, to, &key);
    event.product = product;
    event.matrix.items = codes;
    event.matrix.count = 2;
    event.depot = "01";
    event.has_available = true;
    event.available = (int64_t)(row % 50) + (row % CHANGED_EACH == 0);
    stock_sum_add(sum, key, event.depot, event.available, NULL);
    encode(b, &stock_event_record, &event, to);
}

static struct kafka_record record_of(struct bench *b, const struct value *v)
{
    return (struct kafka_record){.topic = topic_stock_snapshots,
                                 .offset = b->offset++,
                                 .timestamp_ms = began,
                                 .key = v->key,
                                 .key_size = v->key_size,
                                 .value = v->bytes,
                                 .value_size = v->size};
}

/* ---- measuring ---- */

static void restore(struct bench *b)
{
    struct level_restore r = {.codec = b->codec, .state = level_part_state(b->part)};
    int64_t spent_ms = 0;
    const long before = resident_kib();
    for (uint64_t row = 0; row < b->rows; row += BATCH) {
        const uint64_t count = b->rows - row < BATCH ? b->rows - row : BATCH;
        for (uint64_t i = 0; i < count; i++)
            encode_state(b, row + i, &b->values[i]);
        const int64_t begun = clock_monotonic_ms();
        for (uint64_t i = 0; i < count; i++) {
            const struct kafka_record record = record_of(b, &b->values[i]);
            if (!level_restore_rows(&r, &record))
                die("a row was refused");
        }
        spent_ms += clock_monotonic_ms() - begun;
    }
    const int64_t begun = clock_monotonic_ms();
    level_part_restored(b->part, began + 1000);
    spent_ms += clock_monotonic_ms() - begun;
    const long after = resident_kib();
    printf("restore: %" PRIu64 " rows in %.2f s; %.1f bytes a row\n", b->rows,
           (double)spent_ms / 1e3, (double)(after - before) * 1024 / (double)b->rows);
}

/* All that waits, in as many transactions as it takes. */
static uint64_t drain(struct bench *b, int64_t now)
{
    struct batch batch = {.count = 0};
    uint64_t messages = 0;
    while (level_part_has_output(b->part) || level_part_look(b->part).has_settled) {
        batch.count = 0;
        const struct collected got = level_part_collect(b->part, 1, &batch, now);
        messages += batch.count;
        level_part_committed(b->part, got.count, now);
    }
    free(batch.messages);
    return messages;
}

static void publish_all(struct bench *b)
{
    const long before = resident_kib();
    const int64_t begun = clock_monotonic_ms();
    const uint64_t messages = drain(b, began + 1000);
    printf("levels: %" PRIu64 " written in %.2f s; %.1f bytes each\n", messages,
           (double)(clock_monotonic_ms() - begun) / 1e3,
           messages == 0 ? 0 : (double)(resident_kib() - before) * 1024 / (double)messages);
}

static void apply(struct bench *b)
{
    struct stock_sum sum = {0};
    const int64_t began_at = began + 60000;
    int64_t spent_ms = 0;
    for (uint64_t row = 0; row < b->rows; row += BATCH) {
        const uint64_t count = b->rows - row < BATCH ? b->rows - row : BATCH;
        for (uint64_t i = 0; i < count; i++)
            encode_row(b, row + i, began_at, &sum, &b->values[i]);
        const int64_t begun = clock_monotonic_ms();
        for (uint64_t i = 0; i < count; i++) {
            struct kafka_record record = record_of(b, &b->values[i]);
            level_part_record(b->part, &record, began_at + 1000);
        }
        spent_ms += clock_monotonic_ms() - begun;
    }
    struct stock_event end = event_of(STOCK_END, began_at);
    end.has_partition = end.has_count = end.has_checksum = true;
    end.count = sum.count;
    end.checksum = stock_sum_value(&sum);
    encode(b, &stock_event_record, &end, &b->values[0]);
    b->values[0].key_size = 2;
    const int64_t begun = clock_monotonic_ms();
    struct kafka_record record = record_of(b, &b->values[0]);
    level_part_record(b->part, &record, began_at + 1000);
    const int64_t applied_ms = spent_ms + clock_monotonic_ms() - begun;
    const uint64_t messages = drain(b, began_at + 1000);
    spent_ms += clock_monotonic_ms() - begun;
    printf("apply: %.0f rows/s until the read counts; %.0f rows/s with its %" PRIu64
           " messages made; one of %d changed\n",
           (double)b->rows * 1e3 / (double)applied_ms, (double)b->rows * 1e3 / (double)spent_ms,
           messages, CHANGED_EACH);
}

/* ---- */

static void open_all(struct bench *b)
{
    static const struct bound_record *const records[] = {&stock_event_record, &stock_state_record,
                                                         &stock_level_record, &stock_result_record};
    static struct config *config;
    static struct bundle_index bundles;
    const struct codec_limits limits = {1 << 20, 100000, 16};
    struct config_message message = {""};
    char words[300];
    void *rules = NULL;
    if (config_load(NULL, NULL, 0, &config, &message) < 0 ||
        order_rules_load(config, &rules, &message) < 0)
        die("%s", message.text);
    if (codec_open("schemas", NULL, limits, &b->codec, words) < 0)
        die("%s", words);
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        if (codec_check(b->codec, records[i], words) < 0)
            die("%s", words);
    bundle_index_make(&bundles, rules);
    b->rules = (struct level_rules){rules, &bundles};
    const struct level_part_settings settings = {
        .maker = {.codec = b->codec, .group = "bench", .topic = topic_stock_snapshots},
        .rules = &b->rules,
        .read_timeout_ms = INT64_MAX / 2,
        .skus_max = LEVEL_PART_SKUS};
    b->part = level_part_new(&settings);
    b->values = calloc(BATCH, sizeof *b->values);
    if (b->values == NULL)
        die("out of memory");
    memset(b->values, 1, BATCH * sizeof *b->values); /* resident before anything is measured */
    buf_init(&b->scratch, 1 << 16);
}

int main(int argc, char **argv)
{
    struct bench b = {.rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000};
    if (b.rows == 0 || b.rows > 10000000)
        die("ROWS is between 1 and 10000000");
    open_all(&b);
    restore(&b);
    publish_all(&b);
    apply(&b);
    return 0;
}
