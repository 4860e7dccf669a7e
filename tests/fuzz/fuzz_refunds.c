/* A file of refunds, of Shopify's or, when its first byte says so, of BigCommerce's: whatever it holds
 * is complained of or becomes events that fit the schema, twice the same, and whose money the
 * refunds worker reads as the transactions say it. */
#include "bigcommerce_refund.h"
#include "codec/codec.h"
#include "domain/events/refund_event.h"
#include "import_file.h"
#include "shopify_refund.h"

#include <errno.h>
#include <string.h>

#include "fuzz_target.h"

static const struct codec_limits limits = {
    .bytes_max = 4 << 20, .elements_max = 100000, .depth_max = 32};

struct fuzzed {
    struct codec *codec;
    import_make make;
    const void *options;
};

static struct codec *open_codec(void)
{
    struct codec *codec = NULL;
    char message[300] = "";
    if (codec_open("schemas", NULL, limits, &codec, message) < 0 ||
        codec_check(codec, &refund_event_record, message) < 0) {
        (void)fprintf(stderr, "run in the source folder: %s\n", message);
        abort();
    }
    return codec;
}

static void check_money(const struct refund_event *event)
{
    int64_t shop = 0; /* of at most IMPORT_ITEMS_MAX amounts: it fits */
    for (size_t i = 0; i < event->transactions.count; i++) {
        const struct refund_transaction *t = &event->transactions.items[i];
        FUZZ_CHECK(t->amount.shop_minor >= 0);
        FUZZ_CHECK(t->amount.has_presentment_minor == (event->presentment_currency != NULL));
        if (t->type == TRANSACTION_REFUND && t->status == TRANSACTION_SUCCEEDED)
            shop += t->amount.shop_minor;
    }
    FUZZ_CHECK(shop == event->succeeded.shop_minor);
    FUZZ_CHECK(event->transactions_told || event->transactions.count == 0);
}

static void check_event(struct codec *codec, const json_t *json)
{
    struct refund_event event;
    struct codec_fault fault = {.message = ""};
    struct buf bytes;
    struct arena *arena = arena_new(16 << 20);
    buf_init(&bytes, 4 << 20);
    const int r = codec_from_json(codec, "RefundEvent", json, &bytes, &fault);
    FUZZ_CHECK(r == 0 || r == -ENOMEM);
    if (r == 0 && codec_decode(codec, &refund_event_record, bytes.data, bytes.size, arena, &event,
                               &fault) == 0) {
        FUZZ_CHECK(event.source_version == event.event_time);
        FUZZ_CHECK(event.source_version >= event.created_at);
        check_money(&event);
    }
    buf_release(&bytes);
    arena_free(arena);
}

static bool take(void *user, struct import_source *source, const struct import_at *refund)
{
    const struct fuzzed *f = user;
    const size_t wrong = source->reader.wrong;
    json_t *event = f->make(refund, source->whole, f->options, &source->reader);
    FUZZ_CHECK((event == NULL) == (source->reader.wrong > wrong));
    if (event == NULL)
        return false;
    json_t *again = f->make(refund, source->whole, f->options, &source->reader);
    FUZZ_CHECK(json_equal(event, again));
    check_event(f->codec, event);
    json_decref(again);
    json_decref(event);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct shopify_refund_options shopify = {
        .channel = "shopify", .store = "uk", .gift_wrap_sku = "WRAP"};
    static const struct bigcommerce_refund_options bigcommerce[] = {
        {"bigcommerce", "uk", "GBP", false, 200000}, {"bigcommerce", "uk", "JPY", true, -1}};
    static struct codec *codec;
    if (codec == NULL)
        codec = open_codec();
    const bool is_other = size > 0 && (data[0] == 'b' || data[0] == 'B');
    struct fuzzed f = {.codec = codec,
                       .make = is_other ? bigcommerce_refund_event : shopify_refund_event,
                       .options = is_other ? (const void *)&bigcommerce[data[0] == 'B']
                                           : (const void *)&shopify};
    if (size <= (size_t)is_other)
        return 0;
    struct import_source source;
    FILE *in = fmemopen((void *)(uintptr_t)(data + is_other), size - is_other, "r");
    FUZZ_CHECK(in != NULL);
    import_source_init(&source, is_other ? &bigcommerce_refunds_form : &shopify_refunds_form);
    FUZZ_CHECK(import_source_read(&source, in, take, &f) == 0);
    FUZZ_CHECK(source.wrong == 0 || source.complaints.count > 0);
    (void)fclose(in);
    return 0;
}
