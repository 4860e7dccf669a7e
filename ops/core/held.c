/* Orders on hold among the exceptions; see held.h. */
#include "core/held.h"

#include "base/clock.h"
#include "core/prima_search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_SIZE = 100, BEFORE_MS = 7 * 86400000, AFTER_MS = 86400000, DATE_MAX = 11 };
enum { COMPANY_MAX = 64, COMPANIES_MAX = 64 };

bool held_read(const struct kafka_record *record, const struct letter_result *result,
               struct dead_letter *ret_letter)
{
    if (result->outcome != OUTCOME_POSTED_ON_HOLD)
        return false;
    *ret_letter = (struct dead_letter){.flow = result->flow,
                                       .partition = record->partition,
                                       .offset = record->offset,
                                       .at_ms = record->timestamp_ms,
                                       .first_failed_ms = record->timestamp_ms,
                                       .code = pf_error_find(result->code),
                                       .version = result->version,
                                       .is_held = true};
    (void)snprintf(ret_letter->topic, sizeof ret_letter->topic, "%s", record->topic);
    (void)snprintf(ret_letter->natural, sizeof ret_letter->natural, "%s", result->natural);
    (void)snprintf(ret_letter->delivery, sizeof ret_letter->delivery, "%s", result->delivery);
    (void)snprintf(ret_letter->text, sizeof ret_letter->text, "%s", result->narrative);
    return true;
}

int held_enter(struct letter_book *book, const struct kafka_record *record,
               const struct letter_result *result)
{
    struct dead_letter letter;
    struct letter_case *entry;
    if (!held_read(record, result, &letter))
        return 0;
    const int rc = letter_book_enter(book, &letter, record->key, record->key_size, &entry);
    if (rc != 0)
        return rc;
    entry->document = letter_digest(result->document);
    entry->minor = result->minor;
    memcpy(entry->currency, result->currency, sizeof entry->currency);
    return 0;
}

/* ---- Prima's word ---- */

struct held_asking {
    struct letter_case **open; /* by document */
    size_t count;
};

static int compare_documents(const void *a_, const void *b_)
{
    const struct letter_case *a = *(struct letter_case *const *)a_,
                             *b = *(struct letter_case *const *)b_;
    return a->document != b->document ? (a->document < b->document ? -1 : 1) : 0;
}

static void meet(void *user, const char *company, const struct prima_document *d)
{
    struct held_asking *h = user;
    const struct letter_case wanted = {.document = letter_digest(d->number)}, *key = &wanted;
    (void)company;
    if ((d->type[0] != '\0' && strcmp(d->type, "Order") != 0) || strcmp(d->hold, "No") != 0)
        return;
    struct letter_case **found = bsearch(&key, h->open, h->count, sizeof *found, compare_documents);
    if (found != NULL)
        (*found)->state = LETTER_RESOLVED;
}

static bool is_open(const struct letter_case *c)
{
    return c->is_held && c->state == LETTER_OPEN && c->document != 0;
}

/* "01" of "01/shopify/uk". */
static void add_company(char companies[static COMPANIES_MAX][COMPANY_MAX], size_t *count,
                        const char *shop)
{
    const size_t size = strcspn(shop, "/");
    for (size_t i = 0; i < *count; i++)
        if (strncmp(companies[i], shop, size) == 0 && companies[i][size] == '\0')
            return;
    if (*count < COMPANIES_MAX && size > 0 && size < COMPANY_MAX) {
        memcpy(companies[*count], shop, size);
        companies[(*count)++][size] = '\0';
    }
}

static void day_write(int64_t ms, char text[static DATE_MAX])
{
    char at[CLOCK_TEXT_MAX];
    (void)snprintf(text, DATE_MAX, "%.10s", clock_format(ms, at));
}

static void ask_all(struct ops *ops, struct letter_book *book, struct held_asking *h,
                    int64_t now_ms, char ret_why_not[static KAFKA_TEXT_MAX])
{
    char companies[COMPANIES_MAX][COMPANY_MAX], from[DATE_MAX], to[DATE_MAX];
    size_t count = 0;
    int64_t oldest_ms = now_ms;
    for (size_t i = 0; i < h->count; i++) {
        add_company(companies, &count, book->causes[h->open[i]->cause].shop);
        if (h->open[i]->at_ms < oldest_ms)
            oldest_ms = h->open[i]->at_ms;
    }
    day_write(oldest_ms - BEFORE_MS, from);
    day_write(now_ms + AFTER_MS, to);
    for (size_t i = 0; i < count; i++) {
        struct config_message wrong = {""};
        if (prima_search(ops_config(ops), companies[i], from, to, PAGE_SIZE, meet, h, &wrong) != 0)
            (void)snprintf(ret_why_not, KAFKA_TEXT_MAX,
                           "some orders on hold may be released: company %s: %.250s", companies[i],
                           wrong.text);
    }
}

void held_ask_prima(struct ops *ops, struct letter_book *book, int64_t now_ms,
                    char ret_why_not[static KAFKA_TEXT_MAX])
{
    struct held_asking h = {.open = calloc(book->count + 1, sizeof(struct letter_case *))};
    ret_why_not[0] = '\0';
    for (size_t i = 0; h.open != NULL && i < book->count; i++)
        if (is_open(letter_book_at(book, i)))
            h.open[h.count++] = letter_book_at(book, i);
    if (h.open == NULL)
        (void)snprintf(ret_why_not, KAFKA_TEXT_MAX, "no memory to ask Prima of orders on hold");
    else if (h.count > 0) {
        qsort(h.open, h.count, sizeof(struct letter_case *), compare_documents);
        ask_all(ops, book, &h, now_ms, ret_why_not);
    }
    free(h.open);
}
