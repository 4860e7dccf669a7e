/* Reading the form of an open order; see ledger_draft.h. The first thing that is wrong is said,
 * with its path, and the rest is not looked at. */
#include "core/ledger_draft.h"

#include "base/clock.h"
#include "base/money.h"
#include "domain/events/order_event.h"
#include "order_key.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

enum { PATH_MAX_BYTES = 80 };

struct reader {
    struct arena *arena;
    const struct currency *currency;
    const json_t *object;      /* at hand */
    char path[PATH_MAX_BYTES]; /* "lines[2]." or "" */
    char *why;
    int result;
};

__attribute__((format(printf, 3, 4))) static void ledger_draft_wrong(struct reader *r,
                                                                     const char *field,
                                                                     const char *format, ...)
{
    if (r->result < 0)
        return;
    va_list args;
    va_start(args, format);
    const int size = snprintf(r->why, LEDGER_WHY_MAX, "%s%s: ", r->path, field);
    (void)vsnprintf(r->why + size, LEDGER_WHY_MAX - (size_t)size, format, args);
    va_end(args);
    r->result = -EINVAL;
}

static void *ledger_draft_take(struct reader *r, size_t count, size_t size)
{
    void *p = arena_alloc(r->arena, count * size + 1);
    if (p == NULL && r->result == 0) {
        (void)snprintf(r->why, LEDGER_WHY_MAX, "larger than one order may be");
        r->result = -ENOMEM;
    }
    return p;
}

/* ---- one field ---- */

static const json_t *field(const struct reader *r, const char *name)
{
    const json_t *value = json_object_get(r->object, name);
    return json_is_null(value) ? NULL : value;
}

/* NULL when it may be absent and is. */
static const char *ledger_draft_text(struct reader *r, const char *name, bool needed)
{
    const json_t *value = field(r, name);
    if (value == NULL && !needed)
        return NULL;
    const char *found = json_string_value(value);
    if (value == NULL || found == NULL || found[0] == '\0')
        ledger_draft_wrong(r, name, value == NULL ? "missing" : "must be a text that is not empty");
    else if (strlen(found) != json_string_length(value))
        ledger_draft_wrong(r, name, "has a NUL in it");
    return r->result == 0 ? found : NULL;
}

static bool truth(struct reader *r, const char *name, bool needed)
{
    const json_t *value = field(r, name);
    if (value == NULL ? needed : !json_is_boolean(value))
        ledger_draft_wrong(r, name, "must be true or false");
    return json_is_true(value);
}

static int64_t whole(struct reader *r, const char *name, int64_t absent, int64_t min)
{
    const json_t *value = field(r, name);
    if (value == NULL && absent >= min)
        return absent;
    const int64_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < min || number > INT32_MAX)
        ledger_draft_wrong(r, name, "must be a whole number, at least %" PRId64, min);
    return number;
}

/* A channel's versions are often milliseconds: more than `whole` takes. */
static int64_t version(struct reader *r, const char *name)
{
    const json_t *value = field(r, name);
    if (value != NULL && (!json_is_integer(value) || json_integer_value(value) < 0))
        ledger_draft_wrong(r, name, "must be a whole number, at least 0");
    return json_integer_value(value);
}

static int64_t amount(struct reader *r, const char *name, bool needed)
{
    const json_t *value = field(r, name);
    struct money money = {0, r->currency};
    if (value == NULL && !needed)
        return 0;
    if (!json_is_string(value) || money_parse(json_string_value(value), r->currency, &money) < 0)
        ledger_draft_wrong(
            r, name,
            "must be an amount of %s as text, with at most %u decimals, for example \"%s\"",
            r->currency->code, r->currency->decimals,
            r->currency->decimals == 0 ? "1200" : "12.34");
    return money.minor;
}

