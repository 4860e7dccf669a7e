/* The senders of a key's unanswered sends; see senders.h. */
#include "posting/senders.h"

#include <stdio.h>
#include <string.h>

struct sender {
    char process[PROCESS_NAME_MAX], slot[64], holder[PROCESS_NAME_MAX];
    long long epoch, epoch_now; /* of its slot: when it sent, and as Redis has it */
};

static bool parse(const char *line, size_t size, struct sender *s)
{
    char copy[2 * PROCESS_NAME_MAX + 120];
    int end = 0;
    if (size >= sizeof copy)
        return false;
    memcpy(copy, line, size);
    copy[size] = '\0';
    return sscanf(copy, "%199s %63s %lld %lld %199s%n", s->process, s->slot, &s->epoch,
                  &s->epoch_now, s->holder, &end) == 5 &&
           (size_t)end == size;
}

static bool is_over(const struct sender *s, const struct keyspace *self, bool is_exclusive)
{
    const bool is_our_process = strcmp(s->process, self->sender) == 0;
    if (is_our_process) /* ourselves: what we sent before we started over in place is over, what we
                           send now speaks for itself */
        return strcmp(s->slot, self->slot) != 0 || s->epoch < self->slot_epoch;
    if (s->epoch_now > s->epoch && (is_exclusive || strcmp(s->holder, s->process) == 0))
        return true;
    return process_is_over(s->process);
}

/* What Redis lost has no names: all of the fleet from before, or nobody. */
static const char *add_all(const char *list, struct arena *arena)
{
    const char *longer = arena_printf(arena, "%s*\n", list[0] == '\0' ? "\n" : list);
    return longer != NULL ? longer : list;
}

static const char *add(const char *list, const struct sender *s, struct arena *arena)
{
    const char *longer = arena_printf(arena, "%s%s %s %lld\n", list[0] == '\0' ? "\n" : list,
                                      s->process, s->slot, s->epoch);
    return longer != NULL ? longer : list;
}

struct senders senders_read(const char *lines, const struct keyspace *self, bool is_exclusive,
                            bool fleet_is_over, struct arena *arena)
{
    struct senders all = {.over = "", .open_one = ""};
    for (const char *line = lines; *line != '\0';) {
        const size_t size = strcspn(line, "\n");
        struct sender s;
        if (size == 1 && line[0] == '*' && fleet_is_over) {
            all.over = add_all(all.over, arena);
        } else if (!parse(line, size, &s)) {
            all.any_open = all.any_unknown = true;
        } else if (is_over(&s, self, is_exclusive)) {
            all.over = add(all.over, &s, arena);
        } else {
            if (!all.any_open || all.open_one[0] == '\0')
                all.open_one = arena_printf(arena, "%s", s.slot);
            if (all.open_one == NULL)
                all.open_one = "";
            all.any_open = true;
        }
        line += size;
        line += *line == '\n';
    }
    return all;
}
