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
        shopify_put(o, o->event, name, object);
}

static void customer(struct shopify_import *o)
{
    const struct shopify_at at = shopify_field(o->order, "customer"),
                            home = shopify_field(&at, "default_address");
    const char *email = shopify_text(o->r, o->order, "email"),
               *phone = shopify_text(o->r, &at, "phone");
    json_t *person = json_object();
    if (email == NULL)
        email = shopify_text(o->r, o->order, "contact_email");
    shopify_copy_id(o, &at, "id", person, "customer_id");
    shopify_put_text(o, person, "email", email != NULL ? email : shopify_text(o->r, &at, "email"));
    shopify_copy_text(o, &at, "first_name", person, "forename");
    shopify_copy_text(o, &at, "last_name", person, "surname");
    shopify_copy_text(o, &home, "company", person, "company");
    shopify_put_text(o, person, "phone",
                     phone != NULL ? phone : shopify_text(o->r, o->order, "phone"));
    put_if_filled(o, "customer", person);
}

static void address(struct shopify_import *o, const char *name)
{
    static const char *const fields[][2] = {
        {"first_name", "forename"}, {"last_name", "surname"}, {"company", "company"},
        {"address1", "line1"},      {"address2", "line2"},    {"city", "city"},
        {"province", "region"},     {"zip", "postcode"},      {"country_code", "country_code"},
        {"phone", "phone"}};
    const struct shopify_at at = shopify_field(o->order, name);
    json_t *made = json_object();
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        shopify_copy_text(o, &at, fields[i][0], made, fields[i][1]);
    const char *country =
                   shopify_text(o->r, &at, "country"), /* some channels write its name only */
        *code = country != NULL ? country_find(country) : NULL;
    if (json_object_get(made, "country_code") == NULL && code != NULL)
        shopify_put_text(o, made, "country_code", code);
    if (json_object_get(made, "forename") == NULL && json_object_get(made, "surname") == NULL)
        shopify_copy_text(o, &at, "name", made,
                          "surname"); /* some channels write the whole name only */
    put_if_filled(o, name, made);
}

/* The order's company has ids only: its name is the one that the invoice goes to. */
static void business(struct shopify_import *o)
{
    const struct shopify_at at = shopify_field(o->order, "company"),
                            bill = shopify_field(o->order, "billing_address"),
                            ship = shopify_field(o->order, "shipping_address");
    char id[64];
    const char *name = shopify_text(o->r, &at, "name");
    if (at.json == NULL)
        return;
    if (!json_is_object(at.json)) {
        shopify_complain(o->r, &at,
                         "is not a company with id and location_id; export the order again");
        return;
    }
    shopify_need(o->r, &at, "id");
    if (!shopify_id(o->r, &at, "id", id))
        return;
    json_t *made = json_object();
    if (name == NULL)
        name = shopify_text(o->r, &bill, "company");
    if (name == NULL)
        name = shopify_text(o->r, &ship, "company");
    shopify_put(o, made, "company_id", json_string(id));
    shopify_put(o, made, "name", name != NULL ? json_string(name) : json_sprintf("Company %s", id));
    shopify_copy_id(o, &at, "location_id", made, "location_id");
    shopify_copy_text(o, o->order, "po_number", made, "purchase_order");
    shopify_put(o, o->event, "business", made);
}

/* "Net 30", else what kind of terms they are; due is the last instalment. */
static void terms(struct shopify_import *o)
{
    const struct shopify_at at = shopify_field(o->order, "payment_terms"),
                            schedules = shopify_field(&at, "payment_schedules");
    const char *name = shopify_text(o->r, &at, "payment_terms_name");
    const size_t count = shopify_count(o->r, &schedules);
    int64_t due_ms = 0, last_ms = 0;
    bool has_due = false;
    if (at.json == NULL)
        return;
    for (size_t i = 0; i < count; i++) {
        const struct shopify_at schedule = shopify_item(&schedules, i);
        if (shopify_time(o->r, &schedule, "due_at", &due_ms) && (!has_due || due_ms > last_ms)) {
            last_ms = due_ms;
            has_due = true;
        }
    }
    json_t *made = json_object();
    if (name == NULL)
        name = shopify_text(o->r, &at, "payment_terms_type");
    shopify_put_text(o, made, "name", name != NULL ? name : "unnamed");
    if (has_due)
        shopify_put(o, made, "due_at", json_integer(last_ms));
    shopify_put(o, o->event, "payment_terms", made);
}

void shopify_people(struct shopify_import *o)
{
    customer(o);
    business(o);
    address(o, "billing_address");
    address(o, "shipping_address");
    terms(o);
}
