/* Two versions of an order, field by field along their binding tables; see difference.h. */
#include "domain/difference/difference.h"
#include "domain/difference/order_match.h"
#include "domain/difference/order_words.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { VALUE_MAX = 3 * DIFFERENCE_TEXT_MAX };

const char *const difference_part_names[] = {"goods", "money", "rest", NULL};

struct walk {
    const struct codec *codec;
    const struct order_event *former, *now;
    struct arena *arena;
    struct differences *found;
    const char *where;
    bool is_personal; /* all of the record that is walked */
    bool is_full;     /* the arena */
};

/* A field of both versions. */
struct pair {
    const struct binding *row;
    const struct field_words *words;
    bool is_personal;         /* its values are not told */
    const char *former, *now; /* the structs that hold it */
};

static void walk_record(struct walk *w, const struct bound_record *record, const void *former,
                        const void *now);

/* ---- telling ---- */

static const char *keep(struct walk *w, struct buf *text)
{
    const char *kept = text->failed ? NULL : arena_text(w->arena, text->data, text->size);
    w->is_full |= kept == NULL;
    buf_release(text);
    return kept;
}

static void tell(struct walk *w, const struct pair *p, enum difference_change change,
                 const char *before, const char *after)
{
    struct difference_list *list = &w->found->parts[p->words->part];
    if (list->count == DIFFERENCES_MAX)
        list->more++;
    else
        list->items[list->count++] =
            (struct difference){change, w->where, p->words->words, before, after};
}

static enum difference_change change_of(bool was, bool is)
{
    return was && is ? DIFFERENCE_CHANGED : is ? DIFFERENCE_ADDED : DIFFERENCE_REMOVED;
}

/* ---- single values ---- */

static const void *pointer_at(const struct binding *row, const char *record)
{
    const void *pointer;
    memcpy(&pointer, record + row->offset, sizeof pointer);
    return pointer;
}

static bool is_there(const struct binding *row, const char *record)
{
    if (row->kind == BIND_TEXT || row->kind == BIND_RECORD)
        return pointer_at(row, record) != NULL;
    return row->has_offset == SIZE_MAX || *(const bool *)(record + row->has_offset);
}

static int64_t number_at(const struct binding *row, const char *record)
{
    int32_t narrow;
    int64_t wide;
    if (row->kind == BIND_BOOL)
        return *(const bool *)(record + row->offset);
    if (row->kind == BIND_LONG) {
        memcpy(&wide, record + row->offset, sizeof wide);
        return wide;
    }
    memcpy(&narrow, record + row->offset, sizeof narrow);
    return narrow;
}

static void put_number(struct buf *out, const struct pair *p, int64_t number)
{
    char time[CLOCK_TEXT_MAX];
    if (p->row->kind == BIND_BOOL)
        buf_text(out, number != 0 ? "yes" : "no");
    else if (p->row->kind == BIND_ENUM)
        buf_text(out, p->row->symbols[number]);
    else if (p->words->show == SHOW_RATE)
        words_put_rate(out, number);
    else if (p->words->show == SHOW_TIME)
        buf_text(out, clock_format(number, time));
    else
        buf_printf(out, "%" PRId64, number);
}

static const char *value_text(struct walk *w, const struct pair *p, const char *record)
{
    struct buf text;
    if (p->is_personal || !is_there(p->row, record))
        return NULL;
    buf_init(&text, VALUE_MAX);
    if (p->row->kind == BIND_TEXT)
        words_put_text(&text, pointer_at(p->row, record));
    else
        put_number(&text, p, number_at(p->row, record));
    return keep(w, &text);
}

static void compare_value(struct walk *w, const struct pair *p)
{
    const bool was = is_there(p->row, p->former), is = is_there(p->row, p->now);
    if (!was && !is)
        return;
    const bool is_same =
        was && is &&
        (p->row->kind == BIND_TEXT
             ? strcmp(pointer_at(p->row, p->former), pointer_at(p->row, p->now)) == 0
             : number_at(p->row, p->former) == number_at(p->row, p->now));
    if (!is_same)
        tell(w, p, change_of(was, is), value_text(w, p, p->former), value_text(w, p, p->now));
}

/* ---- money ---- */

static const char *presentment_of(const struct order_event *event)
{
    return event->presentment_currency != NULL ? event->presentment_currency : event->currency;
}

static const char *amount_text(struct walk *w, int64_t minor, const char *currency)
{
    struct buf text;
    buf_init(&text, VALUE_MAX);
    words_put_money(&text, minor, currency);
    return keep(w, &text);
}

