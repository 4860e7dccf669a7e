/* Lines of a note; see stock_note.h. */
#include "stock_note.h"

#include "base/digest.h"
#include "base/table.h"

#include <stdlib.h>

void stock_source_name(const struct stock_source *s, char ret_name[static STOCK_SOURCE_NAME_MAX])
{
    uint64_t hash = table_hash(TABLE_HASH_BEGIN, s->from, strlen(s->from) + 1);
    hash = table_hash(hash, s->to, strlen(s->to) + 1);
    if (s->scope == STOCK_SCOPE_RANGE)
        (void)snprintf(ret_name, STOCK_SOURCE_NAME_MAX, "range-%016llx", (unsigned long long)hash);
    else
        (void)snprintf(ret_name, STOCK_SOURCE_NAME_MAX, "%s", stock_scope_names[s->scope]);
}

/* The number behind a blank. */
static bool take_number(const char **at, int64_t *ret_number)
{
    char *end;
    if (**at != ' ' || (*at)[1] < '0' || (*at)[1] > '9')
        return false;
    *ret_number = strtoll(*at + 1, &end, 10);
    *at = end;
    return true;
}

struct stock_last stock_note_find(const char *note, const char *name)
{
    const size_t size = strlen(name);
    while (strncmp(note, name, size) != 0 || note[size] != ' ') {
        const char *end = strchr(note, '\n');
        if (end == NULL)
            return (struct stock_last){.rows = 0};
        note = end + 1;
    }
    struct stock_last last;
    int64_t ordered = 0;
    note += size;
    if (!take_number(&note, &last.rows) || !take_number(&note, &ordered) ||
        !take_number(&note, &last.at_ms) || *note != '\n')
        return (struct stock_last){.rows = 0};
    last.was_ordered = ordered != 0;
    return last;
}

void stock_note_append(struct buf *note, const char *name, const struct stock_last *last)
{
    buf_printf(note, "%s %lld %d %lld\n", name, (long long)last->rows, last->was_ordered,
               (long long)last->at_ms);
}
