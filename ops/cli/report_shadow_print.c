/* The shadow report, for people and for machines. */
#include "report_shadow.h"
#include "cli.h"

#include "base/clock.h"
#include "base/money.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const struct {
    unsigned bit;
    const char *name;
} fields[] = {{BOOK_CURRENCY, "currency"},
              {BOOK_NET, "net"},
              {BOOK_TAX, "tax"},
              {BOOK_GROSS, "gross"},
              {BOOK_LINES, "lines"}};
enum { FIELD_COUNT = sizeof fields / sizeof *fields };

static int64_t outcome_count(const struct book *book, const char *name)
{
    for (int i = 0; i < ORDER_OUTCOMES; i++)
        if (strcmp(order_outcome_names[i], name) == 0)
            return book->outcomes[i];
    return 0;
}

/* ---- text ---- */

static void print_codes(const int64_t counts[])
{
    for (int i = 0; i < PF_ERROR_COUNT; i++)
        if (counts[i] > 0) {
            const struct pf_error_info *info = pf_error_info((enum pf_error)i);
            printf("    %-32s %8" PRId64 "  %s\n", i == 0 ? "(no code)" : info->name, counts[i],
                   pf_owner_name(info->owner));
        }
}

static const char *amount_text(const struct book_amounts *a, int64_t minor,
                               char text[static MONEY_TEXT_MAX])
{
    const struct currency *currency = currency_find(a->currency);
    if (currency == NULL)
        (void)snprintf(text, MONEY_TEXT_MAX, "?");
    else
        (void)money_format((struct money){minor, currency}, text);
    return text;
}

static void print_amount_field(const struct book_order *o, unsigned bit)
{
    char ours[MONEY_TEXT_MAX], theirs[MONEY_TEXT_MAX];
    const int64_t mine = bit == BOOK_NET   ? o->ours.net_minor
                         : bit == BOOK_TAX ? o->ours.tax_minor
                                           : o->ours.gross_minor;
    const int64_t prima = bit == BOOK_NET   ? o->theirs.net_minor
                          : bit == BOOK_TAX ? o->theirs.tax_minor
                                            : o->theirs.gross_minor;
    printf("%s here, %s in Prima", amount_text(&o->ours, mine, ours),
           amount_text(&o->theirs, prima, theirs));
}

static void print_different(const struct book_order *o)
{
    printf("    %s  %s  %s  owner %s\n", o->number, o->key, o->date,
           pf_owner_name(book_owner(o->different)));
    for (size_t f = 0; f < FIELD_COUNT; f++) {
        if (!(o->different & fields[f].bit))
            continue;
        printf("      %-9s", fields[f].name);
        if (fields[f].bit == BOOK_CURRENCY)
            printf("%s here, %s in Prima", o->ours.currency, o->theirs.currency);
        else if (fields[f].bit == BOOK_LINES)
            printf("%" PRId64 " here, %" PRId64 " in Prima", o->ours.lines, o->theirs.lines);
        else
            print_amount_field(o, fields[f].bit);
        printf("\n");
    }
}

static void print_rest(size_t shown, int64_t all)
{
    if ((int64_t)shown < all)
        printf("    ... and %" PRId64 " more; see --list\n", all - (int64_t)shown);
}

static void print_comparison(const struct shadow_report *report)
{
    const struct book *b = &report->book;
    const int64_t lacking = (int64_t)book_lacking(b);
    size_t shown = 0;
    printf("\nCompared with Prima, orders of %s to %s: %" PRId64 " documents\n", b->date_from,
           b->date_to, b->documents);
    printf("  equal to the penny               %8" PRId64 "\n", b->equal);
    printf("    of these, the hold differs     %8" PRId64 "\n", b->hold_differs);
    printf("  different                        %8" PRId64 "\n", b->different);
    for (size_t i = 0; i < b->order_count && shown < report->list_max; i++)
        if (b->orders[i]->different != 0) {
            print_different(b->orders[i]);
            shown++;
        }
    print_rest(shown, b->different);
    printf("  lacking in Prima                 %8" PRId64 "\n", lacking);
    shown = 0;
    for (size_t i = 0; i < b->order_count && shown < report->list_max; i++) {
        const struct book_order *o = b->orders[i];
        char text[MONEY_TEXT_MAX];
        if (!o->would_post || o->met > 0)
            continue;
        printf("    %s  %s  %s  %s\n", o->number, o->key, o->date,
               amount_text(&o->ours, o->ours.gross_minor, text));
        shown++;
    }
    print_rest(shown, lacking);
    printf("  in Prima, never seen here        %8" PRId64 "\n", b->strangers);
    for (size_t i = 0; i < b->stranger_count; i++)
        printf("    %s  company %s  %s  owner %s\n", b->stranger_list[i].number,
               b->stranger_list[i].company, b->stranger_list[i].date,
               pf_owner_name(PF_OWNER_ECOMMERCE));
    print_rest(b->stranger_count, b->strangers);
    printf("  in Prima, would not be posted    %8" PRId64 "  dead letters, ignored, cancelled\n",
           b->only_seen);
    if (b->twice > 0)
        printf("  met more than once               %8" PRId64
               "  two documents of a number, or Prima changed while it was read\n",
               b->twice);
    printf("  of other channels                %8" PRId64 "\n", b->others);
}

