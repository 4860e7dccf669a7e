/* Attributes and parts that several requests have; see request_write.h. */
#include "prima/request_write.h"

#include "prima/latin1.h"

#include <errno.h>

static void open_value(struct writer *w, struct blank attribute)
{
    buf_append(w->out, attribute.text, attribute.size - 1);
}

static void close_value(struct writer *w)
{
    buf_byte(w->out, '"');
}

void write_exact(struct writer *w, struct blank attribute, const char *value)
{
    if (w->is_collecting)
        return;
    if (is_absent(value)) {
        if (w->names->sends_empty)
            buf_append(w->out, attribute.text, attribute.size);
        return;
    }
    open_value(w, attribute);
    latin1_spell(value, LATIN1_ATTRIBUTE, w->out);
    close_value(w);
}

void write_named(struct writer *w, const char *name, const char *value)
{
    char text[128];
    const int size = snprintf(text, sizeof text, " %.100s=\"\"", name);
    write_exact(w, (struct blank){text, (size_t)size}, value);
}

static void request_write_collect(struct writer *w, struct blank attribute, const char *value)
{
    if (!latin1_loses(value))
        return;
    buf_text(w->originals, w->originals->size == 0 ? "[Original: " : "; ");
    if (w->line > 0)
        buf_printf(w->originals, "line %zu ", w->line);
    buf_append(w->originals, attribute.text + 1, attribute.size - 3); /* Name= */
    latin1_spell(value, LATIN1_ATTRIBUTE, w->originals);
}

void write_prose(struct writer *w, struct blank attribute, const char *value)
{
    if (is_absent(value)) {
        write_exact(w, attribute, value);
        return;
    }
    if (w->is_collecting) {
        request_write_collect(w, attribute, value);
        return;
    }
    open_value(w, attribute);
    w->has_lost |= latin1_append(value, LATIN1_ATTRIBUTE, w->out);
    close_value(w);
}

void write_special_instructions(struct writer *w, const char *value)
{
    if (w->is_collecting || w->originals->size == 0) {
        write_prose(w, A("SpecialInstructions"), value);
        return;
    }
    open_value(w, A("SpecialInstructions"));
    (void)latin1_append(value, LATIN1_ATTRIBUTE, w->out);
    buf_text(w->out, is_absent(value) ? "" : " ");
    buf_append(w->out, w->originals->data, w->originals->size);
    buf_text(w->out, "]\"");
}

void write_address_lines(struct writer *w, const struct blank attributes[static 6],
                         const char *const lines[static 6])
{
    for (size_t i = 0; i < 6; i++)
        write_prose(w, attributes[i], lines[i]);
}

void write_matrix(struct writer *w, const char *const codes[static 4])
{
    static const struct blank attributes[] = {BLANK("MtrxCode1"), BLANK("MtrxCode2"),
                                              BLANK("MtrxCode3"), BLANK("MtrxCode4")};
    for (size_t i = 0; i < 4; i++)
        write_exact(w, attributes[i], codes[i]);
}

void write_person(struct writer *w, const struct prima_address *a)
{
    static const struct blank lines[] = {BLANK("AddrLine1"), BLANK("AddrLine2"),
                                         BLANK("AddrLine3"), BLANK("AddrLine4"),
                                         BLANK("AddrLine5"), BLANK("AddrLine6")};
    write_prose(w, A("CustomerTitle"), a->title);
    write_prose(w, A("CustomerForename"), a->forename);
    write_prose(w, A("CustomerSurname"), a->surname);
    write_address_lines(w, lines, a->lines);
    write_prose(w, A("PostCode"), a->post_code);
    write_prose(w, A("Country"), a->country);
    write_exact(w, A("CustomerEmail"), a->email);
    write_prose(w, A("CustomerPhone"), a->phone);
    write_prose(w, A("CustomerMobile"), a->mobile);
}

void request_open(struct buf *out, const char *name)
{
    buf_text(out, PRIMA_REQUEST_OPENING);
    buf_text(out, name);
    buf_text(out, "\">");
}

int request_close(struct buf *out)
{
    buf_text(out, "</Request>");
    return out->failed ? -ENOMEM : 0;
}

bool request_is_order_number(const char *text)
{
    size_t size = 0;
    for (; text != NULL && text[size] != '\0'; size++)
        if (text[size] <= ' ' || text[size] > '~' || strchr("\"'<>&\\", text[size]) != NULL)
            return false;
    return size > 0 && size <= 50;
}
