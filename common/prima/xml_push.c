/* libxml2's push parser; see xml_push.h. */
#include "prima/xml_push.h"

#include "prima/xml_sax.h"

#include <errno.h>
#include <libxml/dict.h>
#include <string.h>

enum {
    SLICE_BYTES = 16 * 1024, /* given to libxml2 at a time */
    PENDING_MAX = 64 * 1024, /* not yet understood: a tag that does not end */
    NAMES_MAX = 256 * 1024,
};

struct xml_push {
    struct xml_sax sax;
    const char *charset; /* the caller's; NULL: none */
    bool is_utf8, is_begun;
    int result;
    size_t head_size;
    char head[XML_DECLARATION_MAX]; /* until it is known whether it declares an encoding */
};

struct xml_push *xml_push_new(const char *charset, bool is_utf8, const struct xml_events *events,
                              void *user)
{
    xmlInitParser();
    struct xml_push *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    xmlSAXHandler sax;
    xml_sax_fill(&sax);
    p->sax.events = events;
    p->sax.user = user;
    p->charset = charset;
    p->is_utf8 = is_utf8;
    p->sax.context = xmlCreatePushParserCtxt(&sax, &p->sax, NULL, 0, NULL);
    if (p->sax.context == NULL) {
        free(p);
        return NULL;
    }
    (void)xmlCtxtUseOptions(p->sax.context, XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_NOERROR |
                                                XML_PARSE_NOWARNING |
                                                (is_utf8 ? XML_PARSE_IGNORE_ENC : 0));
    return p;
}

void xml_push_free(struct xml_push *p)
{
    if (p == NULL)
        return;
    xmlFreeParserCtxt(p->sax.context);
    free(p);
}

static int use_charset(struct xml_push *p)
{
    if (p->is_utf8 || p->charset == NULL || xml_declares_encoding(p->head, p->head_size))
        return 0;
    xmlCharEncodingHandlerPtr handler = xmlFindCharEncodingHandler(p->charset);
    return handler != NULL && xmlSwitchToEncoding(p->sax.context, handler) == 0 ? 0 : -EBADMSG;
}

static int verdict(const struct xml_push *p)
{
    const xmlParserCtxt *c = p->sax.context;
    if (c->errNo == XML_ERR_NO_MEMORY)
        return -ENOMEM;
    return p->sax.is_refused || c->wellFormed == 0 ? -EBADMSG : 0;
}

static int push_slice(struct xml_push *p, const char *bytes, size_t size)
{
    xmlParserCtxtPtr c = p->sax.context;
    (void)xmlParseChunk(c, bytes, (int)size, 0);
    if (c->input != NULL && c->input->end - c->input->cur > PENDING_MAX + SLICE_BYTES)
        xml_sax_refuse(&p->sax);
    if ((size_t)xmlDictGetUsage(c->dict) > NAMES_MAX)
        xml_sax_refuse(&p->sax);
    return verdict(p);
}

/* Of the head that was kept back. */
static int push_head(struct xml_push *p)
{
    p->is_begun = true;
    if (p->sax.events->begin != NULL)
        p->sax.events->begin(p->sax.user);
    const int result = use_charset(p);
    return result < 0 || p->head_size == 0 ? result : push_slice(p, p->head, p->head_size);
}

int xml_push_feed(struct xml_push *p, const char *bytes, size_t size)
{
    if (!p->is_begun && p->result == 0) {
        const size_t room = sizeof p->head - p->head_size, some = size < room ? size : room;
        memcpy(p->head + p->head_size, bytes, some);
        p->head_size += some;
        bytes += some;
        size -= some;
        if (p->head_size == sizeof p->head)
            p->result = push_head(p);
    }
    while (size > 0 && p->result == 0) {
        const size_t some = size < SLICE_BYTES ? size : SLICE_BYTES;
        p->result = push_slice(p, bytes, some);
        bytes += some;
        size -= some;
    }
    return p->result;
}

int xml_push_end(struct xml_push *p)
{
    if (!p->is_begun && p->result == 0)
        p->result = push_head(p);
    if (p->result < 0)
        return p->result;
    (void)xmlParseChunk(p->sax.context, NULL, 0, 1);
    p->result = verdict(p);
    if (p->result == 0 && !p->sax.has_root)
        p->result = -EBADMSG;
    return p->result;
}