void shadow_report_text(const struct shadow_report *report)
{
    const struct book *b = &report->book;
    char first[CLOCK_TEXT_MAX] = "-", last[CLOCK_TEXT_MAX] = "-";
    if (report->first_ms > 0) {
        (void)clock_format(report->first_ms, first);
        (void)clock_format(report->last_ms, last);
    }
    printf("Shadow, published from %s to %s: %" PRId64 " records, %zu orders\n", first, last,
           b->records, b->order_count);
    printf("  would be posted                  %8" PRId64 "\n", outcome_count(b, "posted"));
    printf("  would be posted on hold          %8" PRId64 "\n", outcome_count(b, "posted_on_hold"));
    print_codes(b->held_by_code);
    printf("  dead letters                     %8" PRId64 "\n", b->dead_letters);
    print_codes(b->dead_by_code);
    static const char *const others[] = {"duplicate",
                                         "superseded",
                                         "cancelled_before_posting",
                                         "ignored_test",
                                         "ignored_before_cutover",
                                         "payment_updated"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (outcome_count(b, others[i]) > 0)
            printf("  %-32s %8" PRId64 "\n", others[i], outcome_count(b, others[i]));
    printf("  accounts would be created for    %8" PRId64 "  orders\n", b->creates_customer);
    printf("  Prima had when it was asked      %8" PRId64 "  of what would be posted\n",
           b->in_prima_when_asked);
    if (report->compared)
        print_comparison(report);
    else
        printf("\nNot compared: %s\n", report->not_compared.text);
}

/* ---- JSON ---- */

static json_t *codes_json(const int64_t counts[])
{
    json_t *codes = json_object();
    for (int i = 0; i < PF_ERROR_COUNT; i++)
        if (counts[i] > 0)
            (void)json_object_set_new(codes, pf_error_info((enum pf_error)i)->name,
                                      json_integer(counts[i]));
    return codes;
}

static json_t *amounts_json(const struct book_amounts *a)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:b}", "currency", a->currency, "net_minor",
                     (json_int_t)a->net_minor, "tax_minor", (json_int_t)a->tax_minor, "gross_minor",
                     (json_int_t)a->gross_minor, "lines", (json_int_t)a->lines, "hold", a->hold);
}

static json_t *order_json(const struct book_order *o)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "order_number", o->number, "key", o->key,
                     "company", o->company, "order_date", o->date, "ours", amounts_json(&o->ours));
}

static json_t *different_json(const struct book_order *o)
{
    json_t *order = order_json(o), *names = json_array();
    for (size_t f = 0; f < FIELD_COUNT; f++)
        if (o->different & fields[f].bit)
            (void)json_array_append_new(names, json_string(fields[f].name));
    (void)json_object_set_new(order, "differs", names);
    (void)json_object_set_new(order, "prima", amounts_json(&o->theirs));
    (void)json_object_set_new(order, "owner", json_string(pf_owner_name(book_owner(o->different))));
    return order;
}

static json_t *comparison_json(const struct shadow_report *report)
{
    const struct book *b = &report->book;
    json_t *different = json_array(), *lacking = json_array(), *strangers = json_array();
    for (size_t i = 0; i < b->order_count; i++) {
        const struct book_order *o = b->orders[i];
        if (o->different != 0 && json_array_size(different) < report->list_max)
            (void)json_array_append_new(different, different_json(o));
        if (o->would_post && o->met == 0 && json_array_size(lacking) < report->list_max)
            (void)json_array_append_new(lacking, order_json(o));
    }
    for (size_t i = 0; i < b->stranger_count; i++)
        (void)json_array_append_new(strangers, json_pack("{s:s, s:s, s:s, s:s}", "order_number",
                                                         b->stranger_list[i].number, "company",
                                                         b->stranger_list[i].company, "order_date",
                                                         b->stranger_list[i].date, "owner",
                                                         pf_owner_name(PF_OWNER_ECOMMERCE)));
    return json_pack(
        "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "date_from",
        b->date_from, "date_to", b->date_to, "documents", (json_int_t)b->documents, "equal",
        (json_int_t)b->equal, "hold_differs", (json_int_t)b->hold_differs, "different",
        (json_int_t)b->different, "lacking", (json_int_t)book_lacking(b), "never_seen",
        (json_int_t)b->strangers, "would_not_be_posted", (json_int_t)b->only_seen,
        "met_more_than_once", (json_int_t)b->twice, "other_channels", (json_int_t)b->others,
        "different_orders", different, "lacking_orders", lacking, "never_seen_orders", strangers);
}

void shadow_report_json(const struct shadow_report *report)
{
    const struct book *b = &report->book;
    json_t *outcomes = json_object();
    for (int i = 0; i < ORDER_OUTCOMES; i++)
        (void)json_object_set_new(outcomes, order_outcome_names[i], json_integer(b->outcomes[i]));
    json_t *all = json_pack(
        "{s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:o, s:I, s:I, s:b, s:s, s:o}", "published_from_ms",
        (json_int_t)report->first_ms, "published_to_ms", (json_int_t)report->last_ms, "records",
        (json_int_t)b->records, "orders", (json_int_t)b->order_count, "outcomes", outcomes,
        "held_by_code", codes_json(b->held_by_code), "dead_letters", (json_int_t)b->dead_letters,
        "dead_letters_by_code", codes_json(b->dead_by_code), "creates_customer",
        (json_int_t)b->creates_customer, "in_prima_when_asked", (json_int_t)b->in_prima_when_asked,
        "compared", report->compared, "not_compared", report->not_compared.text, "comparison",
        report->compared ? comparison_json(report) : json_null());
    cli_print_json(all, JSON_INDENT(2));
}
