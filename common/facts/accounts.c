/* A direct-mapped table; see accounts.h. */
#include "facts/accounts.h"

#include "base/digest.h"

#include <stdbool.h>

struct known {
    uint8_t tag[ACCOUNT_TAG_SIZE];
    char code[ACCOUNT_CODE_MAX + 1]; /* "": empty place */
};

struct accounts {
    struct known places[ACCOUNTS_PLACES];
};

struct accounts *accounts_new(void)
{
    struct accounts *a = calloc(1, sizeof *a); /* untouched pages cost nothing */
    if (a == NULL)
        abort();
    return a;
}

void accounts_free(struct accounts *a)
{
    free(a);
}

struct account_tag accounts_tag(const char *company, const char *channel_customer,
                                const char *email)
{
    struct account_tag tag;
    uint8_t hash[DIGEST_SIZE];
    struct digest *d = digest_new();
    digest_add(d, company,
               strlen(company) +
                   1); /* each with its NUL, so that no two customers have the same bytes */
    digest_add(d, channel_customer, strlen(channel_customer) + 1);
    digest_add(d, email, strlen(email) + 1);
    digest_end(d, hash);
    memcpy(tag.bytes, hash, sizeof tag.bytes);
    tag.place = (uint16_t)(hash[sizeof tag.bytes] | hash[sizeof tag.bytes + 1] << 8);
    return tag;
}

static bool is_at(const struct known *k, const struct account_tag *tag)
{
    return k->code[0] != '\0' && memcmp(k->tag, tag->bytes, sizeof k->tag) == 0;
}

const char *accounts_find(const struct accounts *a, const struct account_tag *tag)
{
    const struct known *k = &a->places[tag->place % ACCOUNTS_PLACES];
    return is_at(k, tag) ? k->code : NULL;
}

void accounts_add(struct accounts *a, const struct account_tag *tag, const char *account_code)
{
    struct known *k = &a->places[tag->place % ACCOUNTS_PLACES];
    const size_t size = strlen(account_code);
    if (size > ACCOUNT_CODE_MAX)
        return;
    memcpy(k->tag, tag->bytes, sizeof k->tag);
    memcpy(k->code, account_code, size + 1);
}
