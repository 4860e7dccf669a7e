/* The table of requests; see requests.h. */
#include "prima/requests.h"

enum { READ = false, WRITE = true };

const struct request_row *request_row(enum prima_type type)
{
    /* clang-format off */
    static const struct request_row rows[PRIMA_TYPE_COUNT] = {
#define PRIMA_REQUEST(ID, id, name, is_write, wire, proof, ...) \
        [PRIMA_##ID] = {name, is_write, offsetof(struct prima_names, wire), CFG_prima_deadline_##id, proof, {__VA_ARGS__}},
#include "prima/requests.def"
#undef PRIMA_REQUEST
    };
    /* clang-format on */
    return &rows[type];
}

const char *request_wire_name(enum prima_type type, const struct prima_names *names)
{
    const char *name;
    memcpy(&name, (const char *)names + request_row(type)->wire_offset, sizeof name);
    return name;
}