/* Percent with at most four decimals: "20", "5.5". */
static int64_t rate(struct reader *r, const char *name)
{
    const char *percent = ledger_draft_text(r, name, true), *p = percent;
    int64_t ppm = 0;
    int digits = 0, decimals = -1;
    for (;
         p != NULL && ((*p >= '0' && *p <= '9') || (*p == '.' && decimals < 0)) && ppm <= 10000000;
         p++) {
        decimals += *p == '.' || decimals >= 0;
        if (*p == '.')
            continue;
        ppm = ppm * 10 + (*p - '0');
        digits++;
    }
    for (int i = decimals < 0 ? 0 : decimals; i < 4; i++)
        ppm *= 10;
    if (r->result == 0 &&
        (p == NULL || *p != '\0' || digits == 0 || decimals > 4 || ppm > 10000000))
        ledger_draft_wrong(
            r, name,
            "must be a percentage as text, with at most four decimals, for example \"20\" or "
            "\"5.5\"");
    return ppm;
}

static int64_t instant(struct reader *r, const char *name, const char *absent)
{
    const char *found = ledger_draft_text(r, name, absent == NULL);
    int64_t ms = 0;
    if (r->result == 0 && clock_parse(found != NULL ? found : absent, &ms) < 0)
        ledger_draft_wrong(r, name, "must be a time such as 2026-11-01T09:30:00Z");
    return ms;
}

static const char *one_of(struct reader *r, const char *name, const char *const words[],
                          const char *absent, const char *also)
{
    const char *found = ledger_draft_text(r, name, absent == NULL);
    if (found == NULL)
        return absent;
    for (size_t i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], found) == 0)
            return found;
    if (also != NULL && strcmp(also, found) == 0)
        return found;
    ledger_draft_wrong(
        r, name,
        "is none of the words that it may be (schemas/OrderEvent.avsc has them), for example "
        "\"%s\"",
        also != NULL ? also : words[1]);
    return found;
}

static void only(struct reader *r, const char *names)
{
    const char *name;
    json_t *value;
    char wanted[64];
    json_object_foreach((json_t *)(uintptr_t)r->object, name, value)
    {
        if (snprintf(wanted, sizeof wanted, " %s ", name) >= (int)sizeof wanted ||
            strstr(names, wanted) == NULL)
            ledger_draft_wrong(
                r, "", "there is no field '%.40s'; see: primaflow ledger import --help", name);
    }
}

/* ---- lists ---- */

/* Enters `name`'s items one after the other: list_begin, then list_next until it is false. */
struct list {
    const json_t *items, *outer;
    size_t count, at;
    const char *name, *names;
    char outer_path[PATH_MAX_BYTES];
};

static struct list list_begin(struct reader *r, const char *name, const char *names, bool needed)
{
    struct list list = {.items = field(r, name), .outer = r->object, .name = name, .names = names};
    memcpy(list.outer_path, r->path, sizeof list.outer_path);
    list.count = json_array_size(list.items);
    if (list.items != NULL && !json_is_array(list.items))
        ledger_draft_wrong(r, name, "must be a list");
    else if (needed && list.count == 0)
        ledger_draft_wrong(r, name, "has no items");
    else if (list.count > LEDGER_ITEMS_MAX)
        ledger_draft_wrong(r, name, "has more than %d items", LEDGER_ITEMS_MAX);
    return list;
}

static bool list_next(struct reader *r, struct list *list)
{
    const bool more = r->result == 0 && list->at < list->count;
    r->object = more ? json_array_get(list->items, list->at) : list->outer;
    if (!more) {
        memcpy(r->path, list->outer_path, sizeof r->path);
        return false;
    }
    (void)snprintf(r->path, sizeof r->path, "%.40s%s[%zu].", list->outer_path, list->name,
                   list->at++);
    if (json_is_object(r->object))
        only(r, list->names);
    else
        ledger_draft_wrong(r, "", "must be an object");
    return true;
}

static void read_taxes(struct reader *r, struct ledger_tax **ret_items, size_t *ret_count)
{
    struct list list = list_begin(r, "taxes", " rate tax credited ", false);
    struct ledger_tax *taxes = ledger_draft_take(r, list.count, sizeof *taxes);
    for (size_t i = 0; list_next(r, &list); i++)
        taxes[i] = (struct ledger_tax){.rate_ppm = rate(r, "rate"),
                                       .tax_minor = amount(r, "tax", true),
                                       .credited_minor = amount(r, "credited", false)};
    *ret_items = taxes;
    *ret_count = list.count;
}

