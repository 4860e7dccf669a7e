/* Mapping files: what is wrong in them is named with file, line and column; what is right is
 * found. */
#include "test_order_support.h"

#include "domain/mappings/rules_reader.h"

#include <errno.h>
#include <unistd.h>

#define CHANNEL                                                                                    \
    "channels:\n  - {channel: shopify, store: uk, company: \"01\", prefix: \"201\", accounts: "    \
    "{unresolved: X}"
#define CHANNEL_PLAIN                                                                              \
    "channels:\n  - {channel: shopify, store: uk, company: \"01\", prefix: \"201\", "
#define ANOTHER "}\n  - {channel: shopify, store: eu, accounts: {unresolved: X}, "

static const struct {
    const char *name, *file, *content, *message;
} broken[] = {
    {"an unknown key", "channels.yaml", CHANNEL ", colour: red}\n", "channels.yaml:2:"},
    {"its name", "channels.yaml", CHANNEL ", colour: red}\n",
     "'colour' is no key here; known are channel, store"},
    {"a missing key", "channels.yaml",
     "channels:\n  - {channel: shopify, store: uk, prefix: \"1\"}\n",
     ":2:5: the key 'company' is missing"},
    {"no channel at all", "channels.yaml", "channels: []\n", "at least one channel"},
    {"not a list", "channels.yaml", "channels: {a: b}\n", "a list is needed here"},
    {"an empty value", "channels.yaml", CHANNEL ", country: \"\"}\n", "country: a value is needed"},
    {"a channel twice", "channels.yaml",
     CHANNEL "}\n  - {channel: shopify, store: uk, company: \"02\", prefix: \"9\", accounts: "
             "{unresolved: X}}\n",
     ":3:5: channel shopify, store uk is here twice"},
    {"a prefix that begins another one", "channels.yaml",
     CHANNEL ANOTHER "company: \"01\", prefix: \"2015\"}\n", "could give two orders one number"},
    {"the same prefix in other case", "channels.yaml",
     "channels:\n  - {channel: a, store: a, company: \"1\", prefix: WEB, accounts: {unresolved: "
     "X}}\n"
     "  - {channel: b, store: b, company: \"1\", prefix: web, accounts: {unresolved: X}}\n",
     "could give two orders one number"},
    {"a prefix with a blank", "channels.yaml",
     "channels:\n  - {channel: a, store: b, company: \"1\", prefix: \"2 1\"}\n",
     "letters, digits and '-' only"},
    {"a company with a slash", "channels.yaml",
     "channels:\n  - {channel: a, store: b, company: \"1/2\", prefix: \"21\"}\n",
     "company: '1/2' may have"},
    {"a rounding that is none", "channels.yaml", CHANNEL ", rounding: down}\n",
     "rounding: 'down' is not one of line or invoice"},
    {"a tolerance that hides errors", "channels.yaml", CHANNEL ", tolerance: {per_line: 1000}}\n",
     "per_line: '1000' is not a whole number from 0 to 100"},
    {"half a penny", "channels.yaml", CHANNEL ", tolerance: {cap: 0.5}}\n",
     "cap: '0.5' is not a whole number"},
    {"a bool that is none", "channels.yaml", CHANNEL ", location_required: perhaps}\n",
     "neither true nor false"},
    {"an action that makes no sense here", "channels.yaml",
     CHANNEL ", unpaid: {pending: misc_item}}\n", "pending: 'misc_item' is not one of post"},
    {"sources that are no list", "channels.yaml", CHANNEL ", pos_sources: pos}\n",
     "a list of texts is needed"},
    {"a location that is everybody's", "channels.yaml", CHANNEL ", order_location: never}\n",
     "order_location: 'never' is not one of handed_over or always"},
    {"whose tax it is, in words of one's own", "channels.yaml",
     CHANNEL ", channel_liable: theirs}\n", "channel_liable: 'theirs' is not one of person or own"},
    {"nowhere for an order without account to wait", "channels.yaml",
     "channels:\n  - {channel: shopify, store: uk, company: \"01\", prefix: \"201\"}\n",
     "needs accounts: unresolved"},
    {"an account longer than results can hold", "channels.yaml",
     CHANNEL_PLAIN "accounts: {pos: AAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDDDDDDDDDE}}\n",
     "accounts: an account's code has at most 40 bytes"},
    {"no YAML", "channels.yaml", "channels: [\n", "channels.yaml:"},

    {"a location twice", "depots.yaml",
     "depots:\n  - {location: \"1\", depot: A}\n  - {location: \"1\", depot: B}\n",
     "depots.yaml:3:5: location '1' is here twice"},
    {"a location without depot", "depots.yaml", "depots:\n  - {location: \"1\"}\n",
     "the key 'depot' is missing"},

    {"a sum without the location's own depot", "depots.yaml",
     "depots:\n  - {location: \"1\", depot: A,\n     sums: [B]}\n",
     "depots.yaml:3:6: sums: depot 'A', which the location's orders are taken from, is not among"},
    {"a depot summed twice", "depots.yaml",
     "depots:\n  - {location: \"1\", depot: A, sums: [A, B, B]}\n",
     "sums: depot 'B' is here twice"},
    {"a depot too long for a key", "depots.yaml",
     "depots:\n  - {location: \"1\", depot: ABCDEFGHIJKLMNOPQRSTU}\n", "at most 20 bytes"},

    {"what tills sell, in words of one's own", "channels.yaml", CHANNEL ", till_stock: gone}\n",
     "till_stock: 'gone' is not one of netted or in_prima"},
    {"an allocation that is none", "companies.yaml",
     "companies:\n  - {company: \"01\", allocates: sometimes}\n",
     "companies.yaml:2:21: allocates: 'sometimes' is not one of on_post, on_release or "
     "on_despatch"},
    {"a bundle computed by somebody", "bundles.yaml",
     "bundles:\n  - {sku: A, components: [{product: P}], computed_by_channel: shop}\n",
     "computed_by_channel: 'shop' is neither true nor false"},

    {"who else", "channels.yaml", CHANNEL ", fulfilled_by: somebody}\n",
     "fulfilled_by: 'somebody' is not one of prima or third_party"},
    {"a carrier without its name", "carriers.yaml", "carriers:\n  - {carrier: DPD}\n",
     "carriers.yaml:2:5: the key 'name' is missing"},
    {"a carrier twice", "carriers.yaml",
     "carriers:\n  - {carrier: DPD, name: A}\n  - {carrier: dpd, name: B}\n",
     "carriers.yaml:3:5: this carrier is here twice; delete one row"},
    {"an address without the number", "carriers.yaml",
     "carriers:\n  - {carrier: DPD, name: A, tracking_url: \"https://a.example/\"}\n",
     "tracking_url: write {number} once"},
    {"an address with two numbers", "carriers.yaml",
     "carriers:\n  - {carrier: DPD, name: A, tracking_url: \"https://{number}/{number}\"}\n",
     "tracking_url: write {number} once"},
    {"an address that is none", "carriers.yaml",
     "carriers:\n  - {carrier: DPD, name: A, tracking_url: \"javascript:{number}\"}\n",
     "tracking_url: is no address"},
    {"a buffer that keeps back less than nothing", "buffers.yaml", "buffers:\n  - {units: -1}\n",
     "buffers.yaml:2:6: units: '-1' is not a whole number from 0"},
    {"a buffer of how much", "buffers.yaml", "buffers:\n  - {product: P}\n",
     "the key 'units' is missing"},
    {"codes of no product", "buffers.yaml", "buffers:\n  - {matrix: [RED], units: 1}\n",
     ":2:5: matrix: codes are of a product"},
    {"five codes", "buffers.yaml",
     "buffers:\n  - {product: P, matrix: [a, b, c, d, e], units: 1}\n",
     "matrix: at most four codes"},
    {"a location of nobody", "buffers.yaml", "buffers:\n  - {location: \"1\", units: 1}\n",
     "location: name its channel and store too"},
    {"a location and a depot", "buffers.yaml",
     "buffers:\n  - {channel: a, store: b, location: \"1\", depot: A, units: 1}\n",
     "for a location or for a depot; delete one"},
    {"an end before the beginning", "buffers.yaml",
     "buffers:\n  - {units: 1, from: 2026-02-02, until: 2026-02-01}\n", "until: lies before from"},
    {"a buffer twice", "buffers.yaml",
     "buffers:\n  - {product: P, units: 1}\n  - {units: 1}\n  - {product: P, units: 2, until: "
     "2026-01-01}\n",
     "buffers.yaml:4:5: this buffer is here twice for the same days"},

    {"a separator with a template", "skus.yaml",
     "misc_item: M\nshapes:\n  - {separator: \"-\", write: \"$1\"}\n",
     "skus.yaml:3:22: write: a separator says by itself"},
    {"a template without one of the groups", "skus.yaml",
     "misc_item: M\nshapes:\n  - {pattern: \"(.)/(.)\", write: \"$1\"}\n", "write: $2 is missing"},
    {"a template with a group too many", "skus.yaml",
     "misc_item: M\nshapes:\n  - {pattern: \"(.)\", write: \"$1$2\"}\n",
     "the number of a group of the pattern, 1 to 1"},
    {"a template that ends in a dollar", "skus.yaml",
     "misc_item: M\nshapes:\n  - {pattern: \"(.)\", write: \"$1$\"}\n",
     "the number of a group of the pattern"},

    {"a payment row that fits all", "payments.yaml", "payments:\n  - {provider: X}\n",
     "payments.yaml:2:5: this row fits every payment"},
    {"a payment twice", "payments.yaml",
     "payments:\n  - {gateway: a, provider: X}\n  - {gateway: a, provider: Y}\n",
     ":3:5: this payment is here twice"},
    {"a kind of payment that is none", "payments.yaml",
     "payments:\n  - {kind: barter, provider: X}\n", "'barter' is not one of other, card"},
    {"terms twice", "payments.yaml",
     "payments: []\nterms:\n  - {name: a, terms: b}\n  - {name: a, terms: c}\n",
     ":4:5: these terms are here twice"},

    {"carriage twice", "charges.yaml",
     "unmapped: M\ncarriage:\n  - {code: a, charge: X}\n  - {code: a, charge: Y}\n",
     ":4:5: this charge is here twice"},
    {"carriage of every store, whatever it is", "charges.yaml",
     "unmapped: M\ncarriage:\n  - {channel: shopify, charge: X}\n",
     ":3:5: this row fits the carriage of every store"},
    {"two fallbacks of a store", "charges.yaml",
     "unmapped: M\ncarriage:\n  - {channel: shopify, store: uk, charge: X}\n  - {channel: "
     "shopify, store: uk, charge: Y}\n",
     ":4:5: this charge is here twice"},
    {"a charge twice", "charges.yaml",
     "unmapped: M\ncharges:\n  - {kind: tip, charge: X}\n  - {kind: tip, charge: Y}\n",
     ":4:5: this charge is here twice"},
    {"no code for what is not mapped", "charges.yaml", "charges: []\n",
     "charges.yaml: policy charge_unmapped: hold needs the key unmapped"},

    {"a rate that is no percentage", "tax.yaml", "rates:\n  - {country: GB, rate: \"20%\"}\n",
     "tax.yaml:2:"},
    {"two points", "tax.yaml", "rates:\n  - {country: GB, rate: \"8..5\"}\n",
     "rate: '8..5' is neither"},
    {"a rate too fine", "tax.yaml", "rates:\n  - {country: GB, rate: \"8.87501\"}\n",
     "rate: '8.87501' is neither"},
    {"a rate beyond reason", "tax.yaml", "rates:\n  - {country: GB, rate: \"2000\"}\n",
     "rate: '2000' is neither"},
    {"a negative rate", "tax.yaml", "rates:\n  - {country: GB, rate: \"-5\"}\n",
     "rate: '-5' is neither"},
    {"a country in words", "tax.yaml", "rates:\n  - {country: England, rate: \"20\"}\n",
     "country: 'England' is neither"},
    {"a country in small letters", "tax.yaml", "rates:\n  - {country: gb, rate: \"20\"}\n",
     "country: 'gb' is neither"},
    {"a rate twice for the same days", "tax.yaml",
     "rates:\n  - {country: GB, rate: \"20\", to: 2020-06-30}\n  - {country: GB, rate: \"20.0\", "
     "from: 2020-06-30}\n",
     ":3:5: this rate of GB is here twice"},
    {"a rate twice for the same place", "tax.yaml",
     "rates:\n  - {country: ES, postcodes: [\"35*\"], rate: \"7\"}\n  - {country: ES, postcodes: "
     "[\"35*\"], rate: \"7\"}\n",
     ":3:5: this rate of ES is here twice"},
    {"a region of no country", "tax.yaml",
     "rates:\n  - {country: \"*\", region: Bavaria, rate: \"7\"}\n",
     ":2:5: a region or postcodes need their country"},
    {"postcodes that are none", "tax.yaml",
     "rates:\n  - {country: GB, postcodes: [\"^BT\"], rate: \"7\"}\n",
     "postcodes: '^BT' is no postcode"},
    {"postcodes of all", "tax.yaml", "rates:\n  - {country: GB, postcodes: [\"*\"], rate: \"7\"}\n",
     "postcodes: '*' is no postcode"},
    {"a day that the calendar lacks", "tax.yaml",
     "rates:\n  - {country: GB, rate: \"20\", from: 2023-02-29}\n",
     "from: '2023-02-29' is not a date"},
    {"an end before the beginning", "tax.yaml",
     "rates:\n  - {country: GB, rate: \"20\", from: 2023-02-02, to: 2023-02-01}\n",
     "to: lies before from"},

    {"a shape of two kinds", "skus.yaml",
     "misc_item: M\nshapes:\n  - {separator: \"-\", pattern: \"(.)\"}\n",
     "either a separator or a pattern"},
    {"a shape of no kind", "skus.yaml", "misc_item: M\nshapes:\n  - {channel: a}\n",
     "either a separator or a pattern"},
    {"a pattern that is none", "skus.yaml", "misc_item: M\nshapes:\n  - {pattern: \"([\"}\n",
     "skus.yaml:3:"},
    {"a pattern without product", "skus.yaml", "misc_item: M\nshapes:\n  - {pattern: \"a\"}\n",
     "one group (...) is needed"},
    {"a pattern with too many codes", "skus.yaml",
     "misc_item: M\nshapes:\n  - {pattern: \"(a)(b)(c)(d)(e)(f)\"}\n", "one group (...) is needed"},
    {"a SKU twice", "skus.yaml",
     "misc_item: M\nshapes: []\ntable:\n  - {sku: A, product: B}\n  - {sku: A, product: C}\n",
     "skus.yaml:5:5: table: SKU 'A' is there twice"},
    {"five matrix codes", "skus.yaml",
     "misc_item: M\nshapes: []\ntable:\n  - {sku: A, product: B, matrix: [a, b, c, d, e]}\n",
     "at most four codes"},
    {"no miscellaneous item", "skus.yaml", "shapes: []\n",
     "skus.yaml: policy unknown_sku: misc_item needs the key misc_item"},

    {"a policy for no code", "policies.yaml", "policies: {tax_mishap: hold}\n",
     "'tax_mishap' is no key here"},
    {"a policy that this code cannot have", "policies.yaml",
     "policies: {tax_mismatch: misc_item}\n", "'misc_item' is not one of hold or dead_letter"},
    {"posting a mismatch silently is no policy", "policies.yaml",
     "policies: {total_mismatch: post}\n", "'post' is not one of hold or dead_letter"},
    {"waiting for an amount to change", "policies.yaml", "policies:\n  tax_mismatch: wait\n",
     "policies.yaml:2:3: tax_mismatch: 'wait' is not one of hold or dead_letter: the order's own "
     "amounts stay what they are"},
    {"waiting for an address to become legible", "policies.yaml",
     "policies: {address_illegible: wait}\n", "an address does not become legible by itself"},
    {"another's tax posted on hold", "policies.yaml", "policies: {tax_not_ours: hold}\n",
     "tax_not_ours: 'hold' is not one of dead_letter or wait"},
    {"waiting for a person", "policies.yaml", "policies: {customer_ambiguous: wait}\n",
     "a person chooses the account"},
    {"a gift card held without product", "policies.yaml", "policies: {gift_card_unmapped: hold}\n",
     "gift_card_unmapped: 'hold' is not one of dead_letter or wait"},
    {"what is decided elsewhere", "policies.yaml", "policies: {payment_pending: wait}\n",
     "it is decided in channels.yaml, by the key unpaid"},
    {"what nobody decides", "policies.yaml", "policies: {conflict: hold}\n",
     "'conflict' is no key here: nothing is to be decided about it"},

    {"bundles that are no list", "bundles.yaml", "bundles: {sku: A}\n",
     "bundles.yaml:1:1: a list is needed here"},
    {"no bundles at all", "bundles.yaml", "bundle: []\n",
     "'bundle' is no key here; known are bundles"},
    {"a bundle without SKU", "bundles.yaml", "bundles:\n  - components: [{product: P}]\n",
     "bundles.yaml:2:5: the key 'sku' is missing"},
    {"a bundle of nothing", "bundles.yaml", "bundles:\n  - {sku: A, components: []}\n",
     "bundle 'A': components: 1 to 50 are needed"},
    {"a component without product", "bundles.yaml",
     "bundles:\n  - sku: A\n    components:\n      - {quantity: 1}\n",
     "bundles.yaml:4:9: the key 'product' is missing"},
    {"none of a component", "bundles.yaml",
     "bundles:\n  - sku: A\n    components:\n      - {product: P, quantity: 0}\n",
     "bundles.yaml:4:22: quantity: '0' is not a whole number from 1 to 10000"},
    {"half a weight", "bundles.yaml",
     "bundles:\n  - sku: A\n    components: [{product: P, weight: 0.5}]\n",
     "weight: '0.5' is not a whole number"},
    {"a weight for one of two", "bundles.yaml",
     "bundles:\n  - sku: A\n    components:\n      - {product: P, weight: 1}\n      - {product: "
     "Q}\n",
     "bundles.yaml:5:9: bundle 'A': this component has no weight and another one has"},
    {"all weights nothing", "bundles.yaml",
     "bundles:\n  - sku: A\n    components:\n      - {product: P, weight: 0}\n      - {product: Q, "
     "weight: 0}\n",
     "bundles.yaml:3:5: bundle 'A': all weights are 0"},
    {"a component twice", "bundles.yaml",
     "bundles:\n  - sku: A\n    components:\n      - {product: P, matrix: [X]}\n      - {product: "
     "P, matrix: [X]}\n",
     "bundles.yaml:5:9: bundle 'A': product 'P' is here twice"},
    {"five matrix codes of a component", "bundles.yaml",
     "bundles:\n  - sku: A\n    components:\n      - {product: P, matrix: [a, b, c, d, e]}\n",
     "bundles.yaml:4:22: matrix: at most four codes"},
    {"a bundle twice", "bundles.yaml",
     "bundles:\n  - {sku: A, components: [{product: P}]}\n  - {sku: B, components: [{product: "
     "P}]}\n  - {sku: A, components: [{product: "
     "Q}]}\n",
     "bundles.yaml:4:5: bundle 'A' is here twice"},
    {"a payment of one channel twice", "payments.yaml",
     "payments:\n  - {channel: c, gateway: a}\n  - {gateway: a}\n  - {channel: c, gateway: a}\n",
     ":4:5: this payment is here twice"},
};

