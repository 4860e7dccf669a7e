/* Differences as sentences, and a channel's values in them; see difference.h, order_words.h. */
#include "domain/difference/difference.h"
#include "domain/difference/order_words.h"

#include "base/money.h"

#include <inttypes.h>

void words_put_text(struct buf *out, const char *text)
{
    size_t size = strlen(text);
    const bool is_cut = size > DIFFERENCE_TEXT_MAX;
    if (is_cut)
        size = DIFFERENCE_TEXT_MAX;
    while (is_cut && size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80)
        size--; /* not within a character */
    if (size == 0)
        buf_text(out, "(empty)");
    for (size_t i = 0; i < size; i++) {
        const unsigned char byte = (unsigned char)text[i];
        const bool is_c1 = byte == 0xC2 && (unsigned char)text[i + 1] < 0xA0; /* U+0080 to U+009F */
        buf_byte(out, byte < 0x20 || byte == 0x7F || is_c1 ? ' ' : byte);
        i += is_c1;
    }
    if (is_cut)
        buf_text(out, "...");
}

void words_put_money(struct buf *out, int64_t minor, const char *currency)
{
    const struct currency *known = currency_find(currency);
    char text[MONEY_TEXT_MAX];
    if (known != NULL) {
        buf_text(out, money_format((struct money){minor, known}, text));
        return;
    }
    buf_printf(out, "%" PRId64 " minor units of ", minor);
    words_put_text(out, currency);
}

void words_put_rate(struct buf *out, int64_t rate_ppm)
{
    const uint64_t size = rate_ppm < 0 ? 0 - (uint64_t)rate_ppm : (uint64_t)rate_ppm;
    unsigned decimals = 4;
    uint64_t rest = size % 10000;
    while (decimals > 0 && rest % 10 == 0) {
        rest /= 10;
        decimals--;
    }
    buf_printf(out, "%s%" PRIu64, rate_ppm < 0 ? "-" : "", size / 10000);
    if (decimals > 0)
        buf_printf(out, ".%0*" PRIu64, (int)decimals, rest);
    buf_text(out, " %");
}

const char *difference_text(const struct difference *d, struct arena *arena)
{
    static const char *const words[] = {[DIFFERENCE_CHANGED] = " differs",
                                        [DIFFERENCE_ADDED] = " added",
                                        [DIFFERENCE_REMOVED] = " removed"};
    const char *colon = d->where[0] != '\0' ? ": " : "";
    const char *value = d->change == DIFFERENCE_ADDED ? d->after : d->before;
    if (d->change == DIFFERENCE_CHANGED && d->before != NULL && d->after != NULL)
        return arena_printf(arena, "%s%s%s from %s to %s", d->where, colon, d->field, d->before,
                            d->after);
    return arena_printf(arena, "%s%s%s%s%s%s", d->where, colon, d->field, words[d->change],
                        value != NULL ? ": " : "", value != NULL ? value : "");
}

/* Room for "; and 4294967295 more" is kept until the last one is in. */
const char *differences_text(const struct difference_list *list, size_t size_max,
                             struct arena *arena)
{
    enum { TAIL_MAX = 40 };
    struct buf text;
    size_t told = 0;
    buf_init(&text, size_max);
    for (; told < list->count; told++) {
        const char *one = difference_text(&list->items[told], arena);
        if (one == NULL) {
            buf_release(&text);
            return NULL;
        }
        const bool is_last = told + 1 == list->count && list->more == 0;
        const size_t needed = (told > 0 ? 2 : 0) + strlen(one) + (is_last ? 0 : TAIL_MAX);
        if (text.size + needed > size_max)
            break;
        buf_printf(&text, "%s%s", told > 0 ? "; " : "", one);
    }
    const size_t left = list->count - told + list->more;
    if (left > 0)
        buf_printf(&text, "%s%zu more", told > 0 ? "; and " : "", left);
    const char *kept = text.failed ? NULL : arena_text(arena, text.data, text.size);
    buf_release(&text);
    return kept;
}
