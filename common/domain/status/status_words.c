/* Prima's words for how far an order is; see status_words.h. */
#include "domain/status/status_words.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

/* Known: Part Despatched, Despatched, Cancelled. The others are the plain words for it. */
static const struct {
    const char *word;
    enum order_state state;
} built_in[] = {
    {"open", STATE_OPEN},
    {"held", STATE_HELD},
    {"on hold", STATE_HELD},
    {"part despatched", STATE_PART_DESPATCHED},
    {"partially despatched", STATE_PART_DESPATCHED},
    {"part dispatched", STATE_PART_DESPATCHED},
    {"despatched", STATE_DESPATCHED},
    {"dispatched", STATE_DESPATCHED},
    {"cancelled", STATE_CANCELLED},
    {"canceled", STATE_CANCELLED},
};

/* The same word: letters and digits alone count, of either case. */
static bool words_same(const char *a, const char *b)
{
    for (;;) {
        while (*a != '\0' && !isalnum((unsigned char)*a))
            a++;
        while (*b != '\0' && !isalnum((unsigned char)*b))
            b++;
        if (*a == '\0' || *b == '\0')
            return *a == *b;
        if (tolower((unsigned char)*a++) != tolower((unsigned char)*b++))
            return false;
    }
}

static bool words_is_blank(const char *text)
{
    return words_same(text, "");
}

enum order_state status_words_state(const struct status_words *words, const char *status)
{
    if (status == NULL || status[strspn(status, " \t")] == '\0')
        return STATE_OPEN;
    if (words_is_blank(status)) /* punctuation alone is no word */
        return STATE_OTHER;
    for (size_t i = 0; i < words->count; i++)
        if (words_same(words->list[i].word, status))
            return words->list[i].state;
    for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++)
        if (words_same(built_in[i].word, status))
            return built_in[i].state;
    return STATE_OTHER;
}

static int words_complain(struct config_message *message, const char *item, size_t size)
{
    (void)snprintf(message->text, sizeof message->text,
                   "prima.status_words: \"%.*s\" is none; write WORD=STATE, separated by commas, "
                   "up to %d, as in Picking=open,Invoiced=despatched; states are open, held, "
                   "part_despatched, despatched, cancelled, other",
                   size < 60 ? (int)size : 60, item, STATUS_WORDS_MAX);
    return -EINVAL;
}

static bool words_add(struct status_words *words, const char *item, size_t size)
{
    const char *equals = memchr(item, '=', size);
    const size_t word = equals != NULL ? (size_t)(equals - item) : 0;
    if (words->count == STATUS_WORDS_MAX || word == 0 || word > STATUS_WORD_MAX)
        return false;
    const char *name = equals + 1 + strspn(equals + 1, " ");
    const size_t name_size = (size_t)(item + size - name);
    memcpy(words->list[words->count].word, item, word);
    words->list[words->count].word[word] = '\0';
    if (words_is_blank(words->list[words->count].word))
        return false;
    for (int i = 0; order_state_names[i] != NULL; i++)
        if (strlen(order_state_names[i]) == name_size &&
            memcmp(order_state_names[i], name, name_size) == 0) {
            words->list[words->count++].state = (enum order_state)i;
            return true;
        }
    return false;
}

int status_words_read(const struct config *config, struct status_words *ret_words,
                      struct config_message *ret_message)
{
    const char *at = config_text(config, CFG_prima_status_words);
    *ret_words = (struct status_words){.count = 0};
    for (;;) {
        at += strspn(at, ", ");
        size_t size = strcspn(at, ",");
        const char *item = at;
        if (size == 0)
            return 0;
        at += size;
        while (item[size - 1] == ' ')
            size--;
        if (!words_add(ret_words, item, size))
            return words_complain(ret_message, item, size);
    }
}
