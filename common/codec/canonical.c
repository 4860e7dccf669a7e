/* A schema's parsing canonical form and its fingerprint, by which single-object encoding names it;
 * see schema.h. */
#include "codec/schema.h"

/* Which named types have been written in full: from their second mention on the name alone stands
 * there. */
struct canonical {
    struct buf *out;
    const struct written {
        const struct written *next;
        const struct schema_node *node;
    } * written;
};

static void write_node(struct canonical *c, const struct schema_node *node);

static void write_list(struct canonical *c, const struct schema_node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        buf_text(c->out, i > 0 ? "," : "");
        if (node->type == SCHEMA_ENUM) {
            buf_printf(c->out, "\"%s\"", node->symbols[i]);
        } else if (node->type == SCHEMA_UNION) {
            write_node(c, node->branches[i]);
        } else {
            buf_printf(c->out, "{\"name\":\"%s\",\"type\":", node->fields[i].name);
            write_node(c, node->fields[i].node);
            buf_text(c->out, "}");
        }
    }
}

static bool write_reference(struct canonical *c, const struct schema_node *node)
{
    for (const struct written *w = c->written; w != NULL; w = w->next)
        if (w->node == node) {
            buf_printf(c->out, "\"%s\"", node->full_name);
            return true;
        }
    struct written *w = malloc(sizeof *w);
    if (w == NULL) {
        c->out->failed = true;
        return true;
    }
    *w = (struct written){.next = c->written, .node = node};
    c->written = w;
    return false;
}

static void write_named(struct canonical *c, const struct schema_node *node)
{
    if (write_reference(c, node))
        return;
    if (node->type == SCHEMA_FIXED) {
        buf_printf(c->out, "{\"name\":\"%s\",\"type\":\"fixed\",\"size\":%zu}", node->full_name,
                   node->size);
        return;
    }
    const bool record = node->type == SCHEMA_RECORD;
    buf_printf(c->out, "{\"name\":\"%s\",\"type\":\"%s\",\"%s\":[", node->full_name,
               record ? "record" : "enum", record ? "fields" : "symbols");
    write_list(c, node);
    buf_text(c->out, "]}");
}

static void write_node(struct canonical *c, const struct schema_node *node)
{
    switch (node->type) {
    case SCHEMA_RECORD:
    case SCHEMA_ENUM:
    case SCHEMA_FIXED:
        write_named(c, node);
        break;
    case SCHEMA_ARRAY:
    case SCHEMA_MAP:
        buf_printf(c->out, "{\"type\":\"%s\",\"%s\":", node->name,
                   node->type == SCHEMA_ARRAY ? "items" : "values");
        write_node(c, node->items);
        buf_text(c->out, "}");
        break;
    case SCHEMA_UNION:
        buf_text(c->out, "[");
        write_list(c, node);
        buf_text(c->out, "]");
        break;
    default:
        buf_printf(c->out, "\"%s\"", node->name);
    }
}

void schema_canonical(const struct schema *schema, struct buf *out)
{
    struct canonical c = {.out = out};
    write_node(&c, schema->root);
    for (const struct written *w = c.written, *next; w != NULL; w = next) {
        next = w->next;
        free((void *)w);
    }
}

uint64_t schema_crc64(const void *bytes, size_t size)
{
    const uint64_t empty = 0xc15d213aa4d7a795; /* the polynomial, and the fingerprint of nothing */
    const uint8_t *p = bytes;
    uint64_t crc = empty;
    for (size_t i = 0; i < size; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (empty & (0 - (crc & 1)));
    }
    return crc;
}
