/* What shards share; see reservation_process.h. */
#include "reservation_process.h"

#include <stdlib.h>
#include <string.h>

static struct reservation_process *processes; /* one, but in tests */

struct reservation_process *reservation_process_of(const struct stock_tools *tools)
{
    struct reservation_process *p = processes;
    while (p != NULL && p->tools != tools)
        p = p->next;
    if (p != NULL)
        return p;
    p = calloc(1, sizeof *p);
    if (p == NULL)
        abort();
    p->tools = tools;
    p->next = processes;
    processes = p;
    return p;
}

void reservation_process_add(struct reservation_process *p, struct reservation_shard *shard)
{
    if (p->count == p->room) {
        p->room = p->room == 0 ? 16 : 2 * p->room;
        p->shards = realloc(p->shards, p->room * sizeof(p->shards[0]));
        if (p->shards == NULL)
            abort();
    }
    p->shards[p->count++] = shard;
}

void reservation_process_remove(struct reservation_process *p, struct reservation_shard *shard)
{
    size_t at = 0;
    while (p->shards[at] != shard)
        at++;
    p->shards[at] = p->shards[--p->count];
    reservation_process_consider(p);
}

void reservation_process_consider(struct reservation_process *p)
{
    struct reservation_process **link = &processes;
    if (p->count > 0 || p->in_pool > 0)
        return;
    while (*link != p)
        link = &(*link)->next;
    *link = p->next;
    timers_cancel(&p->tools->host->timers, &p->fetch_again);
    stock_follow_free(p->follow);
    free(p->shards);
    free(p);
}
