/* policies.yaml: what is done about each flag. The first choice of each is the default: what a
 * careful bookkeeper would do.
 *
 *   hold         posted, on hold, with a narrative: stock is reserved, people see it
 *   misc_item    the same, the line under the miscellaneous item
 *   wait         not posted; it goes to the retry topic and is decided again with the mappings of
 *                then, up to retry.max_age. Only where a mapping, or a product made in Prima, can
 *                change the decision: an order's own amounts stay what they are
 *   dead_letter  not posted; tried again when a person says so
 *
 * payment_pending is decided in channels.yaml (unpaid), by why money is outstanding. */
#include "domain/mappings/rules_parts.h"

#include <errno.h>

struct choices {
    const char *names[4]; /* NULL at the end */
    enum rules_action actions[3];
};

static const struct choices hold = {{"hold", "dead_letter", NULL},
                                    {ACTION_HOLD, ACTION_DEAD_LETTER}};
static const struct choices hold_or_wait = {{"hold", "dead_letter", "wait", NULL},
                                            {ACTION_HOLD, ACTION_DEAD_LETTER, ACTION_WAIT}};
static const struct choices misc_or_wait = {{"misc_item", "dead_letter", "wait", NULL},
                                            {ACTION_MISC_ITEM, ACTION_DEAD_LETTER, ACTION_WAIT}};
static const struct choices never_posted = {{"dead_letter", "wait", NULL},
                                            {ACTION_DEAD_LETTER, ACTION_WAIT}};

static const struct policy {
    enum pf_error code;
    const struct choices *choices;
    const char *why_no_wait; /* where waiting is no choice */
} policies[] = {
    {PF_E_tax_mismatch, &hold, "the order's own amounts stay what they are"},
    {PF_E_total_mismatch, &hold, "the order's own amounts stay what they are"},
    {PF_E_payment_excess, &hold, "the order's own amounts stay what they are"},
    {PF_E_payment_contradicts, &hold, "the order's own amounts stay what they are"},
    {PF_E_tax_rate_unmapped, &hold_or_wait, NULL},
    {PF_E_unknown_sku, &misc_or_wait, NULL},
    {PF_E_depot_unmapped, &hold_or_wait, NULL},
    {PF_E_payment_unmapped, &hold_or_wait, NULL},
    {PF_E_charge_unmapped, &hold_or_wait, NULL},
    {PF_E_gift_card_unmapped, &never_posted, NULL},
    {PF_E_tip_unmapped, &never_posted, NULL},
    {PF_E_tax_not_ours, &never_posted, NULL},
    {PF_E_address_illegible, &hold, "an address does not become legible by itself"},
    {PF_E_customer_ambiguous, &hold, "a person chooses the account on the held order"},
    {PF_E_customer_unknown_outcome, &hold,
     "a person looks for the account; to wait could make a second one"},
    {PF_E_customer_unmapped, &hold_or_wait, NULL},
};
enum { POLICY_COUNT = RULES_COUNT(policies) };

static const struct policy *find_policy(enum pf_error code)
{
    for (size_t i = 0; i < POLICY_COUNT; i++)
        if (policies[i].code == code)
            return &policies[i];
    return NULL;
}

/* What the general reader would refuse as well, with the reason. */
static int explain_refusals(const struct rules_reader *reader, const struct yaml_node *map)
{
    for (size_t i = 0; yaml_kind(map) == YAML_KIND_MAP && i < yaml_count(map); i++) {
        const char *key = NULL;
        const struct yaml_node *node = yaml_entry(map, i, &key);
        const enum pf_error code = pf_error_find(key);
        const struct policy *policy = find_policy(code);
        const char *text = yaml_text(node);
        if (code == PF_E_payment_pending)
            return yaml_complain(reader->tree, node, reader->message,
                                 "'payment_pending' is no key here: it is decided in "
                                 "channels.yaml, by the key unpaid of a channel");
        if (code != PF_OK && policy == NULL)
            return yaml_complain(reader->tree, node, reader->message,
                                 "'%.40s' is no key here: nothing is to be decided about it, what "
                                 "becomes of it is always the same",
                                 key);
        if (policy != NULL && policy->why_no_wait != NULL && text != NULL &&
            strcmp(text, "wait") == 0)
            return yaml_complain(reader->tree, node, reader->message,
                                 "%s: 'wait' is not one of hold or dead_letter: %s", key,
                                 policy->why_no_wait);
    }
    return 0;
}

int rules_read_policies(const struct rules_reader *reader, const struct yaml_node *root,
                        struct order_rules *rules)
{
    static const struct rules_field file_fields[] = {{.key = "policies", .kind = RULES_NODE}};
    const struct yaml_node *map = NULL;
    int r = rules_read_map(reader, root, file_fields, RULES_COUNT(file_fields), &map);
    struct rules_field fields[POLICY_COUNT];
    int chosen[POLICY_COUNT] = {0};
    for (size_t i = 0; i < POLICY_COUNT; i++)
        fields[i] = (struct rules_field){.key = pf_error_info(policies[i].code)->name,
                                         .kind = RULES_CHOICE,
                                         .offset = i * sizeof *chosen,
                                         .choices = policies[i].choices->names};
    if (r == 0 && map != NULL)
        r = explain_refusals(reader, map);
    if (r == 0 && map != NULL)
        r = rules_read_map(reader, map, fields, POLICY_COUNT, chosen);
    if (r < 0)
        return r;
    for (size_t i = 0; i < PF_ERROR_COUNT; i++)
        rules->policies[i] = pf_error_info((enum pf_error)i)->class == PF_CLASS_HOLD
                                 ? ACTION_HOLD
                                 : ACTION_DEAD_LETTER;
    for (size_t i = 0; i < POLICY_COUNT; i++)
        rules->policies[policies[i].code] = policies[i].choices->actions[chosen[i]];
    return 0;
}

enum rules_action rules_policy(const struct order_rules *rules, enum pf_error code)
{
    return rules->policies[code];
}
