/* Records in, messages out; see level_part.h. */
#include "level_part.h"

#include "domain/stock/stock_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    RECORD_ARENA = 1 << 20,
    COMPANY_MAX = 100, /* bytes: of a key it is a part */
    RANGE_MAX = 200,
    SWEEP_MS = 60000 /* each SKU is looked at once in it */
};

struct inbox {
    struct kafka_record *list; /* [begin..end) */
    size_t begin, end, room;
};

struct flight { /* what was collected, until it is known how that ended */
    struct level_messages messages;
    struct collected collected;
    bool is_open, is_aborted; /* aborted: to be collected again */
};

struct level_part {
    struct level_part_settings settings;
    struct level_state state;
    struct inbox inbox;
    struct level_messages waiting; /* results, dead letters: by offset */
    struct level_messages gone;    /* tombstones of reads that another one covers */
    struct flight flight;
    int64_t position;  /* behind the last record that was taken; -1: none was */
    int64_t committed; /* offset; -1: none since it came */
    int64_t first;     /* of the first record that is not committed; -1: none */
    int64_t heard_to;  /* of stock.reservations */
    int64_t now_ms;
    uint32_t sweep, sweep_end; /* SKUs that are to be looked at: the next, behind the last */
    bool sweeps_all;           /* each is made, not only what is due */
    enum level_reason sweep_why;
    int64_t swept_ms; /* when the last by time began */
};

struct level_part *level_part_new(const struct level_part_settings *settings)
{
    struct level_part *p = calloc(1, sizeof *p);
    if (p == NULL)
        abort();
    p->settings = *settings;
    p->state.rules = settings->rules;
    p->position = p->committed = p->first = -1;
    return p;
}

void level_part_free(struct level_part *part)
{
    if (part == NULL)
        return;
    for (size_t i = part->inbox.begin; i < part->inbox.end; i++)
        kafka_record_free(&part->inbox.list[i]);
    free(part->inbox.list);
    level_messages_clear(&part->waiting);
    level_messages_clear(&part->gone);
    level_messages_clear(&part->flight.messages);
    level_state_release(&part->state);
    free(part);
}

struct level_state *level_part_state(struct level_part *part)
{
    return &part->state;
}

static struct level_maker maker_of(const struct level_part *p)
{
    struct level_maker maker = p->settings.maker;
    maker.now_ms = p->now_ms;
    return maker;
}

/* ---- reads that have ended ---- */

static void read_is_gone(void *user, const struct complete_read *read)
{
    struct level_part *p = user;
    const struct level_maker maker = maker_of(p);
    if (read->is_saved)
        level_messages_read(&p->gone, &maker, &p->state.rows, read, true);
}

static void take_ended(struct level_part *p, struct staged_read *read)
{
    struct row_tally tally = {0};
    const struct level_maker maker = maker_of(p);
    if (read->fault == SNAPSHOT_FAULT_NONE)
        rows_apply(&p->state.rows, read, read_is_gone, p, &tally);
    level_messages_result(&p->waiting, &maker, read, &tally);
    staged_read_free(read);
}

static void take_news(struct level_part *p, const struct stage_news *news)
{
    for (size_t i = 0; i < news->count; i++)
        take_ended(p, news->ended[i]);
}

/* ---- records ---- */

static bool is_saved(const struct level_part *p)
{
    const struct complete_reads *reads = &p->state.rows.reads;
    for (size_t i = 0; i < reads->count; i++)
        if (!reads->list[i].is_saved)
            return false;
    return sku_list_count(&p->state.rows.unsaved) == 0 && p->gone.count == 0;
}

/* How many of those that wait may leave: not behind the first row of a read that is open. */
static size_t may_leave(const struct level_part *p)
{
    const int64_t open = read_stage_first_offset(&p->state.stage);
    size_t count = 0;
    while (count < p->waiting.count && (open < 0 || p->waiting.list[count].offset < open))
        count++;
    return count;
}

/* All that was written of the read before is committed. */
static bool is_quiet(const struct level_part *p)
{
    return is_saved(p) && may_leave(p) == 0 && !p->flight.is_open;
}

struct incoming {
    const struct kafka_record *record;
    struct stock_event event;
    char key[STOCK_KEY_BYTES_MAX + 1];
    enum pf_error code; /* PF_OK: it is well formed */
    const char *detail;
    struct codec_fault fault;
};

static bool fits(const char *text, size_t max)
{
    return text == NULL || strlen(text) <= max;
}

static void is_bad(struct incoming *in, const char *detail)
{
    in->code = PF_E_stock_row_invalid;
    in->detail = detail;
}

