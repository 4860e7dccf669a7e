/* Credit notes read back; see refund_reader.h. */
#include "refund_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

static int64_t pence_of(xmlNode *node, const char *name)
{
    char *text = (char *)xmlGetProp(node, (const xmlChar *)name);
    assert_non_null(text);
    char *point = strchr(text, '.');
    int64_t minor = strtoll(text, NULL, 10) * 100;
    if (point != NULL) {
        assert_int_equal(strlen(point + 1), 2);
        minor += strtoll(point + 1, NULL, 10);
    }
    assert_true(*text != '-');
    xmlFree(text);
    return minor;
}

static int64_t whole_of(xmlNode *node, const char *name)
{
    char *text = (char *)xmlGetProp(node, (const xmlChar *)name);
    assert_non_null(text);
    const int64_t value = strtoll(text, NULL, 10);
    xmlFree(text);
    return value;
}

void note_read(const char *request, size_t size, bool net, struct note_sums *ret_note)
{
    xmlDoc *doc = xmlReadMemory(request, (int)size, NULL, NULL, 0);
    assert_non_null(doc);
    struct note_sums note = {.paid = 0};
    for (xmlNode *n = xmlDocGetRootElement(doc)->children->children; n != NULL; n = n->next) {
        if (strcmp((const char *)n->name, "CreditLineData") == 0) {
            const int64_t number = whole_of(n, "OrderLine"), units = whole_of(n, "Quantity"),
                          tax = pence_of(n, "TaxValue");
            assert_true(number >= 1 && number <= MODEL_LINES_MAX);
            struct note_part *line = &note.lines[number - 1];
            line->units += units;
            line->amount += (units == 0 ? 1 : units) * pence_of(n, "Price") + (net ? tax : 0);
            line->tax += tax;
        } else if (strcmp((const char *)n->name, "CreditChargeData") == 0) {
            char *code = (char *)xmlGetProp(n, (const xmlChar *)"Charge");
            struct note_part *charge = strcmp(code, "CARR") == 0 ? &note.carriage : &note.order;
            const int64_t tax = pence_of(n, "TaxValue");
            charge->amount += pence_of(n, "ChargeValue") + (net ? tax : 0);
            charge->tax += tax;
            xmlFree(code);
        } else {
            note.paid += pence_of(n, "TranAmount");
        }
    }
    xmlFreeDoc(doc);
    *ret_note = note;
}

const char *note_compare(const struct note_sums *note, const struct model_note *wanted,
                         int64_t money)
{
    int64_t gross = 0;
    for (size_t i = 0; i < MODEL_LINES_MAX; i++) {
        if (note->lines[i].units != wanted->lines[i].units)
            return "units of a line";
        if (note->lines[i].amount != wanted->lines[i].gross)
            return "a line's amount";
        if (note->lines[i].tax != wanted->lines[i].tax)
            return "a line's tax";
        gross += note->lines[i].amount;
    }
    if (note->carriage.amount != wanted->carriage.gross)
        return "carriage";
    if (note->carriage.tax != wanted->carriage.tax)
        return "carriage's tax";
    if (note->order.amount != wanted->order.gross)
        return "the amount for the order";
    if (note->order.tax != wanted->order.tax)
        return "the tax of the amount for the order";
    gross += note->carriage.amount + note->order.amount;
    return note->paid != money ? "the payments" : gross != money ? "the balance" : NULL;
}

void note_move_pennies(const char *request, size_t size, bool net, const struct model_note *wanted,
                       int64_t money)
{
    static const char *const names[] = {" Price=\"", " TaxValue=\"", " ChargeValue=\"",
                                        " TranAmount=\"", " Quantity=\""};
    char *copy = malloc(size + 1);
    assert_non_null(copy);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        memcpy(copy, request, size);
        copy[size] = '\0';
        for (char *at = copy; (at = strstr(at, names[k])) != NULL;) {
            at += strlen(names[k]);
            char *last = at + strcspn(at, "\"") - 1;
            const char was = *last;
            struct note_sums note;
            *last = was == '9' ? '8' : (char)(was + 1);
            note_read(copy, size, net, &note);
            if (note_compare(&note, wanted, money) == NULL)
                fail_msg("a penny moved in%s is not found", names[k]);
            *last = was;
        }
    }
    free(copy);
}
