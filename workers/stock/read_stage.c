/* Reads between their first row and their end; see read_stage.h. */
#include "read_stage.h"

#include "base/table.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

static char *copy_text(const char *text)
{
    char *copy = text == NULL ? NULL : strdup(text);
    if (text != NULL && copy == NULL)
        abort();
    return copy;
}

static uint64_t id_hash(const char *id)
{
    return table_hash(TABLE_HASH_BEGIN, id, strlen(id));
}

void staged_read_free(struct staged_read *read)
{
    if (read == NULL)
        return;
    free(read->company);
    free(read->id);
    free(read->from);
    free(read->to);
    free(read->rows);
    free(read);
}

/* ---- companies ---- */

static struct stage_company *company_of(struct read_stage *stage, const char *name)
{
    for (size_t i = 0; i < stage->company_count; i++)
        if (strcmp(stage->companies[i].name, name) == 0)
            return &stage->companies[i];
    stage->companies =
        reallocarray(stage->companies, stage->company_count + 1, sizeof *stage->companies);
    if (stage->companies == NULL)
        abort();
    struct stage_company *company = &stage->companies[stage->company_count++];
    *company = (struct stage_company){.name = copy_text(name), .token = INT64_MIN};
    return company;
}

static bool is_closed(const struct stage_company *company, const char *id)
{
    const uint64_t hash = id_hash(id);
    for (size_t i = 0; i < STAGE_CLOSED_MAX; i++)
        if (company->closed[i] == hash)
            return true;
    return false;
}

void read_stage_heard(struct read_stage *stage, const char *company, int64_t token)
{
    struct stage_company *c = company_of(stage, company);
    if (token > c->token)
        c->token = token;
}

/* ---- opening and ending ---- */

static struct staged_read *find_open(const struct read_stage *stage, const char *company)
{
    struct staged_read *read = stage->open;
    while (read != NULL && strcmp(read->company, company) != 0)
        read = read->next;
    return read;
}

static struct staged_read *new_read(const struct stock_event *event,
                                    const struct stage_place *place)
{
    struct staged_read *read = calloc(1, sizeof *read);
    if (read == NULL)
        abort();
    *read = (struct staged_read){.company = copy_text(event->company),
                                 .id = copy_text(event->snapshot),
                                 .from = copy_text(event->range_from),
                                 .to = copy_text(event->range_to),
                                 .token = event->token,
                                 .began_at = event->began_at,
                                 .scope = event->scope,
                                 .first_offset = place->offset,
                                 .received_ms = place->now_ms};
    return read;
}

static void tell(struct read_stage *stage, struct staged_read *read, enum snapshot_fault fault,
                 int64_t offset, struct stage_news *news)
{
    struct stage_company *company = company_of(stage, read->company);
    company->closed[company->closed_at++ % STAGE_CLOSED_MAX] = id_hash(read->id);
    read->fault = fault;
    read->end_offset = offset;
    news->ended[news->count++] = read;
}

static void take_out(struct read_stage *stage, struct staged_read *read)
{
    struct staged_read **at = &stage->open;
    while (*at != read)
        at = &(*at)->next;
    *at = read->next;
    read->next = NULL;
}

static bool is_newer(const struct stock_event *event, const struct staged_read *open)
{
    return event->token > open->token ||
           (event->token == open->token && event->began_at >= open->began_at);
}

/* The read that the event is of, open; NULL: it counts never. */
static struct staged_read *read_of(struct read_stage *stage, const struct stock_event *event,
                                   const struct stage_place *place, struct stage_news *news)
{
    struct stage_company *company = company_of(stage, event->company);
    struct staged_read *open = find_open(stage, event->company);
    if (open != NULL && strcmp(open->id, event->snapshot) == 0)
        return open;
    if (is_closed(company, event->snapshot))
        return NULL;
    struct staged_read *read = new_read(event, place);
    if (event->token < company->token || (open != NULL && !is_newer(event, open))) {
        read->seen = event->kind == STOCK_ROW;
        tell(stage, read, SNAPSHOT_FAULT_SUPERSEDED, place->offset, news);
        return NULL;
    }
    if (open != NULL) {
        take_out(stage, open);
        tell(stage, open, SNAPSHOT_FAULT_SUPERSEDED, place->offset, news);
    }
    company->token = event->token;
    read->next = stage->open;
    stage->open = read;
    return read;
}