static int load(const char *const overrides[], size_t count, struct config **ret_config,
                void **ret_rules, struct config_message *message)
{
    assert_int_equal(config_load(NULL, overrides, count, ret_config, message), 0);
    return order_rules_load(*ret_config, ret_rules, message);
}

static void test_broken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        print_message("  %s\n", broken[i].name);
        char folder[200];
        (void)snprintf(folder, sizeof folder, "orders.mappings=%s",
                       support_mappings_copy(broken[i].file, broken[i].content));
        struct config *config = NULL;
        struct config_message message = {{0}};
        void *rules = &config; /* whatever it was */
        assert_int_equal(load((const char *const[]){folder}, 1, &config, &rules, &message),
                         -EINVAL);
        assert_ptr_equal(rules, &config); /* the old rules stay */
        if (strstr(message.text, broken[i].message) == NULL ||
            strstr(message.text, broken[i].file) == NULL)
            fail_msg("'%s' of %s is not in: %s", broken[i].message, broken[i].file, message.text);
        config_free(config);
    }
}

static void test_broken_settings(void **state)
{
    (void)state;
    static const struct {
        const char *override, *message;
    } rows[] = {
        {"prima.customers=by_nobody", "prima.customers: 'by_nobody' is not one of by_prima by_us"},
        {"prima.price_basis=dozen", "prima.price_basis"},
        {"prima.price_vat=maybe", "prima.price_vat"},
        {"company.timezone=Europe/Atlantis", "company.timezone: 'Europe/Atlantis' is no time zone"},
        {"orders.settle_after=24h",
         "orders.settle_after: '86400000 ms' is not below retry.max_age"},
        {"orders.cutover_date=23.11.2026", "orders.cutover_date: '23.11.2026' is not a date"},
        {"orders.mappings=/nonexistent", "/nonexistent/channels.yaml"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].override);
        struct config *config = NULL;
        struct config_message message = {{0}};
        void *rules = NULL;
        assert_true(load(&rows[i].override, 1, &config, &rules, &message) < 0);
        if (strstr(message.text, rows[i].message) == NULL)
            fail_msg("'%s' is not in: %s", rows[i].message, message.text);
        config_free(config);
    }
}

