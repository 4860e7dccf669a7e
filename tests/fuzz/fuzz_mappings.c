/* Mapping files as somebody may write them (workers/orders/rules_*.c): a folder is refused with a
 * place and a remedy, or each of its rows can be looked up, the invariants of order_rules.h hold,
 * and an order can be decided with it.
 *
 * Input: a byte that says which of the eight files it is, then the file. The other seven are the
 * examples. Patterns are compiled by the C library, which takes hours for some and is the
 * operator's own choice: inputs with repetition counts or nested stars are left aside. */
#include "fuzz_input.h"
#include "fuzz_order.h"

#include "config/yaml.h"
#include "domain/mappings/order_rules.h"

#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 8 };
static const char *const names[FILES] = {"channels", "depots", "payments", "charges",
                                         "tax",      "skus",   "policies", "bundles"};
static char folder[80];

static void remove_folders(void)
{
    for (size_t i = 0; i < FILES; i++) {
        char path[160];
        for (size_t j = 0; j < FILES; j++) {
            (void)snprintf(path, sizeof path, "%s/%s/%s.yaml", folder, names[i], names[j]);
            (void)unlink(path);
        }
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)rmdir(path);
    }
    (void)rmdir(folder);
}

/* A folder for each file: that one is this process's file in memory, the others are links to the
 * examples. */
static void make_folders(const char *memory)
{
    char here[2048], from[4096], to[160];
    (void)snprintf(folder, sizeof folder, "%s/pf-fuzz-XXXXXX", fuzz_folder());
    FUZZ_CHECK(mkdtemp(folder) != NULL && getcwd(here, sizeof here) != NULL &&
               atexit(remove_folders) == 0);
    for (size_t i = 0; i < FILES; i++) {
        (void)snprintf(to, sizeof to, "%s/%s", folder, names[i]);
        FUZZ_CHECK(mkdir(to, 0700) == 0);
        for (size_t j = 0; j < FILES; j++) {
            (void)snprintf(from, sizeof from, "%s/ops/deploy/mappings/%s.yaml", here, names[j]);
            (void)snprintf(to, sizeof to, "%s/%s/%s.yaml", folder, names[i], names[j]);
            FUZZ_CHECK(access(from, R_OK) == 0 &&
                       symlink(i == j ? memory : from, to) == 0); /* run in the source folder */
        }
    }
}

/* The text of a key, read from the file once more; "" when absent. */
static const char *text_of(const struct yaml_node *row, const char *key)
{
    const struct yaml_node *node = yaml_get(row, key);
    return node != NULL && yaml_text(node) != NULL ? yaml_text(node) : "";
}

static bool begins(const char *text, const char *with)
{
    return strncasecmp(text, with, strlen(with)) == 0;
}

static void check_channels(const struct order_rules *rules, const struct yaml_node *list)
{
    for (size_t i = 0; i < yaml_count(list); i++) {
        const struct yaml_node *row = yaml_item(list, i);
        const struct channel_rules *c =
            rules_channel(rules, text_of(row, "channel"), text_of(row, "store"));
        FUZZ_CHECK(c != NULL && strcmp(c->company, text_of(row, "company")) == 0 &&
                   strcmp(c->prefix, text_of(row, "prefix")) == 0);
        FUZZ_CHECK(c->tolerance_per_line >= 0 && c->tolerance_cap >= 0);
        for (size_t j = 0; j < i; j++) {
            const struct yaml_node *other = yaml_item(list, j);
            FUZZ_CHECK(strcmp(text_of(row, "company"), text_of(other, "company")) != 0 ||
                       (!begins(c->prefix, text_of(other, "prefix")) &&
                        !begins(text_of(other, "prefix"), c->prefix)));
        }
    }
}

/* A row that every channel's order may meet. */
static bool is_for_all(const struct yaml_node *row)
{
    return yaml_get(row, "channel") == NULL && yaml_get(row, "store") == NULL;
}

