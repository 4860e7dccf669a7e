/* What Prima answers: an envelope, the document in it, and what is taken to be proven
 * (common/prima).
 *
 * Beside the reader under test the same bytes are read a second time, with libxml2's tree and in
 * this file's own words, so that a reader that is made faster still has somebody to agree with.
 * Input: a byte for the request's type, one for HTTP's status, one for charset and form, one for
 * where it is cut; then the HTTP body, or, in the other form, the inner document, which is wrapped
 * here. */
#include "prima/asked.h"
#include "prima/envelope.h"
#include "prima/judge.h"

#include "fuzz_input.h"
#include "fuzz_xml.h"

#include <strings.h>

enum { BODY_MAX = 1 << 18 };

static struct patterns *patterns;
static struct prima_names names;
static const struct asked asked = {
    .order_number = "2011234", .reference = "web/7", .email = "ann@example.org", .page = "2"};
static struct xml_reader *reader; /* used for every input, as a worker does */

static void set_up(void)
{
    static struct config *config;
    struct config_message message = {""};
    if (config != NULL)
        return;
    const char *const settings[] = {"prima.name.echo=CustomerRef"};
    FUZZ_CHECK(config_load(NULL, settings, 1, &config, &message) == 0);
    FUZZ_CHECK(prima_names_read(config, &names, &message) == 0 &&
               patterns_load("", &patterns, &message) == 0);
    reader = xml_reader_new();
}

/* ---- what the worker makes of it ---- */

struct understood {
    bool is_envelope, is_readable;
    struct envelope_reply answer;
    struct reply reply;
    enum prima_fate fate;
    enum pf_error code;
};

static void understand(struct xml_reader *with, enum prima_type type, int status, const char *bytes,
                       size_t size, const char *charset, struct arena *arena, struct understood *u)
{
    *u = (struct understood){.reply = {.error = ""}};
    buf_init(&u->answer.text, BODY_MAX);
    u->is_envelope = envelope_read(with, bytes, size, charset, &u->answer) == 0;
    if (u->is_envelope && !u->answer.is_fault)
        u->is_readable = reply_read(with, &names, type, u->answer.text.data, u->answer.text.size,
                                    arena, &u->reply) == 0;
    const struct judge_evidence evidence = {
        .type = type,
        .end = POST_ANSWERED,
        .http_status = status,
        .retry_after_ms = -1,
        .reply = u->is_readable ? &u->reply : NULL,
        .is_of_another = u->is_readable && asked_is_another(&names, type, &asked, &u->reply),
        .is_of_other_order = u->is_readable && asked_words_are_anothers(&asked, u->reply.error),
    };
    u->fate = judge(&evidence, patterns, NOT_ACCEPTED_WITH_RETRY_AFTER, &u->code);
}

/* ---- the same in other words ---- */

/* Every Data of the document, and the root, in which a verdict may stand. */
struct heard {
    bool says_ok, says_error, has_trouble;
    size_t products, accounts;
};

static bool hear_verdict(xmlNode *node, const char *name, const char *word)
{
    bool found = false;
    for (xmlAttr *a = node->properties; a != NULL; a = a->next) {
        char *value = fuzz_xml_value(a);
        found |= strcmp(fuzz_xml_name(a->name), name) == 0 &&
                 (word != NULL ? strcasecmp(value, word) == 0 : value[0] != '\0');
        free(value);
    }
    return found;
}

static void hear(struct heard *h, xmlNode *node)
{
    const bool is_ok = hear_verdict(node, names.request_status, "OK");
    h->says_ok |= is_ok;
    h->says_error |= hear_verdict(node, names.request_status, "ERROR");
    h->has_trouble |= hear_verdict(node, names.request_error, NULL) ||
                      (!is_ok && hear_verdict(node, names.request_status, NULL));
}

static bool reads_stock(enum prima_type type)
{
    return type == PRIMA_PRODUCT_READ || type == PRIMA_STOCK_READ;
}

