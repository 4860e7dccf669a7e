/* tax.yaml: which rates a place has, and when. The channel's tax is recomputed from these rates,
 * never from its own word alone.
 *
 * A tax border is not always a country's (Northern Ireland, the Canaries, Livigno, Büsingen), so a
 * row may name a region or postcodes. For such a place its own rows replace its country's: a rate
 * of the mainland is no rate of the island, and the island's opens no hole for the mainland. */
#include "domain/mappings/rules_parts.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>

struct rate_row {
    const char *channel, *store, *country, *region, *rate;
    struct rules_texts postcodes;
    int32_t from, to;
};

/* "20" → 200000, "8.875" → 88750 parts per million; at most four decimals, at most 1000 percent. */
static int parse_percent(const char *text, int64_t *ret_ppm)
{
    int64_t ppm = 0, digits = 0;
    int decimals = -1;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '.' && decimals < 0) {
            decimals = 0;
            continue;
        }
        if (!isdigit((unsigned char)*p) || decimals == 4 || ++digits > 8)
            return -EINVAL;
        ppm = ppm * 10 + (*p - '0');
        if (decimals >= 0)
            decimals++;
    }
    for (int have = decimals < 0 ? 0 : decimals; have < 4; have++)
        ppm *= 10;
    if (digits == 0 || ppm > 10000000)
        return -EINVAL;
    *ret_ppm = ppm;
    return 0;
}

static bool is_country(const char *text)
{
    return strcmp(text, "*") == 0 || (strlen(text) == 2 && isupper((unsigned char)text[0]) &&
                                      isupper((unsigned char)text[1]));
}

static bool overlap(const struct tax_rate *a, const struct tax_rate *b)
{
    return (a->to == 0 || b->from <= a->to) && (b->to == 0 || a->from <= b->to);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcasecmp(a, b) == 0);
}

static bool same_place(const struct tax_rate *a, const struct tax_rate *b)
{
    bool same = same_text(a->channel, b->channel) && same_text(a->store, b->store) &&
                strcmp(a->country, b->country) == 0 && same_text(a->region, b->region) &&
                a->postcodes.count == b->postcodes.count;
    for (size_t i = 0; same && i < a->postcodes.count; i++)
        same = same_text(a->postcodes.items[i], b->postcodes.items[i]);
    return same;
}

/* Letters, digits and blanks of postcodes, and what patterns are made of. */
static bool is_pattern(const char *text)
{
    bool some = false;
    if (strlen(text) > 20)
        return false;
    for (const char *p = text; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p) && strchr("*?[]- ", *p) == NULL)
            return false;
        some |= isalnum((unsigned char)*p) != 0;
    }
    return some;
}

static int check_place(const struct rules_reader *reader, const struct yaml_node *node,
                       const struct tax_rate *rate)
{
    if (!is_country(rate->country))
        return yaml_complain(reader->tree, yaml_get(node, "country"), reader->message,
                             "country: '%.20s' is neither two capital letters (ISO 3166) nor \"*\"",
                             rate->country);
    if (strcmp(rate->country, "*") == 0 && (rate->region != NULL || rate->postcodes.count > 0))
        return yaml_complain(reader->tree, node, reader->message,
                             "a region or postcodes need their country: \"*\" has none");
    for (size_t i = 0; i < rate->postcodes.count; i++)
        if (!is_pattern(rate->postcodes.items[i]))
            return yaml_complain(reader->tree, yaml_get(node, "postcodes"), reader->message,
                                 "postcodes: '%.20s' is no postcode, such as \"BT1 1AA\", nor a "
                                 "pattern of some, such as \"BT*\"",
                                 rate->postcodes.items[i]);
    return 0;
}

