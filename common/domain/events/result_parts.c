/* What the results of every flow are made of; see result_parts.h. */
#include "domain/events/result_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A topic's name has no '/'. */
int result_delivery_read(const char *text, struct arena *arena,
                         struct result_delivery *ret_delivery)
{
    const char *slash = strchr(text, '/');
    char *end = NULL;
    if (slash == NULL || slash == text)
        return -EINVAL;
    errno = 0;
    const long partition = strtol(slash + 1, &end, 10);
    if (end == slash + 1 || *end != '/' || partition < 0 || partition > INT32_MAX)
        return -EINVAL;
    const char *digits = end + 1;
    const long long offset = strtoll(digits, &end, 10);
    if (end == digits || *end != '\0' || offset < 0 || errno != 0)
        return -EINVAL;
    const char *topic = arena_text(arena, text, (size_t)(slash - text));
    if (topic == NULL)
        return -ENOMEM;
    *ret_delivery = (struct result_delivery){topic, (int32_t)partition, offset};
    return 0;
}

int result_delivery_add(const char *text, struct arena *arena,
                        const struct result_delivery **ret_delivery)
{
    if (text == NULL || text[0] == '\0')
        return 0;
    struct result_delivery *delivery = arena_alloc(arena, sizeof *delivery);
    const int r = delivery == NULL ? -ENOMEM : result_delivery_read(text, arena, delivery);
    if (r == 0)
        *ret_delivery = delivery;
    return r;
}

int result_origin_add(const char *text, struct arena *arena,
                      const struct result_delivery **ret_delivery)
{
    const int r = result_delivery_add(text, arena, ret_delivery);
    return r == -EINVAL ? 0 : r;
}

int result_codes_list(const struct flags *flags, enum pf_error own, struct arena *arena,
                      struct result_codes *ret_codes)
{
    const struct flags one = {{{own, 0, 1}}, own == PF_OK ? 0 : 1};
    if (flags == NULL)
        flags = &one;
    const char **items = arena_alloc(arena, flags->count * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < flags->count; i++)
        items[i] = pf_error_info(flags->items[i].code)->name;
    const struct pf_error_info *first =
        pf_error_info(flags->count == 0 ? PF_OK : flags->items[0].code);
    *ret_codes = (struct result_codes){
        first->name, items, flags->count,
        first->severity == PF_SEVERITY_NONE ? NULL : pf_owner_name(first->owner)};
    return 0;
}
