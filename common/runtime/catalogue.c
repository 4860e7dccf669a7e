/* A direct-mapped table; see catalogue.h. */
#include "runtime/catalogue.h"

#include "base/digest.h"

enum { PARTS = 6, PART_MAX = 64, BYTES_MAX = PARTS * (2 + PART_MAX) };
_Static_assert(DIGEST_SIZE <= PART_MAX, "a digest fits in the place of a part");

struct known {
    uint8_t tag[PRODUCT_TAG_SIZE];
    int64_t heard_ms;
    bool is_taken;
};

struct catalogue {
    int64_t max_age_ms;
    struct known slots[CATALOGUE_SLOTS];
};

struct catalogue *catalogue_new(int64_t max_age_ms)
{
    struct catalogue *c = calloc(1, sizeof *c); /* untouched pages cost nothing */
    if (c == NULL)
        abort();
    c->max_age_ms = max_age_ms;
    return c;
}

void catalogue_free(struct catalogue *c)
{
    free(c);
}

/* The parts, each with its length before it, so that no two products have the same bytes. A part that is too long goes in as its digest. */
static size_t spell(const char *const parts[static PARTS], uint8_t bytes[static BYTES_MAX])
{
    size_t size = 0;
    for (int i = 0; i < PARTS; i++) {
        const char *part = parts[i] != NULL ? parts[i] : "";
        const size_t length = strlen(part), known = length < UINT16_MAX ? length : UINT16_MAX;
        bytes[size++] = (uint8_t)(known >> 8);
        bytes[size++] = (uint8_t)known;
        if (length <= PART_MAX) {
            memcpy(bytes + size, part, length); /* NOLINT(bugprone-not-null-terminated-result): bytes to be hashed, no text */
            size += length;
        } else {
            digest_sha256(part, length, bytes + size);
            size += DIGEST_SIZE;
        }
    }
    return size;
}

struct product_tag catalogue_tag(const char *company, const struct prima_sku *sku)
{
    const char *const parts[PARTS] = {company, sku->product, sku->matrix[0], sku->matrix[1], sku->matrix[2], sku->matrix[3]};
    uint8_t bytes[BYTES_MAX], hash[DIGEST_SIZE];
    struct product_tag tag;
    digest_sha256(bytes, spell(parts, bytes), hash);
    memcpy(tag.bytes, hash, sizeof tag.bytes);
    tag.slot = (uint16_t)(hash[sizeof tag.bytes] | hash[sizeof tag.bytes + 1] << 8);
    return tag;
}

bool catalogue_has(const struct catalogue *c, const struct product_tag *tag, int64_t now_ms)
{
    const struct known *k = &c->slots[tag->slot % CATALOGUE_SLOTS];
    return k->is_taken && memcmp(k->tag, tag->bytes, sizeof k->tag) == 0 && now_ms - k->heard_ms < c->max_age_ms;
}

void catalogue_forget(struct catalogue *c, const struct product_tag *tag)
{
    struct known *k = &c->slots[tag->slot % CATALOGUE_SLOTS];
    if (k->is_taken && memcmp(k->tag, tag->bytes, sizeof k->tag) == 0)
        k->is_taken = false;
}

void catalogue_add(struct catalogue *c, const struct product_tag *tag, int64_t heard_ms)
{
    struct known *k = &c->slots[tag->slot % CATALOGUE_SLOTS];
    const bool is_same = k->is_taken && memcmp(k->tag, tag->bytes, sizeof k->tag) == 0;
    if (is_same && k->heard_ms > heard_ms)
        return;
    memcpy(k->tag, tag->bytes, sizeof k->tag);
    k->heard_ms = heard_ms;
    k->is_taken = true;
}
