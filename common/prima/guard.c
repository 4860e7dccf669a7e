/* The guard of a client that only reads; see guard.h. An allow-list: what is not known to be a read is a write. */
#include "prima/guard.h"

#include "prima/request.h"

/* The name under which a type asks; NULL: it writes. */
static const char *read_name(const struct prima_names *names, enum prima_type type)
{
    switch (type) {
    case PRIMA_ORDER_STATUS:
        return names->order_status;
    case PRIMA_CUSTOMER_SEARCH:
        return names->customer_search;
    case PRIMA_PRODUCT_READ:
        return names->product_read;
    case PRIMA_ORDER_SEARCH:
        return names->order_search;
    case PRIMA_NEW_ORDER:
    case PRIMA_NEW_CUSTOMER:
    case PRIMA_TYPE_COUNT:
        break;
    }
    return NULL;
}

static bool is_name_of_write(const struct prima_names *names, const char *name)
{
    const char *const writes[] = {"NewOrder", "MultiNewOrder", "NewCustomer", names->order_request, names->new_customer};
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
        if (strcmp(name, writes[i]) == 0)
            return true;
    return false;
}

bool guard_only_reads(const struct prima_names *names, enum prima_type type, const char *request, size_t size)
{
    char opening[256];
    const char *name = read_name(names, type);
    if (name == NULL || is_name_of_write(names, name))
        return false;
    const int length = snprintf(opening, sizeof opening, PRIMA_REQUEST_OPENING "%s\">", name);
    return length > 0 && (size_t)length < sizeof opening && (size_t)length <= size && memcmp(request, opening, (size_t)length) == 0;
}
