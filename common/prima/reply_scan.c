/* Rows of a reply; see reply_scan.h. */
#include "prima/reply_scan.h"

#include <errno.h>

enum { ROWS_MAX = 100000 };

bool scan_has(const struct xml_attribute *a, const char *name)
{
    return strcmp(a->name, name) == 0;
}

const char *scan_keep(struct scan *s, const struct xml_attribute *a)
{
    const char *copy = arena_text(s->arena, a->value, a->size);
    if (copy == NULL)
        s->result = -ENOMEM;
    return copy != NULL ? copy : "";
}

void *scan_grow(struct scan *s, const void *rows, size_t count, size_t size, size_t *room_now)
{
    if (count < *room_now)
        return (void *)(uintptr_t)rows;
    const size_t room = *room_now == 0 ? 4 : 2 * *room_now;
    void *wider = room <= 2 * ROWS_MAX ? arena_alloc(s->arena, room * size) : NULL;
    if (wider == NULL) {
        s->result = room <= 2 * ROWS_MAX ? -ENOMEM : -EBADMSG;
        return NULL;
    }
    if (count > 0)
        memcpy(wider, rows, count * size);
    *room_now = room;
    return wider;
}

void scan_add_account(struct scan *s, const struct xml_attribute *attributes, size_t count)
{
    struct prima_account account = {"", "", ""};
    for (size_t i = 0; i < count; i++) {
        if (scan_has(&attributes[i], s->names->account))
            account.account = scan_keep(s, &attributes[i]);
        if (scan_has(&attributes[i], s->names->row_reference))
            account.customer_ref = scan_keep(s, &attributes[i]);
        if (scan_has(&attributes[i], s->names->row_email))
            account.email = scan_keep(s, &attributes[i]);
    }
    struct prima_account *rows =
        account.account[0] != '\0'
            ? scan_grow(s, s->reply->accounts, s->reply->account_count, sizeof *rows, &s->room)
            : NULL;
    if (rows == NULL)
        return;
    rows[s->reply->account_count++] = account;
    s->reply->accounts = rows;
}

static void add_number(struct scan *s, const struct xml_attribute *a)
{
    const char **rows = scan_grow(s, s->reply->order_numbers, s->reply->number_count, sizeof *rows,
                                  &s->number_room);
    if (rows == NULL)
        return;
    rows[s->reply->number_count++] = scan_keep(s, a);
    s->reply->order_numbers = rows;
}

void scan_add_numbers_named(struct scan *s, const char *name,
                            const struct xml_attribute *attributes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (scan_has(&attributes[i], name) && attributes[i].size > 0)
            add_number(s, &attributes[i]);
}

void scan_add_numbers(struct scan *s, const struct xml_attribute *attributes, size_t count)
{
    scan_add_numbers_named(s, "OrderNumber", attributes, count);
}

/* A copy with a NUL behind it in `room`; what is longer than a value may be is not told. */
static const char *stock_text(const struct xml_attribute *a, char room[static 1],
                              bool *ret_is_too_long)
{
    *ret_is_too_long |= a->size > PRIMA_STOCK_TEXT_MAX;
    const size_t size = a->size > PRIMA_STOCK_TEXT_MAX ? PRIMA_STOCK_TEXT_MAX : a->size;
    memcpy(room, a->value, size);
    room[size] = '\0';
    return room;
}

void scan_tell_stock(struct scan *s, const struct xml_attribute *attributes, size_t count)
{
    enum { TEXTS = 8 };
    char room[TEXTS][PRIMA_STOCK_TEXT_MAX + 1];
    struct prima_stock_row row = {"", {"", "", "", ""}, "", "", "", false};
    const struct {
        const char *name, **value;
    } wanted[TEXTS] = {
        {"Product", &row.product},
        {"MtrxCode1", &row.matrix[0]},
        {"MtrxCode2", &row.matrix[1]},
        {"MtrxCode3", &row.matrix[2]},
        {"MtrxCode4", &row.matrix[3]},
        {s->names->stock_warehouse, &row.warehouse},
        {"AvailableQuantity", &row.available},
        {"AvailableDate", &row.date},
    };
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < TEXTS; k++)
            if (scan_has(&attributes[i], wanted[k].name))
                *wanted[k].value = stock_text(&attributes[i], room[k], &row.is_too_long);
    s->reply->product_count++;
    if (!s->stock_seen(s->stock_user, &row))
        s->result = -ECANCELED;
}