static void check_depots(const struct order_rules *rules, const struct yaml_node *list,
                         const struct channel_rules *channel)
{
    for (size_t i = 0; i < yaml_count(list); i++) {
        const struct yaml_node *row = yaml_item(list, i);
        const char *depot = rules_depot(rules, channel, text_of(row, "location"));
        FUZZ_CHECK(!is_for_all(row) || depot != NULL);
    }
}

static void check_payments(const struct order_rules *rules, const struct yaml_node *root,
                           const struct channel_rules *channel)
{
    const struct yaml_node *list = yaml_get(root, "payments"), *terms = yaml_get(root, "terms");
    for (size_t i = 0; i < yaml_count(list); i++) {
        const struct yaml_node *row = yaml_item(list, i);
        struct order_tender tender = {.gateway = text_of(row, "gateway"),
                                      .method = text_of(row, "method")};
        while (tender_kind_names[tender.kind] != NULL &&
               strcmp(tender_kind_names[tender.kind], text_of(row, "kind")) != 0 &&
               tender.kind + 1 < TENDER_KIND_COUNT)
            tender.kind++;
        if (yaml_get(row, "kind") == NULL)
            tender.kind = TENDER_OTHER;
        const struct payment_rule *found = rules_payment(rules, channel, &tender);
        FUZZ_CHECK(found == NULL ? !is_for_all(row) : found->pay_method != NULL);
    }
    for (size_t i = 0; terms != NULL && i < yaml_count(terms); i++)
        FUZZ_CHECK(!is_for_all(yaml_item(terms, i)) ||
                   rules_payment_terms(rules, channel, text_of(yaml_item(terms, i), "name")) !=
                       NULL);
}

static void check_charges(const struct order_rules *rules, const struct yaml_node *root,
                          const struct channel_rules *channel)
{
    const struct yaml_node *list = yaml_get(root, "carriage");
    for (size_t i = 0; list != NULL && i < yaml_count(list); i++) {
        const struct shipping_line line = {.code = text_of(yaml_item(list, i), "code")};
        FUZZ_CHECK(!is_for_all(yaml_item(list, i)) ||
                   rules_carriage(rules, channel, &line) != NULL);
    }
    FUZZ_CHECK(rules_unmapped_charge(rules, channel) != NULL ||
               rules_policy(rules, PF_E_charge_unmapped) != ACTION_HOLD);
}

static void check_tax(const struct order_rules *rules, const struct yaml_node *list)
{
    for (size_t i = 0; i < yaml_count(list); i++) {
        const struct yaml_node *row = yaml_item(list, i);
        int32_t from = 20260101;
        char *end = NULL;
        const char *rate = text_of(row, "rate");
        const long whole = strtol(rate, &end, 10);
        if (yaml_get(row, "from") != NULL)
            FUZZ_CHECK(rules_parse_date(text_of(row, "from"), &from) == 0);
        else if (yaml_get(row, "to") != NULL)
            FUZZ_CHECK(rules_parse_date(text_of(row, "to"), &from) == 0);
        const struct tax_place place = {.country = text_of(row, "country"),
                                        .region = text_of(row, "region")};
        const bool is_for_all = yaml_get(row, "channel") == NULL &&
                                yaml_get(row, "store") == NULL &&
                                yaml_get(row, "postcodes") == NULL;
        if (*rate != '\0' && *end == '\0' && strcmp(place.country, "*") != 0 && is_for_all)
            FUZZ_CHECK(rules_has_tax_rate(rules, NULL, &place, from, whole * 10000));
    }
}

