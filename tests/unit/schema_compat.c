/* Avro's rules of schema resolution; see schema_compat.h. */
#include "schema_compat.h"

#include <stdarg.h>

enum {
    DEPTH_MAX = 40
}; /* of records in records; beyond it a cycle has been followed often enough */

struct check {
    unsigned depth;
    char *reason;
};

static bool readable(struct check *c, const struct schema_node *reader,
                     const struct schema_node *writer);

__attribute__((format(printf, 2, 3))) static bool no(struct check *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (c->reason[0] == '\0') /* the innermost says most */
        (void)vsnprintf(c->reason, 200, format, args);
    va_end(args);
    return false;
}

static bool field_readable(struct check *c, const struct schema_node *reader,
                           const struct schema_field *field, const struct schema_node *writer)
{
    const struct schema_field *written = schema_field_find(writer, field->name);
    if (written == NULL)
        return field->default_value != NULL ||
               no(c, "%s.%s: new, and without default", reader->name, field->name);
    if (!readable(c, field->node, written->node))
        return no(c, "%s.%s: of another type", reader->name, field->name);
    if (field->identity != written->identity)
        return no(c, "%s.%s: its identity mark changed, and with it every F", reader->name,
                  field->name);
    const bool same_default = (field->default_value == NULL && written->default_value == NULL) ||
                              (field->default_value != NULL && written->default_value != NULL &&
                               json_equal(field->default_value, written->default_value));
    if (field->identity && !same_default && written->default_value != NULL)
        return no(c, "%s.%s: its default changed, and with it every F", reader->name, field->name);
    return true;
}

static bool record_readable(struct check *c, const struct schema_node *reader,
                            const struct schema_node *writer)
{
    if (strcmp(reader->name, writer->name) != 0)
        return no(c, "%s: a record called %s", reader->name, writer->name);
    if (c->depth == DEPTH_MAX)
        return true;
    c->depth++;
    bool ok = true;
    for (size_t i = 0; i < reader->count && ok; i++)
        ok = field_readable(c, reader, &reader->fields[i], writer);
    for (size_t i = 0; i < writer->count && ok; i++)
        if (writer->fields[i].identity && schema_field_find(reader, writer->fields[i].name) == NULL)
            ok = no(c, "%s.%s: part of identity, and gone", writer->name, writer->fields[i].name);
    c->depth--;
    return ok;
}

static bool enum_readable(struct check *c, const struct schema_node *reader,
                          const struct schema_node *writer)
{
    if (strcmp(reader->name, writer->name) != 0)
        return no(c, "%s: an enum called %s", reader->name, writer->name);
    for (size_t i = 0; i < writer->count; i++)
        if (schema_symbol_find(reader, writer->symbols[i]) < 0 && reader->default_symbol < 0)
            return no(c, "%s: the symbol %s is gone, and there is no default", reader->name,
                      writer->symbols[i]);
    return true;
}

/* Whether a primitive of one type may be read as another. */
static bool promotable(enum schema_type reader, enum schema_type writer)
{
    switch (writer) {
    case SCHEMA_INT:
        return reader == SCHEMA_LONG || reader == SCHEMA_FLOAT || reader == SCHEMA_DOUBLE;
    case SCHEMA_LONG:
        return reader == SCHEMA_FLOAT || reader == SCHEMA_DOUBLE;
    case SCHEMA_FLOAT:
        return reader == SCHEMA_DOUBLE;
    case SCHEMA_STRING:
        return reader == SCHEMA_BYTES;
    case SCHEMA_BYTES:
        return reader == SCHEMA_STRING;
    default:
        return false;
    }
}

static bool union_readable(struct check *c, const struct schema_node *reader,
                           const struct schema_node *writer)
{
    if (writer->type == SCHEMA_UNION) {
        for (size_t i = 0; i < writer->count; i++)
            if (!readable(c, reader, writer->branches[i]))
                return false;
        return true;
    }
    char reasons[200] = "";
    struct check trial = {.depth = c->depth, .reason = reasons};
    for (size_t i = 0; i < reader->count; i++) {
        reasons[0] = '\0';
        if (readable(&trial, reader->branches[i], writer))
            return true;
    }
    return no(c, "%s", reasons[0] != '\0' ? reasons : "no branch of the union reads it");
}

static bool readable(struct check *c, const struct schema_node *reader,
                     const struct schema_node *writer)
{
    if (reader->type == SCHEMA_UNION || writer->type == SCHEMA_UNION)
        return union_readable(c, reader, writer);
    if (reader->type != writer->type)
        return promotable(reader->type, writer->type);
    switch (reader->type) {
    case SCHEMA_RECORD:
        return record_readable(c, reader, writer);
    case SCHEMA_ENUM:
        return enum_readable(c, reader, writer);
    case SCHEMA_FIXED:
        return reader->size == writer->size && strcmp(reader->name, writer->name) == 0;
    case SCHEMA_ARRAY:
    case SCHEMA_MAP:
        return readable(c, reader->items, writer->items);
    default:
        return true;
    }
}

bool schema_compat(const struct schema_node *reader, const struct schema_node *writer,
                   char ret_reason[static 200])
{
    struct check c = {.reason = ret_reason};
    ret_reason[0] = '\0';
    if (readable(&c, reader, writer))
        return true;
    (void)no(&c, "%s: of another type", reader->name);
    return false;
}
