/* Envelopes in and out; see soap.h.
 *
 * The quick way. A client sends the same envelope around ever changing text. When libxml2 has read
 * one, the bytes before and after the request's text are kept as a *frame*, after a proof: the
 * frame around a nonce, read by libxml2, gives that nonce. Whatever has the same frame, and between
 * only characters and the five entities (no other markup), reads the same way: then unescaping is
 * all there is to do. */
#include "soap.h"

#include "embedded.h"
#include "text.h"

#include <errno.h>
#include <libxml/parser.h>
#include <stdbool.h>
#include <stdint.h>

#define NS_SOAP "http://schemas.xmlsoap.org/soap/envelope/"
#define XML_DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
#define NONCE "Tq7Zk0.nonce.\xC3\xA9" /* the accent proves that the frame is read as UTF-8 */

enum { FRAMES = 8, FRAME_MAX = 4096, DEPTH_MAX = 64, PARSES_A_CONTEXT = 10000 };
enum level { LEVEL_ENVELOPE, LEVEL_BODY, LEVEL_OPERATION, LEVEL_PARAMETER };

struct frame {
    char *before, *after;
    size_t before_size, after_size;
    const char *operation;
    char *company;
};

struct soap {
    xmlParserCtxtPtr parser;
    unsigned parses;
    struct frame frames[FRAMES];
    size_t next_frame, quick_count;
    /* bytes that stand for themselves in XML text and need no look at their neighbours */
    bool is_plain[256];

    /* of the parse under way */
    struct soap_call *call;
    int depth, parameter; /* parameter: how many children of the operation have begun */
    bool in_body, body_seen, failed;
    char error[160];
};

void soap_call_init(struct soap_call *call, size_t cap)
{
    buf_init(&call->company, 256);
    buf_init(&call->request, cap);
    call->operation = "";
}

void soap_call_release(struct soap_call *call)
{
    buf_release(&call->company);
    buf_release(&call->request);
}

static void soap_fail(struct soap *s, const char *why)
{
    if (!s->failed)
        (void)snprintf(s->error, sizeof s->error, "%s", why);
    s->failed = true;
    xmlStopParser(s->parser);
}

static const char *operation_find(const char *name)
{
    return strcmp(name, "wsomhandler") == 0      ? "wsomhandler"
           : strcmp(name, "comwsomhandler") == 0 ? "comwsomhandler"
                                                 : NULL;
}

static void begin_operation(struct soap *s, const char *name)
{
    if (s->call->operation[0] != '\0') {
        soap_fail(s, "more than one operation in the Body");
        return;
    }
    const char *operation = operation_find(name);
    if (operation == NULL)
        soap_fail(s, "no such operation: wsomhandler and comwsomhandler are all");
    else
        s->call->operation = operation;
}

static void on_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespace_count, const xmlChar **namespaces, int attribute_count,
                     int defaulted_count, const xmlChar **attributes)
{
    (void)prefix, (void)namespace_count, (void)namespaces, (void)attribute_count,
        (void)defaulted_count, (void)attributes;
    struct soap *s = ((xmlParserCtxtPtr)user)->_private;
    const char *local = (const char *)name;
    if (s->failed)
        return;
    if (s->depth == LEVEL_ENVELOPE && (strcmp(local, "Envelope") != 0 || uri == NULL ||
                                       strcmp((const char *)uri, NS_SOAP) != 0)) {
        soap_fail(s, "not a SOAP 1.1 Envelope");
    } else if (s->depth == LEVEL_BODY) {
        s->in_body =
            strcmp(local, "Body") == 0 && uri != NULL && strcmp((const char *)uri, NS_SOAP) == 0;
        s->body_seen = s->body_seen || s->in_body;
    } else if (s->depth == LEVEL_OPERATION && s->in_body) {
        begin_operation(s, local);
    } else if (s->depth == LEVEL_PARAMETER && s->in_body) {
        s->parameter++;
    } else if (s->depth > LEVEL_PARAMETER && s->in_body) {
        soap_fail(s,
                  "a parameter has markup inside: the request is a string, so its markup must be "
                  "escaped");
    }
    if (++s->depth == DEPTH_MAX)
        soap_fail(s, "nested too deep");
}

static void on_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    (void)name, (void)prefix, (void)uri;
    struct soap *s = ((xmlParserCtxtPtr)user)->_private;
    s->depth--;
}

static void on_text(void *user, const xmlChar *text, int size)
{
    struct soap *s = ((xmlParserCtxtPtr)user)->_private;
    if (s->failed || !s->in_body || s->depth != LEVEL_PARAMETER + 1)
        return;
    const bool with_company = strcmp(s->call->operation, "comwsomhandler") == 0;
    if (with_company && s->parameter == 1)
        buf_append(&s->call->company, text, (size_t)size);
    else if (s->parameter == (with_company ? 2 : 1))
        buf_append(&s->call->request, text, (size_t)size);
}

