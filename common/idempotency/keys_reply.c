/* The positions in the scripts' replies; see keys_reply.h.
 *
 * The first item is the verdict; the rest, by it:
 *   BUSY, WAIT  [1] ms
 *   GO          [1] permits [2] us until the first may be used (negative: that long ago) [3] us between two
 *   TAKEOVER    [1] content is ours (0/1) [2] F [3] request [4] summary [5] version [6] ms until absence counts [7] found proves (0/1)
 *               [8] a send is from before Redis was lost (0/1) [9] senders (scripts/common.lua)
 *   POSTED      [1] how (keys_posted) [2] publisher's delivery [3] summary [4] version [5] ms when [6] delivery of the open exception
 *               [7] delivery of the document's version [8] number of the reservation (own, of what takes credit)
 *   FINISHED    [1] ms when [2] number of the reservation, [3] the order's open exception (of what takes credit)
 *   KNOWN, MOVED (of credit) [1] position or -1 [2] stamp [3] blocked (0/1) [4] reservations [5] a row for each, and behind all rows K and summary of each
 *   REFUSED     [1] code (claim)
 *   PARKED      [1] content is ours or unknown (0/1) [2] code [3] F [4] summary [5] ms until absence counts [6] found proves (0/1)
 *               [7] number of the reservation (of what takes credit); by park, refuse and answered [1] is that number
 *   SUPERSEDED  [1] the delivery that waits
 *   SENT        [1] sends of the key (sent, claimsent); ms until absence counts, [2] found proves (0/1) (answered)
 *   CLAIMED     (answered) [1] ms until absence counts [2] found proves (0/1)
 *   ABSENT      [1] sends that stay unanswered [2] ms since the last of them was past its time
 *   RENEWED     [1] ms until absence counts [2] senders
 *   UNSURE      [1] ms until absence counts [2] senders [3] ms since [4] creations sent so far
 *   KNOWN       [1] account     TAKEN [1] epoch */
#include "idempotency/keys_reply.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"

enum verdict keys_verdict(const struct redis_reply *reply)
{
    static const char *const names[] = {
        [VERDICT_SUSPECT] = "suspect",
        [VERDICT_SLOT_LOST] = "slot_lost",
        [VERDICT_STALE] = "stale",
        [VERDICT_LOST] = "lost",
        [VERDICT_DEFERRED] = "deferred",
        [VERDICT_CLAIMED] = "claimed",
        [VERDICT_BUSY] = "busy",
        [VERDICT_TAKEOVER] = "takeover",
        [VERDICT_POSTED] = "posted",
        [VERDICT_REFUSED] = "refused",
        [VERDICT_PARKED] = "parked",
        [VERDICT_DISCARDED] = "discarded",
        [VERDICT_CANCELLED] = "cancelled",
        [VERDICT_SENT] = "sent",
        [VERDICT_WAIT] = "wait",
        [VERDICT_GO] = "go",
        [VERDICT_FINISHED] = "finished",
        [VERDICT_UNPROVEN] = "unproven",
        [VERDICT_ABSENT] = "absent",
        [VERDICT_RENEWED] = "renewed",
        [VERDICT_RELEASED] = "released",
        [VERDICT_PAUSED] = "paused",
        [VERDICT_RESTORED] = "restored",
        [VERDICT_KEPT] = "kept",
        [VERDICT_KNOWN] = "known",
        [VERDICT_UNSURE] = "unsure",
        [VERDICT_ANSWERED] = "answered",
        [VERDICT_TAKEN] = "taken",
        [VERDICT_HEARD] = "heard",
        [VERDICT_OVER] = "over",
        [VERDICT_ENDED] = "ended",
        [VERDICT_MOVED] = "moved",
        [VERDICT_SUPERSEDED] = "superseded",
        [VERDICT_UNREADABLE] = "unreadable",
    };
    if (reply->error == NULL && reply->count > 0 && reply->items[0].text != NULL)
        for (int i = 0; i < VERDICT_DEFECT; i++)
            if (names[i][0] == reply->items[0].text[0] &&
                strcmp(names[i], reply->items[0].text) == 0)
                return (enum verdict)i;
    return VERDICT_DEFECT;
}

