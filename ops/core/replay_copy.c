/* A record's copy for a replay; see replay_copy.h. */
#include "core/replay_copy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int replay_copier_init(struct replay_copier *c, const struct config *config)
{
    const char *names = config_text(config, CFG_replay_drop_headers);
    *c = (struct replay_copier){.drop_count = 0};
    if (strlen(names) >= sizeof c->names)
        return -EINVAL;
    memcpy(c->names, names, strlen(names) + 1);
    for (char *at = c->names; *at != '\0';) {
        const size_t size = strcspn(at, ", ");
        const bool is_last = at[size] == '\0';
        if (size > 0 && c->drop_count == REPLAY_DROPS_MAX)
            return -EINVAL;
        if (size > 0)
            c->drops[c->drop_count++] = at;
        at[size] = '\0';
        at += size + !is_last;
    }
    return 0;
}

void replay_copier_release(struct replay_copier *c)
{
    free(c->headers);
    c->headers = NULL;
    c->room = 0;
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_dropped(const struct replay_copier *c, const char *name)
{
    if (starts_with(name, HEADER_PREFIX) || starts_with(name, HEADER_DLQ_PREFIX))
        return true;
    for (size_t i = 0; i < c->drop_count; i++)
        if (strcmp(name, c->drops[i]) == 0)
            return true;
    return false;
}

static size_t add_text(struct kafka_header *at, const char *name, const char *text)
{
    *at = (struct kafka_header){name, text, strlen(text)};
    return 1;
}

static size_t add_ours(struct replay_copier *c, const struct kafka_record *record,
                       const struct replay_mark *mark)
{
    struct kafka_header *h = c->headers;
    size_t count = 0;
    (void)snprintf(c->of, sizeof c->of, "%s/%d/%lld", record->topic, (int)record->partition,
                   (long long)record->offset);
    (void)snprintf(c->count, sizeof c->count, "%lld", (long long)mark->count);
    count += add_text(&h[count], HEADER_REPLAY_ID, mark->id);
    count += add_text(&h[count], HEADER_REPLAY_OF, c->of);
    count += add_text(&h[count], HEADER_REPLAY_COUNT, c->count);
    if (record->timestamp_ms > 0) {
        (void)snprintf(c->at, sizeof c->at, "%lld", (long long)record->timestamp_ms);
        count += add_text(&h[count], HEADER_ORIGINAL_TIMESTAMP, c->at);
    }
    if (mark->resolve_first)
        count += add_text(&h[count], HEADER_RESOLVE_FIRST, HEADER_CAUTION);
    return count;
}

int replay_copy(struct replay_copier *c, const struct kafka_record *record,
                const struct replay_mark *mark, struct kafka_record *ret_copy)
{
    const size_t wanted = record->header_count + REPLAY_HEADERS_OURS;
    if (wanted > c->room) {
        struct kafka_header *more = realloc(c->headers, wanted * sizeof *more);
        if (more == NULL)
            return -ENOMEM;
        c->headers = more;
        c->room = wanted;
    }
    size_t count = add_ours(c, record, mark);
    for (size_t i = 0; i < record->header_count; i++) {
        const struct kafka_header *h = &record->headers[i];
        if (is_dropped(c, h->name))
            continue;
        c->headers[count] = *h;
        if (strcmp(h->name, "traceparent") == 0)
            c->headers[count].name = HEADER_TRACE_LINK;
        count++;
    }
    *ret_copy = (struct kafka_record){.partition = -1,
                                      .key = record->key,
                                      .key_size = record->key_size,
                                      .value = record->value,
                                      .value_size = record->value_size,
                                      .headers = c->headers,
                                      .header_count = count};
    return 0;
}
