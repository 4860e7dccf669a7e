/* What a new ledger holds: the default catalogue, or what a JSON file says. See catalogue.h and
 * README.md. */
#include "catalogue.h"
#include "request.h"

#include <errno.h>
#include <jansson.h>

enum { NUMBERED = 5000 };

static const char *const default_depots[] = {"01", "02", "S1", "S2", "EU", "JP"};
enum { DEFAULT_DEPOTS = sizeof default_depots / sizeof *default_depots };

/* `stock` is the main depot's; the others have a share of it. */
static void add_product(struct db *db, const char *code, const char *const matrix[static 4],
                        const char *description, int64_t stock)
{
    db_write(db, DB_PRODUCT_ADD, "tttttt", code, matrix[0], matrix[1], matrix[2], matrix[3],
             description);
    const int64_t id = db_last_id(db);
    for (int depot = 0; depot < DEFAULT_DEPOTS; depot++)
        db_write(db, DB_STOCK_ADD, "iti", id, default_depots[depot],
                 depot == 0 ? stock : stock / 20);
}

/* House accounts, as a retailer sets them up for guests and tills. */
static void seed_accounts(struct db *db)
{
    static const char *const accounts[][2] = {
        {"WEBGUEST", "01"},    {"WEBCHECK", "01"}, {"TILL01", "01"},  {"EUGUEST", "01"},
        {"OUTLETGUEST", "01"}, {"MIRAKL", "01"},   {"JPGUEST", "02"}, {"JPCHECK", "02"}};
    for (size_t i = 0; i < sizeof accounts / sizeof *accounts; i++)
        db_write(db, DB_CUSTOMER_ADD, "ntttttttttttttttn", accounts[i][0], accounts[i][1], "", "",
                 "", accounts[i][0], "", "", "", "", "", "", "", "", "");
}

static void seed_default(struct db *db)
{
    static const char *const plain[4] = {"", "", "", ""};
    static const char *const colours[] = {"RED", "BLUE", "BLACK", "WHITE"},
                             *const sizes[] = {"S", "M", "L", "XL"}, *const fits[] = {"D", "E"};
    for (int depot = 0; depot < DEFAULT_DEPOTS; depot++)
        db_write(db, DB_DEPOT_ADD, "t", default_depots[depot]);
    for (int i = 1; i <= NUMBERED; i++) {
        char code[16], description[32];
        (void)snprintf(code, sizeof code, "SKU%05d", i);
        (void)snprintf(description, sizeof description, "Article %d", i);
        add_product(db, code, plain, description, 1000 + i % 500);
    }
    add_product(db, "MISC", plain, "Miscellaneous item", 0);
    add_product(db, "GIFTCARD", plain, "Gift card sold", 0);
    for (int colour = 0; colour < 4; colour++)
        for (int size = 0; size < 4; size++)
            add_product(db, "TSHIRT", (const char *[]){colours[colour], sizes[size], "", ""},
                        "T-shirt", 800);
    for (int size = 3; size <= 12; size++)
        for (int fit = 0; fit < 2; fit++) {
            char number[12];
            (void)snprintf(number, sizeof number, "%d", size);
            add_product(db, "OXFORD", (const char *[]){"BLACK", number, fits[fit], ""},
                        "Oxford shoe", 60);
        }
    seed_accounts(db);
}

static int seed_refuse(char ret_message[static 200], const char *list, size_t index,
                       const char *why)
{
    (void)snprintf(ret_message, 200, "%s[%zu]: %s", list, index, why);
    return -EINVAL;
}

static int seed_depots(struct db *db, json_t *root, char ret_message[static 200])
{
    size_t i;
    json_t *depot;
    json_t *list = json_object_get(root, "depots");
    if (json_array_size(list) == 0 || json_array_size(list) > CATALOGUE_DEPOTS_MAX)
        return seed_refuse(ret_message, "depots", 0, "a list of 1 to 16 codes is needed");
    json_array_foreach(list, i, depot)
    {
        if (!json_is_string(depot) || json_string_length(depot) == 0 ||
            json_string_length(depot) >= CATALOGUE_DEPOT_CODE_MAX)
            return seed_refuse(ret_message, "depots", i, "a code of 1 to 23 characters is needed");
        if (db_change(db, DB_DEPOT_ADD, "t", json_string_value(depot)) < 0)
            return seed_refuse(ret_message, "depots", i, "this code is there already");
    }
    return 0;
}

