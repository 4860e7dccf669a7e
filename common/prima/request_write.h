/* How a request is put together: what the writers in requests/ share; see request.h for what becomes
 * of text. Nobody else includes this.
 *
 * An element's attributes are written all, in their order, unused ones empty (or left out, by
 * configuration), as Prima's live client writes them. */
#ifndef PRIMAFLOW_PRIMA_REQUEST_WRITE_H
#define PRIMAFLOW_PRIMA_REQUEST_WRITE_H

#include "prima/names.h"
#include "prima/request.h"

struct writer {
    const struct prima_names *names;
    struct buf *out;
    struct buf *originals; /* escaped for an attribute already */
    bool is_collecting;    /* nothing goes to `out`: only originals are collected */
    bool has_lost;         /* something that was written is not all there */
    size_t line;           /* of the order, from 1; 0: not in a line */
};

/* An attribute without a value, as one text: an order has some two hundred of them, most without.
 */
struct blank {
    const char *text; /* ` Name=""` */
    size_t size;
};
#define BLANK(name)                                                                                \
    {                                                                                              \
        " " name "=\"\"", sizeof(" " name "=\"\"") - 1                                             \
    }
#define A(name) ((struct blank)BLANK(name))

static inline bool is_absent(const char *value)
{
    return value == NULL || value[0] == '\0';
}

static inline void write_literal(struct writer *w, const char *xml)
{
    if (!w->is_collecting)
        buf_text(w->out, xml);
}

/* Attributes that have no value of ours, written out as ` A="" B=""`. */
static inline void write_blanks(struct writer *w, const char *xml)
{
    if (w->names->sends_empty)
        write_literal(w, xml);
}

/* Identifies: never transliterated. Also what is ASCII by its nature. */
void write_exact(struct writer *w, struct blank attribute, const char *value);
/* The same, of an attribute whose name is configured. */
void write_named(struct writer *w, const char *name, const char *value);
/* For people: transliterated, the original kept. */
void write_prose(struct writer *w, struct blank attribute, const char *value);
void write_special_instructions(struct writer *w, const char *value);

void write_address_lines(struct writer *w, const struct blank attributes[static 6],
                         const char *const lines[static 6]);
void write_matrix(struct writer *w, const char *const codes[static 4]);
void write_person(struct writer *w, const struct prima_address *a);

void request_open(struct buf *out, const char *name);
int request_close(struct buf *out); /* 0 or -ENOMEM */

/* Whether it is a number that Prima takes for an order; see request.h. */
bool request_is_order_number(const char *text);

#endif
