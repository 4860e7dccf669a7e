/* The quick way through a document: what Prima's clients send is elements with attributes and nothing else, and then libxml2's care costs
 * more than all the rest of a request. Only documents of this plain form are taken; everything else, wrong or merely unusual, is left to
 * libxml2:
 *
 *     an XML declaration or none; elements and attributes with ASCII names without a colon; values in double quotes, without raw control
 * characters; the five entities and decimal references; white space between elements; UTF-8 up to U+FFEF
 *
 * Invariant: what this takes, libxml2 takes too, with the same elements and attributes (a test compares them, also on damaged documents).
 */
#include "doc_parts.h"
#include "text.h"

enum { NAMES_MAX = 256 };

struct scan {
    struct doc *d;
    const char *p, *end;
    struct name {
        const char *text;
        size_t size;
    } open[DEPTH_MAX], names[NAMES_MAX]; /* names: of the attributes of the element at hand, to find one that is there twice */
    size_t name_count;
    uint64_t seen; /* a bit for each hash of a name */
};

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(unsigned char c) /* without a comparison for each range: names are half of a request's bytes */
{
    static const uint64_t names[4] = {0x03FF000000000000u, 0x07FFFFFE87FFFFFEu}; /* 0-9; A-Z _ a-z */
    return (names[c >> 6] >> (c & 63) & 1) != 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static void skip_space(struct scan *s)
{
    while (s->p < s->end && is_space(*s->p))
        s->p++;
}

static bool skip_text(struct scan *s, const char *text)
{
    const size_t size = strlen(text);
    if ((size_t)(s->end - s->p) < size || memcmp(s->p, text, size) != 0)
        return false;
    s->p += size;
    return true;
}

static bool read_name(struct scan *s, struct name *name)
{
    name->text = s->p;
    if (s->p == s->end || !is_name_start(*s->p))
        return false;
    const char *p = s->p;
    while (p < s->end && is_name((unsigned char)*p))
        p++;
    s->p = p;
    name->size = (size_t)(p - name->text);
    return s->p < s->end && *s->p != ':' && *s->p != '-' && *s->p != '.' && (unsigned char)*s->p < 0x80;
}

static const char *keep(struct doc *d, const char *text, size_t size)
{
    char *copy = d->text + d->text_used;
    memcpy(copy, text, size);
    copy[size] = '\0';
    d->text_used += size + 1;
    return copy;
}

/* XML forbids an attribute twice in one element. */
static bool is_new(struct scan *s, const struct name *name)
{
    const unsigned hash = (unsigned)name->size * 7u + (unsigned char)name->text[0] * 31u + (unsigned char)name->text[name->size - 1] * 5u +
                          (unsigned char)name->text[name->size / 2];
    const uint64_t bit = (uint64_t)1 << (hash & 63);
    if (s->name_count == NAMES_MAX)
        return false;
    if ((s->seen & bit) != 0)
        for (size_t i = 0; i < s->name_count; i++)
            if (s->names[i].size == name->size && memcmp(s->names[i].text, name->text, name->size) == 0)
                return false;
    s->seen |= bit;
    s->names[s->name_count++] = *name;
    return true;
}

/* The value up to its closing quote, unescaped into the document's text, in Latin-1's repertoire. NULL: not plain. */
static const char *read_value(struct scan *s)
{
    char *start = s->d->text + s->d->text_used, *out = start;
    for (;;) {
        if (s->p == s->end)
            return NULL;
        const unsigned char c = (unsigned char)*s->p;
        if (c == '"')
            break;
        if (c == '&') {
            char *const character = out;
            const size_t size = text_entity_read(s->p, s->end, &out);
            if (size == 0)
                return NULL;
            s->p += size;
            if ((unsigned char)*character >= 0xC4) { /* beyond Latin-1 */
                *character = '?';
                out = character + 1;
                s->d->lossy++;
            }
        } else if (c >= 0x80) {
            const size_t size = text_utf8_size(s->p, s->end);
            if (size == 0)
                return NULL;
            if (c >= 0xC4) {
                *out++ = '?';
                s->d->lossy++;
            } else {
                *out++ = s->p[0];
                *out++ = s->p[1];
            }
            s->p += size;
        } else if (c == '<' || c < 0x20) {
            return NULL;
        } else {
            *out++ = (char)c;
            s->p++;
        }
    }
    s->p++;
    *out++ = '\0';
    s->d->text_used += (size_t)(out - start);
    return start;
}

static bool read_attribute(struct scan *s, struct doc_element *e)
{
    struct doc *d = s->d;
    struct name name;
    if (!read_name(s, &name) || !skip_text(s, "=\"") || (name.size == 5 && memcmp(name.text, "xmlns", 5) == 0) || !is_new(s, &name))
        return false;
    if (s->p < s->end && *s->p == '"') { /* empty is absent */
        s->p++;
        return true;
    }
    if (!doc_grow((void **)&d->attributes, &d->attribute_room, d->attribute_count + 1, sizeof *d->attributes))
        return false;
    struct doc_attribute *a = &d->attributes[d->attribute_count++];
    e->attribute_count++;
    a->name = keep(d, name.text, name.size);
    a->value = read_value(s);
    return a->value != NULL;
}

/* After '<': the whole start tag. */
static bool read_start(struct scan *s)
{
    struct doc *d = s->d;
    struct name name;
    if (d->depth == DEPTH_MAX || d->count == ELEMENTS_MAX || (d->depth == 0 && d->count > 0) || !read_name(s, &name) ||
        !doc_grow((void **)&d->elements, &d->room, d->count + 1, sizeof *d->elements))
        return false;
    struct doc_element *e = &d->elements[d->count];
    *e = (struct doc_element){keep(d, name.text, name.size), d->attribute_count, 0, 0, d->depth};
    s->name_count = 0;
    s->seen = 0;
    for (;;) {
        const char *before = s->p;
        skip_space(s);
        if (s->p == s->end)
            return false;
        if (*s->p == '>' || *s->p == '/')
            break;
        if (s->p == before || !read_attribute(s, e))
            return false;
    }
    d->count++;
    if (skip_text(s, "/>")) {
        e->end = d->count;
        return true;
    }
    s->open[d->depth] = name;
    d->open[d->depth++] = d->count - 1;
    return skip_text(s, ">");
}

/* After '</'. */
static bool read_end(struct scan *s)
{
    struct doc *d = s->d;
    struct name name;
    if (d->depth == 0 || !read_name(s, &name))
        return false;
    d->depth--;
    d->elements[d->open[d->depth]].end = d->count;
    skip_space(s);
    return name.size == s->open[d->depth].size && memcmp(name.text, s->open[d->depth].text, name.size) == 0 && skip_text(s, ">");
}

static bool read_declaration(struct scan *s)
{
    struct name encoding;
    if (!skip_text(s, "<?xml version=\"1.0\""))
        return s->end - s->p > 1 && s->p[1] != '?';
    if (skip_text(s, " encoding=\"")) {
        encoding.text = s->p;
        while (s->p < s->end && (is_name_start(*s->p) || (*s->p >= '0' && *s->p <= '9') || *s->p == '-'))
            s->p++;
        if (s->p == encoding.text || !is_name_start(*encoding.text) || *encoding.text == '_' || !skip_text(s, "\""))
            return false;
    }
    return skip_text(s, "?>");
}

bool doc_parse_quickly(struct doc *d, const char *text, size_t size)
{
    struct scan s;
    s.d = d;
    s.p = text;
    s.end = text + size;
    if (!read_declaration(&s))
        return false;
    do {
        skip_space(&s);
        if (s.p == s.end || *s.p != '<')
            return false;
        s.p++;
        const bool is_end = s.p < s.end && *s.p == '/';
        s.p += is_end;
        if (!(is_end ? read_end(&s) : read_start(&s)))
            return false;
    } while (d->depth > 0);
    skip_space(&s);
    return s.p == s.end;
}
