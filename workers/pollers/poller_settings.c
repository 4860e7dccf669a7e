/* Reading what is to be read; see poller_settings.h. */
#include "poller_settings.h"

#include "domain/mappings/order_rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARENA_MAX = 4 * 1024 * 1024 };

__attribute__((format(printf, 2, 3))) static int complain(struct config_message *message,
                                                          const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message->text, sizeof message->text, format, args);
    va_end(args);
    return -EINVAL;
}

static int no_memory(struct config_message *message)
{
    (void)complain(message, "out of memory");
    return -ENOMEM;
}

/* The next item of a list with commas, blanks around it aside, in the arena; NULL: that was all. */
static const char *next_item(struct arena *arena, const char **at)
{
    *at += strspn(*at, ", ");
    size_t size = strcspn(*at, ",");
    if (size == 0)
        return NULL;
    const char *begin = *at;
    *at += size;
    while (begin[size - 1] == ' ')
        size--;
    return arena_text(arena, begin, size);
}

/* ---- depots ---- */

static int add_depot(struct stock_source *source, const char **depots, const char *depot,
                     struct config_message *message)
{
    if (source->depot_count == POLLER_DEPOTS_MAX)
        return complain(message,
                        "poller.depots: more than %d depots for company %.40s; name those "
                        "that are sold from",
                        POLLER_DEPOTS_MAX, source->company);
    depots[source->depot_count++] = depot;
    return 0;
}

static int read_depots(const struct config *config, struct poller_settings *s,
                       struct stock_source *source, struct config_message *message)
{
    const char *text = config_text(config, CFG_poller_depots), *depot;
    const char **depots = arena_alloc(s->arena, POLLER_DEPOTS_MAX * sizeof *depots);
    int result = 0;
    if (depots == NULL)
        return no_memory(message);
    source->depots = depots;
    if (strcmp(text, "all") == 0)
        return 0;
    if (strcmp(text, "mapped") == 0)
        for (size_t i = 0;
             result == 0 && (depot = rules_company_depot(s->rules, source->company, i)) != NULL;
             i++)
            result = add_depot(source, depots, depot, message);
    else
        while (result == 0 && (depot = next_item(s->arena, &text)) != NULL)
            result = add_depot(source, depots, depot, message);
    if (result == 0 && source->depot_count == 0)
        return complain(message,
                        "poller.depots: company %.40s has no depot in depots.yaml; add one, or "
                        "write poller.depots: all, or a list",
                        source->company);
    return result;
}

/* ---- ranges ---- */

static int read_range(struct poller_settings *s, const char *item, struct stock_source *source,
                      struct config_message *message)
{
    const char *dots = strstr(item, "..");
    if (dots == NULL || strstr(dots + 2, "..") != NULL)
        return complain(message,
                        "poller.ranges: \"%.60s\" is no range; write FROM..TO, for "
                        "example ..LZZZ,M..",
                        item);
    source->scope = STOCK_SCOPE_RANGE;
    source->from = arena_text(s->arena, item, (size_t)(dots - item));
    source->to = arena_text(s->arena, dots + 2, strlen(dots + 2));
    if (source->from == NULL || source->to == NULL)
        return no_memory(message);
    if (source->from[0] != '\0' && source->to[0] != '\0' && strcmp(source->from, source->to) > 0)
        return complain(message, "poller.ranges: \"%.60s\" ends before it begins; turn it around",
                        item);
    return 0;
}

static int read_ranges(const struct config *config, struct poller_settings *s,
                       struct poller_company *company, struct stock_source *usual,
                       struct config_message *message)
{
    const char *text = config_text(config, CFG_poller_ranges), *item;
    while ((item = next_item(s->arena, &text)) != NULL) {
        if (company->source_count == POLLER_RANGES_MAX)
            return complain(message, "poller.ranges: more than %d ranges; join some",
                            POLLER_RANGES_MAX);
        struct stock_source *source = &company->sources[company->source_count++];
        *source = *usual;
        const int result = read_range(s, item, source, message);
        if (result < 0)
            return result;
    }
    if (company->source_count == 0)
        company->sources[company->source_count++] = *usual;
    return 0;
}

/* ---- chosen SKUs ---- */