int rules_read_tax(const struct rules_reader *reader, const struct yaml_node *root,
                   struct order_rules *rules)
{
    static const struct rules_field file_fields[] = {
        {.key = "rates", .kind = RULES_NODE, .required = true}};
    static const struct rules_field fields[] = {
        {RULES_FIELD(struct rate_row, channel, RULES_TEXT)},
        {RULES_FIELD(struct rate_row, store, RULES_TEXT)},
        {RULES_FIELD(struct rate_row, country, RULES_TEXT), .required = true},
        {RULES_FIELD(struct rate_row, region, RULES_TEXT)},
        {RULES_FIELD(struct rate_row, postcodes, RULES_TEXTS)},
        {RULES_FIELD(struct rate_row, rate, RULES_TEXT), .required = true},
        {RULES_FIELD(struct rate_row, from, RULES_DATE)},
        {RULES_FIELD(struct rate_row, to, RULES_DATE)},
    };
    static const struct rate_row defaults = {0};
    const struct yaml_node *list = NULL;
    void *items = NULL;
    int r = rules_read_map(reader, root, file_fields, RULES_COUNT(file_fields), &list);
    if (r == 0)
        r = rules_read_list(reader, list, fields, RULES_COUNT(fields), &defaults, sizeof defaults,
                            &items, &rules->rate_count);
    if (r != 0)
        return r;
    const struct rate_row *rows = items;
    rules->rates = arena_alloc(reader->arena, rules->rate_count * sizeof *rules->rates);
    if (rules->rates == NULL)
        return yaml_complain(reader->tree, root, reader->message, "the mappings are too large");
    for (size_t i = 0; i < rules->rate_count; i++) {
        const struct yaml_node *node = yaml_item(list, i);
        struct tax_rate *rate = &rules->rates[i];
        *rate = (struct tax_rate){.channel = rows[i].channel,
                                  .store = rows[i].store,
                                  .country = rows[i].country,
                                  .region = rows[i].region,
                                  .postcodes = rows[i].postcodes,
                                  .rate_ppm = -1,
                                  .from = rows[i].from,
                                  .to = rows[i].to};
        r = check_place(reader, node, rate);
        if (r < 0)
            return r;
        if (strcmp(rows[i].rate, "any") != 0 && parse_percent(rows[i].rate, &rate->rate_ppm) < 0)
            return yaml_complain(
                reader->tree, yaml_get(node, "rate"), reader->message,
                "rate: '%.20s' is neither a percentage with at most four decimals nor 'any'",
                rows[i].rate);
        if (rate->to != 0 && rate->to < rate->from)
            return yaml_complain(reader->tree, yaml_get(node, "to"), reader->message,
                                 "to: lies before from");
        for (size_t j = 0; j < i; j++)
            if (same_place(rate, &rules->rates[j]) && rate->rate_ppm == rules->rates[j].rate_ppm &&
                overlap(rate, &rules->rates[j]))
                return yaml_complain(
                    reader->tree, node, reader->message,
                    "this rate of %s is here twice for the same days; delete one row",
                    rate->country);
    }
    return 0;
}

/* Postcodes are written with blanks or without, in letters of either case. */
static void plain_postcode(const char *text, char *ret_plain, size_t room)
{
    size_t size = 0;
    for (; *text != '\0' && size + 1 < room; text++)
        if (!isspace((unsigned char)*text))
            ret_plain[size++] = (char)toupper((unsigned char)*text);
    ret_plain[size] = '\0';
}

static bool postcode_fits(const struct rules_texts *patterns, const char *postcode)
{
    char plain[40], pattern[40];
    plain_postcode(postcode, plain, sizeof plain);
    for (size_t i = 0; i < patterns->count; i++) {
        plain_postcode(patterns->items[i], pattern, sizeof pattern);
        if (fnmatch(pattern, plain, 0) == 0)
            return true;
    }
    return false;
}

/* How closely a row names the place; -1: it is not meant for it. Asked of every row for every rate of
 * an order: what turns most rows away comes first. */
static int closeness(const struct tax_rate *rate, const struct channel_rules *channel,
                     const struct tax_place *place)
{
    const bool anywhere = rate->country[0] == '*';
    if (!anywhere && (place->country == NULL || rate->country[0] != place->country[0] ||
                      strcmp(rate->country, place->country) != 0))
        return -1;
    if (channel != NULL ? !rules_row_fits(rate->channel, rate->store, channel)
                        : rate->channel != NULL || rate->store != NULL)
        return -1;
    if (anywhere)
        return 0;
    if ((rate->region != NULL &&
         (place->region == NULL || strcasecmp(rate->region, place->region) != 0)) ||
        (rate->postcodes.count > 0 &&
         (place->postcode == NULL || !postcode_fits(&rate->postcodes, place->postcode))))
        return -1;
    return rate->postcodes.count > 0 ? 3 : rate->region != NULL ? 2 : 1;
}

static bool covers(const struct tax_rate *rate, int32_t date, int64_t rate_ppm)
{
    return (rate->rate_ppm < 0 || rate->rate_ppm == rate_ppm) && date >= rate->from &&
           (rate->to == 0 || date <= rate->to);
}

bool rules_has_tax_rate(const struct order_rules *rules, const struct channel_rules *channel,
                        const struct tax_place *place, int32_t date, int64_t rate_ppm)
{
    int closest = 0;
    bool found = false; /* among the closest rows so far */
    for (size_t i = 0; i < rules->rate_count; i++) {
        const int close = closeness(&rules->rates[i], channel, place);
        if (close < closest)
            continue;
        found = (found && close == closest) || covers(&rules->rates[i], date, rate_ppm);
        closest = close;
    }
    return found;
}
