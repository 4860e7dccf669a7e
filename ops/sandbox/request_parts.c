/* What the readers of orders and of credit notes share; see request.h. */
#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>

const char *request_attribute(const struct request *r, const struct doc_element *e,
                              const char *name)
{
    return e == NULL ? "" : doc_attribute(r->ledger->doc, e, name);
}

bool request_says_yes(const char *text)
{
    return strcasecmp(text, "Yes") == 0;
}

bool request_is_date(const char *text)
{
    int year, month, day, end = 0;
    return sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) == 3 && end == 10 &&
           text[10] == '\0' && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

int request_refuse(struct request *r, enum wording wording, const char *detail)
{
    (void)reply_refusal(r, wording, detail);
    return -EINVAL;
}

struct product *request_product(struct request *r, const struct doc_element *e)
{
    static const char *const names[4] = {"MtrxCode1", "MtrxCode2", "MtrxCode3", "MtrxCode4"};
    const char *code = request_attribute(r, e, "Product"), *matrix[4];
    char name[200];
    int size = snprintf(name, sizeof name, "%.60s", code);
    for (int i = 0; i < 4; i++) {
        matrix[i] = request_attribute(r, e, names[i]);
        if (matrix[i][0] != '\0')
            size += snprintf(name + size, sizeof name - (size_t)size, " %.30s", matrix[i]);
    }
    struct product *product = catalogue_find(r->ledger->catalogue, code, matrix);
    if (product == NULL)
        (void)request_refuse(r, WORDING_UNKNOWN_PRODUCT, name);
    return product;
}
