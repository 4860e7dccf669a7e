/* The Latin-1 policy; see latin1.h. */
#include "prima/latin1.h"

struct stand_in {
    uint16_t code;
    char text[6];
};

static const struct stand_in table[] = {
#define T(code, text) {code, text},
#include "prima/latin1_table.def"
#undef T
};

/* Letters that Latin-1 has joined with a combining mark: bases[i] + mark = joined[i]. */
static const struct {
    uint32_t mark;
    const char *bases, *joined;
} marks[] = {
    {0x300, "AEIOUaeiou", "\300\310\314\322\331\340\350\354\362\371"},
    {0x301, "AEIOUYaeiouy", "\301\311\315\323\332\335\341\351\355\363\372\375"},
    {0x302, "AEIOUaeiou", "\302\312\316\324\333\342\352\356\364\373"},
    {0x303, "ANOano", "\303\321\325\343\361\365"},
    {0x308, "AEIOUaeiouy", "\304\313\317\326\334\344\353\357\366\374\377"},
    {0x30A, "Aa", "\305\345"},
    {0x327, "Cc", "\307\347"},
};

enum { INVALID = 0x110000 }; /* no character: the byte at hand is not UTF-8 */

/* The character at `p` and its length in bytes; INVALID and 1 for a byte that begins none. The text
 * ends with a NUL, so no byte beyond it is read. */