/* A folder may lack bundles, companies, buffers and carriers, and no other file. */
static void test_which_files_are_needed(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        bool needed;
    } files[] = {
        {"channels.yaml", true}, {"depots.yaml", true},    {"payments.yaml", true},
        {"charges.yaml", true},  {"tax.yaml", true},       {"skus.yaml", true},
        {"policies.yaml", true}, {"bundles.yaml", false},  {"companies.yaml", false},
        {"buffers.yaml", false}, {"carriers.yaml", false},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        print_message("  %s\n", files[i].file);
        char folder[200], path[300];
        const char *copy = support_mappings_copy(NULL, NULL);
        (void)snprintf(folder, sizeof folder, "orders.mappings=%s", copy);
        (void)snprintf(path, sizeof path, "%s/%s", copy, files[i].file);
        assert_int_equal(unlink(path), 0);
        struct config *config = NULL;
        struct config_message message = {{0}};
        void *rules = NULL;
        const int r = load((const char *const[]){folder}, 1, &config, &rules, &message);
        if (files[i].needed)
            assert_non_null(strstr(message.text, path));
        assert_int_equal(r < 0, files[i].needed);
        if (r == 0 && strcmp(files[i].file, "bundles.yaml") == 0)
            assert_null(rules_bundle(rules, rules_channel(rules, "shopify", "uk"), "WEEKENDSET"));
        order_rules_free(rules);
        config_free(config);
    }
}

