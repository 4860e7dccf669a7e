/* An order's messages of the ledger, collected and put together; see ledger_pages.h. */
#include "core/ledger_pages.h"

#include "core/events.h"
#include "domain/ledger/ledger_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ledger_page {
    char *key;
    size_t key_size;
    void *value; /* framed; NULL: taken back */
    size_t value_size;
    int32_t partition;
    int64_t at_ms, read; /* which of all messages it was */
};

static void *bytes_copy(const void *bytes, size_t size)
{
    char *copy = malloc(size + 1);
    if (copy != NULL && size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

static struct ledger_page *page_find(const struct ledger_pages *p,
                                     const struct kafka_record *record)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->list[i].key_size == record->key_size &&
            memcmp(p->list[i].key, record->key, record->key_size) == 0)
            return &p->list[i];
    return NULL;
}

static struct ledger_page *page_add(struct ledger_pages *p, const struct kafka_record *record)
{
    if (p->count == p->room) {
        const size_t room = p->room > 0 ? 2 * p->room : 8;
        struct ledger_page *more = realloc(p->list, room * sizeof *more);
        if (more == NULL)
            return NULL;
        p->list = more;
        p->room = room;
    }
    char *key = bytes_copy(record->key, record->key_size);
    if (key == NULL)
        return NULL;
    p->list[p->count] = (struct ledger_page){.key = key,
                                             .key_size = record->key_size,
                                             .partition = record->partition,
                                             .at_ms = INT64_MIN};
    return &p->list[p->count++];
}

int ledger_pages_take(struct ledger_pages *p, const char *order, const struct kafka_record *record)
{
    const size_t size = strlen(order);
    if (record->key == NULL || ledger_key_order(record->key, record->key_size) != size ||
        memcmp(record->key, order, size) != 0)
        return 0;
    struct ledger_page *page = page_find(p, record);
    if (page != NULL && page->at_ms > record->timestamp_ms && page->partition != record->partition)
        return 0;
    void *value = record->value != NULL ? bytes_copy(record->value, record->value_size) : NULL;
    if (page == NULL)
        page = page_add(p, record);
    if (page == NULL || (record->value != NULL && value == NULL)) {
        free(value);
        return -ENOMEM;
    }
    free(page->value);
    page->value = value;
    page->value_size = record->value_size;
    page->partition = record->partition;
    page->at_ms = record->timestamp_ms;
    page->read = p->read++;
    return 0;
}

void ledger_pages_release(struct ledger_pages *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->list[i].key);
        free(p->list[i].value);
    }
    free(p->list);
    *p = (struct ledger_pages){.list = NULL};
}

bool ledger_pages_has_any(const struct ledger_pages *p)
{
    bool any = false;
    for (size_t i = 0; i < p->count; i++)
        any |= p->list[i].value != NULL;
    return any;
}

/* ---- put together ---- */

static const struct ledger_message *list_messages(const struct ledger_pages *p, struct arena *arena)
{
    struct ledger_message *messages = arena_alloc(arena, (p->count + 1) * sizeof *messages);
    for (size_t i = 0; messages != NULL && i < p->count; i++)
        messages[i] = (struct ledger_message){.key = p->list[i].key,
                                              .key_size = p->list[i].key_size,
                                              .value = p->list[i].value,
                                              .value_size = p->list[i].value_size,
                                              .offset = p->list[i].read};
    return messages;
}

static enum ops_kind fail_unreadable(const struct ledger_page *page, enum pf_error code,
                                     struct ops_error *ret_error)
{
    const size_t order = ledger_key_order(page->key, page->key_size);
    if (order == page->key_size)
        return ops_fail(ret_error, OPS_DATA, NULL, "the entry cannot be read: %s",
                        pf_error_info(code)->name);
    return ops_fail(ret_error, OPS_DATA, NULL, "the record %.*s cannot be read: %s",
                    (int)page->key_size, page->key, pf_error_info(code)->name);
}

