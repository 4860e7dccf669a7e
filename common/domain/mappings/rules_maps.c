/* payments.yaml, charges.yaml: what of a channel is what in Prima. Rows are tried in
 * the file's order; what a row leaves out fits all. */
#include "domain/mappings/rules_parts.h"

#include <errno.h>

static bool fits(const char *rule, const char *value)
{
    return rule == NULL || (value != NULL && strcmp(rule, value) == 0);
}

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* ---- payments ---- */

int rules_read_payments(const struct rules_reader *reader, const struct yaml_node *root,
                        struct order_rules *rules)
{
    struct lists {
        const struct yaml_node *payments, *terms;
    } lists = {0};
    static const struct rules_field file_fields[] = {
        {RULES_FIELD(struct lists, payments, RULES_NODE), .required = true},
        {RULES_FIELD(struct lists, terms, RULES_NODE)},
    };
    static const struct rules_field fields[] = {
        {RULES_FIELD(struct payment_rule, channel, RULES_TEXT)},
        {RULES_FIELD(struct payment_rule, store, RULES_TEXT)},
        {RULES_FIELD(struct payment_rule, kind, RULES_CHOICE), .choices = tender_kind_names},
        {RULES_FIELD(struct payment_rule, gateway, RULES_TEXT)},
        {RULES_FIELD(struct payment_rule, method, RULES_TEXT)},
        {RULES_FIELD(struct payment_rule, authorized, RULES_CHOICE),
         .choices = rules_authorized_names},
        {RULES_FIELD(struct payment_rule, pending, RULES_CHOICE), .choices = rules_pending_names},
        {RULES_FIELD(struct payment_rule, terms, RULES_TEXT)},
        {RULES_FIELD(struct payment_rule, pay_method, RULES_TEXT)},
        {RULES_FIELD(struct payment_rule, provider, RULES_TEXT)},
    };
    static const struct rules_field terms_fields[] = {
        {RULES_FIELD(struct terms_rule, channel, RULES_TEXT)},
        {RULES_FIELD(struct terms_rule, store, RULES_TEXT)},
        {RULES_FIELD(struct terms_rule, name, RULES_TEXT), .required = true},
        {RULES_FIELD(struct terms_rule, terms, RULES_TEXT), .required = true},
    };
    static const struct payment_rule defaults = {
        .kind = -1, .authorized = -1, .pending = -1, .pay_method = "CSH"};
    static const struct terms_rule no_terms = {0};
    void *payments = NULL, *terms = NULL;
    int r = rules_read_map(reader, root, file_fields, RULES_COUNT(file_fields), &lists);
    if (r == 0)
        r = rules_read_list(reader, lists.payments, fields, RULES_COUNT(fields), &defaults,
                            sizeof defaults, &payments, &rules->payment_count);
    if (r == 0)
        r = rules_read_list(reader, lists.terms, terms_fields, RULES_COUNT(terms_fields), &no_terms,
                            sizeof no_terms, &terms, &rules->terms_count);
    if (r != 0)
        return r;
    rules->payments = payments;
    rules->terms = terms;
    for (size_t i = 0; i < rules->payment_count; i++) {
        struct payment_rule *p = &rules->payments[i];
        rules_say_post(&p->authorized);
        rules_say_post(&p->pending);
        if (p->kind < 0 && p->gateway == NULL && p->method == NULL)
            return yaml_complain(reader->tree, yaml_item(lists.payments, i), reader->message,
                                 "this row fits every payment: name a kind, gateway or method");
        for (size_t j = 0; j < i; j++) {
            const struct payment_rule *q = &rules->payments[j];
            if (p->kind == q->kind && same(p->gateway, q->gateway) && same(p->method, q->method) &&
                same(p->channel, q->channel) && same(p->store, q->store))
                return yaml_complain(reader->tree, yaml_item(lists.payments, i), reader->message,
                                     "this payment is here twice; delete one row");
        }
    }
    for (size_t i = 0; i < rules->terms_count; i++)
        for (size_t j = 0; j < i; j++)
            if (same(rules->terms[i].name, rules->terms[j].name) &&
                same(rules->terms[i].channel, rules->terms[j].channel) &&
                same(rules->terms[i].store, rules->terms[j].store))
                return yaml_complain(reader->tree, yaml_item(lists.terms, i), reader->message,
                                     "these terms are here twice; delete one row");
    return 0;
}

const struct payment_rule *rules_payment(const struct order_rules *rules,
                                         const struct channel_rules *channel,
                                         const struct order_tender *tender)
{
    for (size_t i = 0; i < rules->payment_count; i++) {
        const struct payment_rule *p = &rules->payments[i];
        if (rules_row_fits(p->channel, p->store, channel) &&
            (p->kind < 0 || p->kind == (int)tender->kind) && fits(p->gateway, tender->gateway) &&
            fits(p->method, tender->method))
            return p;
    }
    return NULL;
}

const char *rules_payment_terms(const struct order_rules *rules,
                                const struct channel_rules *channel, const char *name)
{
    for (size_t i = 0; i < rules->terms_count; i++)
        if (rules_row_fits(rules->terms[i].channel, rules->terms[i].store, channel) &&
            strcmp(rules->terms[i].name, name) == 0)
            return rules->terms[i].terms;
    return NULL;
}

