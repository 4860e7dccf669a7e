/* The texts; see wording.h. The first of a row is the plain one, the second the foreign one; the
 * random style takes any. {} is the detail. */
#include "wording.h"

#include "base/digest.h"

#include <assert.h>
#include <errno.h>

enum { TEXTS_MAX = 6 };

static const struct {
    const char *name, *texts[TEXTS_MAX];
} wordings[WORDING_COUNT] = {
    [WORDING_EXISTS] = {"exists",
                        {"Order {} already exists", "Beleg {} ist bereits vorhanden",
                         "Duplicate key: {}", "** {} has been entered before. (132)",
                         "Document number {} in use"}},
    [WORDING_CUSTOMER_EXISTS] = {"customer_exists",
                                 {"Customer {} already exists", "Kunde {} ist bereits vorhanden",
                                  "Customer reference {} in use",
                                  "** Customer already exists with CustRef {}. (132)"}},
    [WORDING_CREDIT_EXISTS] = {"credit_exists",
                               {"Credit note {} already exists",
                                "Gutschrift {} ist bereits vorhanden", "Duplicate key: {}",
                                "** {} has been entered before. (132)",
                                "Document number {} in use"}},
    [WORDING_NO_SUCH_ORDER] = {"no_such_order",
                               {"Order {} not found", "Commande {} introuvable",
                                "No such order: {}", "** OrdHead record not on file. (138)",
                                "Nothing known of {}"}},
    [WORDING_NO_SUCH_CREDIT] = {"no_such_credit",
                                {"Credit note {} not found", "Gutschrift {} nicht gefunden",
                                 "No such credit note: {}", "** CredHead record not on file. (138)",
                                 "Nothing known of {}"}},
    [WORDING_UNKNOWN_PRODUCT] = {"unknown_product",
                                 {"Unknown product {}", "Artikel {} ist nicht angelegt",
                                  "Product {} is not on file", "Invalid SKU {}",
                                  "** No Stock record for {}"}},
    [WORDING_UNKNOWN_DEPOT] = {"unknown_depot",
                               {"Unknown warehouse {}", "Lager {} ist nicht angelegt",
                                "Invalid depot {}"}},
    [WORDING_UNKNOWN_CUSTOMER] = {"unknown_customer",
                                  {"Unknown customer {}", "Kunde {} ist nicht angelegt",
                                   "Account {} is not on file"}},
    [WORDING_PERIOD_CLOSED] = {"period_closed",
                               {"Accounting period of {} is closed",
                                "Die Buchungsperiode {} ist abgeschlossen", "Period closed ({})",
                                "Cannot post before {}: ledger locked"}},
    [WORDING_OFF_BALANCE] = {"off_balance",
                             {"Order does not balance by {}", "Differenz von {} im Beleg",
                              "Payments and total differ: {}"}},
    [WORDING_INVALID] = {"invalid",
                         {"Invalid {}", "{} ist ung\xC3\xBCltig", "Field {} has a bad value",
                          "** Invalid character in numeric input {}. (76)"}},
    [WORDING_BUSY] = {"busy",
                      {"System busy, try again later", "Le syst\xC3\xA8me est occup\xC3\xA9",
                       "Record is locked by another user",
                       "** Lock table overflow, increase -L on server (915)"}},
    [WORDING_REFUSED] = {"refused",
                         {"Request refused: {}", "Anfrage abgelehnt: {}", "Not permitted: {}"}},
};

static const char *const styles[WORDING_STYLE_COUNT] = {"plain", "foreign", "random"};

void wording_append(struct buf *out, enum wording wording, enum wording_style style,
                    const char *detail)
{
    size_t count = 0, pick = style == WORDING_FOREIGN ? 1 : 0;
    while (count < TEXTS_MAX && wordings[wording].texts[count] != NULL)
        count++;
    assert(count > pick); /* two texts each, at least */
    if (style == WORDING_RANDOM) {
        uint32_t random;
        digest_random(&random, sizeof random);
        pick = random % count;
    }
    const char *text = wordings[wording].texts[pick], *at = strstr(text, "{}");
    if (at == NULL) {
        buf_text(out, text);
        return;
    }
    buf_append(out, text, (size_t)(at - text));
    buf_text(out, detail);
    buf_text(out, at + 2);
}

int wording_style_find(const char *name, enum wording_style *ret_style)
{
    for (enum wording_style i = 0; i < WORDING_STYLE_COUNT; i++)
        if (strcmp(styles[i], name) == 0) {
            *ret_style = i;
            return 0;
        }
    return -EINVAL;
}

int wording_find(const char *name, enum wording *ret_wording)
{
    for (enum wording i = 0; i < WORDING_COUNT; i++)
        if (strcmp(wordings[i].name, name) == 0) {
            *ret_wording = i;
            return 0;
        }
    return -EINVAL;
}

const char *wording_style_name(enum wording_style style)
{
    return styles[style];
}
