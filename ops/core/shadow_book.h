/* What a shadow would have posted, order by order, and how Prima's documents compare with it.
 *
 * First everything that the shadow published is entered, then every document of Prima's is met, in
 * any order. An order's entry is its last one that would have been posted; duplicates, dead letters
 * and ignored ones only say that it was seen. Equal means: the same currency, net, tax, gross and
 * number of lines; a hold that differs is counted apart, because people release orders.
 *
 * Invariants: no personal data; at most BOOK_ORDERS_MAX orders; amounts are minor units. Pure but
 * for its memory. One thread. */
#ifndef PRIMAFLOW_OPS_SHADOW_BOOK_H
#define PRIMAFLOW_OPS_SHADOW_BOOK_H

#include "base/errors.h"
#include "domain/events/order_result.h"
#include "flow/flow.h"
#include "prima/client.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BOOK_ORDERS_MAX = 2000000, BOOK_PREFIXES_MAX = 64, BOOK_COMPANY_MAX = 16 };

enum book_field { BOOK_CURRENCY = 1, BOOK_NET = 2, BOOK_TAX = 4, BOOK_GROSS = 8, BOOK_LINES = 16 };

struct book_amounts {
    char currency[4];
    int64_t net_minor, tax_minor, gross_minor;
    int64_t lines;
    bool hold;
};

struct book_order {
    char *number; /* Prima's */
    char *key;    /* natural */
    char company[BOOK_COMPANY_MAX], date[11];
    bool would_post;    /* else only seen */
    int met;            /* documents of this number */
    unsigned different; /* bits of book_field, of the last one met */
    struct book_amounts ours, theirs;
};

/* A document of Prima's in the range that no record of the shadow speaks of. */
struct book_stranger {
    char number[60], company[BOOK_COMPANY_MAX], date[11];
};

struct book {
    /* records, as published */
    int64_t records, outcomes[ORDER_OUTCOMES], dead_letters, dead_without_order,
        held_by_code[PF_ERROR_COUNT], dead_by_code[PF_ERROR_COUNT];
    int64_t creates_customer, in_prima_when_asked;
    /* orders; the list is in the order of entering */
    void *tree;
    struct book_order **orders;
    size_t order_count, room;
    char prefixes[BOOK_PREFIXES_MAX]
                 [BOOK_COMPANY_MAX + 60]; /* company/prefix of the orders' numbers */
    size_t prefix_count;
    char date_from[11], date_to[11]; /* OrderDates of what would be posted; "" none */
    /* documents met */
    int64_t documents, equal, hold_differs, different, twice, strangers,
        others /* not of our channels */, only_seen;
    struct book_stranger *stranger_list;
    size_t stranger_count, stranger_room; /* room: as many as are kept */
};

void book_init(struct book *book, size_t strangers_kept);
void book_release(struct book *book);

/* 0; -ENOMEM: more than BOOK_ORDERS_MAX orders, or no memory. */
__attribute__((warn_unused_result)) int book_enter_result(struct book *book,
                                                          const struct order_result *result);
/* `natural` and `number` NULL: the record's order is not known. */
__attribute__((warn_unused_result)) int book_enter_dead_letter(
    struct book *book, enum pf_error code, const char *natural, const char *company,
    const char *number, const char *order_id);

/* One document, of a company. Those dated outside of the book's range are compared, but are no
 * strangers: the search reaches a day further on both sides. */
void book_meet(struct book *book, const char *company, const struct prima_document *document);

/* Orders that would be posted and that no document was met of. */
size_t book_lacking(const struct book *book);

/* Whose difference it is: money is finance's, lines are ecommerce's. */
enum pf_owner book_owner(unsigned different);

#endif
