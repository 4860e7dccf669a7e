/* A few batches; see permits.h. */
#include "posting/permits.h"

static int64_t last_due(const struct permit_batch *b)
{
    return b->next_us + (int64_t)(b->count - 1) * b->each_us;
}

static void drop_first(struct permits *p)
{
    for (size_t i = 0; i + 1 < PERMIT_BATCHES_MAX; i++)
        p->batches[i] = p->batches[i + 1];
    p->batches[PERMIT_BATCHES_MAX - 1].count = 0;
}

/* Those that were due too long ago. */
static void expire(struct permits *p, int64_t now_us)
{
    while (p->batches[0].count > 0 && now_us - p->batches[0].next_us > PERMIT_LIFE_US) {
        struct permit_batch *b = &p->batches[0];
        b->count--;
        b->next_us += b->each_us;
        if (b->count == 0)
            drop_first(p);
    }
}

size_t permits_in_hand(const struct permits *p)
{
    size_t count = 0;
    for (size_t i = 0; i < PERMIT_BATCHES_MAX; i++)
        count += p->batches[i].count;
    return count;
}

bool permits_take(struct permits *p, int64_t now_us)
{
    expire(p, now_us);
    struct permit_batch *b = &p->batches[0];
    if (now_us < p->not_before_us || b->count == 0 || b->next_us > now_us)
        return false;
    b->count--;
    b->next_us += b->each_us;
    if (b->count == 0)
        drop_first(p);
    return true;
}

void permits_give_back(struct permits *p, int64_t now_us)
{
    if (p->batches[PERMIT_BATCHES_MAX - 1].count > 0)
        return; /* no room: it is lost, which costs the fleet one */
    for (size_t i = PERMIT_BATCHES_MAX - 1; i > 0; i--)
        p->batches[i] = p->batches[i - 1];
    p->batches[0] = (struct permit_batch){1, now_us, 0};
}

size_t permits_to_ask(const struct permits *p, size_t waiting, int64_t now_us)
{
    const size_t in_hand = permits_in_hand(p);
    if (p->is_asking || now_us < p->not_before_us || waiting <= in_hand ||
        p->batches[PERMIT_BATCHES_MAX - 2].count > 0)
        return 0;
    for (size_t i = 0; i < PERMIT_BATCHES_MAX; i++)
        if (p->batches[i].count > 0 && last_due(&p->batches[i]) - now_us > PERMITS_AHEAD_US)
            return 0;
    return waiting - in_hand;
}

void permits_asked(struct permits *p, int64_t now_us)
{
    p->is_asking = true;
    p->asked_us = now_us;
}

void permits_got(struct permits *p, size_t count, int64_t first_us, int64_t each_us, int64_t now_us)
{
    p->is_asking = false;
    p->heard_us = now_us;
    if (first_us < 0 && each_us > 0) { /* those that would have been due before now are due now, the
                                          rest when it is their time */
        const int64_t over = -first_us / each_us + 1;
        const size_t due = (size_t)over < count ? (size_t)over : count;
        for (size_t i = 0; i < PERMIT_BATCHES_MAX && due > 0; i++)
            if (p->batches[i].count == 0) {
                p->batches[i] = (struct permit_batch){due, now_us, 0};
                break;
            }
        count -= due;
        first_us += (int64_t)due * each_us;
    }
    p->lead_us = first_us > 0 && count > 0 ? now_us + first_us - p->asked_us : 0;
    for (size_t i = 0; i < PERMIT_BATCHES_MAX && count > 0; i++)
        if (p->batches[i].count == 0) {
            p->batches[i] =
                (struct permit_batch){count, now_us + (first_us > 0 ? first_us : 0), each_us};
            break;
        }
}

void permits_hold(struct permits *p, int64_t us, int64_t now_us)
{
    if (now_us + us > p->not_before_us)
        p->not_before_us = now_us + us;
}

void permits_not_answered(struct permits *p)
{
    p->is_asking = false;
}

int64_t permits_next_us(const struct permits *p, int64_t now_us)
{
    int64_t next = INT64_MAX;
    const struct permit_batch *last = NULL;
    for (size_t i = 0; i < PERMIT_BATCHES_MAX; i++)
        if (p->batches[i].count > 0)
            last = &p->batches[i];
    if (last != NULL) {
        next = p->batches[0].next_us;
        const int64_t ask = last_due(last) - PERMITS_AHEAD_US;
        next = !p->is_asking && ask > now_us && ask < next ? ask : next;
    } else if (!p->is_asking) {
        next = now_us;
    }
    return next > p->not_before_us ? next : p->not_before_us;
}