static struct heard hear_document(xmlDoc *doc, enum prima_type type)
{
    struct heard h = {false};
    xmlNode *root = xmlDocGetRootElement(doc);
    hear(&h, root);
    for (xmlNode *data = fuzz_xml_element(root->children); data != NULL;
         data = fuzz_xml_element(data->next)) {
        if (strcmp(fuzz_xml_name(data->name), "Data") != 0)
            continue;
        hear(&h, data);
        for (xmlNode *row = fuzz_xml_element(data->children); row != NULL;
             row = fuzz_xml_element(row->next)) {
            h.products += reads_stock(type) && strcasecmp(fuzz_xml_name(row->name), "sku") == 0;
            h.accounts += type == PRIMA_CUSTOMER_SEARCH &&
                          strcmp(fuzz_xml_name(row->name), names.customer_row) == 0 &&
                          hear_verdict(row, names.account, NULL);
        }
        h.accounts += type == PRIMA_NEW_CUSTOMER && hear_verdict(data, names.account, NULL);
    }
    return h;
}

/* The envelope: whether there is an answer in it at all, and its text. */
static void check_envelope(const struct understood *u, xmlDoc *doc)
{
    FUZZ_CHECK(doc != NULL || !u->is_envelope);
    if (doc == NULL)
        return;
    xmlNode *root = xmlDocGetRootElement(doc);
    xmlNode *answer = NULL;
    bool has_fault = false;
    for (xmlNode *body = fuzz_xml_element(root->children); body != NULL;
         body = fuzz_xml_element(body->next)) {
        if (strcmp(fuzz_xml_name(root->name), "Envelope") != 0 ||
            strcmp(fuzz_xml_name(body->name), "Body") != 0)
            continue;
        for (xmlNode *n = fuzz_xml_element(body->children); n != NULL;
             n = fuzz_xml_element(n->next)) {
            const size_t size = strlen(fuzz_xml_name(n->name));
            has_fault |= strcmp(fuzz_xml_name(n->name), "Fault") == 0;
            if (answer == NULL && size >= 8 &&
                strcmp(fuzz_xml_name(n->name) + size - 8, "Response") == 0)
                answer = fuzz_xml_element(n->children);
        }
    }
    FUZZ_CHECK(!has_fault || !u->is_envelope ||
               u->answer.is_fault); /* a fault is never an answer, whatever else stands there */
    FUZZ_CHECK(has_fault || u->is_envelope == (answer != NULL));
    if (has_fault || answer == NULL)
        return;
    char *text = fuzz_xml_text(answer);
    FUZZ_CHECK(strlen(text) == u->answer.text.size &&
               memcmp(text, u->answer.text.data, u->answer.text.size) == 0);
    free(text);
}

static void check_document(const struct understood *u, enum prima_type type)
{
    xmlDoc *doc = fuzz_xml_read(u->answer.text.data, u->answer.text.size, "UTF-8");
    FUZZ_CHECK((doc != NULL) == u->is_readable);
    if (doc != NULL) {
        const struct heard h = hear_document(doc, type);
        FUZZ_CHECK(u->fate != PRIMA_OK ||
                   (!h.has_trouble && (h.says_ok || (reads_stock(type) && h.products > 0))));
        FUZZ_CHECK(u->code == PF_OK || h.says_error);
        FUZZ_CHECK(u->reply.product_count == h.products && u->reply.account_count == h.accounts);
        xmlFreeDoc(doc);
    }
}

/* ---- what a fate may be ---- */

static void check_fate(const struct understood *u, enum prima_type type, int status)
{
    const bool writes = type == PRIMA_NEW_ORDER || type == PRIMA_NEW_CUSTOMER;
    const bool is_proof =
        u->fate != PRIMA_UNKNOWN && u->fate != PRIMA_NOT_ACCEPTED && u->fate != PRIMA_DENIED;
    FUZZ_CHECK(!is_proof || (status == 200 && u->is_readable));
    FUZZ_CHECK(u->fate != PRIMA_NOT_SENT);
    FUZZ_CHECK(writes || (u->fate != PRIMA_EXISTS && u->fate != PRIMA_REFUSED &&
                          u->fate != PRIMA_UNCLASSIFIED));
    FUZZ_CHECK(!writes || u->fate != PRIMA_ABSENT);
    FUZZ_CHECK((u->code != PF_OK) == (u->fate == PRIMA_REFUSED || u->fate == PRIMA_UNCLASSIFIED));
    FUZZ_CHECK(u->fate != PRIMA_REFUSED || u->reply.error[0] != '\0');
    FUZZ_CHECK(u->fate != PRIMA_OK || u->reply.error[0] == '\0');
    FUZZ_CHECK(u->fate != PRIMA_OK || type != PRIMA_NEW_ORDER || u->reply.number_count > 0);
    for (size_t i = 0; u->fate == PRIMA_OK && i < u->reply.number_count; i++)
        FUZZ_CHECK(strstr(u->reply.order_numbers[i], asked.order_number) != NULL);
    FUZZ_CHECK(u->fate != PRIMA_OK || type != PRIMA_NEW_CUSTOMER || u->reply.account_count == 1);
}