/* A registry is asked for each schema that is not known yet. */
static enum ops_kind read_group(const struct ledger_pages *p, struct codec *codec,
                                struct arena *arena, struct ledger_group *ret_group,
                                struct ops_error *ret_error)
{
    struct codec_fault fault = {0};
    size_t wrong = 0;
    const struct ledger_message *messages = list_messages(p, arena);
    int r = messages == NULL ? -ENOMEM : -EAGAIN;
    for (size_t i = 0; r == -EAGAIN && i <= p->count; i++) {
        r = ledger_group_read(codec, messages, p->count, arena, ret_group, &wrong, &fault);
        if (r == -EAGAIN &&
            codec_fetch(codec, messages[wrong].value, messages[wrong].value_size) != 0)
            return fail_unreadable(&p->list[wrong], PF_E_registry_unavailable, ret_error);
    }
    if (r == -ENOMEM)
        return ops_fail_memory(ret_error);
    return r == 0 ? OPS_DONE : fail_unreadable(&p->list[wrong], fault.code, ret_error);
}

enum ops_kind ledger_pages_read(const struct ledger_pages *pages, struct codec *codec,
                                struct arena *arena, struct ledger_standing *ret_standing,
                                struct ops_error *ret_error)
{
    struct ledger_standing s = {.is_broken = false};
    const enum ops_kind kind = read_group(pages, codec, arena, &s.group, ret_error);
    if (kind != OPS_DONE)
        return kind;
    int r = ledger_fold(s.group.entry, s.group.records, s.group.record_count, NULL, arena, &s.fold);
    if (r == 0 && s.fold.entry != NULL)
        r = ledger_keep(&s.fold, NULL, 0, arena, &s.kept);
    if (r == -ENOMEM)
        return ops_fail_memory(ret_error);
    if (r < 0) { /* the entry does not add up: as it was written, and nothing of it is credited */
        s.is_broken = s.fold.is_all_kept = s.kept.is_all = true;
        s.fold.entry = s.group.entry;
    }
    *ret_standing = s;
    return OPS_DONE;
}

/* ---- JSON ---- */

static int by_read(const void *a_, const void *b_)
{
    const struct ledger_page *const *a = a_, *const *b = b_;
    return ((*a)->read > (*b)->read) - ((*a)->read < (*b)->read);
}

static const struct ledger_page **sort_pages(const struct ledger_pages *p)
{
    const struct ledger_page **list = calloc(p->count + 1, sizeof *list);
    for (size_t i = 0; list != NULL && i < p->count; i++)
        list[i] = &p->list[i];
    if (list != NULL)
        qsort(list, p->count, sizeof *list, by_read);
    return list;
}

enum ops_kind ledger_pages_json(const struct ledger_pages *p, struct codec *codec,
                                json_t **ret_entry, json_t **ret_records,
                                struct ops_error *ret_error)
{
    enum ops_kind kind = OPS_DONE;
    json_t *entry = NULL, *records = json_array();
    const struct ledger_page **list = sort_pages(p);
    if (list == NULL || records == NULL)
        kind = ops_fail_memory(ret_error);
    for (size_t i = 0; kind == OPS_DONE && i < p->count; i++) {
        struct codec_fault fault = {0};
        if (list[i]->value == NULL)
            continue;
        json_t *json = events_to_json(codec, list[i]->value, list[i]->value_size, &fault);
        if (json == NULL)
            kind = fail_unreadable(list[i], fault.code, ret_error);
        else if (ledger_key_is_entry(list[i]->key, list[i]->key_size))
            entry = json;
        else if (json_array_append_new(records, json) != 0)
            kind = ops_fail_memory(ret_error);
    }
    free(list);
    if (kind == OPS_DONE) {
        *ret_entry = entry;
        *ret_records = records;
        return OPS_DONE;
    }
    json_decref(entry);
    json_decref(records);
    return kind;
}
