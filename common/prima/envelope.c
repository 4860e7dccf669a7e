/* SOAP 1.1 envelopes; see envelope.h. */
#include "prima/envelope.h"

#include "base/digits.h"
#include "prima/latin1.h"

#include <errno.h>

static const char open_body[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
    "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>";

static void open_operation(struct buf *out, const struct prima_names *n, const char *operation)
{
    buf_printf(out, "%s<%s:%s xmlns:%s=\"%s\">", open_body, n->prefix, operation, n->prefix,
               n->namespace);
}

static void close_operation(struct buf *out, const struct prima_names *n, const char *operation)
{
    buf_printf(out, "</%s></%s:%s></soap:Body></soap:Envelope>", n->request_parameter, n->prefix,
               operation);
}

/* Bytes of Latin-1 that stand for themselves in an element's text. A quote does, and a request is
 * full of them. */
static bool is_plain(unsigned char c)
{
    return c < 0x7F && c != '&' && c != '<' && c != '>' && c != '\r';
}

typedef unsigned char block
    __attribute__((vector_size(16))); /* compared byte by byte, in a few instructions */

static bool are_plain(const unsigned char bytes[static sizeof(block)])
{
    block b;
    memcpy(&b, bytes, sizeof b);
    const block special = (block)((b > 0x7E) | (b == '&') | (b == '<') | (b == '>') | (b == '\r'));
    uint64_t halves[2];
    memcpy(halves, &special, sizeof halves);
    return (halves[0] | halves[1]) == 0;
}

/* How many plain bytes come first: a request is thousands of bytes, and some dozens of them are
 * not. */
static size_t plain_run(const unsigned char *b, size_t size)
{
    size_t i = 0;
    while (i + sizeof(block) <= size && are_plain(b + i))
        i += sizeof(block);
    while (i < size && is_plain(b[i]))
        i++;
    return i;
}

int envelope_init(struct envelope *e, const struct prima_names *n)
{
    struct buf *const parts[] = {&e->head, &e->middle, &e->tail, &e->head_alone, &e->tail_alone};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        buf_init(parts[i], 8 * 1024);
    open_operation(&e->head, n, n->comwsomhandler);
    buf_printf(&e->head, "<%s>", n->company_parameter);
    buf_printf(&e->middle, "</%s><%s>", n->company_parameter, n->request_parameter);
    close_operation(&e->tail, n, n->comwsomhandler);
    open_operation(&e->head_alone, n, n->wsomhandler);
    buf_printf(&e->head_alone, "<%s>", n->request_parameter);
    close_operation(&e->tail_alone, n, n->wsomhandler);
    bool failed = false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        failed |= parts[i]->failed;
    return failed ? -ENOMEM : 0;
}

void envelope_release(struct envelope *e)
{
    buf_release(&e->head);
    buf_release(&e->middle);
    buf_release(&e->tail);
    buf_release(&e->head_alone);
    buf_release(&e->tail_alone);
}

static void envelope_append(struct buf *out, const struct buf *part)
{
    buf_append(out, part->data, part->size);
}

static void append_reference(struct buf *out, unsigned char c)
{
    char digits[DIGITS_MAX];
    buf_text(out, "&#");
    const size_t size = digits_write(c, digits);
    buf_append(out, digits, size);
    buf_byte(out, ';');
}

/* Latin-1 as an element's text, in ASCII. */
static void append_text(struct buf *out, const char *latin1, size_t size)
{
    const unsigned char *b = (const unsigned char *)latin1, *const end = b + size;
    while (b < end) {
        const size_t run = plain_run(b, (size_t)(end - b));
        buf_append(out, b, run);
        b += run;
        if (b == end)
            return;
        if (*b == '&')
            buf_text(out, "&amp;");
        else if (*b == '<')
            buf_text(out, "&lt;");
        else if (*b == '>')
            buf_text(out, "&gt;");
        else
            append_reference(out, *b);
        b++;
    }
}

int envelope_write(const struct envelope *e, const char *company, const char *request, size_t size,
                   struct buf *out)
{
    const bool is_alone = company == NULL || company[0] == '\0';
    envelope_append(out, is_alone ? &e->head_alone : &e->head);
    if (!is_alone) {
        struct buf latin1;
        buf_init(&latin1, 1024);
        latin1_spell(company, LATIN1_PLAIN, &latin1); /* it identifies */
        append_text(out, latin1.data, latin1.size);
        out->failed |= latin1.failed;
        buf_release(&latin1);
        envelope_append(out, &e->middle);
    }
    append_text(out, request, size);
    envelope_append(out, is_alone ? &e->tail_alone : &e->tail);
    return out->failed ? -ENOMEM : 0;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

/* A fault makes the whole reply one, whatever else stands beside it: what was read so far is no
 * answer. */
static void become_fault(struct envelope_scan *s)
{
    s->reply->is_fault = true;
    s->has_text = false;
    buf_clear(&s->reply->text);
}

static void on_open(void *user, const char *name, const struct xml_attribute *attributes,
                    size_t count)
{
    (void)attributes, (void)count;
    struct envelope_scan *s = user;
    switch (++s->depth) {
    case 1:
        s->is_envelope = strcmp(name, "Envelope") == 0;
        break;
    case 2:
        s->is_in_body = s->is_envelope && strcmp(name, "Body") == 0;
        break;
    case 3:
        if (s->is_in_body && strcmp(name, "Fault") == 0 && !s->reply->is_fault)
            become_fault(s);
        s->is_in_answer = s->is_in_body && (s->reply->is_fault ? strcmp(name, "Fault") == 0
                                                               : ends_with(name, "Response"));
        break;
    case 4:
        s->is_in_text = s->is_in_answer && !s->has_text &&
                        (!s->reply->is_fault || strcmp(name, "faultstring") == 0);
        s->has_text |= s->is_in_text;
        break;
    default:
        break;
    }
}

static void on_text(void *user, const char *text, size_t size)
{
    struct envelope_scan *s = user;
    if (!s->is_in_text || s->depth != 4)
        return;
    if (s->text != NULL && !s->reply->is_fault)
        s->text(s->user, text, size);
    else
        buf_append(&s->reply->text, text, size);
}

static void on_close(void *user, const char *name)
{
    (void)name;
    struct envelope_scan *s = user;
    if (s->depth == 4)
        s->is_in_text = false;
    else if (s->depth == 3)
        s->is_in_answer = false;
    else if (s->depth == 2)
        s->is_in_body = false;
    s->depth--;
}

static void on_begin(void *user)
{
    struct envelope_scan *s = user;
    *s = (struct envelope_scan){.reply = s->reply, .text = s->text, .user = s->user};
    s->reply->is_fault = false;
    buf_clear(&s->reply->text);
}

int envelope_verdict(const struct envelope_scan *s)
{
    if (s->reply->text.failed)
        return -E2BIG;
    return s->has_text || s->reply->is_fault ? 0 : -EBADMSG;
}

const struct xml_events envelope_events = {on_open, on_text, on_close, on_begin};

int envelope_read(struct xml_reader *reader, const char *bytes, size_t size, const char *charset,
                  struct envelope_reply *ret_reply)
{
    struct envelope_scan s = {.reply = ret_reply};
    const int result = xml_read(reader, bytes, size, charset, false, &envelope_events, &s);
    if (result < 0)
        return result;
    return envelope_verdict(&s);
}
