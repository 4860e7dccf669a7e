/* A table of small buckets that grows; see catalogue.h. */
#include "facts/catalogue.h"

#include "base/digest.h"

enum { BUCKET = 4 };
enum { PARTS = 6, PART_MAX = 64, BYTES_MAX = PARTS * (2 + PART_MAX) };
_Static_assert(DIGEST_SIZE <= PART_MAX, "a digest fits in the place of a part");

struct known {
    uint8_t tag[PRODUCT_TAG_SIZE];
    int64_t heard_ms;
    uint16_t bucket; /* of its tag: where it goes when the table grows */
    bool is_taken;
};

struct catalogue {
    int64_t max_age_ms;
    size_t taken, count; /* of slots; count: a power of two */
    struct known *slots; /* BUCKET of them side by side are a bucket */
};

static struct known *slots_new(size_t count)
{
    struct known *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        abort();
    return slots;
}

struct catalogue *catalogue_new(int64_t max_age_ms)
{
    struct catalogue *c = calloc(1, sizeof *c);
    if (c == NULL)
        abort();
    c->max_age_ms = max_age_ms;
    c->count = CATALOGUE_SLOTS_MIN;
    c->slots = slots_new(c->count);
    return c;
}

void catalogue_free(struct catalogue *c)
{
    if (c == NULL)
        return;
    free(c->slots);
    free(c);
}

static struct known *bucket_of(const struct catalogue *c, uint16_t bucket)
{
    return &c->slots[bucket % (c->count / BUCKET) * BUCKET];
}

/* The one with this tag; NULL: none. */
static struct known *find(const struct catalogue *c, const struct product_tag *tag)
{
    struct known *k = bucket_of(c, tag->bucket);
    for (size_t i = 0; i < BUCKET; i++)
        if (k[i].is_taken && memcmp(k[i].tag, tag->bytes, sizeof k[i].tag) == 0)
            return &k[i];
    return NULL;
}

/* A free one of a bucket, or the one that was heard of longest ago. */
static struct known *find_place(const struct catalogue *c, uint16_t bucket)
{
    struct known *k = bucket_of(c, bucket), *oldest = k;
    for (size_t i = 0; i < BUCKET; i++) {
        if (!k[i].is_taken)
            return &k[i];
        if (k[i].heard_ms < oldest->heard_ms)
            oldest = &k[i];
    }
    return oldest;
}

/* Each bucket's come into two: all find a place. */
static void grow(struct catalogue *c)
{
    struct known *const old = c->slots;
    const size_t old_count = c->count;
    c->count *= 2;
    c->slots = slots_new(c->count);
    for (size_t i = 0; i < old_count; i++)
        if (old[i].is_taken)
            *find_place(c, old[i].bucket) = old[i];
    free(old);
}

/* The parts, each with its length before it, so that no two products have the same bytes. A part
 * that is too long goes in as its digest. */
static size_t spell(const char *const parts[static PARTS], uint8_t bytes[static BYTES_MAX])
{
    size_t size = 0;
    for (int i = 0; i < PARTS; i++) {
        const char *part = parts[i] != NULL ? parts[i] : "";
        const size_t length = strlen(part), known = length < UINT16_MAX ? length : UINT16_MAX;
        bytes[size++] = (uint8_t)(known >> 8);
        bytes[size++] = (uint8_t)known;
        if (length <= PART_MAX) {
            memcpy(bytes + size, part, length); /* NOLINT(bugprone-not-null-terminated-result):
                                                   bytes to be hashed, no text */
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
    const char *const parts[PARTS] = {company,        sku->product,   sku->matrix[0],
                                      sku->matrix[1], sku->matrix[2], sku->matrix[3]};
    uint8_t bytes[BYTES_MAX], hash[DIGEST_SIZE];
    struct product_tag tag;
    digest_sha256(bytes, spell(parts, bytes), hash);
    memcpy(tag.bytes, hash, sizeof tag.bytes);
    tag.bucket = (uint16_t)(hash[sizeof tag.bytes] | hash[sizeof tag.bytes + 1] << 8);
    return tag;
}

bool catalogue_has(const struct catalogue *c, const struct product_tag *tag, int64_t now_ms)
{
    const struct known *k = find(c, tag);
    return k != NULL && now_ms - k->heard_ms < c->max_age_ms;
}

void catalogue_forget(struct catalogue *c, const struct product_tag *tag)
{
    struct known *k = find(c, tag);
    if (k == NULL)
        return;
    k->is_taken = false;
    c->taken--;
}

void catalogue_add(struct catalogue *c, const struct product_tag *tag, int64_t heard_ms)
{
    struct known *k = find(c, tag);
    if (k != NULL) {
        k->heard_ms = heard_ms > k->heard_ms ? heard_ms : k->heard_ms;
        return;
    }
    if (4 * c->taken >= c->count &&
        c->count < CATALOGUE_SLOTS_MAX) /* sparse: a bucket is hardly ever full */
        grow(c);
    k = find_place(c, tag->bucket);
    c->taken += !k->is_taken;
    *k = (struct known){.heard_ms = heard_ms, .bucket = tag->bucket, .is_taken = true};
    memcpy(k->tag, tag->bytes, sizeof k->tag);
}