/* ---- records ---- */

static void keep_row(struct staged_read *read, const struct staged_row *row)
{
    if (read->count == STAGE_ROWS_MAX)
        return;
    if (read->count == read->room) {
        read->room = read->room == 0 ? FIRST_ROOM : 2 * read->room;
        read->rows = reallocarray(read->rows, read->room, sizeof *read->rows);
        if (read->rows == NULL)
            abort();
    }
    read->rows[read->count++] = *row;
}

void read_stage_row(struct read_stage *stage, const struct stock_event *event, const char *key,
                    uint32_t sku, uint32_t row, const struct stage_place *place,
                    struct stage_news *ret_news)
{
    ret_news->count = 0;
    struct staged_read *read = read_of(stage, event, place, ret_news);
    if (read == NULL)
        return;
    read->seen++;
    stock_sum_add(&read->sum, key, event->depot, event->available, event->available_date);
    keep_row(read, &(struct staged_row){sku, row, (int32_t)event->available});
}

void read_stage_malformed(struct read_stage *stage, const char *company, size_t company_size)
{
    for (struct staged_read *read = stage->open; read != NULL; read = read->next)
        if (strlen(read->company) == company_size &&
            memcmp(read->company, company, company_size) == 0) {
            read->malformed++;
            read->seen++;
        }
}

/* Of rows that cannot be read nobody knows what their producer summed: their number must do. */
static enum snapshot_fault fault_of(const struct staged_read *read, const struct stock_event *end,
                                    const struct stage_place *place)
{
    if (end->partition != place->partition || read->seen != end->count ||
        read->count + (size_t)read->malformed != (size_t)read->seen)
        return SNAPSHOT_FAULT_COUNT;
    return read->malformed == 0 && !stock_sum_agrees(&read->sum, end->count, end->checksum)
               ? SNAPSHOT_FAULT_CHECKSUM
               : SNAPSHOT_FAULT_NONE;
}

void read_stage_end(struct read_stage *stage, const struct stock_event *event,
                    const struct stage_place *place, struct stage_news *ret_news)
{
    ret_news->count = 0;
    struct staged_read *read = read_of(stage, event, place, ret_news);
    if (read == NULL)
        return;
    read->has_told = true;
    read->told = event->count;
    take_out(stage, read);
    tell(stage, read, fault_of(read, event, place), place->offset, ret_news);
}

struct staged_read *read_stage_expired(struct read_stage *stage, int64_t now_ms, int64_t after_ms)
{
    struct staged_read *read = stage->open;
    while (read != NULL && now_ms - read->received_ms <= after_ms)
        read = read->next;
    if (read == NULL)
        return NULL;
    struct stage_news news = {.count = 0};
    take_out(stage, read);
    tell(stage, read, SNAPSHOT_FAULT_TIMEOUT, read->first_offset, &news);
    return read;
}

/* ---- all of it ---- */

int64_t read_stage_first_offset(const struct read_stage *stage)
{
    int64_t first = -1;
    for (const struct staged_read *read = stage->open; read != NULL; read = read->next)
        if (first < 0 || read->first_offset < first)
            first = read->first_offset;
    return first;
}

size_t read_stage_rows(const struct read_stage *stage)
{
    size_t rows = 0;
    for (const struct staged_read *read = stage->open; read != NULL; read = read->next)
        rows += read->count;
    return rows;
}

void read_stage_release(struct read_stage *stage)
{
    while (stage->open != NULL) {
        struct staged_read *read = stage->open;
        stage->open = read->next;
        staged_read_free(read);
    }
    for (size_t i = 0; i < stage->company_count; i++)
        free(stage->companies[i].name);
    free(stage->companies);
    *stage = (struct read_stage){.open = NULL};
}
