/* Framed bytes as they come from Kafka: decoding, JSON, and what must hold for whatever could be
 * decoded.
 *
 * The first byte chooses the schema, so that the fuzzer need not guess fingerprints: 0-6 put the
 * frame of one of ours before the rest, anything else takes the rest as it is. */
#include "codec/codec.h"
#include "domain/events/ledger_credit.h"
#include "domain/events/ledger_entry.h"
#include "domain/events/order_event.h"
#include "domain/events/order_result.h"
#include "domain/events/refund_event.h"

#include "fuzz_target.h"

static const struct codec_limits limits = {
    .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};

static const struct {
    const struct bound_record *record;
    const char head[11];
} kinds[] = {
    {&order_event_record, "\xc3\x01\x43\x26\x33\x1f\x14\x29\xab\x97"},
    {&order_event_record, "\xc3\x01\xbf\x10\x2b\x12\x93\x84\x81\xb3"}, /* its first version */
    {&order_result_record, "\xc3\x01\xf5\xf4\x3b\x41\x71\xcc\x60\xc6"},
    {&ledger_entry_record, "\xc3\x01\x66\xc6\xf9\x43\xc2\x2c\xc2\x6e"}, /* its first version */
    {&ledger_entry_record, "\xc3\x01\x76\xc9\xbc\x78\xb1\x42\xd7\xcf"},
    {&refund_event_record, "\xc3\x01\xc3\x84\x00\x5d\x82\x09\xe6\xfd"},
    {&ledger_credit_record, "\xc3\x01\x1b\x36\x8e\x09\x9e\x24\x9d\x12"},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static struct codec *open_codec(void)
{
    struct codec *codec = NULL;
    char message[300] = "";
    int r = codec_open("schemas", NULL, limits, &codec, message);
    for (size_t i = 0; r == 0 && i < KINDS; i++)
        r = codec_check(codec, kinds[i].record, message);
    if (r < 0) {
        (void)fprintf(stderr, "run in the source folder: %s\n", message);
        abort();
    }
    return codec;
}

/* What was decoded can be written, is then read as the same, and has the same identity. */
static void check_round_trip(struct codec *codec, const struct bound_record *record,
                             const void *value, struct arena *arena)
{
    static union {
        struct order_event event;
        struct order_result result;
        struct ledger_entry ledger;
        struct ledger_credit credit;
        struct refund_event refund;
    } again;
    uint8_t before[CODEC_IDENTITY_SIZE], after[CODEC_IDENTITY_SIZE];
    struct codec_fault fault;
    struct buf once, twice;
    buf_init(&once, 4 << 20);
    buf_init(&twice, 4 << 20);
    codec_identity(codec, record, value, before);
    FUZZ_CHECK(codec_encode(codec, record, value, &once) == 0);
    FUZZ_CHECK(codec_decode(codec, record, once.data, once.size, arena, &again, &fault) == 0);
    FUZZ_CHECK(codec_encode(codec, record, &again, &twice) == 0);
    codec_identity(codec, record, &again, after);
    FUZZ_CHECK(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
    FUZZ_CHECK(memcmp(before, after, sizeof before) == 0);
    buf_release(&once);
    buf_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct codec *codec;
    static union {
        struct order_event event;
        struct order_result result;
        struct ledger_entry ledger;
        struct ledger_credit credit;
        struct refund_event refund;
    } value;
    if (codec == NULL)
        codec = open_codec();
    if (size == 0)
        return 0;
    const size_t kind = data[0] < KINDS ? data[0] : 0;
    struct buf bytes;
    buf_init(&bytes, 2 << 20);
    if (data[0] < KINDS)
        buf_append(&bytes, kinds[kind].head, 10);
    buf_append(&bytes, data + 1, size - 1);

    struct arena *arena = arena_new(2 << 20);
    struct codec_fault fault = {.code = PF_OK}, json_fault = {.code = PF_OK};
    const int r =
        codec_decode(codec, kinds[kind].record, bytes.data, bytes.size, arena, &value, &fault);
    json_t *json = codec_to_json(codec, bytes.data, bytes.size, &json_fault);
    FUZZ_CHECK((r == 0) == (fault.code == PF_OK));
    FUZZ_CHECK(fault.code != PF_E_defect);
    FUZZ_CHECK(data[0] >= KINDS ||
               fault.code != PF_E_schema_unknown); /* the heads above are those of schemas/ */
    FUZZ_CHECK(r != 0 || json != NULL);
    if (r == 0)
        check_round_trip(codec, kinds[kind].record, &value, arena);
    json_decref(json);
    arena_free(arena);
    buf_release(&bytes);
    return 0;
}
