/* Replies, right and wrong; see answer.h. */
#include "answer.h"

#include "rows.h"
#include "soap.h"

#include "base/digest.h"

static const char type_xml[] = "text/xml; charset=utf-8";

void answer_clear(struct answer *a)
{
    const struct buf body = a->body;
    *a = (struct answer){.body = body};
    buf_clear(&a->body);
}

void answer_prima(struct answer *a, const char *operation, const struct buf *document)
{
    buf_clear(&a->body);
    soap_reply(&a->body, operation, document->data, document->size);
    a->status = 200;
    a->type = type_xml;
}

static void answer_fault(struct answer *a, const char *code, const char *text)
{
    buf_clear(&a->body);
    soap_fault(&a->body, code, text);
    a->status = 500;
    a->type = type_xml;
}

void answer_client_fault(struct answer *a, const char *text)
{
    answer_fault(a, "Client", text);
}

void answer_text(struct answer *a, int status, const char *type, const char *text)
{
    buf_clear(&a->body);
    buf_text(&a->body, text);
    a->status = status;
    a->type = type;
}

void answer_throttle(struct answer *a, int status, const char *retry_after)
{
    answer_text(a, status, "text/plain", "Too many requests\n");
    if (strncmp(retry_after, "date:", 5) == 0) {
        const time_t when = time(NULL) + (time_t)strtol(retry_after + 5, NULL, 10);
        struct tm tm;
        (void)strftime(a->retry_after, sizeof a->retry_after, "%a, %d %b %Y %H:%M:%S GMT",
                       gmtime_r(&when, &tm));
    } else {
        (void)snprintf(a->retry_after, sizeof a->retry_after, "%s", retry_after);
    }
}

/* A reply of Prima's with the fault's own words; with `status` OK that is the contradiction that
 * live clients know. */
static void answer_error(struct answer *a, struct request *r, const struct fault *fault,
                         const char *status, const char *operation)
{
    struct buf text;
    buf_init(&text, 1000);
    if (fault->text[0] != '\0')
        buf_text(&text, fault->text);
    else
        wording_append(&text, fault->about, fault->style, r->key);
    buf_clear(r->reply);
    reply_begin(r, status, text.data);
    reply_end(r);
    answer_prima(a, operation, r->reply);
    buf_release(&text);
}

static void answer_bare_ok(struct answer *a, struct request *r, const char *operation)
{
    buf_clear(r->reply);
    reply_begin(r, "OK", "");
    reply_end(r);
    answer_prima(a, operation, r->reply);
}

/* Another character of the same kind in place of the last one of what is found at `at`. */
static void change_last(char *at, size_t size)
{
    char *last = at + size - 1;
    *last = (char)(*last == '9' ? '0' : *last == 'Z' ? 'A' : *last == 'z' ? 'a' : *last + 1);
}

static void change_each(struct buf *document, const char *text, size_t size)
{
    for (char *at = document->data;
         size > 0 &&
         (at = memmem(at, document->size - (size_t)(at - document->data), text, size)) != NULL;
         at += size)
        change_last(at, size);
}

/* The key of a question for products is the first of them. */
static bool is_product(const struct buf *document, const char *key)
{
    static const char opening[] = " Product=\"";
    const size_t size = strlen(key);
    for (const char *at = document->data; (at = strstr(at, opening)) != NULL;) {
        at += sizeof opening - 1;
        if (strcspn(at, "\"") == size && memcmp(at, key, size) == 0)
            return true;
    }
    return false;
}

static void change_products(struct buf *document)
{
    static const char opening[] = " Product=\"";
    for (char *at = document->data; (at = strstr(at, opening)) != NULL;) {
        at += sizeof opening - 1;
        const size_t size = strcspn(at, "\"");
        if (size > 0)
            change_last(at, size);
    }
}

static void answer_other(struct answer *a, struct request *r, const char *operation)
{
    if (r->reply->size == 0) /* it was not applied: a yes to somebody else */
        reply_posted(r, "OrderNumber", r->key);
    if (!is_product(r->reply, r->key))
        change_each(r->reply, r->key, strlen(r->key));
    change_products(r->reply);
    answer_prima(a, operation, r->reply);
}

