/* What a message of the ledger says of an order: its entry, what a refund took of it, or that it
 * ended without a document. */
#include "core/events.h"
#include "core/why.h"

#include "base/money.h"
#include "domain/events/ledger_credit.h"
#include "domain/ledger/ledger_key.h"

#include <inttypes.h>
#include <stdio.h>

static void say_record(const struct ledger_credit *c, struct why_event *e)
{
    const struct currency *currency = currency_find(c->currency);
    char amount[MONEY_TEXT_MAX] = "?";
    int64_t units = 0;
    if (currency != NULL)
        (void)money_format((struct money){c->amount_minor, currency}, amount);
    switch (c->state) {
    case CREDIT_CREDITED:
        (void)snprintf(e->text, sizeof e->text, "refund %s: credited %s%s%s", c->refund_id, amount,
                       c->document != NULL ? " by " : "", c->document != NULL ? c->document : "");
        break;
    case CREDIT_OPEN:
        (void)snprintf(e->text, sizeof e->text,
                       "refund %s: a person must tell whether its credit note exists; until then "
                       "%s is kept%s",
                       c->refund_id, c->all ? "all that remains" : amount,
                       c->all ? ", and other refunds of the order wait" : "");
        break;
    case CREDIT_OWED:
        for (size_t i = 0; i < c->taken.count; i++)
            units += c->taken.items[i].units;
        (void)snprintf(e->text, sizeof e->text,
                       "edit %s: took away %" PRId64 " unit%s, and no money came back",
                       c->refund_id, units, units == 1 ? "" : "s");
        break;
    default:
        (void)snprintf(e->text, sizeof e->text, "not posted (%s): nothing can be credited",
                       c->outcome != NULL ? c->outcome : "how is not known");
    }
}

void why_ledger_read(struct codec *codec, const struct kafka_record *record, struct arena *arena,
                     struct why_event *e)
{
    const size_t order = ledger_key_order(record->key, record->key_size);
    struct ledger_credit credit;
    struct codec_fault fault = {0};
    if (order == record->key_size) {
        (void)snprintf(e->text, sizeof e->text, "%s",
                       record->value != NULL ? "what remains creditable" : "taken back");
    } else if (record->value == NULL) {
        const size_t size = record->key_size - order - 1;
        (void)snprintf(e->text, sizeof e->text, "refund %.*s: nothing is kept for it any more",
                       (int)size, (const char *)record->key + order + 1);
    } else if (events_decode(codec, &ledger_credit_record, record->value, record->value_size, arena,
                             &credit, &fault) != 0) {
        (void)snprintf(e->text, sizeof e->text, "cannot be read: %s",
                       pf_error_info(fault.code)->name);
    } else {
        say_record(&credit, e);
    }
}