/* ---- charges ---- */

static int check_twice(const struct rules_reader *reader, const struct yaml_node *list,
                       const struct charge_rule *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (rows[i].kind == rows[j].kind && same(rows[i].code, rows[j].code) &&
                same(rows[i].channel, rows[j].channel) && same(rows[i].store, rows[j].store))
                return yaml_complain(reader->tree, yaml_item(list, i), reader->message,
                                     "this charge is here twice; delete one row");
    return 0;
}

/* A row without code takes every service of its store, also those that nobody thought of: so it
 * says whose they are. */
static int check_fallbacks(const struct rules_reader *reader, const struct yaml_node *list,
                           const struct charge_rule *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].code == NULL && (rows[i].channel == NULL || rows[i].store == NULL))
            return yaml_complain(reader->tree, yaml_item(list, i), reader->message,
                                 "this row fits the carriage of every store: name a code, or a "
                                 "channel and store");
    return 0;
}

int rules_read_charges(const struct rules_reader *reader, const struct yaml_node *root,
                       struct order_rules *rules)
{
    struct file {
        const struct yaml_node *carriage, *charges;
        const char *unmapped;
    } file = {0};
    static const struct rules_field file_fields[] = {
        {RULES_FIELD(struct file, carriage, RULES_NODE)},
        {RULES_FIELD(struct file, charges, RULES_NODE)},
        {RULES_FIELD(struct file, unmapped, RULES_TEXT)},
    };
    static const struct rules_field carriage_fields[] = {
        {RULES_FIELD(struct charge_rule, channel, RULES_TEXT)},
        {RULES_FIELD(struct charge_rule, store, RULES_TEXT)},
        {RULES_FIELD(struct charge_rule, code, RULES_TEXT)},
        {RULES_FIELD(struct charge_rule, charge, RULES_TEXT), .required = true},
        {RULES_FIELD(struct charge_rule, carrier, RULES_TEXT)},
        {RULES_FIELD(struct charge_rule, service, RULES_TEXT)},
    };
    static const struct rules_field charge_fields[] = {
        {RULES_FIELD(struct charge_rule, channel, RULES_TEXT)},
        {RULES_FIELD(struct charge_rule, store, RULES_TEXT)},
        {RULES_FIELD(struct charge_rule, kind, RULES_CHOICE), .required = true,
         .choices = charge_kind_names},
        {RULES_FIELD(struct charge_rule, code, RULES_TEXT)},
        {RULES_FIELD(struct charge_rule, charge, RULES_TEXT), .required = true},
    };
    static const struct charge_rule defaults = {0};
    void *carriage = NULL, *charges = NULL;
    int r = rules_read_map(reader, root, file_fields, RULES_COUNT(file_fields), &file);
    if (r == 0)
        r = rules_read_list(reader, file.carriage, carriage_fields, RULES_COUNT(carriage_fields),
                            &defaults, sizeof defaults, &carriage, &rules->carriage_count);
    if (r == 0)
        r = rules_read_list(reader, file.charges, charge_fields, RULES_COUNT(charge_fields),
                            &defaults, sizeof defaults, &charges, &rules->charge_count);
    if (r != 0)
        return r;
    rules->carriage = carriage;
    rules->charges = charges;
    rules->unmapped_charge = file.unmapped;
    r = check_twice(reader, file.carriage, rules->carriage, rules->carriage_count);
    if (r == 0)
        r = check_fallbacks(reader, file.carriage, rules->carriage, rules->carriage_count);
    return r < 0 ? r : check_twice(reader, file.charges, rules->charges, rules->charge_count);
}

/* The first row of this code; no row has it: the store's row without code. */
const struct charge_rule *rules_carriage(const struct order_rules *rules,
                                         const struct channel_rules *channel,
                                         const struct shipping_line *line)
{
    const struct charge_rule *fallback = NULL;
    for (size_t i = 0; i < rules->carriage_count; i++) {
        const struct charge_rule *row = &rules->carriage[i];
        if (!rules_row_fits(row->channel, row->store, channel))
            continue;
        if (row->code == NULL)
            fallback = row;
        else if (line->code != NULL && strcmp(row->code, line->code) == 0)
            return row;
    }
    return fallback;
}

const struct charge_rule *rules_charge(const struct order_rules *rules,
                                       const struct channel_rules *channel,
                                       const struct order_charge *charge)
{
    for (size_t i = 0; i < rules->charge_count; i++)
        if (rules_row_fits(rules->charges[i].channel, rules->charges[i].store, channel) &&
            rules->charges[i].kind == (int)charge->kind &&
            fits(rules->charges[i].code, charge->code))
            return &rules->charges[i];
    return NULL;
}

const char *rules_unmapped_charge(const struct order_rules *rules,
                                  const struct channel_rules *channel)
{
    return channel != NULL && channel->unmapped_charge != NULL ? channel->unmapped_charge
                                                               : rules->unmapped_charge;
}