/* What an event of a read must have for us beside what makes it one. */
static void look_at_event(struct incoming *in)
{
    const struct stock_event *e = &in->event;
    const char *lacks = stock_event_lacks(e);
    if (lacks != NULL)
        is_bad(in, lacks);
    else if (e->kind != STOCK_ROW && e->kind != STOCK_END)
        return;
    else if (!fits(e->company, COMPANY_MAX) || strchr(e->company, '/') != NULL)
        is_bad(in, "company: longer than 100 bytes, or with a slash");
    else if (e->began_at <= 0)
        is_bad(in, "began_at: no time");
    else if (!fits(e->range_from, RANGE_MAX) || !fits(e->range_to, RANGE_MAX))
        is_bad(in, "range_from, range_to: longer than 200 bytes");
    else if (e->kind == STOCK_ROW &&
             (e->available > SKU_UNITS_MAX || e->available < -SKU_UNITS_MAX))
        is_bad(in, "available: beyond a thousand million");
    else if (e->kind == STOCK_ROW && !fits(e->depot, STOCK_DEPOT_BYTES_MAX))
        is_bad(in, "depot: longer than Prima's codes can be");
    else if (e->kind == STOCK_ROW &&
             stock_key_write_parts(e->product, e->matrix.items, e->matrix.count, in->key,
                                   sizeof in->key) < 0)
        is_bad(in, "product and codes: longer than Prima's can be");
}

/* False: the registry does not answer, and it is tried again. */
static bool decode(const struct level_part *p, struct incoming *in, struct arena *arena)
{
    const int r = level_decode(p->settings.maker.codec, &stock_event_record, in->record, arena,
                               &in->event, &in->fault);
    if (r == -EAGAIN)
        return false;
    if (r == 0) {
        look_at_event(in);
        return true;
    }
    in->code = in->fault.code != PF_OK ? in->fault.code : PF_E_avro_malformed;
    in->detail = in->fault.message;
    return true;
}

static void bury(struct level_part *p, const struct incoming *in)
{
    const struct level_maker maker = maker_of(p);
    const struct kafka_record *r = in->record;
    const char *slash = r->key == NULL ? NULL : memchr(r->key, '/', r->key_size);
    level_messages_dead_letter(&p->waiting, &maker, r, in->code, in->detail);
    if (slash != NULL)
        read_stage_malformed(&p->state.stage, r->key, (size_t)(slash - (const char *)r->key));
}

static void take_row(struct level_part *p, struct incoming *in, const struct stage_place *place)
{
    struct sku_table *t = &p->state.rows.table;
    struct stage_news news;
    const uint32_t sku = sku_table_put(t, in->event.company, in->key),
                   row = sku == 0 ? 0
                                  : sku_table_row_put(
                                        t, sku, in->event.depot != NULL ? in->event.depot : "");
    if (row == 0) {
        is_bad(in, "there are more companies or depots than can be");
        bury(p, in);
        return;
    }
    read_stage_row(&p->state.stage, &in->event, in->key, sku, row, place, &news);
    take_news(p, &news);
}

/* False: not yet. */
static bool take_event(struct level_part *p, struct incoming *in)
{
    const struct stage_place place = {.offset = in->record->offset,
                                      .now_ms = p->now_ms,
                                      .partition = p->settings.maker.partition};
    struct stage_news news;
    if (in->code != PF_OK) {
        bury(p, in);
    } else if (in->event.kind == STOCK_ROW) {
        take_row(p, in, &place);
    } else if (in->event.kind == STOCK_END) {
        if (!is_quiet(p))
            return false;
        read_stage_end(&p->state.stage, &in->event, &place, &news);
        take_news(p, &news);
    } /* what channels show, and what warehouses count, is read by others */
    return true;
}

static bool take_record(struct level_part *p, const struct kafka_record *record)
{
    struct arena *arena = arena_new(RECORD_ARENA);
    struct incoming in = {.record = record, .code = PF_OK};
    if (arena == NULL)
        abort();
    const bool is_taken = decode(p, &in, arena) && take_event(p, &in);
    arena_free(arena);
    if (is_taken)
        p->position = record->offset + 1;
    return is_taken;
}

static void work(struct level_part *p)
{
    struct inbox *in = &p->inbox;
    while (in->begin < in->end && take_record(p, &in->list[in->begin]))
        kafka_record_free(&in->list[in->begin++]);
    if (in->begin == in->end)
        in->begin = in->end = 0;
}

