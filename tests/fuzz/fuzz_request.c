/* What people type, on its way to Prima (latin1.h, request.h, envelope.h): whatever it is, the
 * request is one well-formed document with one order in it, each field reads back as the policy for
 * it says, and the envelope gives back the very request.
 *
 * Input: texts, each ended by a NUL, in the order of `fields` below. */
#include <errno.h>

#include "prima/envelope.h"
#include "prima/latin1.h"
#include "prima/request.h"

#include "fuzz_input.h"
#include "fuzz_xml.h"

enum { LATIN1_MAX = 1 << 20 };

static struct prima_names names;
static struct envelope envelope;

static void set_up(void)
{
    static struct config *config;
    struct config_message message = {""};
    if (config != NULL)
        return;
    FUZZ_CHECK(config_load(NULL, NULL, 0, &config, &message) == 0 &&
               prima_names_read(config, &names, &message) == 0);
    FUZZ_CHECK(envelope_init(&envelope, &names) == 0);
}

/* Latin-1 → UTF-8. */
static void widen(const struct buf *latin1, struct buf *out)
{
    for (size_t i = 0; i < latin1->size; i++) {
        const unsigned char c = (unsigned char)latin1->data[i];
        if (c >= 0x80)
            buf_byte(out, (uint8_t)(0xC0 | c >> 6));
        buf_byte(out, (uint8_t)(c < 0x80 ? c : 0x80 | (c & 0x3F)));
    }
}

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7F)
            return false;
    return true;
}

/* The policy by itself: nothing in it that Prima or XML could not hold, nothing lost unsaid, and a
 * second time changes nothing. */
static void check_policy(const char *text, struct arena *arena)
{
    struct buf once, twice, wide, spelled;
    struct buf *const all[] = {&once, &twice, &wide, &spelled};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_init(all[i], LATIN1_MAX);
    const bool lost = latin1_append(text, LATIN1_PLAIN, &once);
    FUZZ_CHECK(lost == latin1_loses(text));
    for (size_t i = 0; i < once.size; i++) {
        const unsigned char c = (unsigned char)once.data[i];
        FUZZ_CHECK((c >= 0x20 && c < 0x7F) || c >= 0xA0 || c == '\t' || c == '\n' || c == '\r');
    }
    widen(&once, &wide);
    FUZZ_CHECK(!latin1_append(wide.data, LATIN1_PLAIN, &twice) && twice.size == once.size);
    FUZZ_CHECK(memcmp(once.data, twice.data, once.size) == 0);
    latin1_spell(text, LATIN1_PLAIN, &spelled);
    FUZZ_CHECK(!is_ascii(text) ||
               (strcmp(text, once.data) == 0 && strcmp(text, spelled.data) == 0));
    FUZZ_CHECK(arena_used(arena) > 0);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_release(all[i]);
}

/* A field's value in the document: converted, or spelled, and nothing else. `is_begin`: others may
 * follow it. */
static void check_field(xmlNode *node, const char *name, const char *text, bool is_begin)
{
    struct buf latin1[2], wide[2];
    xmlAttr *attribute = xmlHasProp(node, (const xmlChar *)name);
    FUZZ_CHECK(attribute != NULL);
    char *value = fuzz_xml_value(attribute);
    bool fits = false;
    for (int i = 0; i < 2; i++) {
        buf_init(&latin1[i], LATIN1_MAX);
        buf_init(&wide[i], 2 * LATIN1_MAX);
        if (i == 0)
            (void)latin1_append(text, LATIN1_PLAIN, &latin1[i]);
        else
            latin1_spell(text, LATIN1_PLAIN, &latin1[i]);
        widen(&latin1[i], &wide[i]);
        fits |= strcmp(value, wide[i].data) == 0 ||
                (is_begin && strncmp(value, wide[i].data, wide[i].size) == 0);
        buf_release(&latin1[i]);
        buf_release(&wide[i]);
    }
    if (!fits)
        (void)fprintf(stderr, "%s reads back as %s\n", name, value);
    FUZZ_CHECK(fits);
    free(value);
}

static size_t count_children(xmlNode *node)
{
    size_t count = 0;
    for (xmlNode *n = fuzz_xml_element(node->children); n != NULL; n = fuzz_xml_element(n->next))
        count++;
    return count;
}

