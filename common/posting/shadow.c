/* What a shadow finds out about a request that it does not send; see shadow.h.
 *
 * The seal, SHADOW_SEAL_SIZE bytes behind the flow's summary: mark (4) · bits (1 in Prima, 2
 * account would be created, 4 on hold) · SHA-256 of the request (32) · currency (3) · date
 * YYYY-MM-DD (10) · lines (8) · net, tax, gross (8 each), numbers with the high byte first, two
 * bytes to spare. */
#include "posting/shadow.h"

#include "base/digest.h"
#include "base/failpoint.h"
#include "posting/posting.h"

static const char mark[4] = {'S', 'H', 'D', '1'};
enum { BIT_IN_PRIMA = 1, BIT_CREATES = 2, BIT_HOLD = 4, BYTES_OF_NUMBER = 8 };

static void put_number(char **at, int64_t value)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        *(*at)++ = (char)((uint64_t)value >> shift);
}

static int64_t take_number(const char **at)
{
    uint64_t value = 0;
    for (int i = 0; i < BYTES_OF_NUMBER; i++)
        value = value << 8 | (uint8_t) * (*at)++;
    return (int64_t)value;
}

static void put(char **at, const void *bytes, size_t size)
{
    memcpy(*at, bytes, size);
    *at += size;
}

static void seal(char at[static SHADOW_SEAL_SIZE], const struct record *r, bool in_prima,
                 const struct flow_amounts *sum)
{
    uint8_t hash[DIGEST_SIZE];
    const char bits =
        (char)((in_prima ? BIT_IN_PRIMA : 0) | (r->claim.creates_customer ? BIT_CREATES : 0) |
               (sum->hold ? BIT_HOLD : 0));
    digest_sha256(r->decision.request.data, r->decision.request.size, hash);
    memset(at, 0, SHADOW_SEAL_SIZE);
    put(&at, mark, sizeof mark);
    put(&at, &bits, 1);
    put(&at, hash, sizeof hash);
    put(&at, sum->currency, 3);
    put(&at, sum->date, 10);
    const int64_t numbers[] = {sum->line_count, sum->net_minor, sum->tax_minor, sum->gross_minor};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        put_number(&at, numbers[i]);
}

void shadow_compared(struct record *r, bool in_prima)
{
    const struct worker *w = r->worker;
    struct flow_amounts sum;
    char *summary = arena_alloc(r->arena, r->decision.summary.size + SHADOW_SEAL_SIZE);
    if (summary == NULL || w->flow->amounts(r->decision.request.data, r->decision.request.size,
                                            w->posting->rules, &sum) < 0) {
        r->end.code = summary == NULL ? PF_E_avro_too_large : PF_E_defect;
        r->end.detail = summary == NULL ? "the record exceeds its memory limit"
                                        : "its request cannot be added up";
        record_transition(r, NOT_ACCEPTABLE);
        return;
    }
    memcpy(summary, r->decision.summary.data, r->decision.summary.size);
    seal(summary + r->decision.summary.size, r, in_prima, &sum);
    r->decision.summary =
        (struct redis_bytes){summary, r->decision.summary.size + SHADOW_SEAL_SIZE};
    (void)fail_point("shadow.compared");
    record_transition(r, COMPARED);
}

static void take_text(const char **at, size_t size, char *text)
{
    memcpy(text, *at, size);
    text[size] = '\0';
    *at += size;
}

bool shadow_open(struct redis_bytes summary, struct redis_bytes *ret_flow,
                 struct flow_shadow *ret_shadow)
{
    *ret_flow = summary;
    if (summary.size < SHADOW_SEAL_SIZE ||
        memcmp(summary.data + summary.size - SHADOW_SEAL_SIZE, mark, sizeof mark) != 0)
        return false;
    ret_flow->size = summary.size - SHADOW_SEAL_SIZE;
    const char *at = summary.data + ret_flow->size + sizeof mark;
    const unsigned bits = (uint8_t)*at++;
    *ret_shadow = (struct flow_shadow){.in_prima = bits & BIT_IN_PRIMA,
                                       .creates_customer = bits & BIT_CREATES,
                                       .amounts.hold = bits & BIT_HOLD};
    (void)digest_hex(at, DIGEST_SIZE, ret_shadow->request_digest);
    at += DIGEST_SIZE;
    take_text(&at, 3, ret_shadow->amounts.currency);
    take_text(&at, 10, ret_shadow->amounts.date);
    ret_shadow->amounts.line_count = (int32_t)take_number(&at);
    ret_shadow->amounts.net_minor = take_number(&at);
    ret_shadow->amounts.tax_minor = take_number(&at);
    ret_shadow->amounts.gross_minor = take_number(&at);
    return true;
}
