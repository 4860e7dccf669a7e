/* companies.yaml: what the books of a company ask of a credit note, and how its Prima counts
 * stock. */
#include "domain/mappings/rules_parts.h"

#include <errno.h>
#include <string.h>

enum { NOTE_DAYS_UK = 14, NOTE_DAYS_MAX = 365 };

static const char *const closed_period_names[] = {"post", "person", NULL};
static const char *const before_despatch_names[] = {"credit_note", "person", NULL};
static const char *const allocates_names[] = {"on_post", "on_release", "on_despatch", NULL};

static bool same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static int read_company(const struct rules_reader *reader, const struct yaml_node *node,
                        struct company_rules *company, const struct zone *usual)
{
    company->zone = usual;
    if (company->timezone != NULL) {
        if (zone_load(company->timezone, &company->own_zone) < 0)
            return yaml_complain(reader->tree, yaml_get(node, "timezone"), reader->message,
                                 "timezone: '%.60s' is no time zone of this system; write one as "
                                 "Europe/London",
                                 company->timezone);
        company->zone = company->own_zone;
    }
    if (company->note_days < 0 && same(company->vat_country, "GB"))
        company->note_days = NOTE_DAYS_UK;
    return 0;
}

int rules_read_companies(const struct rules_reader *reader, const struct yaml_node *root,
                         struct order_rules *rules)
{
    static const struct rules_field file_fields[] = {{.key = "companies", .kind = RULES_NODE}};
    static const struct rules_field fields[] = {
        {RULES_FIELD(struct company_rules, company, RULES_TEXT), .required = true},
        {RULES_FIELD(struct company_rules, timezone, RULES_TEXT)},
        {RULES_FIELD(struct company_rules, note_days, RULES_INT), .min = 1, .max = NOTE_DAYS_MAX},
        {RULES_FIELD(struct company_rules, vat_country, RULES_TEXT)},
        {RULES_FIELD(struct company_rules, open_from, RULES_DATE)},
        {RULES_FIELD(struct company_rules, closed_period, RULES_CHOICE),
         .choices = closed_period_names},
        {RULES_FIELD(struct company_rules, before_despatch, RULES_CHOICE),
         .choices = before_despatch_names},
        {RULES_FIELD(struct company_rules, allocates, RULES_CHOICE), .choices = allocates_names},
        {RULES_FIELD(struct company_rules, stock_depot, RULES_TEXT)},
    };
    static const struct company_rules defaults = {.note_days = -1, .allocates = -1};
    const struct yaml_node *list = NULL;
    void *items = NULL;
    size_t count = 0;
    int r = rules_read_map(reader, root, file_fields, RULES_COUNT(file_fields), &list);
    if (r == 0)
        r = rules_read_list(reader, list, fields, RULES_COUNT(fields), &defaults, sizeof defaults,
                            &items, &count);
    if (r != 0)
        return r;
    rules->companies = items;
    for (size_t i = 0; i < count; i++) {
        rules->company_count = i + 1; /* what was loaded is freed, whatever follows */
        r = read_company(reader, yaml_item(list, i), &rules->companies[i], rules->settings.zone);
        if (r < 0)
            return r;
        for (size_t j = 0; j < i; j++)
            if (strcmp(rules->companies[i].company, rules->companies[j].company) == 0)
                return yaml_complain(reader->tree, yaml_item(list, i), reader->message,
                                     "company '%.20s' is here twice; delete one",
                                     rules->companies[i].company);
    }
    return 0;
}

void rules_free_companies(struct order_rules *rules)
{
    for (size_t i = 0; i < rules->company_count; i++)
        zone_free(rules->companies[i].own_zone);
}

const struct company_rules *rules_company(const struct order_rules *rules, const char *company)
{
    for (size_t i = 0; i < rules->company_count; i++)
        if (strcmp(rules->companies[i].company, company) == 0)
            return &rules->companies[i];
    return &rules->any_company;
}