static void note_idle(void *user, const char *file, const char *kind, const char *name,
                      const char *channel, const char *store)
{
    char *text = user;
    const size_t used = strlen(text);
    (void)snprintf(text + used, 2000 - used, "%s %s %s %s/%s; ", file, kind, name, channel, store);
}

/* Rows for a channel that is not there: of every file that may name one. */
static void test_idle_rows(void **state)
{
    (void)state;
    static const struct {
        const char *file, *content, *idle;
    } files[] = {
        {"depots.yaml",
         "depots:\n  - {channel: shopfy, location: \"1\", depot: A}\n  - {store: uk, location: "
         "\"2\", depot: A}\n",
         "depots.yaml location 1 shopfy/any; "},
        {"depots.yaml", "depots:\n  - {channel: mirakl, store: uk, location: \"1\", depot: A}\n",
         "depots.yaml location 1 mirakl/uk; "},
        {"payments.yaml",
         "payments:\n  - {store: gb, kind: card}\nterms:\n  - {store: gb, name: N, terms: T}\n",
         "payments.yaml payment card any/gb; payments.yaml terms N any/gb; "},
        {"charges.yaml",
         "unmapped: M\ncarriage:\n  - {store: gb, code: C, charge: X}\ncharges:\n  - {store: gb, "
         "kind: tip, charge: X}\n",
         "charges.yaml carriage C any/gb; charges.yaml charge tip any/gb; "},
        {"skus.yaml",
         "misc_item: M\nshapes:\n  - {store: gb, separator: \"-\"}\ntable:\n  - {store: gb, sku: "
         "S, product: P}\n",
         "skus.yaml shape - any/gb; skus.yaml SKU S any/gb; "},
        {"bundles.yaml", "bundles:\n  - {store: gb, sku: S, components: [{product: P}]}\n",
         "bundles.yaml bundle S any/gb; "},
        {"bundles.yaml", "bundles: []\n", ""},
        {"carriers.yaml", "carriers:\n  - {store: gb, carrier: C, name: N}\n",
         "carriers.yaml carrier C any/gb; "},
        {"buffers.yaml",
         "buffers:\n  - {store: gb, units: 1}\n  - {store: gb, product: P, units: 1}\n  - {store: "
         "gb, depot: D, units: 1}\n",
         "buffers.yaml buffer any any/gb; buffers.yaml buffer D any/gb; buffers.yaml buffer P "
         "any/gb; "},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char folder[200], idle[2000] = "";
        (void)snprintf(folder, sizeof folder, "orders.mappings=%s",
                       support_mappings_copy(files[i].file, files[i].content));
        struct order_rules *rules = support_rules((const char *const[]){folder, NULL});
        rules_idle_rows(rules, note_idle, idle);
        assert_string_equal(idle, files[i].idle);
        support_rules_free(rules);
    }
}

