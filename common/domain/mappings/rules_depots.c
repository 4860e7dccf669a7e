/* depots.yaml: which depot a channel's location takes its orders from, and whose stock it shows.
 *
 * One location has one depot for orders: lines of one order must not be spread by chance. Its stock
 * may be that of several, for what is missing in the one comes from the others. `sums` says which; it
 * must have `depot` among them, or the location would sell what it does not see. Orders never look
 * at it. */
#include "domain/mappings/rules_parts.h"

#include <errno.h>

enum { DEPOT_BYTES_MAX = 20, SUMS_MAX = 32 };

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static int compare_depots(const void *a, const void *b)
{
    return strcmp(((const struct depot_rule *)a)->location,
                  ((const struct depot_rule *)b)->location);
}

static int check_depot(const struct rules_reader *reader, const struct yaml_node *node,
                       const char *depot)
{
    return strlen(depot) <= DEPOT_BYTES_MAX
               ? 0
               : yaml_complain(reader->tree, node, reader->message,
                               "depot '%.40s': at most %d bytes", depot, DEPOT_BYTES_MAX);
}

static int read_sums(const struct rules_reader *reader, const struct yaml_node *node,
                     struct depot_rule *row)
{
    int r = check_depot(reader, yaml_get(node, "depot"), row->depot);
    for (size_t i = 0; i < row->stock.count && r == 0; i++) {
        r = check_depot(reader, row->sums, row->stock.items[i]);
        for (size_t j = 0; j < i && r == 0; j++)
            if (strcmp(row->stock.items[i], row->stock.items[j]) == 0)
                r = yaml_complain(reader->tree, row->sums, reader->message,
                                  "sums: depot '%.20s' is here twice; delete one",
                                  row->stock.items[i]);
    }
    if (r == 0 && row->stock.count > SUMS_MAX)
        r = yaml_complain(reader->tree, row->sums, reader->message, "sums: at most %d depots",
                          SUMS_MAX);
    if (r < 0)
        return r;
    if (row->sums == NULL) {
        const char **items = arena_alloc(reader->arena, sizeof *items);
        if (items == NULL)
            return yaml_complain(reader->tree, node, reader->message, "the mappings are too large");
        items[0] = row->depot;
        row->stock = (struct rules_texts){items, 1};
    }
    if (row->stock.count > 0 && !rules_list_has(&row->stock, row->depot))
        return yaml_complain(reader->tree, row->sums, reader->message,
                             "sums: depot '%.20s', which the location's orders are taken from, is "
                             "not among them; add it (or write [] to publish no stock)",
                             row->depot);
    return 0;
}

int rules_read_depots(const struct rules_reader *reader, const struct yaml_node *root,
                      struct order_rules *rules)
{
    static const struct rules_field file_fields[] = {{.key = "depots", .kind = RULES_NODE}};
    static const struct rules_field fields[] = {
        {RULES_FIELD(struct depot_rule, channel, RULES_TEXT)},
        {RULES_FIELD(struct depot_rule, store, RULES_TEXT)},
        {RULES_FIELD(struct depot_rule, location, RULES_TEXT), .required = true},
        {RULES_FIELD(struct depot_rule, depot, RULES_TEXT), .required = true},
        {.key = "sums", .kind = RULES_TEXTS, .offset = offsetof(struct depot_rule, stock)},
    };
    static const struct depot_rule defaults = {0};
    const struct yaml_node *list = NULL;
    void *items = NULL;
    int r = rules_read_map(reader, root, file_fields, RULES_COUNT(file_fields), &list);
    if (r == 0)
        r = rules_read_list(reader, list, fields, RULES_COUNT(fields), &defaults, sizeof defaults,
                            &items, &rules->depot_count);
    if (r != 0)
        return r;
    rules->depots = items;
    for (size_t i = 0; i < rules->depot_count && r == 0; i++) {
        struct depot_rule *row = &rules->depots[i];
        for (size_t j = 0; j < i; j++)
            if (same(row->location, rules->depots[j].location) &&
                same(row->channel, rules->depots[j].channel) &&
                same(row->store, rules->depots[j].store))
                return yaml_complain(reader->tree, yaml_item(list, i), reader->message,
                                     "location '%.40s' is here twice; delete one", row->location);
        row->sums = yaml_get(yaml_item(list, i), "sums");
        r = read_sums(reader, yaml_item(list, i), row);
    }
    qsort(rules->depots, rules->depot_count, sizeof *rules->depots, compare_depots);
    return r;
}

/* Of the rows of a location the one that names most decides. */
static const struct depot_rule *find_row(const struct order_rules *rules,
                                         const struct channel_rules *channel, const char *location)
{
    const struct depot_rule key = {.location = location};
    const struct depot_rule *row = NULL;
    if (rules->depot_count > 0)
        row = bsearch(&key, rules->depots, rules->depot_count, sizeof key, compare_depots);
    if (row == NULL)
        return NULL;
    while (row > rules->depots && strcmp(row[-1].location, location) == 0)
        row--;
    const struct depot_rule *best = NULL;
    int best_named = -1;
    for (; row < rules->depots + rules->depot_count && strcmp(row->location, location) == 0;
         row++) {
        const int named = (row->channel != NULL) + 2 * (row->store != NULL);
        if (named > best_named && rules_row_fits(row->channel, row->store, channel)) {
            best = row;
            best_named = named;
        }
    }
    return best;
}