static int seed_product(struct db *db, json_t *root, size_t index, json_t *item,
                        char ret_message[static 200])
{
    const char *code = NULL, *matrix[4] = {"", "", "", ""}, *description = "", *depot_code;
    json_t *stock = NULL, *quantity, *depot;
    json_error_t error;
    size_t i;
    if (json_unpack_ex(item, &error, JSON_STRICT, "{s:s, s?s, s?s, s?s, s?s, s?s, s?o}", "product",
                       &code, "mtrx_code1", &matrix[0], "mtrx_code2", &matrix[1], "mtrx_code3",
                       &matrix[2], "mtrx_code4", &matrix[3], "description", &description, "stock",
                       &stock) < 0)
        return seed_refuse(ret_message, "products", index, error.text);
    if (db_change(db, DB_PRODUCT_ADD, "tttttt", code, matrix[0], matrix[1], matrix[2], matrix[3],
                  description) < 0)
        return seed_refuse(ret_message, "products", index, "this product is there already");
    const int64_t id = db_last_id(db);
    json_array_foreach(json_object_get(root, "depots"), i, depot)
    {
        quantity = json_object_get(stock, json_string_value(depot));
        if (quantity != NULL && (!json_is_integer(quantity) || json_integer_value(quantity) < 0))
            return seed_refuse(ret_message, "products", index,
                               "stock is a whole number, 0 or more");
        db_write(db, DB_STOCK_ADD, "iti", id, json_string_value(depot),
                 (int64_t)json_integer_value(quantity));
    }
    json_object_foreach(stock, depot_code, quantity)
    {
        bool known = false;
        json_array_foreach(json_object_get(root, "depots"), i, depot) known =
            known || strcmp(depot_code, json_string_value(depot)) == 0;
        if (!known)
            return seed_refuse(ret_message, "products", index,
                               "stock names a depot that is not in depots");
    }
    return 0;
}

static int seed_customer(struct db *db, size_t index, json_t *item, char ret_message[static 200])
{
    const char *account = NULL, *company = "", *reference = "", *email = "", *forename = "",
               *surname = "";
    json_error_t error;
    if (json_unpack_ex(item, &error, JSON_STRICT, "{s:s, s?s, s?s, s?s, s?s, s?s}", "account",
                       &account, "company", &company, "customer_ref", &reference, "email", &email,
                       "forename", &forename, "surname", &surname) < 0)
        return seed_refuse(ret_message, "customers", index, error.text);
    char lower[256];
    customer_fold(email, lower);
    if (db_change(db, DB_CUSTOMER_ADD, "ntttttttttttttttn", account, company, reference, lower,
                  forename, surname, "", "", "", "", "", "", "", "", "") < 0)
        return seed_refuse(ret_message, "customers", index,
                           "this account or customer_ref is there already");
    return 0;
}

/* An order that Prima holds already, from before our time: its number and status are what
 * matters. */
static int seed_order(struct db *db, size_t index, json_t *item, char ret_message[static 200])
{
    const char *number = NULL, *company = "", *status = "Open", *date = "", *currency = "GBP";
    json_error_t error;
    if (json_unpack_ex(item, &error, JSON_STRICT, "{s:s, s?s, s?s, s?s, s?s}", "order_number",
                       &number, "company", &company, "status", &status, "order_date", &date,
                       "currency", &currency) < 0)
        return seed_refuse(ret_message, "orders", index, error.text);
    const int64_t none = 0;
    if (number[0] == '\0' ||
        db_change(db, DB_ORDER_ADD,
                  "ttnittttti"
                  "tttttttt"
                  "tiiiiiiiii",
                  company, number, none, "", "", "", "", date, none, "", status, "", "", "", "", "",
                  "", currency, none, none, none, none, none, none, (int64_t)-1, none, none) < 0)
        return seed_refuse(ret_message, "orders", index, "order_number is empty or there already");
    return 0;
}

static int seed_json(struct db *db, json_t *root, char ret_message[static 200])
{
    size_t i;
    json_t *item;
    int result = seed_depots(db, root, ret_message);
    json_array_foreach(json_object_get(root, "products"), i, item) if (result == 0) result =
        seed_product(db, root, i, item, ret_message);
    json_array_foreach(json_object_get(root, "customers"), i, item) if (result == 0) result =
        seed_customer(db, i, item, ret_message);
    json_array_foreach(json_object_get(root, "orders"), i, item) if (result == 0) result =
        seed_order(db, i, item, ret_message);
    return result;
}

static int seed_file(struct db *db, const char *path, char ret_message[static 200])
{
    json_error_t error;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        (void)snprintf(ret_message, 200, "line %d: %.160s", error.line, error.text);
        return error.line < 0 ? -EIO : -EINVAL;
    }
    db_mark(db);
    const int result = seed_json(db, root, ret_message);
    if (result < 0)
        db_undo(db);
    else
        db_unmark(db);
    json_decref(root);
    return result;
}

int catalogue_seed(struct db *db, const char *path, char ret_message[static 200])
{
    db_query(db, DB_PRODUCT_ALL, "");
    const bool seeded = db_next(db, DB_PRODUCT_ALL);
    db_end(db, DB_PRODUCT_ALL);
    int result = 0;
    if (!seeded && path != NULL)
        result = seed_file(db, path, ret_message);
    else if (!seeded)
        seed_default(db);
    db_commit(db);
    return result;
}