static bool has_company(const struct order_rules *rules, const char *name, size_t size)
{
    const struct channel_rules *channel;
    for (size_t i = 0; (channel = rules_channel_at(rules, i)) != NULL; i++)
        if (strlen(channel->company) == size && memcmp(channel->company, name, size) == 0)
            return true;
    return false;
}

/* Those of one company; the other companies' are looked at with them, so that nothing is left out
 * unseen. */
static int read_chosen(const struct config *config, struct poller_settings *s,
                       struct poller_company *company, const struct stock_source *usual,
                       struct config_message *message)
{
    const char *text = config_text(config, CFG_poller_chosen), *item;
    struct prima_sku *skus = arena_alloc(s->arena, POLLER_CHOSEN_MAX * sizeof *skus);
    size_t count = 0;
    if (skus == NULL)
        return no_memory(message);
    while ((item = next_item(s->arena, &text)) != NULL) {
        struct prima_sku sku;
        const size_t size = strcspn(item, "/");
        if (item[size] == '\0' || stock_key_read(item + size + 1, s->arena, &sku) < 0)
            return complain(message,
                            "poller.chosen: \"%.60s\" is no SKU; write "
                            "company/product:code:code, for example 01/TSHIRT:RED:M",
                            item);
        if (!has_company(s->rules, item, size))
            return complain(message,
                            "poller.chosen: \"%.60s\" names a company that channels.yaml "
                            "does not have; correct it",
                            item);
        if (strlen(company->name) != size || memcmp(company->name, item, size) != 0)
            continue;
        if (count == POLLER_CHOSEN_MAX)
            return complain(message,
                            "poller.chosen: more than %d SKUs of company %.40s; read the "
                            "catalogue more often instead",
                            POLLER_CHOSEN_MAX, company->name);
        skus[count++] = sku;
    }
    if (count == 0)
        return 0;
    struct stock_source *source = &company->sources[company->source_count++];
    *source = *usual;
    source->scope = STOCK_SCOPE_CHOSEN;
    source->skus = skus;
    source->sku_count = count;
    return 0;
}

/* ---- all of it ---- */

static int read_company(const struct config *config, struct poller_settings *s, const char *name,
                        struct config_message *message)
{
    struct poller_company *company = &s->companies[s->company_count++];
    company->name = name;
    company->sources = arena_alloc(s->arena, (POLLER_RANGES_MAX + 1) * sizeof *company->sources);
    struct stock_source usual = {.company = name, .scope = STOCK_SCOPE_WHOLE, .from = "", .to = ""};
    if (company->sources == NULL)
        return no_memory(message);
    int result = read_depots(config, s, &usual, message);
    if (result == 0)
        result = read_ranges(config, s, company, &usual, message);
    return result == 0 ? read_chosen(config, s, company, &usual, message) : result;
}

static bool is_known(const struct poller_settings *s, const char *name)
{
    for (size_t i = 0; i < s->company_count; i++)
        if (strcmp(s->companies[i].name, name) == 0)
            return true;
    return false;
}

int poller_settings_load(const struct config *config, struct poller_settings *s,
                         struct config_message *message)
{
    const struct channel_rules *channel;
    size_t channels = 0;
    *s = (struct poller_settings){.arena = arena_new(ARENA_MAX)};
    if (s->arena == NULL)
        return no_memory(message);
    if (access(config_text(config, CFG_poller_spool), W_OK | X_OK) != 0)
        return complain(message,
                        "poller.spool: no file can be made in \"%s\": %s; name a folder "
                        "that this user may write to",
                        config_text(config, CFG_poller_spool), strerror(errno));
    int result = order_rules_load(config, &s->rules, message);
    if (result < 0)
        return result;
    while (rules_channel_at(s->rules, channels) != NULL)
        channels++;
    s->companies = arena_alloc(s->arena, (channels + 1) * sizeof *s->companies);
    if (s->companies == NULL)
        return no_memory(message);
    for (size_t i = 0; result == 0 && (channel = rules_channel_at(s->rules, i)) != NULL; i++)
        if (!is_known(s, channel->company))
            result = read_company(config, s, channel->company, message);
    if (result == 0 && s->company_count == 0)
        return complain(message, "channels.yaml has no channel, so that there is no company whose "
                                 "stock could be read; add one");
    return result;
}

void poller_settings_release(struct poller_settings *s)
{
    if (s->rules != NULL)
        order_rules_free(s->rules);
    arena_free(s->arena);
    *s = (struct poller_settings){.arena = NULL};
}
