/* A file's orders or refunds, one after the other; see import_source.h. */
#include "import_source.h"

#include "base/buf.h"

#include <errno.h>
#include <string.h>

enum { PARSING = JSON_REJECT_DUPLICATES };

static void number_write(const json_t *id, char text[static 64])
{
    text[0] = '\0';
    if (json_is_integer(id))
        (void)snprintf(text, 64, "%" JSON_INTEGER_FORMAT, json_integer_value(id));
    else if (json_is_string(id) && json_string_length(id) < 64)
        (void)snprintf(text, 64, "%s", json_string_value(id));
}

/* "order #1001 (450789469)", as far as it is told: what the shop's staff looks for. */
static void name_write(const char *noun, const char *name, const json_t *id, char text[static 160])
{
    char number[64];
    number_write(id, number);
    text[0] = '\0';
    if (name == NULL || strlen(name) > 40)
        name = "";
    if (*name != '\0' && number[0] != '\0')
        (void)snprintf(text, 160, "%s %s (%s)", noun, name, number);
    else if (*name != '\0' || number[0] != '\0')
        (void)snprintf(text, 160, "%s %s", noun, *name != '\0' ? name : number);
}

static bool is_whole(const struct import_form *form, const struct import_at *at)
{
    return form->within != NULL && (json_object_get(at->json, form->whole_sign) != NULL ||
                                    json_object_get(at->json, form->within) != NULL);
}

/* What is being taken: of what is part of an order that order, too, which it names or stands in. */
static void thing_write(const struct import_source *source, char text[static 400])
{
    const json_t *thing = source->thing != NULL ? source->thing->json : NULL,
                 *whole = source->whole != NULL ? source->whole->json : NULL;
    const json_t *order_id =
        json_object_get(whole != NULL ? whole : thing, whole != NULL ? "id" : "order_id");
    const char *noun = source->thing != NULL && is_whole(source->form, source->thing)
                           ? "order"
                           : source->form->noun;
    const bool is_order = strcmp(noun, "order") == 0;
    char name[160], of[160] = "";
    name_write(noun, json_string_value(json_object_get(thing, "name")),
               json_object_get(thing, "id"), name);
    if (!is_order)
        name_write("order", json_string_value(json_object_get(whole, "name")), order_id, of);
    (void)snprintf(text, 400, "%s%s%s%s", name, name[0] != '\0' && of[0] != '\0' ? " of " : "", of,
                   name[0] != '\0' || of[0] != '\0' ? ": " : "");
}

static void source_add(struct import_source *source, size_t line, const char *text)
{
    char thing[400];
    thing_write(source, thing);
    complaints_add(&source->complaints, line, "%s%s", thing, text);
    if (source->texts != NULL)
        (void)json_array_append_new(source->texts, json_string(text));
}

static void source_complain(void *user, const char *text)
{
    struct import_source *source = user;
    source_add(source, source->line, text);
}

/* From here to `end`, complaints are about one thing. */
static void source_begin(struct import_source *source, const struct import_at *thing)
{
    source->thing = thing;
    source->texts = source->refused.refuse != NULL ? json_array() : NULL;
}

/* The whole, with a note that only what is being taken is meant: the others of its list stay, for they
 * may say what it is. A new reference. */
static json_t *whole_of_one(const struct import_source *source)
{
    json_t *whole = json_copy((json_t *)(uintptr_t)source->whole->json);
    json_t *note = json_pack("{s:I}", "only", (json_int_t)source->thing->index);
    if (json_object_set_new(whole, "primaflow", note) == 0)
        return whole;
    json_decref(whole);
    return NULL;
}

static void source_end(struct import_source *source, size_t line, bool is_wrong)
{
    source->wrong += is_wrong;
    source->unread += is_wrong && source->thing == NULL;
    if (is_wrong && source->refused.refuse != NULL) {
        json_t *whole =
            source->thing != NULL && source->whole != NULL ? whole_of_one(source) : NULL;
        source->refused.refuse(source->refused.user, line,
                               whole != NULL           ? whole
                               : source->thing != NULL ? source->thing->json
                                                       : NULL,
                               source->texts);
        json_decref(whole);
    }
    json_decref(source->texts);
    source->texts = NULL;
    source->thing = NULL;
}

void import_source_init(struct import_source *source, const struct import_form *form)
{
    *source = (struct import_source){.form = form};
    source->reader =
        (struct import_reader){.complain = source_complain,
                               .user = source,
                               .noun = strcmp(form->noun, "order") == 0 ? NULL : form->noun};
}

/* ---- one value ---- */

static void take_one(struct import_source *source, const struct import_at *thing, import_take take,
                     void *user)
{
    source->found++;
    source_begin(source, thing);
    source_end(source, source->line, !take(user, source, thing));
}