/* Whatever was read of parcels is there to its last byte. */
static size_t parcels_size(const struct reply *reply)
{
    size_t size = 0;
    for (size_t i = 0; i < reply->despatch_count; i++) {
        const struct prima_despatch *d = &reply->despatches[i];
        size += strlen(d->number) + strlen(d->date) + strlen(d->carrier) + strlen(d->service) +
                strlen(d->tracking_number) + strlen(d->tracking_url) + d->line_count;
        for (size_t k = 0; k < d->line_count; k++)
            size += strlen(d->lines[k].order_line) + strlen(d->lines[k].quantity);
    }
    return size;
}

/* The same bytes give the same, whatever was read before with that reader. */
static void check_same(const struct understood *a, const struct understood *b)
{
    FUZZ_CHECK(a->is_envelope == b->is_envelope && a->is_readable == b->is_readable &&
               a->fate == b->fate && a->code == b->code);
    FUZZ_CHECK(a->answer.text.size == b->answer.text.size &&
               a->answer.is_fault == b->answer.is_fault);
    FUZZ_CHECK(memcmp(a->answer.text.data, b->answer.text.data, a->answer.text.size) == 0);
    FUZZ_CHECK(strcmp(a->reply.error, b->reply.error) == 0 &&
               a->reply.product_count == b->reply.product_count);
    FUZZ_CHECK(parcels_size(&a->reply) == parcels_size(&b->reply));
    FUZZ_CHECK((a->reply.order_status == NULL) == (b->reply.order_status == NULL));
    FUZZ_CHECK(a->reply.order_status == NULL ||
               strcmp(a->reply.order_status, b->reply.order_status) == 0);
}

/* A reply that was cut is never an answer: what is gone has no element's end in it any more. */
static void check_cut(const struct buf *body, const char *charset, size_t at, struct arena *arena)
{
    struct understood u;
    if (at >= body->size || memchr(body->data, '\0', body->size) != NULL)
        return;
    understand(reader, PRIMA_NEW_ORDER, 200, body->data, at, charset, arena, &u);
    FUZZ_CHECK(!u.is_envelope || memmem(body->data + at, body->size - at, "</", 2) == NULL ||
               memmem(body->data + at, body->size - at, "<!--", 4) != NULL ||
               memmem(body->data + at, body->size - at, "<?", 2) != NULL);
    buf_release(&u.answer.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 200, 200, 200, 500, 503, 429, 401, 404, 302};
    static const char *const charsets[] = {NULL,         NULL,           "utf-8",
                                           "iso-8859-1", "windows-1252", "no such"};
    set_up();
    struct fuzz_input in = {data, size < 65536 ? size : 65536};
    const enum prima_type type = (enum prima_type)fuzz_choose(&in, PRIMA_TYPE_COUNT);
    const int status = statuses[fuzz_choose(&in, sizeof statuses / sizeof *statuses)];
    const size_t form = fuzz_choose(&in, 12), cut = fuzz_choose(&in, 256);
    const char *charset = charsets[form / 2];
    struct arena *arena = arena_new(8 << 20);
    struct xml_reader *fresh = xml_reader_new();
    struct understood u, again;
    struct buf body;
    buf_init(&body, BODY_MAX);
    if (form % 2 == 1)
        fuzz_xml_envelope((const char *)in.at, in.left, &body);
    else
        buf_append(&body, in.at, in.left);

    understand(reader, type, status, body.data, body.size, charset, arena, &u);
    understand(fresh, type, status, body.data, body.size, charset, arena, &again);
    check_same(&u, &again);
    check_fate(&u, type, status);
    if (charset == NULL) {
        xmlDoc *doc = fuzz_xml_read(body.data, body.size, NULL);
        check_envelope(&u, doc);
        xmlFreeDoc(doc);
    }
    if (u.is_envelope && !u.answer.is_fault && status == 200)
        check_document(&u, type);
    check_cut(&body, charset, body.size * cut / 256, arena);
    buf_release(&u.answer.text);
    buf_release(&again.answer.text);
    buf_release(&body);
    xml_reader_free(fresh);
    arena_free(arena);
    return 0;
}
