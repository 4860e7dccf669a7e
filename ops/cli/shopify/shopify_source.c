/* A file's orders, one after the other; see shopify_source.h. */
#include "shopify_source.h"

#include "base/buf.h"
#include "cli.h"

#include <errno.h>
#include <string.h>

enum { PARSING = JSON_REJECT_DUPLICATES };

static void complain(void *user, const char *text)
{
    struct shopify_source *source = user;
    if (source->complaints++ < SHOPIFY_COMPLAINTS_MAX)
        (void)cli_fail(CLI_DATA, "%s:%zu: %s", source->name, source->line, text);
}

void shopify_source_init(struct shopify_source *source, const char *name, const char *many, const char *one)
{
    *source = (struct shopify_source){.name = name, .many = many, .one = one};
    source->reader = (struct shopify_reader){.complain = complain, .user = source};
}

/* ---- one value ---- */

static void take_one(struct shopify_source *source, const struct shopify_at *order, shopify_take take, void *user)
{
    source->found++;
    source->wrong += !take(user, source, order);
}

static void take_list(struct shopify_source *source, const struct shopify_at *list, shopify_take take, void *user)
{
    for (size_t i = 0; i < json_array_size(list->json); i++) {
        const struct shopify_at order = shopify_item(list, i);
        take_one(source, &order, take, user);
    }
}

static void take_value(struct shopify_source *source, const json_t *json, shopify_take take, void *user)
{
    const struct shopify_at root = {.json = json};
    const struct shopify_at list = shopify_field(&root, source->many), one = shopify_field(&root, source->one);
    if (json_is_array(json)) {
        take_list(source, &root, take, user);
    } else if (json_is_array(list.json)) {
        take_list(source, &list, take, user);
    } else if (one.json != NULL) {
        take_one(source, &one, take, user);
    } else if (json_object_get(json, "id") != NULL) {
        take_one(source, &root, take, user);
    } else {
        source->wrong++;
        if (json_object_get(json, "errors") != NULL)
            shopify_complain(&source->reader, &root, "holds no %s but an error that Shopify answered; repeat the export", source->many);
        else
            shopify_complain(&source->reader, &root,
                             "has neither \"%s\", a list, nor \"%s\" nor an \"id\"; what is read is in primaflow import shopify %s --help",
                             source->many, source->one, source->many);
    }
}

/* jansson's words, less the piece of the file that it shows: that may be anybody's name. `line` is where the fault is. */
static void not_json(struct shopify_source *source, const json_error_t *error, size_t line)
{
    const char *near = strstr(error->text, " near ");
    source->wrong++;
    source->reader.wrong++;
    if (source->complaints++ >= SHOPIFY_COMPLAINTS_MAX)
        return;
    const char *remedy = json_error_code(error) == json_error_premature_end_of_input ? "the file is cut off: export it again"
                         : json_error_code(error) == json_error_duplicate_key        ? "a key twice has two meanings: export it again"
                         : json_error_code(error) == json_error_end_of_input_expected
                             ? "a file is one document, or one order on each line: put it into one of these forms"
                             : "export it again";
    (void)cli_fail(CLI_DATA, "%s:%zu: not JSON, at column %d: %.*s; %s", source->name, line, error->column,
                   near != NULL ? (int)(near - error->text) : 150, error->text, remedy);
}

/* ---- the file ---- */

/* Appends to `text` up to and with a newline, or everything. False: nothing was left. */
static bool read_on(FILE *in, bool to_newline, struct buf *text)
{
    char piece[4096];
    size_t used = 0, total = 0;
    int c = 0;
    while (!text->failed && (c = getc_unlocked(in)) != EOF) {
        piece[used++] = (char)c;
        total++;
        const bool ends = to_newline && c == '\n';
        if (used == sizeof piece || ends) {
            buf_append(text, piece, used);
            used = 0;
        }
        if (ends)
            break;
    }
    if (used > 0)
        buf_append(text, piece, used);
    return total > 0;
}

static bool is_blank(const struct buf *text)
{
    return strspn(text->data, " \t\r\n") == text->size;
}

/* What jansson is not asked: too much, or NULs, which it passes over in silence. */
static bool is_unfit(struct shopify_source *source, const struct buf *text)
{
    const struct shopify_at root = {.json = NULL};
    if (text->failed)
        shopify_complain(&source->reader, &root, "is longer than the %d MiB that are read at a time; export fewer orders into one document",
                         SHOPIFY_DOCUMENT_MAX / (1024 * 1024));
    else if (memchr(text->data, '\0', text->size) != NULL)
        shopify_complain(&source->reader, &root, "has NUL bytes, so it is damaged or UTF-16; export it again, as UTF-8");
    else
        return false;
    source->wrong++;
    return true;
}

/* What was read stands in one document: the rest of the file belongs to it. */
static void read_document(struct shopify_source *source, FILE *in, struct buf *text, shopify_take take, void *user)
{
    json_error_t error;
    (void)read_on(in, false, text);
    if (is_unfit(source, text))
        return;
    json_t *json = json_loadb(text->data, text->size, PARSING, &error);
    if (json != NULL)
        take_value(source, json, take, user);
    else
        not_json(source, &error, source->line + (error.line > 0 ? (size_t)error.line - 1 : 0));
    json_decref(json);
}

static void read_lines(struct shopify_source *source, FILE *in, struct buf *text, shopify_take take, void *user)
{
    bool is_first = true;
    for (; read_on(in, true, text); buf_clear(text)) {
        json_error_t error;
        source->line++;
        if (source->line == 1 && text->size >= 3 && memcmp(text->data, "\xef\xbb\xbf", 3) == 0)
            memset(text->data, ' ', 3); /* a byte order mark, which some editors put there */
        if (is_blank(text))
            continue;
        if (is_unfit(source, text)) {
            if (text->failed)
                return; /* where the next line begins is not known */
            continue;
        }
        json_t *json = json_loadb(text->data, text->size, PARSING, &error);
        if (json == NULL && is_first && json_error_code(&error) == json_error_premature_end_of_input) {
            read_document(source, in, text, take, user);
            return;
        }
        is_first = false;
        if (json != NULL)
            take_value(source, json, take, user);
        else
            not_json(source, &error, source->line);
        json_decref(json);
    }
}

int shopify_source_read(struct shopify_source *source, FILE *in, shopify_take take, void *user)
{
    struct buf text;
    buf_init(&text, SHOPIFY_DOCUMENT_MAX);
    errno = 0;
    read_lines(source, in, &text, take, user);
    const int error = errno;
    buf_release(&text);
    if (!ferror(in))
        return 0;
    (void)cli_fail(CLI_DATA, "%s:%zu: cannot be read further: %s", source->name, source->line + 1, strerror(error));
    return -EIO;
}