static void compare_presentment(struct walk *w, const struct pair *p, const struct money_set *a,
                                const struct money_set *b)
{
    const bool was = a->has_presentment_minor, is = b->has_presentment_minor;
    if (was == is && (!was || a->presentment_minor == b->presentment_minor))
        return;
    struct field_words words = *p->words;
    words.words = arena_printf(w->arena, "%s in the customer's currency", words.words);
    w->is_full |= words.words == NULL;
    tell(w, &(struct pair){.row = p->row, .words = &words}, change_of(was, is),
         was ? amount_text(w, a->presentment_minor, presentment_of(w->former)) : NULL,
         is ? amount_text(w, b->presentment_minor, presentment_of(w->now)) : NULL);
}

static void tell_money(struct walk *w, const struct pair *p, const struct money_set *a,
                       const struct money_set *b)
{
    tell(w, p, change_of(a != NULL, b != NULL),
         a != NULL ? amount_text(w, a->shop_minor, w->former->currency) : NULL,
         b != NULL ? amount_text(w, b->shop_minor, w->now->currency) : NULL);
}

/* One statement an amount: in the customer's currency only where the shop's stayed. */
static void compare_money(struct walk *w, const struct pair *p, const struct money_set *a,
                          const struct money_set *b)
{
    if (a->shop_minor != b->shop_minor)
        tell_money(w, p, a, b);
    else
        compare_presentment(w, p, a, b);
}

/* ---- records in records ---- */

/* Once for each part in which something differs. */
static void compare_whole(struct walk *w, const struct pair *p, const void *a, const void *b)
{
    struct differences inner = {0};
    struct walk into = *w;
    into.found = &inner;
    walk_record(&into, p->row->record, a, b);
    w->is_full |= into.is_full;
    for (int part = 0; part < PART_COUNT; part++) {
        struct field_words words = *p->words;
        if (inner.parts[part].count == 0)
            continue;
        if ((int)words.part != part) { /* "phone of the delivery address" */
            words.part = (enum difference_part)part;
            words.words = arena_printf(w->arena, "%s of the %s", inner.parts[part].items[0].field,
                                       p->words->words);
            w->is_full |= words.words == NULL;
        }
        tell(w, &(struct pair){.row = p->row, .words = &words}, DIFFERENCE_CHANGED, NULL, NULL);
    }
}

static void walk_within(struct walk *w, const struct pair *p, const void *a, const void *b)
{
    const bool outer = w->is_personal;
    w->is_personal = p->is_personal;
    walk_record(w, p->row->record, a, b);
    w->is_personal = outer;
}

static void compare_record(struct walk *w, const struct pair *p, const void *a, const void *b)
{
    if (p->row->record == &money_set_record)
        compare_money(w, p, a, b);
    else if (p->words->show == SHOW_WHOLE)
        compare_whole(w, p, a, b);
    else
        walk_within(w, p, a, b);
}

/* Records that may be absent. */
static void compare_pointed(struct walk *w, const struct pair *p, const void *a, const void *b)
{
    if (a != NULL && b != NULL)
        compare_record(w, p, a, b);
    else if (a == NULL && b == NULL)
        return;
    else if (p->row->record == &money_set_record)
        tell_money(w, p, a, b);
    else
        tell(w, p, change_of(a != NULL, b != NULL), NULL, NULL);
}

/* ---- lists ---- */

static const char *item_text(struct walk *w, const struct record_words *words, const void *item,
                             const struct order_event *event)
{
    struct buf text;
    if (item == NULL)
        return NULL;
    buf_init(&text, VALUE_MAX);
    words->about(item, event->currency, &text);
    return keep(w, &text);
}

static const char *item_where(struct walk *w, const struct record_words *words, const void *item)
{
    struct buf text;
    buf_init(&text, VALUE_MAX);
    if (w->where[0] != '\0') {
        buf_text(&text, w->where);
        buf_text(&text, ", ");
    }
    words->place(item, &text);
    return keep(w, &text);
}

/* What may not be shown, or has no words for one item, is a list of which only that it differs is
 * told. */
