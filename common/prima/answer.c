/* Names for metrics and messages; see answer.h. */
#include "prima/answer.h"

const char *prima_type_name(enum prima_type type)
{
    static const char *const names[PRIMA_TYPE_COUNT] = {"NewOrder",    "OrderStatus",          "CustomerSearch",
                                                        "NewCustomer", "MultiAvailableToSell", "OrderSearch"};
    return names[type];
}

const char *prima_fate_name(enum prima_fate fate)
{
    static const char *const names[PRIMA_FATE_COUNT] = {"ok",      "exists",       "refused",  "unclassified", "absent",
                                                        "unknown", "not_accepted", "not_sent", "denied"};
    return names[fate];
}