struct redis_bytes keys_reply_bytes(const struct redis_reply *reply, size_t at)
{
    return (struct redis_bytes){reply->items[at].text, reply->items[at].size};
}

static const uint8_t *reply_identity(const struct redis_reply *reply, size_t at)
{
    return reply->items[at].size == IDENTITY_SIZE ? (const uint8_t *)reply->items[at].text : NULL;
}

static const char *reply_text(const struct redis_reply *reply, size_t at)
{
    return reply->items[at].text != NULL ? reply->items[at].text : "";
}

int64_t keys_wait_ms(const struct redis_reply *reply)
{
    return reply->items[1].number;
}

int64_t keys_stale_fence(const struct redis_reply *reply)
{
    return reply->items[1].number;
}

const char *keys_refused_code(const struct redis_reply *reply)
{
    return reply_text(reply, 1);
}

int64_t keys_sends(const struct redis_reply *reply)
{
    return reply->items[1].number;
}

int64_t keys_finished_ms(const struct redis_reply *reply)
{
    return reply->items[1].number;
}

int64_t keys_finished_number(const struct redis_reply *reply)
{
    return reply->items[2].number;
}

const char *keys_finished_related(const struct redis_reply *reply)
{
    return reply_text(reply, 3);
}

int64_t keys_parked_number(const struct redis_reply *reply)
{
    return reply->items[1].number;
}

struct redis_bytes keys_senders(const struct redis_reply *reply)
{
    return keys_reply_bytes(reply, 2);
}

struct keys_takeover keys_takeover(const struct redis_reply *reply)
{
    return (struct keys_takeover){
        .identity = reply_identity(reply, 2),
        .request = keys_reply_bytes(reply, 3),
        .summary = keys_reply_bytes(reply, 4),
        .version = reply->items[5].number,
        .absence_wait_ms = reply->items[6].number,
        .proven = reply->items[7].number != 0,
        .is_from_lost_redis = reply->items[8].number != 0,
        .senders = keys_reply_bytes(reply, 9),
    };
}

struct keys_parked keys_parked(const struct redis_reply *reply)
{
    struct keys_parked parked = {
        .may_be_ours = reply->items[1].number != 0,
        .identity = reply_identity(reply, 3),
        .summary = keys_reply_bytes(reply, 4),
        .proven = reply->items[6].number != 0,
        .number = reply->items[7].number,
    };
    (void)snprintf(parked.code, sizeof parked.code, "%.*s", (int)reply->items[2].size,
                   reply_text(reply, 2));
    return parked;
}

static enum keys_posted_by posted_by(const char *verdict)
{
    static const char *const names[] = {
        [POSTED_BY_OWN_DELIVERY] = "own",      [POSTED_WITH_SAME_CONTENT] = "same",
        [POSTED_WITH_OTHER_CONTENT] = "other", [POSTED_NEWER] = "older",
        [POSTED_MONEY_MOVED] = "money",        [POSTED_AMENDED] = "amended",
        [POSTED_AMENDED_MORE] = "added",       [POSTED_AMENDED_SAME] = "known",
        [POSTED_AMENDMENT_ENDED] = "ended",    [POSTED_THEN_CANCELLED] = "cancelled",
        [POSTED_THEN_CANCELLED_SAME] = "told"};
    _Static_assert(sizeof names / sizeof *names == POSTED_BY_COUNT, "a name for each");
    for (int i = 0; i < POSTED_BY_COUNT; i++)
        if (strcmp(names[i], verdict) == 0)
            return (enum keys_posted_by)i;
    return POSTED_WITH_OTHER_CONTENT; /* a later version's word: a person's turn */
}

struct keys_posted keys_posted(const struct redis_reply *reply)
{
    return (struct keys_posted){
        .by = posted_by(reply_text(reply, 1)),
        .publisher = keys_reply_bytes(reply, 2),
        .summary = keys_reply_bytes(reply, 3),
        .version = reply->items[4].number,
        .at_ms = reply->items[5].number,
        .exception = keys_reply_bytes(reply, 6),
        .document = keys_reply_bytes(reply, 7),
        .number = reply->items[8].number,
    };
}