static bool is_same_set(const struct order_match matches[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (matches[i].former == NULL || matches[i].now == NULL)
            return false;
    return true;
}

static void compare_items(struct walk *w, const struct pair *p, const struct record_words *words,
                          const struct order_match *m)
{
    const char *outer = w->where;
    if (m->former == NULL || m->now == NULL) {
        tell(w, p, change_of(m->former != NULL, m->now != NULL),
             item_text(w, words, m->former, w->former), item_text(w, words, m->now, w->now));
        return;
    }
    w->where = item_where(w, words, m->former);
    if (w->where != NULL)
        walk_record(w, words->record, m->former, m->now);
    w->where = outer;
}

/* A list of texts is matched as one of records with that text alone. */
static const struct binding text_rows[] = {{.name = "text", .kind = BIND_TEXT, .offset = 0}};
static const struct bound_record text_record = {"", sizeof(const char *), text_rows, 1};
static const struct record_words text_words = {.record = &text_record, .keys = {{"text"}}};

static void compare_lists(struct walk *w, const struct pair *p)
{
    const struct record_words *words =
        p->row->record != NULL ? words_of_record(p->row->record) : &text_words;
    struct bound_array former, now;
    struct order_match *matches;
    size_t count;
    memcpy(&former, p->former + p->row->offset, sizeof former);
    memcpy(&now, p->now + p->row->offset, sizeof now);
    if (words == NULL || (former.count == 0 && now.count == 0))
        return; /* a record without words: a test finds it */
    if (order_match(words, &former, &now, w->arena, &matches, &count) != 0) {
        w->is_full = true;
        return;
    }
    if (p->is_personal || words->about == NULL) {
        if (!is_same_set(matches, count))
            tell(w, p, change_of(former.count > 0, now.count > 0), NULL, NULL);
        return;
    }
    for (size_t i = 0; i < count && !w->is_full; i++)
        compare_items(w, p, words, &matches[i]);
}

/* ---- fields ---- */

static int32_t units_of(const struct order_line *line)
{
    return line->has_current_quantity ? line->current_quantity : line->quantity;
}

/* Units are those after edits, which one way of export states and another leaves out; what was
 * ordered at first is told where it is news. */
static bool units_tell_it(const struct binding *row, const void *former_, const void *now_)
{
    const struct order_line *former = former_, *now = now_;
    if (row->offset == offsetof(struct order_line, quantity))
        return former->quantity == units_of(former) && now->quantity == units_of(now);
    return false;
}

static void compare_units(struct walk *w, const struct pair *p)
{
    const int32_t was = units_of((const void *)p->former), is = units_of((const void *)p->now);
    if (was == is)
        return;
    const char *before = arena_printf(w->arena, "%" PRId32, was);
    const char *after = arena_printf(w->arena, "%" PRId32, is);
    w->is_full |= before == NULL || after == NULL;
    tell(w, p, DIFFERENCE_CHANGED, before, after);
}

static void compare_field(struct walk *w, const struct bound_record *record, const struct pair *p)
{
    const bool is_line = record == &order_line_record;
    if (is_line && p->row->offset == offsetof(struct order_line, current_quantity))
        compare_units(w, p);
    else if (is_line && units_tell_it(p->row, p->former, p->now))
        return;
    else if (p->row->kind == BIND_ARRAY)
        compare_lists(w, p);
    else if (p->row->kind == BIND_RECORD)
        compare_pointed(w, p, pointer_at(p->row, p->former), pointer_at(p->row, p->now));
    else if (p->row->kind == BIND_INLINE)
        compare_record(w, p, p->former + p->row->offset, p->now + p->row->offset);
    else
        compare_value(w, p);
}

static void walk_record(struct walk *w, const struct bound_record *record, const void *former,
                        const void *now)
{
    const struct record_words *words = words_of_record(record);
    for (size_t i = 0; words != NULL && i < record->field_count && !w->is_full; i++) {
        const struct binding *row = &record->fields[i];
        /* a field without words: a test finds it before people do */
        const struct field_words unknown = {row->name, row->name, PART_GOODS, SHOW_VALUE};
        const struct field_words *known = words_of_field(words, row->name);
        const struct pair p = {.row = row,
                               .words = known != NULL ? known : &unknown,
                               .is_personal =
                                   w->is_personal || codec_is_personal(w->codec, record, row->name),
                               .former = former,
                               .now = now};
        if (p.words->show != SHOW_NEVER)
            compare_field(w, record, &p);
    }
}

int order_differences(const struct codec *codec, const struct order_event *former,
                      const struct order_event *now, struct arena *arena,
                      struct differences *ret_differences)
{
    struct walk w = {.codec = codec,
                     .former = former,
                     .now = now,
                     .arena = arena,
                     .found = ret_differences,
                     .where = ""};
    *ret_differences = (struct differences){0};
    walk_record(&w, &order_event_record, former, now);
    return w.is_full ? -ENOMEM : 0;
}
