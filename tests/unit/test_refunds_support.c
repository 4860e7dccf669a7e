/* Channels' refunds; see test_refunds_support.h. */
#include "test_refunds_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *refunds_event_fixture(const char *path)
{
    char file[200];
    json_error_t error;
    (void)snprintf(file, sizeof file, "tests/fixtures/%s", path);
    json_t *json = json_load_file(file, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL)
        fail_msg("%s:%d: %s", file, error.line, error.text);
    return json;
}

json_t *refunds_fixture(const char *name)
{
    char path[200];
    (void)snprintf(path, sizeof path, "shopify_refunds/%s.json", name);
    json_t *document = refunds_event_fixture(path);
    json_t *order = json_incref(json_object_get(document, "order"));
    json_decref(document);
    assert_non_null(order);
    return order;
}

json_t *bigcommerce_fixture(void)
{
    json_t *document = refunds_event_fixture("bigcommerce/refunds.json");
    json_t *refund = json_incref(json_array_get(json_object_get(document, "data"), 0));
    json_decref(document);
    assert_non_null(refund);
    return refund;
}

static void hear(void *user, const char *text)
{
    struct heard *heard = user;
    const size_t used = strlen(heard->text);
    heard->count++;
    (void)snprintf(heard->text + used, sizeof heard->text - used, "%s\n", text);
}

json_t *refunds_import(import_make make, const json_t *refund, const json_t *whole,
                       const void *options, struct heard *heard)
{
    struct heard own = {.count = 0};
    struct import_reader reader = {
        .complain = hear, .user = heard != NULL ? heard : &own, .noun = "refund"};
    const struct import_at at = {.json = refund}, order = {.json = whole};
    json_t *event = make(&at, whole != NULL ? &order : NULL, options, &reader);
    if (own.count > 0)
        fail_msg("%s", own.text);
    assert_int_equal(event == NULL, reader.wrong > 0);
    return event;
}

static const struct shopify_refund_options uk = {
    .channel = "shopify", .store = "uk", .gift_wrap_sku = "WRAP"};

json_t *refund_in_order(const json_t *order, size_t index, struct heard *heard)
{
    return refunds_import(shopify_refund_event,
                          json_array_get(json_object_get(order, "refunds"), index), order, &uk,
                          heard);
}

json_t *refund_alone(const json_t *order, size_t index, struct heard *heard)
{
    return refunds_import(shopify_refund_event,
                          json_array_get(json_object_get(order, "refunds"), index), NULL, &uk,
                          heard);
}

json_t *bigcommerce_import(const json_t *refund, struct heard *heard)
{
    const struct bigcommerce_refund_options options = {
        .channel = "bigcommerce", .store = "uk", .currency = "GBP", .tax_rate_ppm = -1};
    return refunds_import(bigcommerce_refund_event, refund, NULL, &options, heard);
}

const char *refunds_value(json_t *event, const char *path)
{
    static char text[2000];
    const json_t *value = shopify_find(event, path);
    char *dumped = value != NULL ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    (void)snprintf(text, sizeof text, "%s", dumped != NULL ? dumped : "(none)");
    free(dumped);
    return text;
}

int refunds_codec(struct codec **ret_codec)
{
    const struct codec_limits limits = {
        .bytes_max = 4 << 20, .elements_max = 100000, .depth_max = 32};
    char message[300] = "";
    return codec_open("schemas", NULL, limits, ret_codec, message) != 0 ||
           codec_check(*ret_codec, &refund_event_record, message) != 0;
}

struct refund_event refunds_decode(struct codec *codec, const json_t *json, struct arena *arena)
{
    struct codec_fault fault = {.message = ""};
    struct refund_event event;
    struct buf bytes;
    buf_init(&bytes, 4 << 20);
    if (codec_from_json(codec, "RefundEvent", json, &bytes, &fault) < 0 ||
        codec_decode(codec, &refund_event_record, bytes.data, bytes.size, arena, &event, &fault) <
            0)
        fail_msg("%s", fault.message);
    buf_release(&bytes);
    return event;
}

/* ---- rule by rule ---- */

static void check_rule(struct codec *codec, const struct refund_rule *rule, bool within)
{
    json_t *order = refunds_fixture(rule->fixture);
    for (size_t i = 0; i < 4 && rule->alters[i].path != NULL; i++)
        shopify_alter(order, rule->alters[i].path, rule->alters[i].json);
    struct heard heard = {.count = 0};
    json_t *event = within ? refund_in_order(order, 0, &heard) : refund_alone(order, 0, &heard);
    if (event == NULL)
        fail_msg("%s: %s", rule->name, heard.text);
    const char *got = refunds_value(event, rule->path);
    if (strcmp(got, rule->wanted) != 0)
        fail_msg("%s (%s): %s is %s, wanted %s", rule->name, within ? "in its order" : "alone",
                 rule->path, got, rule->wanted);
    struct arena *arena = arena_new(1 << 20);
    (void)refunds_decode(codec, event, arena);
    arena_free(arena);
    json_decref(event);
    json_decref(order);
}

void refunds_check(struct codec *codec, const struct refund_rule rules[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (rules[i].way != ALONE)
            check_rule(codec, &rules[i], true);
        if (rules[i].way != WITHIN)
            check_rule(codec, &rules[i], false);
    }
}

/* ---- documents of another kind ---- */

static json_t *names_of(json_t *object)
{
    json_t *names = json_array(), *member;
    const char *name;
    json_object_foreach(object, name, member)(void) json_array_append_new(names, json_string(name));
    return names;
}

static void wreck_member(json_t *object, const char *name, refunds_altered altered, void *user)
{
    static const char *const values[] = {"null",
                                         "true",
                                         "7",
                                         "-1",
                                         "0.1",
                                         "\"\"",
                                         "\"x\"",
                                         "[]",
                                         "{}",
                                         "[[]]",
                                         "\"99999999999999999999\""};
    json_t *kept = json_incref(json_object_get(object, name));
    for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
        assert_int_equal(
            json_object_set_new(object, name, json_loads(values[v], JSON_DECODE_ANY, NULL)), 0);
        altered(user, name);
    }
    assert_int_equal(json_object_set_new(object, name, kept), 0);
}

void refunds_wreck(json_t *value, refunds_altered altered, void *user)
{
    json_t *item;
    size_t i;
    if (json_is_array(value)) {
        json_array_foreach(value, i, item) refunds_wreck(item, altered, user);
        return;
    }
    if (!json_is_object(value))
        return;
    json_t *names = names_of(value);
    json_array_foreach(names, i, item)
    {
        wreck_member(value, json_string_value(item), altered, user);
        refunds_wreck(json_object_get(value, json_string_value(item)), altered, user);
    }
    json_decref(names);
}

void refunds_omit(json_t *value, refunds_altered altered, void *user)
{
    json_t *item;
    size_t i;
    if (json_is_array(value)) {
        json_array_foreach(value, i, item) refunds_omit(item, altered, user);
        return;
    }
    if (!json_is_object(value))
        return;
    json_t *names = names_of(value);
    json_array_foreach(names, i, item)
    {
        const char *name = json_string_value(item);
        json_t *kept = json_incref(json_object_get(value, name));
        (void)json_object_del(value, name);
        altered(user, name);
        (void)json_object_set_new(value, name, json_null());
        altered(user, name);
        (void)json_object_set_new(value, name, kept);
        refunds_omit(kept, altered, user);
    }
    json_decref(names);
}
