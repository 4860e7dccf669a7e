/* The invented world: shops, countries, people, products; and chance, from a seed. */
#include "order_gen_parts.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define COUNT(list) ((int64_t)(sizeof(list) / sizeof *(list)))

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

struct chance chance_of(uint64_t seed, uint64_t stream, uint64_t index)
{
    return (struct chance){mix(mix(seed + UINT64_C(0x9e3779b97f4a7c15)) +
                               stream * UINT64_C(0xd1342543de82ef95) + mix(index))};
}

uint64_t chance_next(struct chance *c)
{
    return mix(c->state += UINT64_C(0x9e3779b97f4a7c15));
}

int64_t chance_below(struct chance *c, int64_t bound)
{
    return (int64_t)(chance_next(c) %
                     (uint64_t)bound); /* the bias of a small bound is of no matter here */
}

bool chance_percent(struct chance *c, double percent)
{
    return (double)chance_below(c, 100000) < percent * 1000;
}

void skew_fill(double shares[], int64_t count, double exponent)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        shares[i] = sum += pow((double)(i + 1), -exponent);
}

int64_t skew_choose(const double shares[], int64_t count, struct chance *c)
{
    int64_t low = 0, high = count - 1;
    double ticket =
        (double)chance_below(c, INT64_C(1) << 52) / (double)(INT64_C(1) << 52) * shares[high];
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (shares[middle] <= ticket)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- shops: the channels of ops/deploy/mappings/channels.yaml ---- */

static const char *const in_gb[] = {"GB", NULL}, *const in_eu[] = {"IE", "DE", "FR", "ES",
                                                                   "IT", "NL", "PL", NULL},
                         *const in_jp[] = {"JP", NULL};
static const char *const from_gb[] = {"1001", "1001", "1002", NULL},
                         *const from_eu[] = {"3001", NULL}, *const from_jp[] = {"4001", NULL},
                         *const from_warehouse[] = {"1001", NULL};
static const char
    *const by_shopify[] = {"shopify_payments", "shopify_payments", "paypal", "klarna", NULL},
           *const by_woo[] = {"stripe", "paypal", NULL}, *const by_mirakl[] = {"mirakl", NULL};

static const struct made_shop shops[] = {
    {"shopify", "uk", "GBP", "EUR", true, false, 60, 1000000, 1, in_gb, from_gb, by_shopify, "2001",
     '-'},
    {"shopify", "eu", "EUR", NULL, true, true, 15, 1170000, 5, in_eu, from_eu, by_shopify, NULL,
     '-'},
    {"shopify", "jp", "JPY", NULL, true, true, 5, 1900000, 10, in_jp, from_jp, by_shopify, NULL,
     '-'},
    {"woocommerce", "outlet", "GBP", NULL, false, false, 12, 600000, 1, in_gb, from_gb, by_woo,
     NULL, '-'},
    {"mirakl", "marketplace", "GBP", NULL, true, false, 8, 1050000, 1, in_gb, from_warehouse,
     by_mirakl, NULL, '/'},
};

const struct made_shop *made_shop_choose(struct chance *c)
{
    int64_t ticket = chance_below(c, 100);
    for (int64_t i = 0; i < COUNT(shops) - 1; i++)
        if ((ticket -= shops[i].weight) < 0)
            return &shops[i];
    return &shops[COUNT(shops) - 1];
}

static const struct made_country countries[] = {
    {"GB",
     "GB VAT",
     200000,
     true,
     {"Leeds", "Bristol", "Norwich"},
     {"LS1 4AP", "BS1 5TR", "NR2 1TF"},
     "+44 7700 900"},
    {"IE",
     "IE VAT",
     230000,
     false,
     {"Galway", "Cork", "Sligo"},
     {"H91 E2K3", "T12 W8KP", "F91 X0DD"},
     "+353 20 910 0"},
    {"DE",
     "DE MwSt",
     190000,
     false,
     {"Köln", "Leipzig", "Münster"},
     {"50667", "04109", "48143"},
     "+49 152 28817 "},
    {"FR",
     "FR TVA",
     200000,
     false,
     {"Besançon", "Nîmes", "Lyon"},
     {"25000", "30000", "69002"},
     "+33 6 39 98 0"},
    {"ES",
     "ES IVA",
     210000,
     false,
     {"León", "Cádiz", "Málaga"},
     {"24001", "11001", "29005"},
     "+34 600 000 "},
    {"IT",
     "IT IVA",
     220000,
     false,
     {"Bologna", "Forlì", "Torino"},
     {"40121", "47121", "10121"},
     "+39 300 000 0"},
    {"NL",
     "NL BTW",
     210000,
     false,
     {"Utrecht", "Delft", "Zwolle"},
     {"3511 LX", "2611 GX", "8011 PK"},
     "+31 6 0000 0"},
    {"PL",
     "PL VAT",
     230000,
     false,
     {"Łódź", "Kraków", "Gdańsk"},
     {"90-001", "31-011", "80-831"},
     "+48 600 000 "},
    {"JP",
     "JP 消費税",
     100000,
     false,
     {"Kyoto", "Osaka", "Sapporo"},
     {"604-8005", "530-0001", "060-0001"},
     "+81 90 0000 0"},
};

const struct made_country *made_country_find(const char *code)
{
    for (int64_t i = 0; i < COUNT(countries); i++)
        if (strcmp(countries[i].code, code) == 0)
            return &countries[i];
    return &countries[0];
}

/* ---- products: the default catalogue of ops/sandbox/README.md ---- */

enum { PRODUCTS = 5000 };

static const struct {
    const char *title;
    int64_t pence;
    bool childrens;
} kinds[] = {
    {"Linen Shirt", 4500, false},      {"Chelsea Boot", 12000, false},
    {"Merino Jumper", 7900, false},    {"Slim Jeans", 5999, false},
    {"Canvas Trainer", 6500, false},   {"Wool Coat", 18000, false},
    {"Kids' Wellies", 1950, true},     {"Ankle Socks", 600, false},
    {"Silk Scarf", 3250, false},       {"Leather Belt", 2899, false},
    {"Kids' Rain Jacket", 2795, true}, {"Pleated Skirt", 4199, false},
    {"Oxford Brogue", 13500, false},   {"Waxed Jacket", 16999, false},
    {"Kids' School Shoe", 3400, true}, {"Cotton Vest", 1199, false},
};
static const char *const colours[] = {"RED", "BLUE", "BLACK", "WHITE"}, *const sizes[] = {
                                                                            "S", "M", "L", "XL"};

void made_product_choose(struct chance *c, char separator, struct made_product *ret_product)
{
    struct made_product *p = ret_product;
    if (separator == '/' || chance_below(c, 12) == 0) {
        const char *colour = colours[chance_below(c, COUNT(colours))],
                   *size = sizes[chance_below(c, COUNT(sizes))];
        *p = (struct made_product){.pence = 1499};
        (void)snprintf(p->sku, sizeof p->sku, "TSHIRT%c%s%c%s", separator, colour, separator, size);
        (void)snprintf(p->title, sizeof p->title, "Crew T-Shirt");
        (void)snprintf(p->variant, sizeof p->variant, "%c%.*s / %s", colour[0], 10, colour + 1,
                       size);
        for (char *s = p->variant + 1; *s != '\0' && *s != ' '; s++)
            *s = (char)tolower((unsigned char)*s);
        return;
    }
    int64_t number = 1 + chance_below(c, PRODUCTS), kind = number % COUNT(kinds), size = number % 9;
    *p = (struct made_product){.pence = kinds[kind].pence + number % 7 * 50,
                               .childrens = kinds[kind].childrens};
    (void)snprintf(p->sku, sizeof p->sku, "SKU%05d", (int)number);
    (void)snprintf(p->title, sizeof p->title, "%s %d", kinds[kind].title,
                   (int)(number / COUNT(kinds)));
    (void)snprintf(p->variant, sizeof p->variant, "Size %d", (int)size + 4);
}

/* ---- people ---- */

static const char *const forenames[] = {"Amelia",   "Łukasz", "Oliver",  "Zoë",        "Priya",
                                        "François", "Siân",   "Mateusz", "Grace",      "Jürgen",
                                        "Σωτήρης",  "Niamh",  "Harry",   "Małgorzata", "Chloé",
                                        "Kwame",    "Ivy",    "Søren",   "Fatima",     "George"};
static const char *const surnames[] = {"O'Brien",       "Wiśniewski",
                                       "Smith",         "Müller",
                                       "Patel",         "Lefèvre",
                                       "Evans",         "Żółkiewska",
                                       "Taylor",        "Muñoz",
                                       "田中",          "Walsh",
                                       "Okafor",        "Nowak-Brzęczyszczykiewicz",
                                       "d'Arcy",        "Mensah",
                                       "Fisher & Sons", "Ångström",
                                       "Khan",          "Hughes"};
static const char *const streets[] = {"Mill Lane",     "Station Road",  "Église Row",
                                      "Weaver's Yard", "Church Street", "Quay \"Old Side\"",
                                      "Park Avenue",   "High Street"};
static const char *const messages[] = {
    "Happy birthday! 🎂", "With love from all of us", "Für Dich, alles Gute",
    "Congratulations on the <new> job & house", "Sto lat, Łukaszu!"};

void made_person_choose(uint64_t seed, int64_t number, struct made_person *ret_person)
{
    struct chance c = chance_of(seed, 3, (uint64_t)number);
    *ret_person = (struct made_person){.forename = forenames[chance_below(&c, COUNT(forenames))],
                                       .surname = surnames[chance_below(&c, COUNT(surnames))],
                                       .title = chance_below(&c, 2) == 0 ? "Ms" : "Mr",
                                       .is_guest = chance_below(&c, 6) == 0};
    (void)snprintf(ret_person->id, sizeof ret_person->id, "%lld",
                   700000000000LL + (long long)(seed % 100000) * 1000000 + (long long)number);
    (void)snprintf(ret_person->email, sizeof ret_person->email, "customer.%llu.%lld@example.com",
                   (unsigned long long)seed, (long long)number);
}

const char *made_street_choose(struct chance *c)
{
    return streets[chance_below(c, COUNT(streets))];
}

const char *made_gift_message_choose(struct chance *c)
{
    return messages[chance_below(c, COUNT(messages))];
}
