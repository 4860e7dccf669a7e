/* Documents of the plain form (common/prima/xml_plain.h) against libxml2: what the short way takes
 * is well-formed and tells the same. */
#include "prima/xml_plain.h"

#include "base/buf.h"
#include "fuzz_target.h"

enum { DOCUMENT_MAX = 16384 };

static void end_text(struct buf *told)
{
    if (told->size > 0 && told->data[told->size - 1] != '\n')
        buf_byte(told, '\n');
}

static void put(struct buf *told, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        buf_printf(told, "%02x", (unsigned char)bytes[i]);
}

static void on_open(void *user, const char *name, const struct xml_attribute *attributes,
                    size_t count)
{
    end_text(user);
    buf_printf(user, "<%s", name);
    for (size_t i = 0; i < count; i++) {
        buf_printf(user, " %s=", attributes[i].name);
        put(user, attributes[i].value, attributes[i].size);
    }
    buf_text(user, ">\n");
}

static void on_text(void *user, const char *text, size_t size)
{
    put(user, text, size);
}

static void on_close(void *user, const char *name)
{
    end_text(user);
    buf_printf(user, "/%s\n", name);
}

static void on_begin(void *user)
{
    buf_clear(user);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct xml_events events = {on_open, on_text, on_close, on_begin};
    static const char comment[] =
        "<!---->"; /* at the end it changes nothing of a document, but that it is not plain */
    static struct xml_reader *reader;
    if (reader == NULL)
        reader = xml_reader_new();
    if (size > DOCUMENT_MAX)
        return 0;
    struct buf plain, other, document;
    buf_init(&plain, 1 << 20);
    buf_init(&other, 1 << 20);
    buf_init(&document, DOCUMENT_MAX + sizeof comment);
    buf_append(&document, data, size);
    char *scratch = malloc(size + 1); /* exactly: a byte beyond is then seen */
    FUZZ_CHECK(scratch != NULL);
    if (xml_plain_read(document.data, size, scratch, &events, &plain)) {
        buf_text(&document, comment);
        FUZZ_CHECK(xml_read(reader, document.data, document.size, NULL, false, &events, &other) ==
                   0);
        FUZZ_CHECK(plain.size == other.size && memcmp(plain.data, other.data, plain.size) == 0);
    }
    free(scratch);
    buf_release(&plain);
    buf_release(&other);
    buf_release(&document);
    return 0;
}