static void read_matrix(struct reader *r, struct ledger_line *line)
{
    const json_t *codes = field(r, "matrix_codes");
    const size_t count = json_array_size(codes);
    const char **items = ledger_draft_take(r, count, sizeof *items);
    if (codes != NULL && (!json_is_array(codes) || count > 4))
        ledger_draft_wrong(r, "matrix_codes", "must be a list of at most four texts");
    for (size_t i = 0; i < count && r->result == 0; i++)
        if ((items[i] = json_string_value(json_array_get(codes, i))) == NULL)
            ledger_draft_wrong(r, "matrix_codes", "must be a list of at most four texts");
    line->matrix_codes.items = items;
    line->matrix_codes.count = count;
}

static void read_lines(struct reader *r, struct ledger_entry *entry)
{
    struct list list = list_begin(r, "lines",
                                  " line_id number product matrix_codes depot gift_card quantity "
                                  "amount discount taxes credited_quantity credited ",
                                  true);
    struct ledger_line *lines = ledger_draft_take(r, list.count, sizeof *lines);
    for (size_t i = 0; list_next(r, &list); i++) {
        lines[i] = (struct ledger_line){
            .line_id = ledger_draft_text(r, "line_id", true),
            .number = (int32_t)whole(r, "number", (int64_t)i + 1, 1),
            .product = ledger_draft_text(r, "product", true),
            .depot = ledger_draft_text(r, "depot", false),
            .gift_card = truth(r, "gift_card", false),
            .quantity = (int32_t)whole(r, "quantity", 0, 1),
            .amount_minor = amount(r, "amount", true),
            .discount_minor = amount(r, "discount", false),
            .credited_quantity = (int32_t)whole(r, "credited_quantity", 0, 0),
            .credited_minor = amount(r, "credited", false),
        };
        read_matrix(r, &lines[i]);
        read_taxes(r, &lines[i].taxes.items, &lines[i].taxes.count);
    }
    entry->lines.items = lines;
    entry->lines.count = list.count;
}

static void read_charges(struct reader *r, struct ledger_entry *entry)
{
    struct list list = list_begin(r, "charges", " code kind line_id amount taxes credited ", false);
    struct ledger_charge *charges = ledger_draft_take(r, list.count, sizeof *charges);
    for (size_t i = 0; list_next(r, &list); i++) {
        charges[i] = (struct ledger_charge){
            .code = ledger_draft_text(r, "code", true),
            .kind = one_of(r, "kind", charge_kind_names, "shipping", "shipping"),
            .line_id = ledger_draft_text(r, "line_id", false),
            .amount_minor = amount(r, "amount", true),
            .credited_minor = amount(r, "credited", false),
        };
        read_taxes(r, &charges[i].taxes.items, &charges[i].taxes.count);
    }
    entry->charges.items = charges;
    entry->charges.count = list.count;
}

static void read_tenders(struct reader *r, struct ledger_entry *entry)
{
    struct list list =
        list_begin(r, "tenders", " kind gateway method transaction_id amount credited ", false);
    struct ledger_tender *tenders = ledger_draft_take(r, list.count, sizeof *tenders);
    for (size_t i = 0; list_next(r, &list); i++)
        tenders[i] = (struct ledger_tender){
            .kind = one_of(r, "kind", tender_kind_names, NULL, NULL),
            .gateway = ledger_draft_text(r, "gateway", false),
            .method = ledger_draft_text(r, "method", false),
            .transaction_id = ledger_draft_text(r, "transaction_id", false),
            .amount_minor = amount(r, "amount", true),
            .credited_minor = amount(r, "credited", false),
        };
    entry->tenders.items = tenders;
    entry->tenders.count = list.count;
}

static void read_credits(struct reader *r, struct ledger_entry *entry)
{
    struct list list = list_begin(r, "credits", " refund_id document amount posted_at ", false);
    struct ledger_note *credits = ledger_draft_take(r, list.count, sizeof *credits);
    for (size_t i = 0; list_next(r, &list); i++)
        credits[i] = (struct ledger_note){
            .refund_id = ledger_draft_text(r, "refund_id", true),
            .document = ledger_draft_text(r, "document", true),
            .amount_minor = amount(r, "amount", true),
            .posted_at = instant(r, "posted_at", NULL),
        };
    entry->credits.items = credits;
    entry->credits.count = list.count;
}