static void check_envelope(const struct buf *request, const char *company)
{
    struct buf out, wide;
    buf_init(&out, 16 << 20);
    buf_init(&wide, 16 << 20);
    FUZZ_CHECK(envelope_write(&envelope, company, request->data, request->size, &out) == 0);
    for (size_t i = 0; i < out.size; i++)
        FUZZ_CHECK((unsigned char)out.data[i] < 0x80);
    xmlDoc *doc = fuzz_xml_read(out.data, out.size, NULL);
    FUZZ_CHECK(doc != NULL);
    xmlNode *operation =
        fuzz_xml_element(fuzz_xml_element(xmlDocGetRootElement(doc)->children)->children);
    FUZZ_CHECK(count_children(operation) == (company[0] != '\0' ? 2 : 1));
    xmlNode *parameter = fuzz_xml_element(operation->children);
    if (company[0] != '\0')
        parameter = fuzz_xml_element(parameter->next);
    char *text = fuzz_xml_text(parameter);
    widen(request, &wide);
    FUZZ_CHECK(strcmp(text, wide.data) == 0);
    free(text);
    xmlFreeDoc(doc);
    buf_release(&out);
    buf_release(&wide);
}

static void check_order(const struct prima_order *order, const struct buf *request)
{
    xmlDoc *doc = fuzz_xml_read(request->data, request->size, NULL);
    FUZZ_CHECK(doc != NULL);
    xmlNode *root = xmlDocGetRootElement(doc), *data = fuzz_xml_element(root->children);
    FUZZ_CHECK(count_children(root) == 1 && count_children(data) == 3 /* header, invoice, line */);
    xmlNode *header = fuzz_xml_element(data->children), *invoice = fuzz_xml_element(header->next),
            *line = fuzz_xml_element(invoice->next);
    check_field(data, "OrderNumber", order->order_number, false);
    check_field(data, "CustomerSurname", order->delivery.surname, false);
    check_field(data, "AddrLine1", order->delivery.lines[0], false);
    check_field(data, "CustomerEmail", order->delivery.email, false);
    check_field(data, "HoldOrderNarrative", order->hold_narrative, false);
    check_field(header, "SpecialInstructions", order->special_instructions, true);
    check_field(line, "Product", order->lines[0].product, false);
    check_field(line, "LineNarrative", order->lines[0].narrative, false);
    xmlFreeDoc(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    set_up();
    struct arena *arena = arena_new(4 << 20);
    struct fuzz_input in = {data, size < 16384 ? size : 16384};
    enum { NUMBER, COMPANY, SURNAME, STREET, EMAIL, NARRATIVE, NOTE, PRODUCT, TITLE, FIELDS };
    const char *fields[FIELDS];
    for (size_t i = 0; i < FIELDS; i++) {
        fields[i] = fuzz_text(&in, arena);
        check_policy(fields[i], arena);
    }
    const struct prima_order_line line = {
        .product = fields[PRODUCT], .quantity = "1", .price = "1.00", .narrative = fields[TITLE]};
    const struct prima_order order = {
        .order_number = fields[NUMBER],
        .vat_inclusive = true,
        .hold = true,
        .hold_narrative = fields[NARRATIVE],
        .delivery = {.surname = fields[SURNAME], .lines = {fields[STREET]}, .email = fields[EMAIL]},
        .special_instructions = fields[NOTE],
        .currency = "GBP",
        .lines = &line,
        .line_count = 1,
    };
    struct buf request;
    buf_init(&request, 8 << 20);
    const int r = prima_request_new_order(&names, &order, &request);
    FUZZ_CHECK(r == 0 || r == -EINVAL);
    FUZZ_CHECK((r == 0) ==
               (fields[NUMBER][0] != '\0' && strlen(fields[NUMBER]) <= 50 &&
                is_ascii(fields[NUMBER]) && strpbrk(fields[NUMBER], " \"'<>&\\") == NULL));
    if (r == 0) {
        check_order(&order, &request);
        check_envelope(
            &request,
            arena_printf(arena, "%.20s", fields[COMPANY])); /* channels.yaml allows no longer one */
    }
    buf_release(&request);
    arena_free(arena);
    return 0;
}