void level_part_record(struct level_part *part, struct kafka_record *record, int64_t now_ms)
{
    struct inbox *in = &part->inbox;
    if (in->end == in->room) {
        in->room = in->room == 0 ? 64 : 2 * in->room;
        in->list = reallocarray(in->list, in->room, sizeof *in->list);
        if (in->list == NULL)
            abort();
    }
    if (part->first < 0)
        part->first = record->offset;
    in->list[in->end++] = kafka_record_move(record);
    part->now_ms = now_ms;
    work(part);
}

bool level_part_has_room(const struct level_part *part)
{
    return part->inbox.end - part->inbox.begin < LEVEL_PART_RECORDS &&
           part->waiting.count < LEVEL_PART_RECORDS;
}

void level_part_heard_to(struct level_part *part, int64_t offset)
{
    part->heard_to = offset;
}

bool level_part_wants_reservations(const struct level_part *part)
{
    return sku_list_count(&part->state.taken) < LEVEL_PART_SKUS;
}

/* ---- what leaves ---- */

struct writing {
    struct level_part *part;
    struct level_maker maker;
};

static void write_level(void *user, const struct level_out *out)
{
    struct writing *w = user;
    level_messages_level(&w->part->flight.messages, &w->maker, out, w->part->heard_to);
}

static void write_sku(struct level_part *p, uint32_t sku, enum level_reason why)
{
    struct writing w = {p, maker_of(p)};
    const struct level_writer writer = {write_level, &w, p->now_ms};
    if (level_state_write(&p->state, sku, why, &writer) < 0)
        abort(); /* 64 MB for one SKU's levels */
}

static void collect_levels(struct level_part *p)
{
    struct level_state *s = &p->state;
    struct sku_table *t = &s->rows.table;
    uint32_t sku;
    while ((sku = sku_list_take(&s->taken, t, SKU_TAKEN)) != 0)
        write_sku(p, sku, LEVEL_RESERVATION);
    for (size_t i = 0;
         i < p->settings.skus_max && (sku = sku_list_take(&s->claimed, t, SKU_CLAIMED)) != 0; i++) {
        level_state_touch_bundles(s, sku);
        write_sku(p, sku, LEVEL_RESERVATION);
    }
    for (size_t i = 0;
         i < p->settings.skus_max && (sku = sku_list_take(&s->rows.changed, t, SKU_CHANGED)) != 0;
         i++) {
        level_state_touch_bundles(s, sku);
        write_sku(p, sku, LEVEL_SNAPSHOT);
    }
}

static void collect_sweep(struct level_part *p)
{
    const size_t before = p->flight.messages.count;
    for (size_t seen = 0, made = 0;
         p->sweep < p->sweep_end && seen < LEVEL_PART_SWEEP && made < p->settings.skus_max &&
         p->flight.messages.count - before < p->settings.skus_max;
         seen++) {
        const uint32_t sku = p->sweep++;
        if (!p->sweeps_all && !level_state_is_due(&p->state, sku, p->now_ms))
            continue;
        write_sku(p, sku, p->sweep_why);
        level_state_touch_bundles(&p->state, sku);
        made++;
    }
}

static void collect_rows(struct level_part *p)
{
    struct row_state *rows = &p->state.rows;
    const struct level_maker maker = maker_of(p);
    uint32_t sku;
    for (size_t i = 0; i < p->settings.skus_max &&
                       (sku = sku_list_take(&rows->unsaved, &rows->table, SKU_UNSAVED)) != 0;
         i++)
        level_messages_rows(&p->flight.messages, &maker, rows, sku);
    if (sku_list_count(&rows->unsaved) > 0)
        return;
    level_messages_append(&p->flight.messages, &p->gone, p->gone.count);
    for (size_t i = 0; i < rows->reads.count; i++) {
        struct complete_read *read = &rows->reads.list[i];
        if (!read->is_saved)
            level_messages_read(&p->flight.messages, &maker, rows, read, false);
        read->is_saved = true;
    }
}

/* Up to where all is there that was said of it. */
static int64_t next_offset(const struct level_part *p)
{
    const int64_t open = read_stage_first_offset(&p->state.stage);
    return open >= 0 && open < p->position ? open : p->position;
}

static bool can_step(const struct level_part *p)
{
    return is_saved(p) && p->position >= 0 && next_offset(p) > p->committed && p->first >= 0 &&
           next_offset(p) > p->first;
}

/* Results and dead letters go with the offset. */
static void collect_step(struct level_part *p, size_t most)
{
    struct collected *got = &p->flight.collected;
    if (most == 0 || !can_step(p))
        return;
    level_messages_append(&p->flight.messages, &p->waiting, may_leave(p));
    got->count = 1;
    got->next = next_offset(p);
    got->is_all = got->next == p->position && p->inbox.begin == p->inbox.end;
}