/* What stands in a whole. One whose list is none is complained of once. */
static void take_whole(struct import_source *source, const struct import_at *whole,
                       import_take take, void *user)
{
    const struct import_at list = import_field(whole, source->form->within);
    const size_t wrong = source->reader.wrong;
    source_begin(source, whole);
    const size_t count = import_count(&source->reader, &list);
    source->found += source->reader.wrong > wrong;
    source_end(source, source->line, source->reader.wrong > wrong);
    const json_t *only = json_object_get(json_object_get(whole->json, "primaflow"), "only");
    source->whole = whole;
    for (size_t i = 0; i < count; i++) {
        const struct import_at part = import_item(&list, i);
        if (only == NULL || json_integer_value(only) == (json_int_t)i)
            take_one(source, &part, take, user);
    }
    source->whole = NULL;
}

/* What stands alone: one of them, or a whole. */
static void take_bare(struct import_source *source, const struct import_at *at, import_take take,
                      void *user)
{
    if (is_whole(source->form, at))
        take_whole(source, at, take, user);
    else
        take_one(source, at, take, user);
}

static void take_list(struct import_source *source, const struct import_at *list, import_take take,
                      void *user)
{
    for (size_t i = 0; i < json_array_size(list->json); i++) {
        const struct import_at at = import_item(list, i);
        take_bare(source, &at, take, user);
    }
}

/* A document's list or single thing under one of the keys. False: it has none of them. */
static bool take_named(struct import_source *source, const struct import_at *root, import_take take,
                       void *user)
{
    const struct import_form *form = source->form;
    const char *const keys[] = {form->many, form->one, form->whole_many, form->whole_one};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct import_at at =
            keys[i] != NULL ? import_field(root, keys[i]) : (struct import_at){.json = NULL};
        if (json_is_array(at.json))
            take_list(source, &at, take, user);
        else if (at.json != NULL && i % 2 == 1)
            take_bare(source, &at, take, user);
        else
            continue;
        return true;
    }
    return false;
}

static void not_of_the_form(struct import_source *source, const struct import_at *root)
{
    const struct import_form *form = source->form;
    source_begin(source, NULL);
    if (json_object_get(root->json, "errors") != NULL)
        import_complain(&source->reader, root,
                        "holds no %ss but an error that %s answered; repeat the export", form->noun,
                        form->channel);
    else
        import_complain(&source->reader, root,
                        "has neither \"%s\", a list, nor \"%s\" nor an \"id\"; what is read "
                        "is in primaflow %s --help",
                        form->many, form->one, form->command);
    source_end(source, source->line, true);
}

static void take_value(struct import_source *source, const json_t *json, import_take take,
                       void *user)
{
    const struct import_at root = {.json = json};
    const bool has_id = json_object_get(json, "id") != NULL;
    /* an order's own refunds[] are no document's list */
    const bool is_whole = has_id && source->form->within != NULL;
    if (json_is_array(json))
        take_list(source, &root, take, user);
    else if (!is_whole && take_named(source, &root, take, user))
        return;
    else if (has_id)
        take_bare(source, &root, take, user);
    else
        not_of_the_form(source, &root);
}

/* jansson's words, less the piece of the file that it shows: that may be anybody's name. `line` is
 * where the fault is. */
static void not_json(struct import_source *source, const json_error_t *error, size_t line)
{
    const char *near = strstr(error->text, " near ");
    char text[COMPLAINT_TEXT_MAX];
    source->reader.wrong++;
    char forms[120];
    (void)snprintf(forms, sizeof forms,
                   "a file is one document, or one %s on each line: put it into one of these forms",
                   source->form->noun);
    const char *remedy = json_error_code(error) == json_error_premature_end_of_input
                             ? "the file is cut off: export it again"
                         : json_error_code(error) == json_error_duplicate_key
                             ? "a key twice has two meanings: export it again"
                         : json_error_code(error) == json_error_end_of_input_expected
                             ? forms
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
static bool is_unfit(struct import_source *source, const struct buf *text)
{
    const struct import_at root = {.json = NULL};
    const bool has_nul = !text->failed && memchr(text->data, '\0', text->size) != NULL;
    if (!text->failed && !has_nul)
        return false;
    source_begin(source, NULL);
    if (text->failed)
        import_complain(&source->reader, &root,
                        "is longer than the %d MiB that are read at a time; export fewer %ss "
                        "into one document",
                        IMPORT_DOCUMENT_MAX / (1024 * 1024), source->form->noun);
    else
        import_complain(&source->reader, &root,
                        "has NUL bytes, so it is damaged or UTF-16; export it again, as UTF-8");
    source_end(source, source->line, true);
    return true;
}

/* What was read stands in one document: the rest of the file belongs to it. */
static void read_document(struct import_source *source, FILE *in, struct buf *text,
                          import_take take, void *user)
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

static void read_lines(struct import_source *source, FILE *in, struct buf *text, import_take take,
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

int import_source_read(struct import_source *source, FILE *in, import_take take, void *user)
{
    struct buf text;
    buf_init(&text, IMPORT_DOCUMENT_MAX);
    errno = 0;
    read_lines(source, in, &text, take, user);
    const int error = errno;
    buf_release(&text);
    return !ferror(in) ? 0 : error > 0 ? -error : -EIO;
}