static void answer_noise(struct answer *a, const struct fault *fault)
{
    uint8_t noise[4096];
    buf_clear(&a->body);
    for (size_t left = fault->bytes > 0 ? fault->bytes : 200, size; left > 0; left -= size) {
        size = left < sizeof noise ? left : sizeof noise;
        digest_random(noise, size);
        buf_append(&a->body, noise, size);
    }
    a->status = 200;
    a->type = type_xml;
    a->is_noise = fault->raw;
    if (fault->raw) {
        a->ending = END_PART;
        a->bytes = a->body.size;
    }
}

/* A Latin-1 comment in a reply that says UTF-8. */
static void answer_wrong_encoding(struct answer *a, struct request *r, const char *operation)
{
    static const char comment[] = "&lt;!-- Gr\xF6\xDF"
                                  "e --&gt;";
    if (r->reply->size == 0) { /* it was not applied */
        reply_begin(r, "OK", "");
        reply_end(r);
        answer_prima(a, operation, r->reply);
    }
    const char *at = strstr(a->body.data, "?&gt;");
    struct buf out;
    buf_init(&out, ANSWER_MAX);
    const size_t size = at == NULL ? 0 : (size_t)(at - a->body.data) + 5;
    buf_append(&out, a->body.data, size);
    buf_text(&out, comment);
    buf_append(&out, a->body.data + size, a->body.size - size);
    buf_release(&a->body);
    a->body = out;
}

static void end_with(struct answer *a, enum ending ending, size_t bytes, bool uncommitted)
{
    a->ending = ending;
    a->bytes = bytes;
    a->ends_uncommitted = uncommitted;
    if (ending == END_HANG || (ending == END_PART_RESET && bytes == 0))
        a->status = 0;
}

void answer_disturb(struct answer *a, struct request *r, const struct fault *fault,
                    const char *operation)
{
    switch (fault->kind) {
    case FAULT_HTTP:
        answer_text(a, fault->status, "text/plain", fault->text);
        break;
    case FAULT_SOAP_FAULT:
        answer_fault(a, "Server",
                     fault->text[0] != '\0'
                         ? fault->text
                         : "** Procedure wsomhandler ended with an error. (8026)");
        break;
    case FAULT_ERROR:
        answer_error(a, r, fault, "ERROR", operation);
        break;
    case FAULT_OK_WITH_ERROR:
        answer_error(a, r, fault, "OK", operation);
        break;
    case FAULT_BARE_OK:
        answer_bare_ok(a, r, operation);
        break;
    case FAULT_OTHER_ANSWER:
        answer_other(a, r, operation);
        break;
    case FAULT_THROTTLE:
        answer_throttle(a, fault->status, fault->retry_after);
        break;
    case FAULT_MAINTENANCE:
        answer_text(a, 503, "text/html",
                    "<!DOCTYPE html><html><body><h1>Down for maintenance</h1></body></html>\n");
        break;
    case FAULT_GARBAGE:
        answer_noise(a, fault);
        break;
    case FAULT_ENCODING:
        answer_wrong_encoding(a, r, operation);
        break;
    case FAULT_ROWS:
        rows_disorder(r->reply, fault);
        answer_prima(a, operation, r->reply);
        break;
    case FAULT_RESET_BEFORE:
    case FAULT_RESET_DURING:
        end_with(a, END_PART_RESET, 0, true);
        break;
    case FAULT_RESET_AFTER:
        end_with(a, END_PART_RESET, fault->bytes, false);
        break;
    case FAULT_CUT:
        end_with(a, END_PART, fault->bytes, false);
        break;
    case FAULT_HANG:
    case FAULT_APPLY_THEN_HANG:
        end_with(a, END_HANG, 0, false);
        break;
    case FAULT_APPLY_DELAY: /* what the client sees meanwhile */
        if (fault->then == THEN_STATUS)
            answer_text(a, fault->status, "text/plain", "");
        else if (fault->then == THEN_RESET)
            end_with(a, END_PART_RESET, 0, false);
        else if (fault->then == THEN_HANG)
            end_with(a, END_HANG, 0, false);
        break;
    case FAULT_LATENCY:
    case FAULT_KIND_COUNT:
        break;
    }
}

void answer_close(struct answer *a)
{
    if ((a->ending != END_PART && a->ending != END_PART_RESET) || a->bytes == 0 || a->is_noise)
        return;
    struct buf out;
    buf_init(&out, ANSWER_MAX);
    buf_printf(&out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", a->status,
               a->status == 200 ? "OK" : "Error", type_xml, a->body.size);
    buf_append(&out, a->body.data, a->body.size);
    buf_release(&a->body);
    a->body = out;
}
