/* What the importers of refunds share. One thread. */
#ifndef PRIMAFLOW_CLI_IMPORT_REFUND_KIND_H
#define PRIMAFLOW_CLI_IMPORT_REFUND_KIND_H

#include "import_run.h"

bool import_is_refund(const json_t *event);
bool import_is_edit(const json_t *event);
bool import_is_untold(const json_t *event); /* this copy says nothing of its transactions */

#define IMPORT_REFUND_TALLIES                                                                      \
    {                                                                                              \
        {"refund", "as refunds", false, import_is_refund},                                         \
            {"edit", "as edits", false, import_is_edit},                                           \
            {"untold", "of them without transactions", true, import_is_untold},                    \
            {"test", "tests", false, import_event_is_test},                                        \
    }

/* --currency: CLI_DONE, or CLI_USAGE with words. */
int import_currency_check(const struct import_form *form, const char *code, bool is_needed);

#endif
