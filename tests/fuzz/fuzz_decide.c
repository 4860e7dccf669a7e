/* The rule book under hostile orders: whatever amounts, rates, quantities and texts an event has,
 * the decision is one with a reason, and nothing is posted as right of which Prima's own sum says
 * otherwise (fuzz_order.h).
 *
 * Input: a byte that chooses the prices Prima gets, then an OrderEvent in Avro, without its
 * frame. */
#include "codec/codec.h"
#include "domain/events/order_event.h"

#include "fuzz_input.h"
#include "fuzz_order.h"

static const char head[] =
    "\xc3\x01\x43\x26\x33\x1f\x14\x29\xab\x97"; /* the frame of today's schema */

static const char *const pricing[] = {"prima.price_vat=as_order", "prima.price_vat=gross",
                                      "prima.price_vat=net"};
static void *rules[sizeof pricing / sizeof *pricing];
static struct codec *codec;

static void set_up(void)
{
    static const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 2000, .depth_max = 32};
    static struct config *configs[sizeof pricing / sizeof *pricing];
    struct config_message message = {""};
    char why[300] = "";
    if (codec != NULL)
        return;
    FUZZ_CHECK(codec_open("schemas", NULL, limits, &codec, why) ==
               0); /* run in the source folder */
    FUZZ_CHECK(codec_check(codec, &order_event_record, why) == 0);
    for (size_t i = 0; i < sizeof pricing / sizeof *pricing; i++) {
        const char *const settings[] = {pricing[i], "orders.mappings=ops/deploy/mappings"};
        FUZZ_CHECK(config_load(NULL, settings, 2, &configs[i], &message) == 0);
        FUZZ_CHECK(order_rules_load(configs[i], &rules[i], &message) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    set_up();
    struct fuzz_input in = {data, size < 65536 ? size : 65536};
    const size_t which = fuzz_choose(&in, sizeof pricing / sizeof *pricing);
    struct arena *arena = arena_new(16 << 20);
    struct buf bytes;
    struct order_event event;
    struct codec_fault fault;
    buf_init(&bytes, 1 << 20);
    buf_append(&bytes, head, sizeof head - 1);
    buf_append(&bytes, in.at, in.left);
    if (codec_decode(codec, &order_event_record, bytes.data, bytes.size, arena, &event, &fault) ==
        0)
        fuzz_order_decide(&event, rules[which], arena);
    buf_release(&bytes);
    arena_free(arena);
    return 0;
}