static void test_policies_need_less_when_they_do_less(void **state)
{
    (void)state;
    char folder[200];
    (void)support_mappings_copy("policies.yaml", "policies: {unknown_sku: dead_letter}\n");
    (void)snprintf(
        folder, sizeof folder, "orders.mappings=%s",
        support_mappings_copy("policies.yaml", "policies: {charge_unmapped: dead_letter}\n"));
    struct order_rules *rules = support_rules((const char *const[]){folder, NULL});
    assert_int_equal(rules_policy(rules, PF_E_charge_unmapped), ACTION_DEAD_LETTER);
    assert_int_equal(rules_policy(rules, PF_E_unknown_sku), ACTION_MISC_ITEM);
    assert_int_equal(rules_policy(rules, PF_E_tax_mismatch), ACTION_HOLD);
    assert_int_equal(rules_policy(rules, PF_E_tip_unmapped), ACTION_DEAD_LETTER);
    support_rules_free(rules);
}

static void test_depots(void **state)
{
    (void)state;
    static const struct {
        const char *name, *store, *location, *depot;
    } rows[] = {
        {"any channel's", "uk", "1", "ANY"},
        {"the store's own beats any", "uk", "2", "UK"},
        {"another store's: any", "eu", "2", "ANY2"},
        {"only another store has it", "eu", "3", NULL},
        {"unknown", "uk", "4", NULL},
    };
    char folder[200];
    (void)snprintf(
        folder, sizeof folder, "orders.mappings=%s",
        support_mappings_copy("depots.yaml",
                              "depots:\n"
                              "  - {location: \"2\", channel: shopify, store: uk, depot: UK}\n"
                              "  - {location: \"2\", depot: ANY2}\n"
                              "  - {location: \"3\", store: uk, depot: UK3}\n"
                              "  - {location: \"1\", depot: ANY}\n"));
    struct order_rules *rules = support_rules((const char *const[]){folder, NULL});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        const char *depot =
            rules_depot(rules, rules_channel(rules, "shopify", rows[i].store), rows[i].location);
        if (rows[i].depot == NULL)
            assert_null(depot);
        else
            assert_string_equal(depot, rows[i].depot);
    }
    support_rules_free(rules);
}

