/* Words for the days that are left for a document; see flow.h. */
#include "flow/flow.h"

const char *flow_days_word(int32_t days_left)
{
    return days_left < 0 ? "late" : days_left <= FLOW_DAYS_FEW ? "few" : "many";
}
