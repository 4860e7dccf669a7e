/* What the importers of refunds share; see import_refund_kind.h. */
#include "import_refund_kind.h"

#include "base/currency.h"

bool import_is_refund(const json_t *event)
{
    return import_event_says(event, "kind", "refund");
}

bool import_is_edit(const json_t *event)
{
    return import_event_says(event, "kind", "edit");
}

bool import_is_untold(const json_t *event)
{
    return json_is_false(json_object_get(event, "transactions_told"));
}

int import_currency_check(const struct import_form *form, const char *code, bool is_needed)
{
    if (code == NULL && !is_needed)
        return CLI_DONE;
    if (code != NULL && currency_find(code) != NULL)
        return CLI_DONE;
    return cli_fail(CLI_USAGE, "%s --currency: %s; see: primaflow %s --help", form->command,
                    code == NULL ? "which is it? The JSON does not say"
                                 : "it is none of ISO 4217, such as GBP",
                    form->command);
}
