/* carriers.yaml: what a channel calls a carrier of Prima's. A shop that is told a name which it does
 * not know shows no link, or a wrong one. A folder without the file maps none. */
#include "domain/mappings/rules_parts.h"

#include "base/buf.h"

#include <ctype.h>
#include <strings.h>

enum { URL_BYTES_MAX = 2000 };
static const char number_mark[] = "{number}";

static bool carriers_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcasecmp(a, b) == 0;
}

static int check_url(const struct rules_reader *reader, const struct yaml_node *node,
                     const struct carrier_rule *row)
{
    const char *mark = row->tracking_url != NULL ? strstr(row->tracking_url, number_mark) : NULL;
    if (row->tracking_url == NULL)
        return 0;
    if (mark == NULL || strstr(mark + 1, number_mark) != NULL)
        return yaml_complain(reader->tree, yaml_get(node, "tracking_url"), reader->message,
                             "tracking_url: write {number} once, where the parcel's number goes");
    return strncmp(row->tracking_url, "https://", 8) == 0 ||
                   strncmp(row->tracking_url, "http://", 7) == 0
               ? 0
               : yaml_complain(reader->tree, yaml_get(node, "tracking_url"), reader->message,
                               "tracking_url: is no address; write https://...{number}");
}

int rules_read_carriers(const struct rules_reader *reader, const struct yaml_node *root,
                        struct order_rules *rules)
{
    static const struct rules_field file_fields[] = {
        {.key = "carriers", .kind = RULES_NODE, .required = true}};
    static const struct rules_field fields[] = {
        {RULES_FIELD(struct carrier_rule, channel, RULES_TEXT)},
        {RULES_FIELD(struct carrier_rule, store, RULES_TEXT)},
        {RULES_FIELD(struct carrier_rule, carrier, RULES_TEXT), .required = true},
        {RULES_FIELD(struct carrier_rule, service, RULES_TEXT)},
        {RULES_FIELD(struct carrier_rule, name, RULES_TEXT), .required = true},
        {RULES_FIELD(struct carrier_rule, tracking_url, RULES_TEXT)},
    };
    static const struct carrier_rule defaults = {0};
    const struct yaml_node *list = NULL;
    void *items = NULL;
    int r = rules_read_map(reader, root, file_fields, RULES_COUNT(file_fields), &list);
    if (r == 0)
        r = rules_read_list(reader, list, fields, RULES_COUNT(fields), &defaults, sizeof defaults,
                            &items, &rules->carrier_count);
    rules->carriers = items;
    for (size_t i = 0; r == 0 && i < rules->carrier_count; i++) {
        const struct carrier_rule *row = &rules->carriers[i];
        r = check_url(reader, yaml_item(list, i), row);
        for (size_t j = 0; r == 0 && j < i; j++) {
            const struct carrier_rule *other = &rules->carriers[j];
            if (carriers_same(row->carrier, other->carrier) &&
                carriers_same(row->service, other->service) &&
                carriers_same(row->channel, other->channel) &&
                carriers_same(row->store, other->store))
                r = yaml_complain(reader->tree, yaml_item(list, i), reader->message,
                                  "this carrier is here twice; delete one row");
        }
    }
    return r;
}

const struct carrier_rule *rules_carrier(const struct order_rules *rules,
                                         const struct channel_rules *channel, const char *carrier,
                                         const char *service)
{
    const struct carrier_rule *best = NULL;
    int best_named = -1;
    for (size_t i = 0; i < rules->carrier_count; i++) {
        const struct carrier_rule *row = &rules->carriers[i];
        const int named =
            4 * (row->service != NULL) + 2 * (row->store != NULL) + (row->channel != NULL);
        if (named > best_named && strcasecmp(row->carrier, carrier) == 0 &&
            (row->service == NULL || carriers_same(row->service, service)) &&
            rules_row_fits(row->channel, row->store, channel)) {
            best = row;
            best_named = named;
        }
    }
    return best;
}

const char *rules_tracking_url(const struct carrier_rule *row, const char *number,
                               struct arena *arena)
{
    struct buf url;
    if (row->tracking_url == NULL)
        return NULL;
    const char *mark = strstr(row->tracking_url, number_mark);
    buf_init(&url, URL_BYTES_MAX);
    buf_append(&url, row->tracking_url, (size_t)(mark - row->tracking_url));
    for (; *number != '\0'; number++)
        if (isalnum((unsigned char)*number) || strchr("-._~", *number) != NULL)
            buf_append(&url, number, 1);
        else
            buf_printf(&url, "%%%02X", (unsigned)(unsigned char)*number);
    buf_text(&url, mark + sizeof number_mark - 1);
    const char *copy = url.failed ? NULL : arena_text(arena, url.data, url.size);
    buf_release(&url);
    return copy;
}

/* ---- for `primaflow mappings check` ---- */

void rules_nameless_carriers(const struct order_rules *rules, rules_nameless_seen seen, void *user)
{
    for (size_t i = 0; rules->carrier_count > 0 && i < rules->channel_count; i++) {
        const struct channel_rules *channel = &rules->channels[i];
        for (size_t k = 0; k < rules->carriage_count; k++) {
            const struct charge_rule *row = &rules->carriage[k];
            bool is_told = false;
            for (size_t j = 0; j < k && row->carrier != NULL; j++)
                is_told |=
                    carriers_same(rules->carriage[j].carrier, row->carrier) &&
                    rules_row_fits(rules->carriage[j].channel, rules->carriage[j].store, channel);
            if (row->carrier != NULL && !is_told && channel->fulfilled_by == FULFILLED_BY_PRIMA &&
                rules_row_fits(row->channel, row->store, channel) &&
                rules_carrier(rules, channel, row->carrier, row->service) == NULL)
                seen(user, row->carrier, channel->channel, channel->store);
        }
    }
}
