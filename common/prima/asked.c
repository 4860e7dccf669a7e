/* Whose answer is it? See asked.h. */
#include "prima/asked.h"

#include "prima/requests.h"
#include "prima/requests/kind.h"

#include <ctype.h>
#include <strings.h>

enum { LIKE_OURS = 3 /* characters: a channel's prefix */ };

static const struct request_kind *const kinds[PRIMA_TYPE_COUNT] = {
#define PRIMA_REQUEST(ID, id, ...) [PRIMA_##ID] = &request_kind_##id,
#include "prima/requests.def"
#undef PRIMA_REQUEST
};

void asked_read(const struct prima_names *names, enum prima_type type, const char *request,
                size_t size, struct asked *asked)
{
    asked->order_number[0] = asked->reference[0] = asked->email[0] = asked->page[0] = '\0';
    if (kinds[type]->subject != NULL)
        kinds[type]->subject(names, request, size, asked);
}

static bool is_name_of(const struct prima_names *names, enum prima_type type, const char *text)
{
    const struct request_row *row = request_row(type);
    if (strcasecmp(text, request_wire_name(type, names)) == 0)
        return true;
    for (size_t i = 0; i < REQUEST_KNOWN_AS_MAX && row->known_as[i] != NULL; i++)
        if (strcasecmp(text, row->known_as[i]) == 0)
            return true;
    return false;
}

static bool is_other_type(const struct prima_names *names, enum prima_type type, const char *text)
{
    if (text[0] == '\0' || is_name_of(names, type, text))
        return false;
    for (size_t other = 0; other < PRIMA_TYPE_COUNT; other++)
        if (is_name_of(names, (enum prima_type)other, text))
            return true;
    return false;
}

static bool same_trimmed(const char *ours, const char *theirs)
{
    while (*theirs == ' ')
        theirs++;
    size_t size = strlen(theirs);
    while (size > 0 && theirs[size - 1] == ' ')
        size--;
    return strlen(ours) == size && memcmp(ours, theirs, size) == 0;
}

static bool is_in_number(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

static bool is_like(const char *ours, size_t ours_size, const char *word, size_t size)
{
    return ours_size > LIKE_OURS && size + 1 >= ours_size && size <= ours_size + 1 &&
           memcmp(ours, word, LIKE_OURS) == 0;
}

static bool is_named(const char *words, const char *ours, size_t size)
{
    for (const char *at = words; (at = strstr(at, ours)) != NULL; at++)
        if ((at == words || !is_in_number(at[-1])) && !is_in_number(at[size]))
            return true;
    return false;
}

bool asked_words_are_anothers(const struct asked *asked, const char *words)
{
    const char *ours = asked->order_number;
    const size_t ours_size = strlen(ours);
    bool other = false;
    if (ours_size == 0 || is_named(words, ours, ours_size))
        return false;
    for (const char *at = words; *at != '\0';) {
        size_t size = 0;
        while (is_in_number(at[size]))
            size++;
        other |= is_like(ours, ours_size, at, size);
        at += size + (size == 0);
    }
    return other;
}

static bool begins_with(const char *ours, const char *theirs)
{
    return strncasecmp(ours, theirs, strlen(theirs)) == 0;
}

static bool is_other_account(const struct asked *asked, const struct prima_account *account)
{
    if (asked->reference[0] != '\0' && account->customer_ref[0] != '\0')
        return !begins_with(asked->reference, account->customer_ref);
    return asked->email[0] != '\0' && account->email[0] != '\0' &&
           !begins_with(asked->email, account->email);
}

static bool are_other_accounts(const struct asked *asked, const struct reply *reply)
{
    for (size_t i = 0; i < reply->account_count; i++)
        if (!is_other_account(asked, &reply->accounts[i]))
            return false;
    return reply->account_count > 0;
}

bool asked_is_another(const struct prima_names *names, enum prima_type type,
                      const struct asked *asked, const struct reply *reply)
{
    if (is_other_type(names, type, reply->request_type))
        return true;
    if (type == PRIMA_PRODUCT_READ && reply->number_count > 0)
        return true;
    for (size_t i = 0; i < reply->number_count && asked->order_number[0] != '\0'; i++)
        if (!same_trimmed(asked->order_number, reply->order_numbers[i]))
            return true;
    if ((type == PRIMA_ORDER_STATUS && asked_words_are_anothers(asked, reply->error)) ||
        are_other_accounts(asked, reply))
        return true;
    return asked->page[0] != '\0' && reply->page[0] != '\0' &&
           !same_trimmed(asked->page, reply->page);
}
