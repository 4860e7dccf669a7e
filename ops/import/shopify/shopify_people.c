/* Who ordered, on whose account, where it goes, on what terms. */
#include "shopify_parts.h"

#include "base/country.h"

#include <stdio.h>
#include <string.h>

static bool is_empty(const json_t *object)
{
    return json_object_size(object) == 0;
}

/* Puts the object when it says anything. */
static void put_if_filled(struct shopify_import *o, const char *name, json_t *object)
{
    if (is_empty(object))
        json_decref(object);
    else
        import_put(o->r, o->event, name, object);
}

static void customer(struct shopify_import *o)
{
    const struct import_at at = import_field(o->order, "customer"),
                           home = import_field(&at, "default_address");
    const char *email = import_text(o->r, o->order, "email"),
               *phone = import_text(o->r, &at, "phone");
    json_t *person = json_object();
    if (email == NULL)
        email = import_text(o->r, o->order, "contact_email");
    import_copy_id(o->r, &at, "id", person, "customer_id");
    import_put_text(o->r, person, "email", email != NULL ? email : import_text(o->r, &at, "email"));
    import_copy_text(o->r, &at, "first_name", person, "forename");
    import_copy_text(o->r, &at, "last_name", person, "surname");
    import_copy_text(o->r, &home, "company", person, "company");
    import_put_text(o->r, person, "phone",
                    phone != NULL ? phone : import_text(o->r, o->order, "phone"));
    put_if_filled(o, "customer", person);
}

static void address(struct shopify_import *o, const char *name)
{
    static const char *const fields[][2] = {
        {"first_name", "forename"}, {"last_name", "surname"}, {"company", "company"},
        {"address1", "line1"},      {"address2", "line2"},    {"city", "city"},
        {"province", "region"},     {"zip", "postcode"},      {"country_code", "country_code"},
        {"phone", "phone"}};
    const struct import_at at = import_field(o->order, name);
    json_t *made = json_object();
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        import_copy_text(o->r, &at, fields[i][0], made, fields[i][1]);
    const char *country = import_text(o->r, &at, "country"), /* some channels write its name only */
        *code = country != NULL ? country_find(country) : NULL;
    if (json_object_get(made, "country_code") == NULL && code != NULL)
        import_put_text(o->r, made, "country_code", code);
    if (json_object_get(made, "forename") == NULL && json_object_get(made, "surname") == NULL)
        import_copy_text(o->r, &at, "name", made,
                         "surname"); /* some channels write the whole name only */
    put_if_filled(o, name, made);
}

/* The order's company has ids only: its name is the one that the invoice goes to. */
static void business(struct shopify_import *o)
{
    const struct import_at at = import_field(o->order, "company"),
                           bill = import_field(o->order, "billing_address"),
                           ship = import_field(o->order, "shipping_address");
    char id[64];
    const char *name = import_text(o->r, &at, "name");
    if (at.json == NULL)
        return;
    if (!json_is_object(at.json)) {
        import_complain(o->r, &at,
                        "is not a company with id and location_id; export the order again");
        return;
    }
    import_need(o->r, &at, "id");
    if (!import_id(o->r, &at, "id", id))
        return;
    json_t *made = json_object();
    if (name == NULL)
        name = import_text(o->r, &bill, "company");
    if (name == NULL)
        name = import_text(o->r, &ship, "company");
    import_put(o->r, made, "company_id", json_string(id));
    import_put(o->r, made, "name",
               name != NULL ? json_string(name) : json_sprintf("Company %s", id));
    import_copy_id(o->r, &at, "location_id", made, "location_id");
    import_copy_text(o->r, o->order, "po_number", made, "purchase_order");
    import_put(o->r, o->event, "business", made);
}

/* "Net 30", else what kind of terms they are; due is the last instalment. */
static void terms(struct shopify_import *o)
{
    const struct import_at at = import_field(o->order, "payment_terms"),
                           schedules = import_field(&at, "payment_schedules");
    const char *name = import_text(o->r, &at, "payment_terms_name");
    const size_t count = import_count(o->r, &schedules);
    int64_t due_ms = 0, last_ms = 0;
    bool has_due = false;
    if (at.json == NULL)
        return;
    for (size_t i = 0; i < count; i++) {
        const struct import_at schedule = import_item(&schedules, i);
        if (import_time(o->r, &schedule, "due_at", &due_ms) && (!has_due || due_ms > last_ms)) {
            last_ms = due_ms;
            has_due = true;
        }
    }
    json_t *made = json_object();
    if (name == NULL)
        name = import_text(o->r, &at, "payment_terms_type");
    import_put_text(o->r, made, "name", name != NULL ? name : "unnamed");
    if (has_due)
        import_put(o->r, made, "due_at", json_integer(last_ms));
    import_put(o->r, o->event, "payment_terms", made);
}

void shopify_people(struct shopify_import *o)
{
    customer(o);
    business(o);
    address(o, "billing_address");
    address(o, "shipping_address");
    terms(o);
}
