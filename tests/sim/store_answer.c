/* A command's words, and its answer. */
#include "store_internal.h"

struct answer_item *answer_add(struct answer *a, enum answer_kind kind)
{
    if (a->count == ANSWER_ITEMS_MAX)
        abort();
    a->items[a->count] = (struct answer_item){.kind = kind};
    return &a->items[a->count++];
}

void answer_text(struct answer *a, const char *bytes, size_t size)
{
    struct answer_item *item = answer_add(a, ANSWER_TEXT);
    item->at = a->bytes.size;
    item->size = size;
    buf_append(&a->bytes, bytes, size);
}

void answer_number(struct answer *a, int64_t number)
{
    a->kind = ANSWER_NUMBER;
    answer_add(a, ANSWER_NUMBER)->number = number;
}

void answer_words(struct answer *a, enum answer_kind kind, const char *words)
{
    a->kind = kind;
    answer_text(a, words, strlen(words));
}

void answer_score(struct answer *a, double score)
{
    char text[40];
    const int size = snprintf(text, sizeof text, "%.17g", score);
    answer_text(a, text, (size_t)size);
}

bool word_is(struct word w, const char *text)
{
    return w.size == strlen(text) && memcmp(w.data, text, w.size) == 0;
}

int64_t word_number(struct word w)
{
    char text[40];
    (void)snprintf(text, sizeof text, "%.*s", (int)w.size, w.data);
    return strtoll(text, NULL, 10);
}

double word_score(struct word w)
{
    char text[40];
    (void)snprintf(text, sizeof text, "%.*s", (int)w.size, w.data);
    return strtod(text, NULL);
}

/* Of the wrong kind: answered so. */
bool is_wrong(struct call *c, const struct entry *e, enum entry_kind kind)
{
    if (e == NULL || e->kind == kind)
        return false;
    answer_words(c->a, ANSWER_ERROR,
                 "WRONGTYPE Operation against a key holding the wrong kind of value");
    return true;
}
