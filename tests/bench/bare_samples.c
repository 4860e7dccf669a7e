/* Samples: a file of blobs, each a 32-bit size (this machine's byte order: the file is made and
 * read on one machine) and its bytes, five to an order. */
#include "bare.h"

static void read_blob(FILE *file, struct bytes *ret_bytes)
{
    uint32_t size;
    if (fread(&size, sizeof size, 1, file) != 1)
        bare_die("the samples end too early");
    ret_bytes->size = size;
    ret_bytes->data = malloc(size + 1U);
    if (ret_bytes->data == NULL || fread(ret_bytes->data, 1, size, file) != size)
        bare_die("the samples end too early");
    ret_bytes->data[size] = '\0';
}

static void find_slots(struct sample *s)
{
    for (char *at = s->body.data; (at = strchr(at, '@')) != NULL;) {
        const size_t size = strspn(at, "@");
        if (size >= SLOT_SIZE_MIN) { /* a lone one is an e-mail address's */
            if (s->slot_count == SLOTS_MAX)
                bare_die("a sample has more than %d places for the order's number", SLOTS_MAX);
            s->slots[s->slot_count++] = (struct bytes){at, size};
        }
        at += size;
    }
    if (s->slot_count == 0)
        bare_die("a sample has no place for the order's number");
}

struct sample *samples_read(const char *path, size_t *ret_count)
{
    FILE *file = fopen(path, "rb");
    uint32_t count;
    if (file == NULL || fread(&count, sizeof count, 1, file) != 1 || count == 0)
        bare_die("cannot read samples from %s", path);
    struct sample *samples = calloc(count, sizeof *samples);
    if (samples == NULL)
        bare_die("no memory");
    for (uint32_t i = 0; i < count; i++) {
        struct sample *s = &samples[i];
        read_blob(file, &s->body);
        read_blob(file, &s->request);
        read_blob(file, &s->summary);
        read_blob(file, &s->result);
        read_blob(file, &s->ledger);
        find_slots(s);
    }
    (void)fclose(file);
    *ret_count = count;
    return samples;
}

void sample_fill(const struct sample *s, uint64_t number, char *body)
{
    memcpy(body, s->body.data, s->body.size);
    for (size_t i = 0; i < s->slot_count; i++) {
        char *slot = body + (s->slots[i].data - s->body.data);
        uint64_t rest = number;
        for (size_t digit = s->slots[i].size; digit > 0; digit--, rest /= 10)
            slot[digit - 1] = (char)('0' + rest % 10);
    }
}
