/* Printing edits; see dlq_edit_print.h. */
#include "dlq_edit_print.h"

#include "dlq_safe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 300 };

static void print_value(char sign, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    const size_t size = text != NULL ? strlen(text) : 0;
    if (size > SHOWN_MAX)
        printf("    %c %.*s... (%zu bytes)\n", sign, (int)SHOWN_MAX, text, size);
    else
        printf("    %c %s\n", sign, text != NULL ? text : "?");
    free(text);
}

void dlq_print_fields(const json_t *fields)
{
    char name[SAFE_TEXT_MAX];
    size_t i;
    json_t *field;
    json_array_foreach(fields, i, field)
    {
        const json_t *old = json_object_get(field, "old"), *to = json_object_get(field, "new");
        printf("  %s%s%s\n", dlq_safe(json_string_value(json_object_get(field, "field")), name),
               json_is_true(json_object_get(field, "earlier")) ? " (edited before)" : "",
               to == NULL ? ": as the channel sent it, again" : "");
        if (to == NULL)
            continue;
        print_value('-', old);
        print_value('+', to);
    }
}

void dlq_print_edits(const json_t *edits)
{
    char who[SAFE_TEXT_MAX], at[SAFE_TEXT_MAX], why[SAFE_TEXT_MAX];
    size_t i;
    json_t *edit;
    json_array_foreach(edits, i, edit)
    {
        const char *const texts[] = {json_string_value(json_object_get(edit, "at")),
                                     json_string_value(json_object_get(edit, "who")),
                                     json_string_value(json_object_get(edit, "reason"))};
        printf("  %s  by %s: %s\n", dlq_safe(texts[0] != NULL ? texts[0] : "?", at),
               dlq_safe(texts[1] != NULL ? texts[1] : "?", who),
               dlq_safe(texts[2] != NULL ? texts[2] : "?", why));
        dlq_print_fields(json_object_get(edit, "fields"));
    }
}
