/* Flags in few bytes; see flags_pack.h. */
#include "domain/flags/flags_pack.h"

#include "base/digest.h"

#include <string.h>

/* The catalogue's codes by their 16 bits, made once. */
static uint16_t code_marks[PF_ERROR_COUNT];

static void make_marks(void)
{
    if (code_marks[PF_E_defect] != 0)
        return;
    for (size_t i = 0; i < PF_ERROR_COUNT; i++) {
        const char *name = pf_error_info((enum pf_error)i)->name;
        uint8_t hash[DIGEST_SIZE];
        digest_sha256(name, strlen(name), hash);
        code_marks[i] = (uint16_t)(hash[0] << 8 | hash[1]);
    }
}

void flags_put(struct buf *out, const struct flags *flags)
{
    make_marks();
    varint_put(out, flags->count);
    for (size_t i = 0; i < flags->count; i++) {
        const struct flag *flag = &flags->items[i];
        buf_byte(out, (uint8_t)(code_marks[flag->code] >> 8));
        buf_byte(out, (uint8_t)code_marks[flag->code]);
        varint_put(out, flag->at);
        varint_put(out, flag->count);
    }
}

static enum pf_error take_code(struct varint_reader *r)
{
    const unsigned high = varint_byte(r), mark = high << 8 | varint_byte(r);
    for (size_t i = 1; i < PF_ERROR_COUNT; i++)
        if (code_marks[i] == mark)
            return (enum pf_error)i;
    r->bad = true;
    return PF_OK;
}

void flags_take(struct varint_reader *r, struct flags *ret_flags)
{
    make_marks();
    ret_flags->count = varint_take(r, FLAGS_MAX);
    for (size_t i = 0; i < ret_flags->count; i++) {
        ret_flags->items[i].code = take_code(r);
        ret_flags->items[i].at = (uint32_t)varint_take(r, UINT32_MAX);
        ret_flags->items[i].count = (uint32_t)varint_take(r, UINT32_MAX);
    }
}
