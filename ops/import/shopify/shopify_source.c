/* A file's orders, one after the other; see shopify_source.h. */
#include "shopify_source.h"

#include "base/buf.h"

#include <errno.h>
#include <string.h>

enum { PARSING = JSON_REJECT_DUPLICATES };

/* "order #1001 (450789469): ", as far as it is told: what the shop's staff looks for. */
static void order_write(const struct shopify_at *order, char text[static 160])
{
    const json_t *id = order != NULL ? json_object_get(order->json, "id") : NULL;
    const char *name = order != NULL ? json_string_value(json_object_get(order->json, "name")) : "";
    char number[64] = "";
    if (json_is_integer(id))
        (void)snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(id));
    else if (json_is_string(id) && json_string_length(id) < sizeof number)
        (void)snprintf(number, sizeof number, "%s", json_string_value(id));
    text[0] = '\0';
    if (name == NULL || strlen(name) > 40)
        name = "";
    if (*name != '\0' && number[0] != '\0')
        (void)snprintf(text, 160, "order %s (%s): ", name, number);
    else if (*name != '\0' || number[0] != '\0')
        (void)snprintf(text, 160, "order %s: ", *name != '\0' ? name : number);
}

static void source_add(struct shopify_source *source, size_t line, const char *text)
{
    char order[160];
    order_write(source->order, order);
    complaints_add(&source->complaints, line, "%s%s", order, text);
    if (source->texts != NULL)
        (void)json_array_append_new(source->texts, json_string(text));
}

static void source_complain(void *user, const char *text)
{
    struct shopify_source *source = user;
    source_add(source, source->line, text);
}

/* From here to `end`, complaints are about one thing. */
static void source_begin(struct shopify_source *source, const struct shopify_at *order)
{
    source->order = order;
    source->texts = source->refuse != NULL ? json_array() : NULL;
}

static void source_end(struct shopify_source *source, size_t line, bool is_wrong)
{
    source->wrong += is_wrong;
    source->unread += is_wrong && source->order == NULL;
    if (is_wrong && source->refuse != NULL)
        source->refuse(source->refuse_user, line,
                       source->order != NULL ? source->order->json : NULL, source->texts);
    json_decref(source->texts);
    source->texts = NULL;
    source->order = NULL;
}

void shopify_source_init(struct shopify_source *source, const char *many, const char *one)
{
    *source = (struct shopify_source){.many = many, .one = one};
    source->reader = (struct shopify_reader){.complain = source_complain, .user = source};
}

/* ---- one value ---- */

static void take_one(struct shopify_source *source, const struct shopify_at *order,
                     shopify_take take, void *user)
{
    source->found++;
    source_begin(source, order);
    source_end(source, source->line, !take(user, source, order));
}

static void take_list(struct shopify_source *source, const struct shopify_at *list,
                      shopify_take take, void *user)
{
    for (size_t i = 0; i < json_array_size(list->json); i++) {
        const struct shopify_at order = shopify_item(list, i);
        take_one(source, &order, take, user);
    }
}

static void take_value(struct shopify_source *source, const json_t *json, shopify_take take,
                       void *user)
{
    const struct shopify_at root = {.json = json};
    const struct shopify_at list = shopify_field(&root, source->many),
                            one = shopify_field(&root, source->one);
    if (json_is_array(json)) {
        take_list(source, &root, take, user);
    } else if (json_is_array(list.json)) {
        take_list(source, &list, take, user);
    } else if (one.json != NULL) {
        take_one(source, &one, take, user);
    } else if (json_object_get(json, "id") != NULL) {
        take_one(source, &root, take, user);
    } else {
        source_begin(source, NULL);
        if (json_object_get(json, "errors") != NULL)
            shopify_complain(&source->reader, &root,
                             "holds no %s but an error that Shopify answered; repeat the export",
                             source->many);
        else
            shopify_complain(&source->reader, &root,
                             "has neither \"%s\", a list, nor \"%s\" nor an \"id\"; what is read "
                             "is in primaflow import shopify %s --help",
                             source->many, source->one, source->many);
        source_end(source, source->line, true);
    }
}

/* jansson's words, less the piece of the file that it shows: that may be anybody's name. `line` is
 * where the fault is. */
static void not_json(struct shopify_source *source, const json_error_t *error, size_t line)
{
    const char *near = strstr(error->text, " near ");
    char text[COMPLAINT_TEXT_MAX];
    source->reader.wrong++;
    const char *remedy =
        json_error_code(error) == json_error_premature_end_of_input
            ? "the file is cut off: export it again"
        : json_error_code(error) == json_error_duplicate_key
            ? "a key twice has two meanings: export it again"
        : json_error_code(error) == json_error_end_of_input_expected
            ? "a file is one document, or one order on each line: put it into one of these forms"
            : "export it again";
    source_begin(source, NULL);
    (void)snprintf(text, sizeof text, "not JSON, at column %d: %.*s; %s", error->column,
                   near != NULL ? (int)(near - error->text) : 150, error->text, remedy);
    source_add(source, line, text);
    source_end(source, line, true);
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
    const bool has_nul = !text->failed && memchr(text->data, '\0', text->size) != NULL;
    if (!text->failed && !has_nul)
        return false;
    source_begin(source, NULL);
    if (text->failed)
        shopify_complain(&source->reader, &root,
                         "is longer than the %d MiB that are read at a time; export fewer orders "
                         "into one document",
                         SHOPIFY_DOCUMENT_MAX / (1024 * 1024));
    else
        shopify_complain(&source->reader, &root,
                         "has NUL bytes, so it is damaged or UTF-16; export it again, as UTF-8");
    source_end(source, source->line, true);
    return true;
}

/* What was read stands in one document: the rest of the file belongs to it. */
static void read_document(struct shopify_source *source, FILE *in, struct buf *text,
                          shopify_take take, void *user)
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

static void read_lines(struct shopify_source *source, FILE *in, struct buf *text, shopify_take take,
                       void *user)
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
        if (json == NULL && is_first &&
            json_error_code(&error) == json_error_premature_end_of_input) {
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
    return !ferror(in) ? 0 : error > 0 ? -error : -EIO;
}
