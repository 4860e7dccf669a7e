/* Texts in the arena; see text.h. */
#include "base/text.h"

const char *text_join(struct arena *arena, const char *const parts[])
{
    size_t size = 0;
    for (size_t i = 0; parts[i] != NULL; i++)
        size += strlen(parts[i]);
    char *text = arena_alloc(arena, size + 1), *end = text;
    for (size_t i = 0; text != NULL && parts[i] != NULL; i++)
        end = stpcpy(end, parts[i]);
    return text;
}

const char *text_number(struct arena *arena, int64_t value)
{
    char digits[21], *p = digits + sizeof digits; /* sign and 19 digits, NUL */
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    *--p = '\0';
    do
        *--p = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    if (value < 0)
        *--p = '-';
    return arena_text(arena, p, (size_t)(digits + sizeof digits - 1 - p));
}

void text_date_write(int32_t date, char ret_text[static 11])
{
    memcpy(ret_text, "0000-00-00", 11);
    for (int i = 9; i >= 0; i--)
        if (ret_text[i] != '-') {
            ret_text[i] = (char)('0' + date % 10);
            date /= 10;
        }
}

const char *text_date(struct arena *arena, int32_t date)
{
    char text[11];
    text_date_write(date, text);
    return arena_text(arena, text, 10);
}

/* Bytes of what nobody sees at the beginning, or at the end, of `text`; 0: none. */
static size_t text_blank(const char *text, size_t size, bool at_end)
{
    static const char *const blanks[] = {" ",  "\t",       "\n",           "\v",          "\f",
                                         "\r", "\xc2\xa0", "\xe2\x80\x8b", "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
        const size_t bytes = strlen(blanks[i]);
        if (bytes <= size && memcmp(at_end ? text + size - bytes : text, blanks[i], bytes) == 0)
            return bytes;
    }
    return 0;
}

const char *text_trim(const char *text, size_t *ret_size)
{
    size_t size = strlen(text), blank;
    while ((blank = text_blank(text, size, false)) > 0) {
        text += blank;
        size -= blank;
    }
    while ((blank = text_blank(text, size, true)) > 0)
        size -= blank;
    *ret_size = size;
    return text;
}