static void test_tax_rates(void **state)
{
    (void)state;
    static const char rates[] = "rates:\n"
                                "  - {country: GB, rate: \"20\", from: 2011-01-04}\n"
                                "  - {country: GB, rate: \"5\"}\n"
                                "  - {country: IE, rate: \"13.5\"}\n"
                                "  - {country: US, rate: any}\n"
                                "  - {country: XX, rate: \"5\", to: 2020-12-31}\n"
                                "  - {country: XX, rate: \"19\", from: 2021-01-01}\n"
                                "  - {country: \"*\", rate: \"0\"}\n";
    static const struct {
        const char *name, *country;
        int32_t date;
        int64_t rate_ppm;
        bool has;
    } rows[] = {
        {"today's", "GB", 20261123, 200000, true},
        {"the day it begins", "GB", 20110104, 200000, true},
        {"the day before", "GB", 20110103, 200000, false},
        {"another rate of the country", "GB", 20261123, 50000, true},
        {"a rate of nobody", "GB", 20261123, 175000, false},
        {"a decimal", "IE", 20261123, 135000, true},
        {"whatever the channel says", "US", 20261123, 88750, true},
        {"an export", "NO", 20261123, 0, true},
        {"an export with tax", "NO", 20261123, 250000, false},
        {"no country", NULL, 20261123, 0, true},
        {"the last day of a rate", "XX", 20201231, 50000, true},
        {"the day after", "XX", 20210101, 50000, false},
        {"the rate that follows", "XX", 20210101, 190000, true},
    };
    char folder[200];
    (void)snprintf(folder, sizeof folder, "orders.mappings=%s",
                   support_mappings_copy("tax.yaml", rates));
    struct order_rules *rules = support_rules((const char *const[]){folder, NULL});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        const struct tax_place place = {.country = rows[i].country};
        assert_int_equal(rules_has_tax_rate(rules, NULL, &place, rows[i].date, rows[i].rate_ppm),
                         rows[i].has);
    }
    support_rules_free(rules);
}

