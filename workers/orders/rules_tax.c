/* tax.yaml: which rates a country has, and when. The channel's tax is recomputed from these rates, never from its own word alone. */
#include "rules_parts.h"

#include <ctype.h>
#include <errno.h>

struct rate_row {
    const char *country, *rate;
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
    return strcmp(text, "*") == 0 || (strlen(text) == 2 && isupper((unsigned char)text[0]) && isupper((unsigned char)text[1]));
}

static bool overlap(const struct tax_rate *a, const struct tax_rate *b)
{
    return (a->to == 0 || b->from <= a->to) && (b->to == 0 || a->from <= b->to);
}

int rules_read_tax(const struct rules_reader *reader, const struct yaml_node *root, struct order_rules *rules)
{
    static const struct rules_field file_fields[] = {{.key = "rates", .kind = RULES_NODE, .required = true}};
    static const struct rules_field fields[] = {
        {RULES_FIELD(struct rate_row, country, RULES_TEXT), .required = true},
        {RULES_FIELD(struct rate_row, rate, RULES_TEXT), .required = true},
        {RULES_FIELD(struct rate_row, from, RULES_DATE)},
        {RULES_FIELD(struct rate_row, to, RULES_DATE)},
    };
    static const struct rate_row defaults = {0};
    const struct yaml_node *list = NULL;
    void *items = NULL;
    int r = rules_read_map(reader, root, file_fields, RULES_COUNT(file_fields), &list);
    if (r == 0)
        r = rules_read_list(reader, list, fields, RULES_COUNT(fields), &defaults, sizeof defaults, &items, &rules->rate_count);
    if (r != 0)
        return r;
    const struct rate_row *rows = items;
    rules->rates = arena_alloc(reader->arena, rules->rate_count * sizeof *rules->rates);
    if (rules->rates == NULL)
        return yaml_complain(reader->tree, root, reader->message, "the mappings are too large");
    for (size_t i = 0; i < rules->rate_count; i++) {
        const struct yaml_node *node = yaml_item(list, i);
        struct tax_rate *rate = &rules->rates[i];
        *rate = (struct tax_rate){.country = rows[i].country, .rate_ppm = -1, .from = rows[i].from, .to = rows[i].to};
        if (!is_country(rate->country))
            return yaml_complain(reader->tree, yaml_get(node, "country"), reader->message,
                                 "country: '%.20s' is neither two capital letters (ISO 3166) nor \"*\"", rate->country);
        if (strcmp(rows[i].rate, "any") != 0 && parse_percent(rows[i].rate, &rate->rate_ppm) < 0)
            return yaml_complain(reader->tree, yaml_get(node, "rate"), reader->message,
                                 "rate: '%.20s' is neither a percentage with at most four decimals nor 'any'", rows[i].rate);
        if (rate->to != 0 && rate->to < rate->from)
            return yaml_complain(reader->tree, yaml_get(node, "to"), reader->message, "to: lies before from");
        for (size_t j = 0; j < i; j++)
            if (strcmp(rate->country, rules->rates[j].country) == 0 && rate->rate_ppm == rules->rates[j].rate_ppm &&
                overlap(rate, &rules->rates[j]))
                return yaml_complain(reader->tree, node, reader->message, "this rate of %s is here twice for the same days; delete one row",
                                     rate->country);
    }
    return 0;
}

bool rules_has_tax_rate(const struct order_rules *rules, const char *country, int32_t date, int64_t rate_ppm)
{
    bool listed = false;
    for (size_t i = 0; i < rules->rate_count && !listed; i++)
        listed = country != NULL && strcmp(rules->rates[i].country, country) == 0;
    for (size_t i = 0; i < rules->rate_count; i++) {
        const struct tax_rate *rate = &rules->rates[i];
        if (strcmp(rate->country, listed ? country : "*") == 0 && (rate->rate_ppm < 0 || rate->rate_ppm == rate_ppm) &&
            date >= rate->from && (rate->to == 0 || date <= rate->to))
            return true;
    }
    return false;
}