static void on_doctype(void *user, const xmlChar *name, const xmlChar *public_id,
                       const xmlChar *system_id)
{
    (void)name, (void)public_id, (void)system_id;
    soap_fail(((xmlParserCtxtPtr)user)->_private, "a document type is not allowed in SOAP");
}

static void on_error(void *user, xmlErrorPtr error)
{
    struct soap *s = ((xmlParserCtxtPtr)user)->_private;
    if (error->level < XML_ERR_ERROR || s->failed)
        return;
    const size_t length = error->message == NULL ? 0 : strcspn(error->message, "\n");
    (void)snprintf(s->error, sizeof s->error, "line %d: %.*s", error->line,
                   (int)(length > 120 ? 120 : length), length == 0 ? "" : error->message);
    s->failed = true;
}

static bool parser_renew(struct soap *s)
{
    if (s->parser != NULL)
        xmlFreeParserCtxt(s->parser);
    s->parses = 0;
    s->parser = xmlNewParserCtxt();
    if (s->parser == NULL)
        return false;
    *s->parser->sax = (xmlSAXHandler){
        .initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .internalSubset = on_doctype,
        .serror = on_error,
    };
    s->parser->_private = s;
    return true;
}

/* libxml2 takes an unknown one for none. */
static bool charset_known(const char *charset)
{
    const xmlCharEncodingHandlerPtr handler = xmlFindCharEncodingHandler(charset);
    if (handler != NULL)
        (void)xmlCharEncCloseFunc(handler);
    return handler != NULL;
}

static int parse_thoroughly(struct soap *s, const char *charset, const char *body, size_t size,
                            struct soap_call *call)
{
    s->call = call;
    s->depth = s->parameter = 0;
    s->in_body = s->body_seen = s->failed = false;
    s->error[0] = '\0';
    call->operation = "";
    buf_clear(&call->company);
    buf_clear(&call->request);
    if ((s->parser == NULL || ++s->parses == PARSES_A_CONTEXT) && !parser_renew(s))
        return -ENOMEM;
    if (charset != NULL && !charset_known(charset)) {
        soap_fail(s, "a charset that is not known here");
        return -EINVAL;
    }
    s->parser->options &=
        ~XML_PARSE_IGNORE_ENC; /* libxml2 keeps it from one document to the next */
    const int options = XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_NOWARNING |
                        (charset == NULL ? 0 : XML_PARSE_IGNORE_ENC);
    const xmlDocPtr none =
        size > INT32_MAX ? NULL
                         : xmlCtxtReadMemory(s->parser, body, (int)size, NULL, charset, options);
    if (none != NULL)
        xmlFreeDoc(none);
    if (!s->failed && !s->parser->wellFormed)
        soap_fail(s, "not well-formed XML");
    if (!s->failed && !s->body_seen)
        soap_fail(s, "no Body");
    if (!s->failed && call->operation[0] == '\0')
        soap_fail(s, "no operation in the Body");
    if (!s->failed && s->parameter < (strcmp(call->operation, "comwsomhandler") == 0 ? 2 : 1))
        soap_fail(s, "a parameter is missing");
    if (!s->failed && (call->request.failed || call->company.failed))
        soap_fail(s, "a parameter is too long");
    return s->failed ? -EINVAL : 0;
}

/* Unescapes character data. False when there is anything that plain unescaping might get wrong:
 * then libxml2 decides. */
static bool unescape(const struct soap *s, const char *p, const char *end, struct buf *out)
{
    buf_clear(out);
    buf_append(out, p, (size_t)(end - p)); /* makes room: the result is never longer */
    if (out->failed)
        return false;
    char *q = out->data;
    while (p < end) {
        const char *run = p;
        while (p < end && s->is_plain[(unsigned char)*p])
            p++;
        memcpy(q, run, (size_t)(p - run));
        q += p - run;
        if (p == end)
            break;
        const unsigned char c = (unsigned char)*p;
        size_t size;
        if (c == '&') {
            size = text_entity_read(p, end, &q);
        } else if (c >= 0x80) {
            size = text_utf8_size(p, end);
            memcpy(q, p, size);
            q += size;
        } else { /* ']' may begin "]]>", which text may not hold; '<' and control characters may not
                    stand here */
            size = c == ']' && p + 1 < end && p[1] != ']';
            *q = ']';
            q += size;
        }
        if (size == 0)
            return false;
        p += size;
    }
    if (q != out->data)
        *q = '\0';
    out->size = (size_t)(q - out->data);
    return true;
}

static bool parse_quickly(struct soap *s, const char *body, size_t size, struct soap_call *call)
{
    for (size_t i = 0; i < FRAMES; i++) {
        const struct frame *f = &s->frames[i];
        if (f->before == NULL || size < f->before_size + f->after_size ||
            memcmp(body, f->before, f->before_size) != 0 ||
            memcmp(body + size - f->after_size, f->after, f->after_size) != 0)
            continue;
        if (!unescape(s, body + f->before_size, body + size - f->after_size, &call->request))
            return false;
        call->operation = f->operation;
        buf_clear(&call->company);
        buf_text(&call->company, f->company);
        s->quick_count++;
        return true;
    }
    return false;
}

