/* A file of Shopify's orders: whatever it holds is complained of or becomes events that fit the
 * schema, twice the same, and whose amounts the orders worker reads without an overflow of its
 * own. */
#include "codec/codec.h"
#include "domain/events/order_event.h"
#include "order_sale.h"
#include "shopify_order.h"
#include "import_source.h"

#include <errno.h>
#include <string.h>

#include "fuzz_target.h"

static const struct codec_limits limits = {
    .bytes_max = 4 << 20, .elements_max = 100000, .depth_max = 32};

static struct codec *open_codec(void)
{
    struct codec *codec = NULL;
    char message[300] = "";
    if (codec_open("schemas", NULL, limits, &codec, message) < 0 ||
        codec_check(codec, &order_event_record, message) < 0) {
        (void)fprintf(stderr, "run in the source folder: %s\n", message);
        abort();
    }
    return codec;
}

static void check_event(struct codec *codec, const json_t *json)
{
    struct order_event event;
    struct codec_fault fault = {.message = ""};
    struct sale sale;
    const char *detail = NULL;
    struct buf bytes;
    struct arena *arena = arena_new(16 << 20);
    buf_init(&bytes, 4 << 20);
    const int r = codec_from_json(codec, "OrderEvent", json, &bytes, &fault);
    FUZZ_CHECK(r == 0 || r == -ENOMEM);
    if (r == 0 && codec_decode(codec, &order_event_record, bytes.data, bytes.size, arena, &event,
                               &fault) == 0) {
        FUZZ_CHECK((event.kind == ORDER_CANCELLED) == event.has_cancelled_at);
        FUZZ_CHECK(event.source_version == event.event_time);
        if (sale_read(&event, MONEY_SHOP, arena, &sale, &detail) == -EINVAL)
            FUZZ_CHECK(strcmp(detail, "no line with a quantity is left") ==
                       0); /* what else it refuses, the importer refuses */
    }
    buf_release(&bytes);
    arena_free(arena);
}

static bool take(void *user, struct import_source *source, const struct import_at *order)
{
    static const struct shopify_order_options options = {
        .channel = "shopify", .store = "uk", .gift_wrap_sku = "WRAP"};
    const size_t wrong = source->reader.wrong;
    json_t *event = shopify_order_event(order, &options, &source->reader);
    FUZZ_CHECK((event == NULL) == (source->reader.wrong > wrong));
    if (event == NULL)
        return false;
    json_t *again = shopify_order_event(order, &options, &source->reader);
    FUZZ_CHECK(json_equal(event, again));
    check_event(user, event);
    json_decref(again);
    json_decref(event);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct codec *codec;
    struct import_source source;
    if (codec == NULL)
        codec = open_codec();
    if (size == 0)
        return 0;
    FILE *in = fmemopen((void *)(uintptr_t)data, size, "r");
    FUZZ_CHECK(in != NULL);
    import_source_init(&source, &shopify_orders_form);
    FUZZ_CHECK(import_source_read(&source, in, take, codec) == 0);
    FUZZ_CHECK(source.wrong == 0 || source.complaints.count > 0);
    (void)fclose(in);
    return 0;
}
