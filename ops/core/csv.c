/* Rows and cells; see csv.h. */
#include "core/csv.h"

#include <string.h>

void csv_init(struct csv *csv, FILE *in, struct digest *digest)
{
    *csv = (struct csv){.in = in, .digest = digest, .line = 1};
    buf_init(&csv->row, CSV_ROW_BYTES_MAX);
}

void csv_release(struct csv *csv)
{
    buf_release(&csv->row);
}

static int next_byte(struct csv *csv)
{
    const int c = getc(csv->in);
    const char byte = (char)c;
    if (c != EOF)
        digest_add(csv->digest, &byte, 1);
    csv->line += c == '\n';
    return c;
}

static void end_cell(struct csv *csv, size_t *begin)
{
    if (csv->cell_count < CSV_CELLS_MAX)
        csv->cells[csv->cell_count++] = *begin;
    else
        csv->wrong = "has too many cells";
    buf_byte(&csv->row, '\0');
    *begin = csv->row.size;
}

static bool separates(struct csv *csv, int c)
{
    if (csv->separator == 0 && (c == ',' || c == ';'))
        csv->separator = c;
    return c == csv->separator;
}

/* Two quotes within a quoted cell are one. */
static bool is_doubled(struct csv *csv)
{
    const int after = getc(csv->in);
    if (after == '"') {
        digest_add(csv->digest, "\"", 1);
        return true;
    }
    if (after != EOF)
        (void)ungetc(after, csv->in);
    return false;
}

static void pass_over_mark(struct csv *csv)
{
    if (csv->row_line == 1 && csv->row.size >= 3 && csv->cell_count > 0 &&
        memcmp(csv->row.data, "\xEF\xBB\xBF", 3) == 0)
        csv->cells[0] = 3;
}

bool csv_next(struct csv *csv)
{
    bool quoted = false, any = false;
    size_t begin = 0;
    buf_clear(&csv->row);
    csv->cell_count = 0;
    csv->wrong = NULL;
    csv->row_line = csv->line;
    for (int c = next_byte(csv); c != EOF; c = next_byte(csv)) {
        any = true;
        if (c == '\0')
            csv->wrong = "has a NUL in it";
        else if (c == '"' && quoted && is_doubled(csv))
            buf_byte(&csv->row, '"');
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && separates(csv, c))
            end_cell(csv, &begin);
        else if (!quoted && c == '\n')
            break;
        else if (quoted || c != '\r')
            buf_byte(&csv->row, (uint8_t)c);
    }
    if (any)
        end_cell(csv, &begin);
    pass_over_mark(csv);
    if (quoted)
        csv->wrong = "a quote is opened and never closed";
    if (csv->row.failed)
        csv->wrong = "is longer than 64 KiB: is a quote missing?";
    return any;
}

const char *csv_cell(const struct csv *csv, size_t i)
{
    return i < csv->cell_count && csv->cells[i] < csv->row.size ? csv->row.data + csv->cells[i]
                                                                : "";
}

bool csv_is_blank(const struct csv *csv)
{
    for (size_t i = 0; i < csv->cell_count; i++)
        if (csv_cell(csv, i)[strspn(csv_cell(csv, i), " \t")] != '\0')
            return false;
    return true;
}

void csv_skip_rest(struct csv *csv)
{
    while (next_byte(csv) != EOF)
        ;
}