static void frame_release(struct frame *f)
{
    free(f->before);
    free(f->after);
    free(f->company);
    *f = (struct frame){0};
}

/* True when libxml2 reads the frame around the nonce as the same call with the nonce as its
 * request. */
static bool frame_proven(struct soap *s, const char *before, size_t before_size, const char *after,
                         size_t after_size, const struct soap_call *call)
{
    struct buf body;
    struct soap_call proof;
    buf_init(&body, 2 * FRAME_MAX + sizeof NONCE);
    soap_call_init(&proof, 2 * FRAME_MAX);
    buf_append(&body, before, before_size);
    buf_text(&body, NONCE);
    buf_append(&body, after, after_size);
    const bool proven = parse_thoroughly(s, NULL, body.data, body.size, &proof) == 0 &&
                        strcmp(proof.request.data, NONCE) == 0 &&
                        strcmp(proof.company.data, call->company.data) == 0 &&
                        proof.operation == call->operation;
    soap_call_release(&proof);
    buf_release(&body);
    return proven;
}

/* Keeps the frame of an envelope that libxml2 has just read: the longest run without '<' is the
 * request's text, or nothing is learned. */
static void frame_learn(struct soap *s, const char *body, size_t size, const struct soap_call *call)
{
    size_t start = 0, length = 0;
    for (size_t at = 0; at < size;) {
        const char *gt = memchr(body + at, '>', size - at);
        if (gt == NULL)
            break;
        const size_t from = (size_t)(gt - body) + 1;
        const char *lt = memchr(body + from, '<', size - from);
        if (lt == NULL)
            break;
        at = (size_t)(lt - body);
        if (at - from > length) {
            start = from;
            length = at - from;
        }
    }
    const size_t after = start + length, rest = size - after;
    struct buf text;
    buf_init(&text, size);
    if (length > 0 && start > 0 && rest > 0 && start <= FRAME_MAX && rest <= FRAME_MAX &&
        unescape(s, body + start, body + after, &text) && text.size == call->request.size &&
        memcmp(text.data, call->request.data, text.size) == 0 &&
        frame_proven(s, body, start, body + after, rest, call)) {
        struct frame *f = &s->frames[s->next_frame++ % FRAMES];
        frame_release(f);
        f->before = malloc(start);
        f->after = malloc(rest);
        f->company = strdup(call->company.data);
        if (f->before == NULL || f->after == NULL || f->company == NULL) {
            frame_release(f);
        } else {
            memcpy(f->before, body, start);
            memcpy(f->after, body + after, rest);
            f->before_size = start;
            f->after_size = rest;
            f->operation = call->operation;
        }
    }
    buf_release(&text);
}

struct soap *soap_new(void)
{
    struct soap *s = calloc(1, sizeof *s);
    for (int c = 0; s != NULL && c < 0x80; c++)
        s->is_plain[c] = (c >= 0x20 || c == '\n' || c == '\t') && c != '&' && c != '<' && c != ']';
    return s;
}

void soap_free(struct soap *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < FRAMES; i++)
        frame_release(&s->frames[i]);
    if (s->parser != NULL)
        xmlFreeParserCtxt(s->parser);
    free(s);
}

int soap_parse(struct soap *s, const char *charset, const char *body, size_t size,
               struct soap_call *call)
{
    const bool utf8 = charset == NULL || strcasecmp(charset, "utf-8") == 0;
    if (utf8 && parse_quickly(s, body, size, call))
        return 0;
    const int result = parse_thoroughly(s, charset, body, size, call);
    if (result == 0 && utf8)
        frame_learn(s, body, size, call);
    return result;
}

const char *soap_error(const struct soap *s)
{
    return s->error;
}

size_t soap_quick_count(const struct soap *s)
{
    return s->quick_count;
}

void soap_reply(struct buf *out, const char *operation, const char *document, size_t size)
{
    buf_text(out, XML_DECLARATION "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"" NS_SOAP
                                  "\"><SOAP-ENV:Body><om:");
    buf_text(out, operation);
    buf_text(out, "Response xmlns:om=\"urn:omlink\"><result>");
    text_escape(out, document, size);
    buf_text(out, "</result></om:");
    buf_text(out, operation);
    buf_text(out, "Response></SOAP-ENV:Body></SOAP-ENV:Envelope>");
}

void soap_fault(struct buf *out, const char *code, const char *text)
{
    buf_printf(out,
               XML_DECLARATION "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"" NS_SOAP
                               "\"><SOAP-ENV:Body><SOAP-ENV:Fault>"
                               "<faultcode>SOAP-ENV:%s</faultcode><faultstring>",
               code);
    text_escape(out, text, strlen(text));
    buf_text(out, "</faultstring></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>");
}

void soap_wsdl(struct buf *out, const char *host)
{
    static const char mark[] = "@HOST@";
    const char *text = (const char *)embedded_omlink_wsdl, *at = strstr(text, mark);
    buf_append(out, text, (size_t)(at - text));
    text_escape(out, host, strlen(host));
    buf_text(out, at + sizeof mark - 1);
}