struct collected level_part_collect(struct level_part *part, size_t most, struct batch *batch,
                                    int64_t now_ms)
{
    struct flight *flight = &part->flight;
    part->now_ms = now_ms;
    if (!flight->is_open) {
        flight->collected = (struct collected){.is_all = part->first < 0};
        collect_levels(part);
        collect_sweep(part);
        collect_rows(part);
        collect_step(part, most);
    }
    flight->is_open = flight->messages.count > 0 || flight->collected.count > 0;
    flight->is_aborted = false;
    for (size_t i = 0; i < flight->messages.count; i++)
        batch_add(batch, &flight->messages.list[i].message);
    return flight->collected;
}

void level_part_committed(struct level_part *part, size_t count, int64_t now_ms)
{
    struct flight *flight = &part->flight;
    if (count > 0) {
        part->committed = flight->collected.next;
        part->first = flight->collected.is_all && part->inbox.begin == part->inbox.end &&
                              part->position == flight->collected.next
                          ? -1
                          : flight->collected.next;
    }
    level_messages_clear(&flight->messages);
    *flight = (struct flight){.is_open = false};
    part->now_ms = now_ms;
    work(part);
}

/* It stays as it is, and is collected again. */
void level_part_aborted(struct level_part *part)
{
    part->flight.is_aborted = part->flight.is_open;
}

struct engine_view level_part_look(const struct level_part *part)
{
    return (struct engine_view){
        .count = part->first >= 0,
        .first_offset = part->first,
        .has_settled = part->flight.is_open ? part->flight.collected.count > 0 : can_step(part)};
}

bool level_part_has_output(const struct level_part *part)
{
    const struct level_state *s = &part->state;
    return sku_list_count(&s->taken) + sku_list_count(&s->claimed) +
                   sku_list_count(&s->rows.changed) >
               0 ||
           part->sweep < part->sweep_end || !is_saved(part) || part->flight.is_aborted;
}

/* ---- by time ---- */

void level_part_look_again(struct level_part *part, enum level_reason why)
{
    part->sweep = 1;
    part->sweep_end = part->state.rows.table.sku_count + 1;
    part->sweeps_all = true;
    part->sweep_why = why;
    part->state.hidden = 0;
}

void level_part_tick(struct level_part *part, int64_t now_ms)
{
    struct staged_read *read;
    part->now_ms = now_ms;
    while ((read = read_stage_expired(&part->state.stage, now_ms,
                                      part->settings.read_timeout_ms)) != NULL)
        take_ended(part, read);
    work(part);
    if (part->sweep < part->sweep_end || now_ms - part->swept_ms < SWEEP_MS)
        return;
    part->swept_ms = now_ms;
    part->sweep = 1;
    part->sweep_end = part->state.rows.table.sku_count + 1;
    part->sweeps_all = false;
    part->sweep_why = LEVEL_BUFFER;
}

/* ---- restored ---- */

/* What changed while nobody looked is not known: all is made anew. */
void level_part_restored(struct level_part *part, int64_t now_ms)
{
    struct complete_reads *reads = &part->state.rows.reads;
    part->now_ms = part->swept_ms = now_ms;
    rows_restored(&part->state.rows);
    for (size_t i = 0; i < reads->count; i++) {
        reads->list[i].is_saved = true;
        read_stage_heard(&part->state.stage, reads->list[i].company, reads->list[i].token);
    }
    level_part_look_again(part, LEVEL_OTHER);
}

void level_part_count(const struct level_part *part, struct level_part_counts *ret_counts)
{
    const struct level_state *s = &part->state;
    *ret_counts = (struct level_part_counts){
        .rows = s->rows.table.row_count,
        .skus = s->rows.table.sku_count,
        .reservations = (int64_t)claims_count(&s->claims),
        .levels = s->book.used,
        .staged_rows = (int64_t)read_stage_rows(&s->stage),
        .unsaved = (int64_t)sku_list_count(&s->rows.unsaved),
        .waiting = (int64_t)(part->inbox.end - part->inbox.begin + part->waiting.count),
        .hidden_bundles = (int64_t)s->hidden};
    for (size_t i = 0; i < s->rows.reads.count; i++)
        if (ret_counts->oldest_ms == 0 || s->rows.reads.list[i].began_at < ret_counts->oldest_ms)
            ret_counts->oldest_ms = s->rows.reads.list[i].began_at;
}
