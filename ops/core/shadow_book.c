/* The shadow's book; see shadow_book.h. Orders are found by company and number in a tree of the C
 * library (tsearch). */
#include "core/shadow_book.h"

#include "base/money.h"

#include <errno.h>
#include <search.h>
#include <string.h>

void book_init(struct book *book, size_t strangers_kept)
{
    *book = (struct book){.stranger_room = strangers_kept};
    book->stranger_list = calloc(strangers_kept + 1, sizeof *book->stranger_list);
    if (book->stranger_list == NULL)
        abort();
}

static void keep_order(void *order)
{
    (void)order; /* the list frees it */
}

void book_release(struct book *book)
{
    tdestroy(book->tree, keep_order);
    for (size_t i = 0; i < book->order_count; i++) {
        free(book->orders[i]->number);
        free(book->orders[i]->key);
        free(book->orders[i]);
    }
    free(book->orders);
    free(book->stranger_list);
    *book = (struct book){.tree = NULL};
}

static int book_compare(const void *a_, const void *b_)
{
    const struct book_order *a = a_, *b = b_;
    const int company = strcmp(a->company, b->company);
    return company != 0 ? company : strcmp(a->number, b->number);
}

static struct book_order *book_find(const struct book *book, const char *company,
                                    const char *number)
{
    struct book_order wanted = {.number = (char *)(uintptr_t)number};
    (void)snprintf(wanted.company, sizeof wanted.company, "%s", company);
    void *node = tfind(&wanted, &book->tree, book_compare);
    return node != NULL ? *(struct book_order **)node : NULL;
}

/* A number without its order id: what documents of the same channel begin with. */
static void learn_prefix(struct book *book, const char *company, const char *number,
                         const char *order_id)
{
    const size_t size = strlen(number), id = strlen(order_id);
    char prefix[sizeof book->prefixes[0]];
    if (id >= size || strcmp(number + size - id, order_id) != 0)
        return;
    (void)snprintf(prefix, sizeof prefix, "%s/%.*s", company, (int)(size - id), number);
    for (size_t i = 0; i < book->prefix_count; i++)
        if (strcmp(book->prefixes[i], prefix) == 0)
            return;
    if (book->prefix_count < BOOK_PREFIXES_MAX)
        memcpy(book->prefixes[book->prefix_count++], prefix, sizeof prefix);
}

static bool is_of_our_channels(const struct book *book, const char *company, const char *number)
{
    char text[BOOK_COMPANY_MAX + 60];
    (void)snprintf(text, sizeof text, "%s/%s", company, number);
    for (size_t i = 0; i < book->prefix_count; i++)
        if (strncmp(text, book->prefixes[i], strlen(book->prefixes[i])) == 0)
            return true;
    return false;
}

static struct book_order *book_enter(struct book *book, const char *natural, const char *company,
                                     const char *number, const char *order_id)
{
    struct book_order *order = book_find(book, company, number);
    if (order != NULL)
        return order;
    if (book->order_count == BOOK_ORDERS_MAX)
        return NULL;
    if (book->order_count == book->room) {
        const size_t room = book->room > 0 ? 2 * book->room : 256;
        struct book_order **more = realloc(book->orders, room * sizeof *more);
        if (more == NULL)
            return NULL;
        book->orders = more;
        book->room = room;
    }
    order = calloc(1, sizeof *order);
    if (order == NULL || (order->number = strdup(number)) == NULL ||
        (order->key = strdup(natural)) == NULL)
        abort();
    (void)snprintf(order->company, sizeof order->company, "%s", company);
    if (tsearch(order, &book->tree, book_compare) == NULL)
        abort();
    book->orders[book->order_count++] = order;
    learn_prefix(book, company, number, order_id);
    return order;
}

/* Dates as YYYY-MM-DD compare as texts. */
static void book_widen(struct book *book, const char *date)
{
    if (date[0] == '\0')
        return;
    if (book->date_from[0] == '\0' || strcmp(date, book->date_from) < 0)
        (void)snprintf(book->date_from, sizeof book->date_from, "%.10s", date);
    if (strcmp(date, book->date_to) > 0)
        (void)snprintf(book->date_to, sizeof book->date_to, "%.10s", date);
}

static void enter_post(struct book *book, struct book_order *order, const struct shadow_post *post)
{
    order->would_post = true;
    (void)snprintf(order->date, sizeof order->date, "%.10s", post->order_date);
    order->ours = (struct book_amounts){.net_minor = post->net_minor,
                                        .tax_minor = post->tax_minor,
                                        .gross_minor = post->gross_minor,
                                        .lines = post->lines,
                                        .hold = post->hold};
    (void)snprintf(order->ours.currency, sizeof order->ours.currency, "%.3s", post->currency);
    book_widen(book, order->date);
    book->creates_customer += post->creates_customer;
    book->in_prima_when_asked += post->in_prima;
}