static void test_skus(void **state)
{
    (void)state;
    static const struct {
        const char *name, *channel, *store, *sku, *product, *matrix[4];
    } rows[] = {
        {"product and two codes", "shopify", "uk", "TSHIRT-RED-M", "TSHIRT", {"RED", "M"}},
        {"product alone", "shopify", "uk", "SKU00001", "SKU00001", {NULL}},
        {"all four codes", "shopify", "uk", "A-1-2-3-4", "A", {"1", "2", "3", "4"}},
        {"five codes do not fit", "shopify", "uk", "A-1-2-3-4-5", NULL, {NULL}},
        {"an empty part does not fit", "shopify", "uk", "A--2", NULL, {NULL}},
        {"a separator at the end", "shopify", "uk", "A-", NULL, {NULL}},
        {"by pattern", "mirakl", "marketplace", "AB12/RED/XL", "AB12", {"RED", "XL"}},
        {"another channel's pattern", "shopify", "uk", "AB12/RED/XL", "AB12/RED/XL", {NULL}},
        {"the table is asked first", "shopify", "uk", "TEE RED M (OLD)", "TSHIRT", {"RED", "M"}},
        {"... also for one that was pasted",
         "shopify",
         "uk",
         "TEE RED M (OLD) ",
         "TSHIRT",
         {"RED", "M"}},
        {"white space around it", "shopify", "uk", " \tTSHIRT-RED\xc2\xa0\n", "TSHIRT", {"RED"}},
        {"zero width around it", "shopify", "uk", "\xef\xbb\xbfSKU1\xe2\x80\x8b", "SKU1", {NULL}},
        {"white space alone", "shopify", "uk", "  ", NULL, {NULL}},
    };
    struct order_rules *rules = support_rules(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct arena *arena = arena_new(SUPPORT_ARENA);
        struct prima_sku sku = {0};
        const struct channel_rules *channel = rules_channel(rules, rows[i].channel, rows[i].store);
        assert_int_equal(rules_sku(rules, channel, rows[i].sku, arena, &sku),
                         rows[i].product != NULL);
        if (rows[i].product != NULL)
            assert_string_equal(sku.product, rows[i].product);
        for (size_t j = 0; j < 4 && rows[i].product != NULL; j++)
            if (rows[i].matrix[j] == NULL)
                assert_null(sku.matrix[j]);
            else
                assert_string_equal(sku.matrix[j], rows[i].matrix[j]);
        arena_free(arena);
    }
    support_rules_free(rules);
}