static void check_skus(const struct order_rules *rules, const struct yaml_node *root,
                       const struct channel_rules *channel)
{
    const struct yaml_node *table = yaml_get(root, "table");
    struct arena *arena = arena_new(1 << 20);
    struct prima_sku sku;
    for (size_t i = 0; table != NULL && i < yaml_count(table); i++) {
        const struct yaml_node *row = yaml_item(table, i);
        if (is_for_all(row) && strlen(text_of(row, "sku")) <= 100)
            FUZZ_CHECK(rules_sku(rules, channel, text_of(row, "sku"), arena, &sku) == 1 &&
                       strcmp(sku.product, text_of(row, "product")) == 0);
    }
    static const char *const hostile[] = {"",         "-",     "--",       "A-B-C-D-E-F",
                                          "SKU00001", "/////", "\xff\xfe", "TSHIRT-RED-M"};
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        FUZZ_CHECK(rules_sku(rules, channel, hostile[i], arena, &sku) == 0 ||
                   (sku.product != NULL && sku.product[0] != '\0'));
    FUZZ_CHECK(rules_misc_item(rules, channel) != NULL ||
               rules_policy(rules, PF_E_unknown_sku) != ACTION_MISC_ITEM);
    arena_free(arena);
}

/* Every bundle has components, and they take all of its price. */
static void check_bundles(const struct order_rules *rules, const struct yaml_node *list,
                          const struct channel_rules *channel)
{
    for (size_t i = 0; i < yaml_count(list); i++) {
        const struct yaml_node *row = yaml_item(list, i);
        const struct bundle_rule *bundle = rules_bundle(rules, channel, text_of(row, "sku"));
        int64_t weights = 0;
        FUZZ_CHECK(!is_for_all(row) || bundle != NULL);
        for (size_t c = 0; bundle != NULL && c < bundle->count; c++) {
            FUZZ_CHECK(bundle->components[c].quantity > 0 && bundle->components[c].weight >= 0 &&
                       bundle->components[c].matrix.count <= 4);
            weights += bundle->components[c].weight;
        }
        FUZZ_CHECK(bundle == NULL ||
                   (bundle->count > 0 && bundle->count <= BUNDLE_COMPONENTS_MAX && weights > 0));
    }
}

static void check_rules(const struct order_rules *rules, size_t which, const struct yaml_node *root)
{
    const struct channel_rules *channel = which == 0 ? NULL : rules_channel(rules, "shopify", "uk");
    switch (which) {
    case 0:
        check_channels(rules, yaml_get(root, "channels"));
        break;
    case 1:
        if (yaml_get(root, "depots") != NULL)
            check_depots(rules, yaml_get(root, "depots"), channel);
        break;
    case 2:
        check_payments(rules, root, channel);
        break;
    case 3:
        check_charges(rules, root, channel);
        break;
    case 4:
        check_tax(rules, yaml_get(root, "rates"));
        break;
    case 5:
        check_skus(rules, root, channel);
        break;
    case 7:
        check_bundles(rules, yaml_get(root, "bundles"), channel);
        break;
    default:
        for (int code = 1; code < PF_ERROR_COUNT; code++)
            FUZZ_CHECK(rules_policy(rules, (enum pf_error)code) !=
                       ACTION_POST); /* nothing passes in silence */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size < 16384 ? size : 16384};
    const size_t which = fuzz_choose(&in, FILES);
    if (which == 5 && memmem(in.at, in.left, "pattern", 7) != NULL &&
        fuzz_is_costly(in.at, in.left))
        return 0;
    const char *memory = fuzz_file(0, in.at, in.left);
    if (folder[0] == '\0')
        make_folders(memory);
    char setting[128], path[160];
    (void)snprintf(setting, sizeof setting, "orders.mappings=%s/%s", folder, names[which]);
    (void)snprintf(path, sizeof path, "%s/%s/", folder, names[which]);
    const char *const settings[] = {setting};
    struct config *config = NULL;
    struct config_message message = {""};
    void *rules = NULL;
    struct yaml_tree *tree = NULL;
    FUZZ_CHECK(config_load(NULL, settings, 1, &config, &message) == 0);
    if (order_rules_load(config, &rules, &message) < 0) {
        FUZZ_CHECK(strncmp(message.text, path, strlen(path)) == 0 && rules == NULL);
    } else {
        FUZZ_CHECK(yaml_load(memory, &tree, &message) == 0);
        check_rules(rules, which, yaml_root(tree));
        fuzz_order_decide_plain(rules);
        yaml_unload(tree);
        order_rules_free(rules);
    }
    config_free(config);
    return 0;
}
