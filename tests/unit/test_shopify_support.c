/* Fixtures and their alterations; see test_shopify_support.h. */
#include "test_shopify_support.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *shopify_fixture(const char *name)
{
    char path[200];
    json_error_t error;
    (void)snprintf(path, sizeof path, "tests/fixtures/shopify/%s.json", name);
    json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (document == NULL)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    json_t *order = json_incref(json_object_get(document, "order"));
    json_decref(document);
    assert_non_null(order);
    return order;
}

const char *shopify_fixture_store(const char *name)
{
    return strcmp(name, "jpy") == 0 ? "jp" : strcmp(name, "pos_cash_rounding") == 0 ? "eu" : "uk";
}

static void hear(void *user, const char *text)
{
    struct heard *heard = user;
    const size_t used = strlen(heard->text);
    heard->count++;
    (void)snprintf(heard->text + used, sizeof heard->text - used, "%s\n", text);
}

json_t *shopify_import(const json_t *order, const struct shopify_order_options *options,
                       struct heard *heard)
{
    struct heard own = {.count = 0};
    struct import_reader reader = {.complain = hear, .user = heard != NULL ? heard : &own};
    const struct import_at at = {.json = order};
    json_t *event = shopify_order_event(&at, options, &reader);
    if (own.count > 0)
        fail_msg("%s", own.text);
    assert_int_equal(event == NULL, reader.wrong > 0);
    return event;
}

json_t *shopify_import_plain(const json_t *order)
{
    const struct shopify_order_options options = {.channel = "shopify", .store = "uk"};
    return shopify_import(order, &options, NULL);
}

/* One step of a path: "name" or "[3]"; what follows it is returned. `key` and `index` say which. */
static const char *step(const char *path, char key[static 64], size_t *ret_index)
{
    if (*path == '[') {
        char *end;
        *ret_index = strtoul(path + 1, &end, 10);
        key[0] = '\0';
        path = end + 1;
    } else {
        const size_t size = strcspn(path, ".[");
        assert_true(size < 64);
        memcpy(key, path, size);
        key[size] = '\0';
        path += size;
    }
    return *path == '.' ? path + 1 : path;
}

json_t *shopify_find(json_t *order, const char *path)
{
    char key[64];
    size_t index = 0;
    while (order != NULL && *path != '\0') {
        path = step(path, key, &index);
        order = key[0] != '\0' ? json_object_get(order, key) : json_array_get(order, index);
    }
    return order;
}

void shopify_alter(json_t *order, const char *path, const char *json)
{
    char key[64];
    size_t index = 0;
    json_error_t error;
    json_t *at = order, *value = json != NULL ? json_loads(json, JSON_DECODE_ANY, &error) : NULL;
    assert_true(json == NULL || value != NULL);
    for (;;) {
        path = step(path, key, &index);
        if (*path == '\0')
            break;
        json_t *next = key[0] != '\0' ? json_object_get(at, key) : json_array_get(at, index);
        if (key[0] != '\0' && !json_is_object(next) && !json_is_array(next)) {
            next = json_object();
            assert_int_equal(json_object_set_new(at, key, next), 0);
        }
        at = next;
        assert_non_null(at);
    }
    if (key[0] == '\0')
        assert_int_equal(index == json_array_size(at) ? json_array_append_new(at, value)
                                                      : json_array_set_new(at, index, value),
                         0);
    else if (value != NULL)
        assert_int_equal(json_object_set_new(at, key, value), 0);
    else
        (void)json_object_del(at, key);
}