int book_enter_result(struct book *book, const struct order_result *r)
{
    const char *const *codes = (const char *const *)(const void *)r->codes.items;
    book->records++;
    if (r->outcome >= 0 && r->outcome < ORDER_OUTCOMES)
        book->outcomes[r->outcome]++;
    if (r->order_number == NULL)
        return 0;
    struct book_order *order = book_enter(book, r->key, r->company, r->order_number, r->order_id);
    if (order == NULL)
        return -ENOMEM;
    const bool posts = strcmp(order_outcome_names[r->outcome], "posted") == 0,
               holds = strcmp(order_outcome_names[r->outcome], "posted_on_hold") == 0;
    for (size_t i = 0; holds && i < r->codes.count; i++)
        book->held_by_code[pf_error_find(codes[i])]++;
    if ((posts || holds) && r->shadow != NULL)
        enter_post(book, order, r->shadow);
    return 0;
}

int book_enter_dead_letter(struct book *book, enum pf_error code, const char *natural,
                           const char *company, const char *number, const char *order_id)
{
    book->records++;
    book->dead_letters++;
    book->dead_by_code[code]++;
    if (natural == NULL || number == NULL) {
        book->dead_without_order++;
        return 0;
    }
    return book_enter(book, natural, company, number, order_id) != NULL ? 0 : -ENOMEM;
}

/* ---- comparing ---- */

/* What cannot be read differs. */
static bool same_amount(const char *text, const struct currency *currency, int64_t ours,
                        int64_t *ret_theirs)
{
    struct money money = {0, currency};
    if (currency == NULL || money_parse(text, currency, &money) < 0)
        return false;
    *ret_theirs = money.minor;
    return money.minor == ours;
}

static unsigned book_differences(struct book_order *order, const struct prima_document *d)
{
    const struct currency *currency = currency_find(d->currency);
    struct book_amounts *theirs = &order->theirs;
    unsigned different = 0;
    *theirs =
        (struct book_amounts){.lines = (int64_t)d->line_count, .hold = strcmp(d->hold, "Yes") == 0};
    (void)snprintf(theirs->currency, sizeof theirs->currency, "%.3s", d->currency);
    if (strcmp(theirs->currency, order->ours.currency) != 0)
        different |= BOOK_CURRENCY;
    if (!same_amount(d->net, currency, order->ours.net_minor, &theirs->net_minor))
        different |= BOOK_NET;
    if (!same_amount(d->tax, currency, order->ours.tax_minor, &theirs->tax_minor))
        different |= BOOK_TAX;
    if (!same_amount(d->gross, currency, order->ours.gross_minor, &theirs->gross_minor))
        different |= BOOK_GROSS;
    if (theirs->lines != order->ours.lines)
        different |= BOOK_LINES;
    return different;
}

static void meet_stranger(struct book *book, const char *company, const struct prima_document *d)
{
    if (strcmp(d->date, book->date_from) < 0 || strcmp(d->date, book->date_to) > 0)
        return;
    if (!is_of_our_channels(book, company, d->number)) {
        book->others++;
        return;
    }
    book->strangers++;
    if (book->stranger_count == book->stranger_room)
        return;
    struct book_stranger *s = &book->stranger_list[book->stranger_count++];
    (void)snprintf(s->number, sizeof s->number, "%.59s", d->number);
    (void)snprintf(s->company, sizeof s->company, "%s", company);
    (void)snprintf(s->date, sizeof s->date, "%.10s", d->date);
}

void book_meet(struct book *book, const char *company, const struct prima_document *d)
{
    if (d->type[0] != '\0' && strcmp(d->type, "Order") != 0)
        return;
    book->documents++;
    struct book_order *order = book_find(book, company, d->number);
    if (order == NULL) {
        meet_stranger(book, company, d);
        return;
    }
    if (order->met++ > 0) {
        book->twice++;
        return;
    }
    if (!order->would_post) {
        book->only_seen++;
        return;
    }
    order->different = book_differences(order, d);
    book->different += order->different != 0;
    book->equal += order->different == 0;
    book->hold_differs += order->different == 0 && order->ours.hold != order->theirs.hold;
}

size_t book_lacking(const struct book *book)
{
    size_t lacking = 0;
    for (size_t i = 0; i < book->order_count; i++)
        lacking += book->orders[i]->would_post && book->orders[i]->met == 0;
    return lacking;
}

enum pf_owner book_owner(unsigned different)
{
    return different & ~(unsigned)BOOK_LINES ? PF_OWNER_FINANCE : PF_OWNER_ECOMMERCE;
}
