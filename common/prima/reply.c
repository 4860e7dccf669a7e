/* Reads the inner reply document; see reply.h. What all replies have is read here, what one request's
 * reply has in its own file of requests/. */
#include "prima/reply.h"

#include "prima/requests/kind.h"

#include <strings.h>

static const struct request_kind *const kinds[PRIMA_TYPE_COUNT] = {
#define PRIMA_REQUEST(ID, id, ...) [PRIMA_##ID] = &request_kind_##id,
#include "prima/requests.def"
#undef PRIMA_REQUEST
};

static enum reply_status read_status(const struct xml_attribute *a)
{
    if (a->size == 2 && strncasecmp(a->value, "OK", 2) == 0)
        return REPLY_STATUS_OK;
    if (a->size == 5 && strncasecmp(a->value, "ERROR", 5) == 0)
        return REPLY_STATUS_ERROR;
    return a->size == 0 ? REPLY_STATUS_MISSING : REPLY_STATUS_OTHER;
}

/* RequestStatus and RequestError, of the root or of a Data. */
static void take_verdict(struct scan *s, const struct xml_attribute *attributes, size_t count)
{
    struct reply *r = s->reply;
    for (size_t i = 0; i < count; i++) {
        const struct xml_attribute *a = &attributes[i];
        if (scan_has(a, s->names->request_status)) {
            const enum reply_status status = read_status(a);
            r->has_inner_error |=
                s->depth > 1 && status != REPLY_STATUS_OK && status != REPLY_STATUS_MISSING;
            if (r->status == REPLY_STATUS_MISSING)
                r->status = status;
        } else if (s->depth == 1 && scan_has(a, "RequestType")) {
            r->request_type = scan_keep(s, a);
        } else if (scan_has(a, s->names->request_error) && a->size > 0) {
            r->has_inner_error |= s->depth > 1;
            if (r->error[0] == '\0')
                r->error = scan_keep(s, a);
        }
    }
}

static void on_open(void *user, const char *name, const struct xml_attribute *attributes,
                    size_t count)
{
    struct reply_reading *reading = user;
    const struct request_kind *kind = reading->kind;
    struct scan *s = &reading->scan;
    s->depth++;
    if (s->result < 0)
        return;
    if (s->depth == 1)
        take_verdict(s, attributes, count);
    if (s->depth == 2) {
        s->is_in_data = strcmp(name, "Data") == 0;
        s->has_parts = false;
    }
    if (s->depth == 2 && s->is_in_data) {
        s->reply->has_data = true;
        take_verdict(s, attributes, count);
        if (kind->data != NULL)
            kind->data(s, attributes, count);
    }
    if (s->depth == 3 && s->is_in_data && kind->row != NULL) {
        s->has_parts = false;
        kind->row(s, name, attributes, count);
    }
    if (s->depth == 4 && s->has_parts && kind->part != NULL)
        kind->part(s, name, attributes, count);
}

static void on_close(void *user, const char *name)
{
    (void)name;
    ((struct reply_reading *)user)->scan.depth--;
}

static void on_begin(void *user)
{
    struct scan *s = &((struct reply_reading *)user)->scan;
    *s->reply = (struct reply){.error = "", .request_type = "", .page = ""};
    *s = (struct scan){.reply = s->reply,
                       .names = s->names,
                       .arena = s->arena,
                       .stock_seen = s->stock_seen,
                       .stock_user = s->stock_user};
}

const struct xml_events reply_events = {.open = on_open, .close = on_close, .begin = on_begin};

void reply_reading_init(struct reply_reading *reading, const struct prima_names *names,
                        enum prima_type type, struct arena *arena, struct reply *reply)
{
    *reply = (struct reply){.error = "", .request_type = "", .page = ""};
    *reading = (struct reply_reading){.scan = {.reply = reply, .names = names, .arena = arena},
                                      .kind = kinds[type]};
}

int reply_read(struct xml_reader *reader, const struct prima_names *names, enum prima_type type,
               const char *text, size_t size, struct arena *arena, struct reply *ret_reply)
{
    struct reply reply;
    struct reply_reading r;
    reply_reading_init(&r, names, type, arena, &reply);
    const int result = xml_read(reader, text, size, NULL, true, &reply_events, &r);
    if (result < 0 || r.scan.result < 0)
        return result < 0 ? result : r.scan.result;
    *ret_reply = reply;
    return 0;
}
