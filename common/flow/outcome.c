/* The names of outcomes; see flow.h. */
#include "flow/flow.h"

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[] = {"posted",
                                        "posted_on_hold",
                                        "duplicate",
                                        "superseded",
                                        "cancelled_before_posting",
                                        "ignored_test",
                                        "ignored_before_cutover",
                                        "payment_updated",
                                        "contained",
                                        "no_money",
                                        "nothing_to_credit"};
    _Static_assert(sizeof names / sizeof *names == OUTCOME_COUNT, "a name for each outcome");
    return names[outcome];
}