struct keys_credit keys_credit(const struct redis_reply *reply)
{
    return (struct keys_credit){.position = reply->items[1].number,
                                .stamp = reply_text(reply, 2),
                                .is_blocked = reply->items[3].number != 0,
                                .count = (size_t)reply->items[4].number};
}

bool keys_credit_is_told(const struct redis_reply *reply)
{
    return reply->error == NULL && reply->count > 5;
}

/* A row of credit.lua: where K begins behind all rows, bytes of K, bytes of the summary, number. */
enum { ROW_AT = 10, ROW_KEY = 6, ROW_SUMMARY = 10, ROW_NUMBER = 20, ROW = 46 };

static int64_t row_number(const char *row, size_t at, size_t size)
{
    char digits[ROW_NUMBER + 1] = {0};
    memcpy(digits, row + at, size);
    return strtoll(digits, NULL, 10);
}

/* The word at the summary's beginning, which goes. */
static struct redis_bytes take_word(struct keys_credit_item *item)
{
    const char *end = memchr(item->summary.data, ' ', item->summary.size);
    const struct redis_bytes word = {
        item->summary.data, end != NULL ? (size_t)(end - item->summary.data) : item->summary.size};
    const size_t gone = end != NULL ? word.size + 1 : word.size;
    item->summary = (struct redis_bytes){word.data + gone, item->summary.size - gone};
    return word;
}

/* "~K", and "<delivery> <version> <summary>". */
static void read_owed(struct keys_credit_item *item)
{
    char digits[DIGITS_MAX] = {0};
    item->key = (struct redis_bytes){item->key.data + 1, item->key.size - 1};
    item->owed_by = take_word(item);
    const struct redis_bytes version = take_word(item);
    memcpy(digits, version.data, version.size < sizeof digits ? version.size : sizeof digits - 1);
    item->version = strtoll(digits, NULL, 10);
}

void keys_credit_at(const struct redis_reply *reply, size_t i, struct keys_credit_item *ret_item)
{
    const struct redis_item *all = &reply->items[5];
    const char *row = all->text + i * ROW;
    const char *key = all->text + (size_t)reply->items[4].number * ROW + row_number(row, 0, ROW_AT);
    const size_t key_size = (size_t)row_number(row, ROW_AT, ROW_KEY),
                 summary_size = (size_t)row_number(row, ROW_AT + ROW_KEY, ROW_SUMMARY);
    assert(i < (size_t)reply->items[4].number &&
           key + key_size + summary_size <= all->text + all->size);
    *ret_item = (struct keys_credit_item){
        .key = {key, key_size},
        .number = row_number(row, ROW_AT + ROW_KEY + ROW_SUMMARY, ROW_NUMBER),
        .summary = {key + key_size, summary_size}};
    if (key_size > 0 && key[0] == '~')
        read_owed(ret_item);
}

struct keys_answer keys_answer(const struct redis_reply *reply)
{
    return (struct keys_answer){.absence_wait_ms = reply->items[1].number,
                                .proven = reply->items[2].number != 0};
}

struct keys_absence keys_absence(const struct redis_reply *reply)
{
    return (struct keys_absence){.unanswered = reply->items[1].number,
                                 .since_ms = reply->items[2].number};
}

struct keys_permits keys_permits(const struct redis_reply *reply)
{
    return (struct keys_permits){.count = (size_t)reply->items[1].number,
                                 .first_us = reply->items[2].number,
                                 .each_us = reply->items[3].number};
}

struct keys_slot keys_slot(const struct redis_reply *reply)
{
    return (struct keys_slot){.is_taken = keys_verdict(reply) == VERDICT_TAKEN,
                              .busy_ms = reply->items[1].number,
                              .epoch = reply->items[1].number,
                              .former_epoch = reply->items[2].number,
                              .former_number = reply->items[3].number,
                              .former_at_ms = reply->items[4].number * 1000,
                              .holder = reply->items[2].text};
}