static void test_dates(void **state)
{
    (void)state;
    static const struct {
        const char *name, *zone;
        int64_t wall_ms;
        int32_t date;
    } rows[] = {
        {"London in winter", "company.timezone=Europe/London", 1795478399000,
         20261123}, /* 23:59:59 UTC */
        {"London in summer is a day ahead at half past eleven", "company.timezone=Europe/London",
         1782948600000, 20260702},
        {"Tokyo is a day ahead in the evening", "company.timezone=Asia/Tokyo", 1795478399000,
         20261124},
        {"New York is a day behind at night", "company.timezone=America/New_York", 1795478400000,
         20261123},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct order_rules *rules = support_rules((const char *const[]){rows[i].zone, NULL});
        int32_t date = 0;
        assert_int_equal(rules_local_date(rules, rows[i].wall_ms, &date), 0);
        assert_int_equal(date, rows[i].date);
        support_rules_free(rules);
    }
}

/* Days that there are, in the one form; what fails leaves the date alone. */
static void test_written_dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t date; /* 0: refused */
    } rows[] = {
        {"2026-11-01", 20261101}, {"2026-12-31", 20261231},
        {"2026-01-31", 20260131}, {"2024-02-29", 20240229},
        {"2000-02-29", 20000229}, {"2026-03-29", 20260329},
        {"0001-01-01", 10101},    {"2026-02-29", 0},
        {"1900-02-29", 0},        {"2024-02-30", 0},
        {"2026-04-31", 0},        {"2026-00-10", 0},
        {"2026-13-10", 0},        {"2026-10-00", 0},
        {"0000-10-10", 0},        {"2026-1-01", 0},
        {"2026/11/01", 0},        {"2026-11-01 ", 0},
        {"2026-11-0", 0},         {"", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int32_t date = 7;
        print_message("  %s\n", rows[i].text);
        assert_int_equal(rules_parse_date(rows[i].text, &date), rows[i].date != 0 ? 0 : -EINVAL);
        assert_int_equal(date, rows[i].date != 0 ? rows[i].date : 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_broken_settings),
        cmocka_unit_test(test_which_files_are_needed),
        cmocka_unit_test(test_idle_rows),
        cmocka_unit_test(test_policies_need_less_when_they_do_less),
        cmocka_unit_test(test_depots),
        cmocka_unit_test(test_tax_rates),
        cmocka_unit_test(test_skus),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_written_dates),
    };
    return cmocka_run_group_tests_name("order_rules", tests, NULL, NULL);
}
