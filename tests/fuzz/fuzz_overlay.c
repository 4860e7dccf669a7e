/* A person's edit as it comes in a header: it is refused, or means the same when it is written again; applied to
 * an order it leads to an order that the schema allows, or to a fault, and to the same a second time. */
#include "codec/codec.h"
#include "codec/overlay.h"
#include "domain/events/order_event.h"

#include "fuzz_target.h"

#include <stdlib.h>

enum { ARENA_MAX = 4 << 20 };

static struct codec *codec;
static json_t *order;

static void set_up(void)
{
    static const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};
    char message[300] = "";
    if (codec != NULL)
        return;
    order = json_load_file("tests/fixtures/codec/order_full.json", 0, NULL);
    if (order == NULL || codec_open("schemas", NULL, limits, &codec, message) != 0 ||
        codec_check(codec, &order_event_record, message) != 0) {
        (void)fprintf(stderr, "run in the source folder: %s\n", message);
        abort();
    }
}

/* {path: value} says all of it. */
static void check_written_again(const json_t *overlay)
{
    struct codec_fault fault;
    json_t *fields = json_object(), *pair;
    size_t i;
    json_array_foreach((json_t *)overlay, i, pair)
        FUZZ_CHECK(json_object_set(fields, json_string_value(json_array_get(pair, 0)),
                                   json_array_get(pair, 1)) == 0);
    char *text = overlay_write(fields, &fault);
    if (text != NULL) { /* escapes may make it too long */
        json_t *again = overlay_read(text, strlen(text), &fault);
        FUZZ_CHECK(again != NULL && json_equal(again, overlay));
        json_decref(again);
    }
    free(text);
    json_decref(fields);
}

/* NULL: a fault. */
static json_t *apply(const json_t *overlay, uint8_t ret_identity[static CODEC_IDENTITY_SIZE])
{
    struct arena *arena = arena_new(ARENA_MAX);
    struct order_event event;
    struct codec_fault fault = {PF_OK, ""};
    json_t *json = json_deep_copy(order), *back = NULL;
    if (overlay_apply(json, overlay, &fault) == 0 &&
        codec_json_to_struct(codec, &order_event_record, json, arena, &event, &fault) == 0) {
        codec_identity(codec, &order_event_record, &event, ret_identity);
        back = codec_struct_to_json(codec, &order_event_record, &event);
        FUZZ_CHECK(back != NULL);
    } else {
        FUZZ_CHECK(fault.code == PF_E_event_invalid || fault.code == PF_E_avro_too_large);
    }
    json_decref(json);
    arena_free(arena);
    return back;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct codec_fault fault = {PF_OK, ""};
    uint8_t first[CODEC_IDENTITY_SIZE], second[CODEC_IDENTITY_SIZE];
    set_up();
    json_t *overlay = overlay_read((const char *)data, size, &fault);
    if (overlay == NULL) {
        FUZZ_CHECK(fault.code == PF_E_event_invalid && fault.message[0] != '\0');
        return 0;
    }
    check_written_again(overlay);
    json_t *once = apply(overlay, first), *twice = apply(overlay, second);
    FUZZ_CHECK((once == NULL) == (twice == NULL));
    if (once != NULL)
        FUZZ_CHECK(json_equal(once, twice) && memcmp(first, second, sizeof first) == 0);
    json_decref(once);
    json_decref(twice);
    json_decref(overlay);
    return 0;
}