static uint32_t latin1_decode(const unsigned char *p, size_t *ret_size)
{
    const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const size_t more = p[0] < 0x80             ? 0
                        : (p[0] & 0xE0) == 0xC0 ? 1
                        : (p[0] & 0xF0) == 0xE0 ? 2
                        : (p[0] & 0xF8) == 0xF0 ? 3
                                                : 4;
    *ret_size = 1;
    if (more == 4)
        return INVALID;
    uint32_t code = more == 0 ? p[0] : p[0] & (0x3FU >> more);
    for (size_t i = 1; i <= more; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return INVALID;
        code = code << 6 | (p[i] & 0x3FU);
    }
    if (code < least[more] || (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF)
        return INVALID;
    *ret_size = more + 1;
    return code;
}

static const char *find_stand_in(uint32_t code)
{
    for (size_t low = 0, high = sizeof table / sizeof *table; low < high;) {
        const size_t middle = low + (high - low) / 2;
        if (table[middle].code == code)
            return table[middle].text;
        if (table[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool is_control(uint32_t code)
{
    return (code < 0x20 && code != '\t' && code != '\n' && code != '\r') ||
           (code >= 0x7F && code < 0xA0);
}

/* Has no glyph of its own: combining marks, joiners, direction marks, variation selectors, byte
 * order mark. */
static bool is_glyphless(uint32_t code)
{
    return (code >= 0x300 && code <= 0x36F) || (code >= 0x1AB0 && code <= 0x1AFF) ||
           (code >= 0x1DC0 && code <= 0x1DFF) || (code >= 0x20D0 && code <= 0x20FF) ||
           (code >= 0x200B && code <= 0x200F) || (code >= 0x202A && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x206F) || (code >= 0xFE00 && code <= 0xFE0F) ||
           (code >= 0xFE20 && code <= 0xFE2F) || code == 0xFEFF;
}

static void latin1_put(unsigned char c, enum latin1_for purpose, struct buf *out)
{
    if (purpose == LATIN1_ATTRIBUTE && (c < 0x20 || c == '&' || c == '<' || c == '>' || c == '"')) {
        buf_text(out, c == '&'    ? "&amp;"
                      : c == '<'  ? "&lt;"
                      : c == '>'  ? "&gt;"
                      : c == '"'  ? "&quot;"
                      : c == '\n' ? "&#10;"
                      : c == '\r' ? "&#13;"
                                  : "&#9;");
        return;
    }
    buf_byte(out, c);
}

static void put_text(const char *latin1, enum latin1_for purpose, struct buf *out)
{
    for (; *latin1 != '\0'; latin1++)
        latin1_put((unsigned char)*latin1, purpose, out);
}

/* The letter that `base` and the mark make together, or 0. */
static unsigned char join(unsigned char base, uint32_t mark)
{
    for (size_t i = 0; base != 0 && i < sizeof marks / sizeof *marks; i++)
        if (marks[i].mark == mark) {
            const char *at = strchr(marks[i].bases, base);
            return at != NULL ? (unsigned char)marks[i].joined[at - marks[i].bases] : 0;
        }
    return 0;
}

/* Length of the run of bytes from `p` that stand for themselves, whatever the purpose. */
static size_t plain_run(const unsigned char *p)
{
    size_t size = 0;
    while (p[size] >= 0x20 && p[size] < 0x7F && p[size] != '&' && p[size] != '<' &&
           p[size] != '>' && p[size] != '"')
        size++;
    return size;
}

/* One character that no run covers. `*previous` is the single letter just written, or 0; returns
 * whether something was lost. */
static bool latin1_convert(uint32_t code, unsigned char byte, unsigned char *previous,
                           enum latin1_for purpose, struct buf *out)
{
    const unsigned char joined = join(*previous, code);
    if (joined != 0) { /* a letter is one byte for every purpose */
        out->size -= !out->failed;
        buf_byte(out, joined);
        *previous = joined;
        return false;
    }
    *previous = 0;
    if (code < 0x100 && !is_control(code)) {
        latin1_put((unsigned char)code, purpose, out);
        return false;
    }
    const char *stand_in = find_stand_in(code);
    if (stand_in != NULL)
        put_text(stand_in, purpose, out);
    else if (code == INVALID)
        buf_printf(out, "[0x%02X]", byte);
    else if (!is_control(code) && !is_glyphless(code))
        buf_printf(out, "[U+%04X]", code);
    return stand_in != NULL || is_control(code) || is_glyphless(code);
}

bool latin1_append(const char *utf8, enum latin1_for purpose, struct buf *out)
{
    bool lost = false;
    unsigned char previous = 0;
    for (const unsigned char *p = (const unsigned char *)(utf8 != NULL ? utf8 : ""); *p != '\0';) {
        size_t size = plain_run(p);
        if (size > 0) {
            buf_append(out, p, size);
            previous = p[size - 1];
        } else {
            const uint32_t code = latin1_decode(p, &size);
            lost |= latin1_convert(code, *p, &previous, purpose, out);
        }
        p += size;
    }
    return lost;
}

bool latin1_loses(const char *utf8)
{
    if (utf8 == NULL || utf8[plain_run((const unsigned char *)utf8)] == '\0')
        return false; /* plain ASCII: nearly always */
    struct buf scratch;
    buf_init(&scratch, 0); /* holds nothing: only the verdict is wanted */
    const bool lost = latin1_append(utf8, LATIN1_PLAIN, &scratch);
    buf_release(&scratch);
    return lost;
}

void latin1_spell(const char *utf8, enum latin1_for purpose, struct buf *out)
{
    for (const unsigned char *p = (const unsigned char *)(utf8 != NULL ? utf8 : ""); *p != '\0';) {
        size_t size = plain_run(p);
        buf_append(out, p, size);
        p += size;
        if (*p == '\0')
            return;
        const uint32_t code = latin1_decode(p, &size);
        if (code == INVALID)
            buf_printf(out, "{0x%02X}", *p);
        else if (code < 0x100 && !is_control(code))
            latin1_put((unsigned char)code, purpose, out);
        else
            buf_printf(out, "{U+%04X}", code);
        p += size;
    }
}

void latin1_weigh(const char *utf8, struct latin1_weight *weight)
{
    const unsigned char *p = (const unsigned char *)(utf8 == NULL ? "" : utf8);
    while (*p != '\0') {
        size_t size = 1;
        const uint32_t code = *p < 0x80 ? *p : latin1_decode(p, &size);
        const bool is_letter = (code >= 'A' && code <= 'Z') || (code >= 'a' && code <= 'z') ||
                               (code >= 0xC0 && code < 0x100);
        if (is_letter || (code >= 0x100 && find_stand_in(code) != NULL))
            weight->shown++;
        else if (code >= 0x100 && !is_glyphless(code))
            weight->replaced++;
        p += size;
    }
}