const char *rules_depot(const struct order_rules *rules, const struct channel_rules *channel,
                        const char *location)
{
    const struct depot_rule *row = find_row(rules, channel, location);
    return row == NULL ? NULL : row->depot;
}

/* ---- stock ---- */

static void tell(const struct depot_rule *row, struct stock_location *ret_location)
{
    *ret_location = (struct stock_location){row->location, row->depot, row->stock};
}

bool rules_stock_location(const struct order_rules *rules, const struct channel_rules *channel,
                          const char *location, struct stock_location *ret_location)
{
    const struct depot_rule *row = find_row(rules, channel, location);
    if (row != NULL)
        tell(row, ret_location);
    return row != NULL;
}

bool rules_stock_next(const struct order_rules *rules, const struct channel_rules *channel,
                      size_t *cursor, struct stock_location *ret_location)
{
    while (*cursor < rules->depot_count) {
        const struct depot_rule *row = &rules->depots[(*cursor)++];
        if (row->channel != NULL && row->store != NULL && row->stock.count > 0 &&
            rules_row_fits(row->channel, row->store, channel)) {
            tell(row, ret_location);
            return true;
        }
    }
    return false;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int rules_serving_depots(const struct order_rules *rules, const struct channel_rules *channel,
                         struct arena *arena, struct rules_texts *ret_depots)
{
    const char **depots = arena_alloc(arena, (rules->depot_count + 1) * sizeof *depots);
    size_t count = 0, kept = 0;
    if (depots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < rules->depot_count; i++) {
        const struct depot_rule *row = &rules->depots[i];
        if (rules_row_fits(row->channel, row->store, channel) &&
            find_row(rules, channel, row->location) == row)
            depots[count++] = row->depot;
    }
    qsort(depots, count, sizeof *depots, compare_texts);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || strcmp(depots[kept - 1], depots[i]) != 0)
            depots[kept++] = depots[i];
    *ret_depots = (struct rules_texts){depots, kept};
    return 0;
}

/* ---- configuration ---- */

static enum allocates read_allocates(const char *word)
{
    return strcmp(word, "on_post") == 0      ? ALLOCATES_ON_POST
           : strcmp(word, "on_release") == 0 ? ALLOCATES_ON_RELEASE
                                             : ALLOCATES_ON_DESPATCH;
}

void rules_read_stock_settings(const struct config *config, struct stock_settings *settings)
{
    const char *stale = config_text(config, CFG_stock_stale_policy);
    *settings = (struct stock_settings){
        .allocates = read_allocates(config_text(config, CFG_prima_allocates)),
        .lag_ms = config_int(config, CFG_prima_stock_lag),
        .stale_after_ms = config_int(config, CFG_stock_stale_after),
        .stale = strcmp(stale, "keep") == 0  ? STALE_KEEP
                 : strcmp(stale, "cap") == 0 ? STALE_CAP
                                             : STALE_ZERO,
        .stale_cap = config_int(config, CFG_stock_stale_cap),
        .refresh_every_ms = config_int(config, CFG_stock_refresh_every),
    };
}

const struct stock_settings *rules_stock_settings(const struct order_rules *rules)
{
    return &rules->stock;
}

enum allocates rules_allocates(const struct order_rules *rules, const char *company)
{
    const int own = rules_company(rules, company)->allocates;
    return own >= 0 ? (enum allocates)own : rules->stock.allocates;
}

const char *rules_depot_of_all(const struct order_rules *rules, const char *company)
{
    return rules_company(rules, company)->stock_depot;
}

static bool serves_company(const struct order_rules *rules, const struct depot_rule *row,
                           const char *company)
{
    for (size_t i = 0; i < rules->channel_count; i++)
        if (strcmp(rules->channels[i].company, company) == 0 &&
            rules_row_fits(row->channel, row->store, &rules->channels[i]))
            return true;
    return false;
}

/* A row's own depot, then those that it sums. */
static const char *depot_of_row(const struct depot_rule *row, size_t index)
{
    return index == 0 ? row->depot : index <= row->stock.count ? row->stock.items[index - 1] : NULL;
}

static bool is_before(const struct order_rules *rules, const char *company, size_t row,
                      size_t index, const char *depot)
{
    for (size_t i = 0; i <= row; i++) {
        if (!serves_company(rules, &rules->depots[i], company))
            continue;
        for (size_t k = 0; i < row || k < index; k++) {
            const char *other = depot_of_row(&rules->depots[i], k);
            if (other == NULL)
                break;
            if (strcmp(other, depot) == 0)
                return true;
        }
    }
    return false;
}

const char *rules_company_depot(const struct order_rules *rules, const char *company, size_t index)
{
    for (size_t i = 0; i < rules->depot_count; i++) {
        const char *depot;
        if (!serves_company(rules, &rules->depots[i], company))
            continue;
        for (size_t k = 0; (depot = depot_of_row(&rules->depots[i], k)) != NULL; k++)
            if (!is_before(rules, company, i, k, depot) && index-- == 0)
                return depot;
    }
    return NULL;
}
