/* See test_ledger_support.h. */
#include "test_ledger_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char good[] =
    "{'channel': 'shopify', 'store': 'uk', 'order_id': '7001', 'currency': 'GBP', 'order_date': "
    "'2026-10-01', 'tax_included': true,"
    " 'total': '39.95', 'tax': '6.66', 'outstanding': '0.95', 'account': 'C1', 'money': "
    "'presentment', 'source_version': 1790812800123, 'event_time': '2026-10-02T08:00:00Z',"
    " 'lines': [{'line_id': '11', 'product': 'TSHIRT', 'matrix_codes': ['RED', 'M'], 'quantity': "
    "2, 'amount': '24.00', 'discount': '1.00', 'depot': '01',"
    "            'taxes': [{'rate': '20', 'tax': '4.00', 'credited': '2.00'}], "
    "'credited_quantity': 1, 'credited': '12.00'},"
    "           {'line_id': '12', 'product': 'SKU00001', 'number': 5, 'quantity': 1, 'amount': "
    "'12.00', 'gift_card': true,"
    "            'taxes': [{'rate': '17.5', 'tax': '1.50'}, {'rate': '0.0001', 'tax': '0.50'}]}],"
    " 'charges': [{'code': 'CARR', 'amount': '3.95', 'taxes': [{'rate': '20', 'tax': '0.66'}]}],"
    " 'tenders': [{'kind': 'card', 'gateway': 'stripe', 'method': 'CSH', 'transaction_id': 't-1', "
    "'amount': '39.00', 'credited': '12.00'}],"
    " 'credits': [{'refund_id': 'r1', 'document': 'CN1', 'amount': '12.00', 'posted_at': "
    "'2026-10-05T10:00:00Z'}]}";

json_t *ledger_order_with(const char *path, const char *value)
{
    char text[sizeof good], replaced[4096];
    json_error_t error;
    memcpy(text, good, sizeof good);
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    json_t *order = json_loads(text, JSON_REJECT_DUPLICATES, &error), *at = order;
    assert_non_null(order);
    if (path == NULL)
        return order;
    char copy[200], *rest = copy, *part;
    (void)snprintf(copy, sizeof copy, "%s", path);
    (void)snprintf(replaced, sizeof replaced, "%s", value);
    for (char *c = replaced; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    while ((part = strsep(&rest, ".")) != NULL && rest != NULL)
        at = json_is_array(at) ? json_array_get(at, (size_t)strtoul(part, NULL, 10))
                               : json_object_get(at, part);
    assert_non_null(at);
    json_t *fresh = replaced[0] != '\0' ? json_loads(replaced, JSON_DECODE_ANY, &error) : NULL;
    if (fresh == NULL)
        assert_int_equal(json_object_del(at, part), 0);
    else if (json_is_array(at))
        assert_int_equal(json_array_append_new(at, fresh), 0);
    else
        assert_int_equal(json_object_set_new(at, part, fresh), 0);
    return order;
}