/* ---- the order ---- */

static bool is_date(const char *date)
{
    int64_t ms;
    return date != NULL && strlen(date) == 10 && clock_parse(date, &ms) == 0;
}

/* Who it is: by the worker's own function, so that a refund finds what was imported. */
static void read_key(struct reader *r, const struct order_rules *rules, struct ledger_draft *draft)
{
    struct ledger_entry *e = &draft->entry;
    struct order_event event = {.channel = ledger_draft_text(r, "channel", true),
                                .store = ledger_draft_text(r, "store", true),
                                .order_id = ledger_draft_text(r, "order_id", true)};
    struct flow_key key = {0};
    const char *detail = NULL;
    if (r->result < 0)
        return;
    const enum pf_error code = order_key(&event, rules, r->arena, &key, &detail);
    if (code != PF_OK) {
        ledger_draft_wrong(r, "order_id", "%s",
                           detail != NULL ? detail : pf_error_info(code)->meaning);
        return;
    }
    draft->topic_key = key.kafka;
    e->key = key.natural;
    e->company = key.company;
    e->channel = event.channel;
    e->store = event.store;
    e->order_id = event.order_id;
    e->order_number = key.document;
    const char *number = ledger_draft_text(r, "order_number", false),
               *document = ledger_draft_text(r, "document", false);
    if (number != NULL && strcmp(number, key.document) != 0)
        ledger_draft_wrong(
            r, "order_number",
            "channels.yaml makes another number of this order_id; is its prefix the one that "
            "Prima's orders have?");
    e->document = document != NULL ? document : key.document;
}

static void read_head(struct reader *r, struct ledger_entry *e)
{
    e->account = ledger_draft_text(r, "account", false);
    e->version = 1;
    e->currency = r->currency->code;
    e->money = strcmp(one_of(r, "money", money_chosen_names, "shop", NULL), "shop") == 0
                   ? MONEY_SHOP
                   : MONEY_PRESENTMENT;
    e->tax_included = truth(r, "tax_included", true);
    e->identity = e->goods = e->payment = ""; /* nobody knows its event */
    e->source_version = version(r, "source_version");
    e->order_date = ledger_draft_text(r, "order_date", true);
    if (r->result == 0 && !is_date(e->order_date))
        ledger_draft_wrong(r, "order_date", "must be a day, YYYY-MM-DD");
    e->posted_at = r->result == 0 ? instant(r, "posted_at", e->order_date) : 0;
    if (field(r, "event_time") != NULL) /* of the export: an edit before it is in the amounts */
        e->event_time = instant(r, "event_time", NULL);
    e->total_minor = amount(r, "total", true);
    e->tax_minor = amount(r, "tax", true);
    e->outstanding_minor = amount(r, "outstanding", false);
}

int ledger_draft_read(const json_t *json, const struct order_rules *rules, struct arena *arena,
                      struct ledger_draft *ret_draft, char ret_why[static LEDGER_WHY_MAX])
{
    struct reader r = {.arena = arena, .object = json, .why = ret_why};
    struct ledger_draft draft = {.topic_key = NULL};
    only(&r, " channel store order_id currency order_date tax_included total tax lines account "
             "order_number document money posted_at source_version event_time "
             "outstanding charges tenders credits ");
    read_key(&r, rules, &draft);
    const char *currency = ledger_draft_text(&r, "currency", true);
    if (r.result == 0 && (r.currency = currency_find(currency)) == NULL)
        ledger_draft_wrong(&r, "currency", "must be a code of ISO 4217, such as GBP");
    if (r.result < 0)
        return r.result;
    draft.currency = r.currency;
    read_head(&r, &draft.entry);
    read_lines(&r, &draft.entry);
    read_charges(&r, &draft.entry);
    read_tenders(&r, &draft.entry);
    read_credits(&r, &draft.entry);
    if (r.result == 0)
        *ret_draft = draft;
    return r.result;
}
