/* A walk that tells as it goes, and gives up at the first thing that is not plain; see
 * xml_plain.h. */
#include "prima/xml_plain.h"

#include <string.h>

enum { DEPTH_MAX = 32, PLAIN_ATTRIBUTES_MAX = 64 };

struct span {
    const char *at;
    size_t size;
};

struct walk {
    const char *at, *end;
    char *scratch; /* where decoded texts go, one element's at a time */
    size_t used;
    const struct xml_events *events;
    void *user;
    struct span open[DEPTH_MAX]; /* names of the elements we are in, with their prefixes */
    size_t depth;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(char c)
{
    return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static inline bool xml_plain_has(const struct walk *w, const char *text)
{
    const size_t size = strlen(text);
    return (size_t)(w->end - w->at) >= size && memcmp(w->at, text, size) == 0;
}

static inline bool xml_plain_take(struct walk *w, const char *text)
{
    const bool is_there = xml_plain_has(w, text);
    w->at += is_there ? strlen(text) : 0;
    return is_there;
}

static bool take_char(struct walk *w, char c)
{
    const bool is_there = w->at < w->end && *w->at == c;
    w->at += is_there;
    return is_there;
}

static bool take_spaces(struct walk *w)
{
    const char *from = w->at;
    while (w->at < w->end && is_space(*w->at))
        w->at++;
    return w->at > from;
}

/* A name of at most two parts; *ret_local is the last of them. */
static bool take_name(struct walk *w, struct span *ret_whole, struct span *ret_local)
{
    const char *whole = w->at, *local = w->at;
    for (int parts = 0; parts < 2; parts++) {
        if (w->at == w->end || !is_name_start(*w->at))
            return false;
        local = w->at;
        while (w->at < w->end && is_name(*w->at))
            w->at++;
        if (w->at == w->end || *w->at != ':')
            break;
        if (parts == 0)
            w->at++;
        else
            return false;
    }
    *ret_whole = (struct span){whole, (size_t)(w->at - whole)};
    *ret_local = (struct span){local, (size_t)(w->at - local)};
    return true;
}

static char *xml_plain_keep(struct walk *w, const char *text, size_t size)
{
    char *copy = w->scratch + w->used;
    memcpy(copy, text, size);
    w->used += size;
    return copy;
}

static void keep_char(struct walk *w, char c)
{
    w->scratch[w->used++] = c;
}

/* "&#65;" or "&#x41;", printable ASCII alone; behind "&#". '\0': another one. */
static char take_number(struct walk *w)
{
    const int base = xml_plain_take(w, "x") ? 16 : 10;
    unsigned value = 0, digits = 0;
    for (; w->at < w->end && *w->at != ';' && digits < 4; w->at++, digits++) {
        const char c = *w->at;
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : 16;
        if (digit >= base)
            return '\0';
        value = value * (unsigned)base + (unsigned)digit;
    }
    return (char)(digits > 0 && value >= ' ' && value <= '~' && xml_plain_take(w, ";") ? value : 0);
}

static char take_reference(struct walk *w)
{
    switch (w->end - w->at > 1 && *w->at == '&' ? w->at[1] : '\0') {
    case 'q':
        return (char)(xml_plain_take(w, "&quot;") ? '"' : '\0');
    case 'l':
        return (char)(xml_plain_take(w, "&lt;") ? '<' : '\0');
    case 'g':
        return (char)(xml_plain_take(w, "&gt;") ? '>' : '\0');
    case 'a':
        return (char)(xml_plain_take(w, "&amp;") ? '&' : xml_plain_take(w, "&apos;") ? '\'' : '\0');
    case '#':
        w->at += 2;
        return take_number(w);
    default:
        return '\0';
    }
}

/* An attribute's value, behind its quote and up to it. */
static bool take_value(struct walk *w, char quote, struct span *ret_value)
{
    char *from = w->scratch + w->used;
    for (;;) {
        const char *run = w->at;
        while (w->at < w->end && *w->at != quote && *w->at != '&' && *w->at != '<' && *w->at >= ' ')
            w->at++;
        (void)xml_plain_keep(w, run, (size_t)(w->at - run));
        if (w->at == w->end || *w->at == '<')
            return false;
        if (*w->at == quote)
            break;
        const char c = take_reference(w); /* a tab or a line end would be made a space: not plain */
        if (c == '\0')
            return false;
        keep_char(w, c);
    }
    w->at++;
    *ret_value = (struct span){from, (size_t)(w->scratch + w->used - from)};
    return true;
}

/* "xmlns" or "xmlns:prefix". What namespaces forbid (an empty one for a prefix, a prefix that
 * begins with xml) is not plain. */
static bool is_declaration(const char *name)
{
    return strncmp(name, "xmlns", 5) == 0 && (name[5] == '\0' || name[5] == ':');
}

static bool is_good_declaration(const char *name, size_t value_size)
{
    return name[5] == '\0' || (value_size > 0 && strncmp(name + 6, "xml", 3) != 0);
}

/* Attributes up to the tag's end, declarations of namespaces not among those given back. A prefix,
 * or one name twice, is not plain. */
static bool take_attributes(struct walk *w,
                            struct xml_attribute attributes[static PLAIN_ATTRIBUTES_MAX],
                            size_t *ret_count)
{
    struct span whole, local, value;
    size_t count = 0;
    const char *declared = NULL; /* one a tag is plain */
    while (take_spaces(w) && w->at < w->end && *w->at != '/' && *w->at != '>') {
        if (count == PLAIN_ATTRIBUTES_MAX || !take_name(w, &whole, &local) || !take_char(w, '='))
            return false;
        const char *name = xml_plain_keep(w, whole.at, whole.size);
        w->scratch[w->used++] = '\0';
        const char quote = (char)(w->at < w->end ? *w->at++ : '\0');
        if ((quote != '"' && quote != '\'') || !take_value(w, quote, &value))
            return false;
        if (is_declaration(name)) {
            if (declared != NULL || !is_good_declaration(name, value.size))
                return false;
            declared = name;
            continue;
        }
        if (local.at != whole.at)
            return false;
        for (size_t i = 0; i < count; i++)
            if (strcmp(attributes[i].name, name) == 0)
                return false;
        attributes[count++] = (struct xml_attribute){name, value.at, value.size};
    }
    *ret_count = count;
    return true;
}

static void tell_close(struct walk *w, struct span local)
{
    if (w->events->close == NULL)
        return;
    w->used = 0;
    const char *name = xml_plain_keep(w, local.at, local.size);
    w->scratch[w->used] = '\0';
    w->events->close(w->user, name);
}

/* Behind "<". */
static bool take_open(struct walk *w)
{
    struct xml_attribute attributes[PLAIN_ATTRIBUTES_MAX];
    struct span whole, local;
    size_t count = 0;
    w->used = 0;
    if (w->depth == DEPTH_MAX || !take_name(w, &whole, &local))
        return false;
    const char *name = xml_plain_keep(w, local.at, local.size);
    w->scratch[w->used++] = '\0';
    if (!take_attributes(w, attributes, &count))
        return false;
    const bool is_empty = take_char(w, '/');
    if (!take_char(w, '>'))
        return false;
    if (w->events->open != NULL)
        w->events->open(w->user, name, attributes, count);
    if (is_empty)
        tell_close(w, local);
    else
        w->open[w->depth++] = whole;
    return true;
}

/* Behind "</". */
static bool take_close(struct walk *w)
{
    struct span whole, local;
    if (!take_name(w, &whole, &local))
        return false;
    (void)take_spaces(w);
    const struct span *opened = &w->open[--w->depth];
    if (!take_char(w, '>') || opened->size != whole.size ||
        memcmp(opened->at, whole.at, whole.size) != 0)
        return false;
    tell_close(w, local);
    return true;
}

static bool take_text(struct walk *w)
{
    w->used = 0;
    while (w->at < w->end && *w->at != '<') {
        const char *run = w->at;
        while (w->at < w->end && *w->at != '&' && *w->at != '<' && *w->at != ']')
            w->at++;
        (void)xml_plain_keep(w, run, (size_t)(w->at - run));
        if (w->at == w->end || *w->at == '<')
            break;
        const char c =
            (char)(*w->at == ']' && !xml_plain_has(w, "]]>") ? *w->at++ : take_reference(w));
        if (c == '\0')
            return false;
        keep_char(w, c);
    }
    if (w->events->text != NULL && w->used > 0)
        w->events->text(w->user, w->scratch, w->used);
    return true;
}

/* "<?xml ...?>", of encodings whose ASCII is ASCII. */
static bool take_declaration(struct walk *w)
{
    static const char *const encodings[] = {"UTF-8", "utf-8", "ISO-8859-1", "iso-8859-1",
                                            "US-ASCII"};
    if (!xml_plain_has(w, "<?xml"))
        return true;
    if (!xml_plain_take(w, "<?xml version=\"1.0\""))
        return false;
    if (xml_plain_take(w, " encoding=\"")) {
        bool is_known = false;
        for (size_t i = 0; !is_known && i < sizeof encodings / sizeof *encodings; i++)
            is_known = xml_plain_take(w, encodings[i]);
        if (!is_known || !xml_plain_take(w, "\""))
            return false;
    }
    return xml_plain_take(w, "?>");
}

static bool xml_plain_walk(struct walk *w)
{
    bool has_root = false;
    if (!take_declaration(w))
        return false;
    (void)take_spaces(w);
    while (w->at < w->end) {
        if (take_char(w, '<')) {
            const bool closes = take_char(w, '/');
            if (w->depth == 0 && (closes || has_root))
                return false;
            if (!(closes ? take_close(w) : take_open(w)))
                return false;
            has_root = true;
        } else if (w->depth > 0) {
            if (!take_text(w))
                return false;
        } else if (!take_spaces(w)) {
            return false;
        }
    }
    return has_root && w->depth == 0;
}

/* Printable, a tab or a line end; without a branch, for it is asked of every byte. */
static bool is_ascii(const char *bytes, size_t size)
{
    unsigned strange = 0;
    for (size_t i = 0; i < size; i++)
        strange |= (unsigned)((unsigned char)bytes[i] - 0x20U > 0x5EU) &
                   (unsigned)((unsigned char)bytes[i] - 0x09U > 1U);
    return strange == 0;
}

bool xml_plain_read(const char *bytes, size_t size, char *scratch, const struct xml_events *events,
                    void *user)
{
    struct walk w;
    w.at = bytes;
    w.end = bytes + size;
    w.scratch = scratch;
    w.used = w.depth = 0;
    w.events = events;
    w.user = user;
    return is_ascii(bytes, size) && xml_plain_walk(&w);
}
