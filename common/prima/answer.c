/* Names for metrics and messages; see answer.h. */
#include "prima/answer.h"

const char *prima_type_name(enum prima_type type)
{
    static const char *const names[PRIMA_TYPE_COUNT] = {
#define PRIMA_REQUEST(ID, id, name, ...) [PRIMA_##ID] = name,
#include "prima/requests.def"
#undef PRIMA_REQUEST
    };
    return names[type];
}

const char *prima_fate_name(enum prima_fate fate)
{
    static const char *const names[PRIMA_FATE_COUNT] = {
        [PRIMA_OK] = "ok",
        [PRIMA_EXISTS] = "exists",
        [PRIMA_REFUSED] = "refused",
        [PRIMA_UNCLASSIFIED] = "unclassified",
        [PRIMA_ABSENT] = "absent",
        [PRIMA_UNKNOWN] = "unknown",
        [PRIMA_NOT_ACCEPTED] = "not_accepted",
        [PRIMA_NOT_SENT] = "not_sent",
        [PRIMA_DENIED] = "denied",
    };
    return names[fate];
}
