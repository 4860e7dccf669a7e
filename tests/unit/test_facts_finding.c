/* What a record asks for of products and customers, in which order, and what comes of it
 * (test_facts_world.h). */
#include "test_facts_world.h"

#define PRODUCT(name)                                                                              \
    {                                                                                              \
        .kind = FACT_PRODUCT, .sku = {.product = name }                                            \
    }
#define PERSON(mail, channel, ref)                                                                 \
    {                                                                                              \
        .kind = FACT_CUSTOMER, .email = mail, .channel_customer = channel, .customer = {           \
            .customer_ref = ref                                                                    \
        }                                                                                          \
    }

/* ---- products ---- */

#define TWO                                                                                        \
    {                                                                                              \
        PRODUCT("PA"), PRODUCT("PB")                                                               \
    }

static void test_products(void **state)
{
    static const struct facts_way ways[] = {
        {.name = "the process knows both",
         .needs = TWO,
         .knows = "PA PB",
         .script = "claimed",
         .trace = "claim decided:kk"},
        {.name = "the fleet knows the other",
         .needs = TWO,
         .knows = "PA",
         .script = "claimed;known 1000 0",
         .trace = "claim known:1 decided:kk"},
        {.name = "neither: Prima has both",
         .needs = TWO,
         .script = "claimed;known 1000 -1,-1;rows PA PB",
         .trace = "claim known:2 ask PA PB heard:2/0 +PA +PB decided:kk"},
        {.name = "one is known to the fleet, the other asked for",
         .needs = TWO,
         .script = "claimed;known 1000 5,-1;rows PB",
         .trace = "claim known:2 ask PB heard:1/0 +PB decided:kk"},
        {.name = "what a reply lacks beside rows that it has is asked for again",
         .needs = TWO,
         .script = "claimed;known 1000 -1,-1;rows PA;known 1000 -1;rows PB",
         .trace = "claim known:2 ask PA PB heard:1/0 +PA known:1:since ask PB heard:1/0 +PB "
                  "decided:kk"},
        {.name = "no row: once more, a little later, then Prima lacks it",
         .needs = {PRODUCT("PA")},
         .script = "claimed;known 1000 -1;rows;known 1000 -1;rows",
         .trace = "claim known:1 ask PA +100 known:1:since ask PA heard:0/1 decided:a"},
        {.name = "no row, then one",
         .needs = {PRODUCT("PA")},
         .script = "claimed;known 1000 -1;rows;known 1000 -1;rows PA",
         .trace = "claim known:1 ask PA +100 known:1:since ask PA heard:1/0 +PA decided:k"},
        {.name = "a row between two without: not in a row",
         .needs = {PRODUCT("PA"), PRODUCT("PB"), PRODUCT("PC")},
         .script = "claimed;known 1000 -1,-1,-1;rows;known 1000 -1,-1,-1;rows PA;known 1000 -1,-1;"
                   "rows;known 1000 -1,-1;rows",
         .trace = "claim known:3 ask PA PB PC +100 known:3:since ask PA PB PC heard:1/0 +PA "
                  "known:2:since ask PB PC +100 known:2:since ask PB PC heard:0/2 decided:kaa"},
        {.name = "rows of products that nobody asked about: no answer",
         .needs = {PRODUCT("PA")},
         .script = "claimed;known 1000 -1;rows PX;known 1000 -1;rows;known 1000 -1;rows PA",
         .trace = "claim known:1 ask PA +100 known:1:since ask PA +100 known:1:since ask PA "
                  "heard:1/0 +PA decided:k"},
        {.name = "words that name none of several: one by one",
         .needs = TWO,
         .script = "claimed;known 1000 -1,-1;words;known 1000 -1,-1;rows PA;known 1000 -1;words;"
                   "known 1000 -1;words",
         .trace = "claim known:2 ask PA PB known:2:since ask PA heard:1/0 +PA known:1:since ask PB "
                  "+100 known:1:since ask PB heard:0/1 decided:ka"},
        {.name = "absent without words says so of both",
         .needs = TWO,
         .script = "claimed;known 1000 -1,-1;nobody;known 1000 -1,-1;nobody",
         .trace = "claim known:2 ask PA PB +100 known:2:since ask PA PB heard:0/2 decided:aa"},
        {.name = "somebody else asks: Redis is asked again",
         .needs = TWO,
         .script = "claimed;known 1000 -2,5;known 1000 7",
         .trace = "claim known:2 +50 known:1:since decided:kk"},
        {.name = "what others were told just now: Prima lacks it",
         .needs = TWO,
         .script = "claimed;known 1000 -3,-2;known 1000 1",
         .trace = "claim known:2 +50 known:1:since decided:ak"},
        {.name = "distrusted: asked for, whatever is known",
         .needs = {PRODUCT("PA")},
         .knows = "PA",
         .distrusts = true,
         .script = "claimed;known 1000 -1;rows PA",
         .trace = "claim known:1:now ask PA heard:1/0 +PA decided:k"},
    };
    (void)state;
    FACTS_WALK(ways);
}

/* What Prima said ages from its question, as in the fleet. */
static void test_the_process_remembers(void **state)
{
    static const struct {
        const char *name, *script;
        int64_t age_ms;
        bool is_known;
    } rows[] = {
        {"Prima has it", "claimed;known 1000 -1;rows PA", 50, true},
        {"the fleet has, for so long", "claimed;known 1000 7000", 7000, true},
        {"Prima lacks it", "claimed;known 1000 -1;rows;known 1000 -1;rows", 0, false},
        {"others were told that it lacks it", "claimed;known 1000 -3", 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct facts_way way = {
            .needs = {PRODUCT("PA")}, .knows = "PA", .distrusts = true, .script = rows[i].script};
        struct record *r = facts_world_begin(&way);
        const struct product_tag tag = catalogue_tag("01", &way.needs[0].sku);
        facts_go(r);
        if (catalogue_has(posting.catalogue, &tag, now_ms) != rows[i].is_known)
            fail_msg("%s: %s", rows[i].name, trace);
        const int64_t max_age = config_int(worker.host.config, CFG_catalogue_max_age);
        catalogue_forget(posting.catalogue, &tag);
        facts_end();
        if (!rows[i].is_known)
            continue;
        struct facts_way fresh = way;
        fresh.knows = NULL;
        r = facts_world_begin(&fresh);
        facts_go(r);
        assert_true(catalogue_has(posting.catalogue, &tag, now_ms + max_age - rows[i].age_ms - 1));
        assert_false(catalogue_has(posting.catalogue, &tag, now_ms + max_age - rows[i].age_ms + 1));
        facts_end();
    }
}

/* Every part of a SKU tells products apart. */
static void test_variants(void **state)
{
    static const struct facts_way ways[] = {
        {.name = "one of three matrix values is another",
         .needs = {{.kind = FACT_PRODUCT, .sku = {.product = "PA", .matrix = {"S"}}}},
         .script = "claimed;known 1000 -1;rows PA;known 1000 -1;rows PA",
         .trace = "claim known:1 ask PA +100 known:1:since ask PA heard:0/1 decided:a"},
        {.name = "the last is",
         .needs = {{.kind = FACT_PRODUCT, .sku = {.product = "PA", .matrix = {"", "", "", "S"}}}},
         .script = "claimed;known 1000 -1;rows PA;known 1000 -1;rows PA",
         .trace = "claim known:1 ask PA +100 known:1:since ask PA heard:0/1 decided:a"},
        {.name = "empty is as none",
         .needs = {{.kind = FACT_PRODUCT, .sku = {.product = "PA", .matrix = {"", "", "", ""}}}},
         .script = "claimed;known 1000 -1;rows PA",
         .trace = "claim known:1 ask PA heard:1/0 +PA decided:k"},
    };
    (void)state;
    FACTS_WALK(ways);
}

/* ---- customers ---- */

#define JANE PERSON("jane@example.org", "shop/7", "REF7")
#define BY_MAIL PERSON("jane@example.org", "", "")
#define BY_CHANNEL PERSON("", "shop/7", "REF7")

static void test_customers(void **state)
{
    static const struct facts_way ways[] = {
        {.name = "Redis knows the account",
         .needs = {JANE},
         .script = "claimed;known A1",
         .trace = "claim claim decided:kA1"},
        {.name = "known without an account",
         .needs = {JANE},
         .script = "claimed;known -",
         .trace = "claim claim decided:k"},
        {.name = "found by the address",
         .needs = {JANE},
         .script = "claimed;claimed;accounts A1;known",
         .trace = "claim claim search:mail known:A1 decided:kA1"},
        {.name = "one account, twice",
         .needs = {JANE},
         .script = "claimed;claimed;accounts A1 A1;known",
         .trace = "claim claim search:mail known:A1 decided:kA1"},
        {.name = "two accounts: a person's",
         .needs = {JANE},
         .script = "claimed;claimed;accounts A1 A2;released",
         .trace = "claim claim search:mail release decided:2"},
        {.name = "nobody: created",
         .needs = {JANE},
         .script = "claimed;claimed;nobody;sent;accounts A1;known",
         .trace = "claim claim search:mail sent:1 create known:A1 decided:kA1"},
        {.name = "a guest without an id",
         .needs = {BY_MAIL},
         .script = "claimed;claimed;nobody;sent;accounts A1;known",
         .trace = "claim claim:by_mail search:mail sent:1:by_mail create known:A1:by_mail "
                  "decided:kA1"},
        {.name = "without an address: by our reference",
         .needs = {BY_CHANNEL},
         .script = "claimed;claimed;nobody;sent;accounts A1;known",
         .trace = "claim claim:by_channel search:ref sent:1:by_channel create "
                  "known:A1:by_channel decided:kA1"},
        {.name = "Redis forgot since the first start: by our reference first",
         .needs = {JANE},
         .is_not_whole = true,
         .script = "claimed;claimed;nobody;accounts A2;known",
         .trace = "claim claim search:ref search:mail known:A2 decided:kA2"},
        {.name = "... found by that",
         .needs = {JANE},
         .is_not_whole = true,
         .script = "claimed;claimed;accounts A3;known",
         .trace = "claim claim search:ref known:A3 decided:kA3"},
        {.name = "in the shadow nobody is created",
         .needs = {JANE},
         .shadow = true,
         .script = "claimed;claimed;nobody;nobody;released",
         .trace = "claim claim search:ref search:mail release decided:k"},
        {.name = "Prima will not have them: a person's",
         .needs = {JANE},
         .script = "claimed;claimed;nobody;sent;refused;answered;released",
         .trace = "claim claim search:mail sent:1 create answered release decided:u"},
        {.name = "what Redis has there is none of ours",
         .needs = {JANE},
         .script = "claimed;unreadable",
         .trace = "claim claim decided:u"},
        {.name = "another record has them",
         .needs = {JANE},
         .script = "claimed;busy 9000;busy 9000;busy 60;known A1",
         .trace = "claim claim +25 claim +50 claim +60 claim decided:kA1"},
        {.name = "... for long: no longer than half a second between",
         .needs = {JANE},
         .script = "claimed;busy 9000;busy 9000;busy 9000;busy 9000;busy 9000;busy 9000;busy 9000;"
                   "known A1",
         .trace = "claim claim +25 claim +50 claim +100 claim +200 claim +400 claim +500 claim "
                  "+500 claim decided:kA1"},
        {.name = "a creation of another's is open: its time first",
         .needs = {JANE},
         .script = "claimed;unsure 700 - 9 1;known A1",
         .trace = "claim claim +701 claim decided:kA1"},
        {.name = "... over: searched for by our reference, and sent once more",
         .needs = {JANE},
         .script = "claimed;unsure 0 - 9 1;nobody;nobody;sent;accounts A1;known",
         .trace = "claim claim search:ref search:mail sent:2 create known:A1 decided:kA1"},
        {.name = "... again and again without an answer: a person's",
         .needs = {JANE},
         .script = "claimed;unsure 0 - 9 99;nobody;nobody;released",
         .trace = "claim claim search:ref search:mail release decided:u"},
        {.name = "... found after all",
         .needs = {JANE},
         .script = "claimed;unsure 0 - 9 99;accounts A1;known",
         .trace = "claim claim search:ref known:A1 decided:kA1"},
        {.name = "an answer in words that no pattern knows: not tried again by this record",
         .needs = {JANE},
         .script = "claimed;claimed;nobody;sent;strange words;ended;unsure 0 - 9 1;nobody;nobody;"
                   "released",
         .trace = "claim claim search:mail sent:1 create ended +100 claim search:ref search:mail "
                  "release decided:u"},
        {.name = "no answer: searched for by our reference, and sent once more",
         .needs = {JANE},
         .script = "claimed;claimed;nobody;sent;timeout;ended;unsure 0 - 9 1;nobody;nobody;sent;"
                   "accounts A1;known",
         .trace = "claim claim search:mail sent:1 create ended +100 claim search:ref search:mail "
                  "sent:2 create known:A1 decided:kA1"},
        {.name = "... in a fault of SOAP: not tried again by this record",
         .needs = {JANE},
         .script = "claimed;claimed;nobody;sent;soap fault;ended;unsure 0 - 9 1;nobody;nobody;"
                   "released",
         .trace = "claim claim search:mail sent:1 create ended +100 claim search:ref search:mail "
                  "release decided:u"},
        {.name = "two accounts for one creation: no answer that tells",
         .needs = {JANE},
         .script = "claimed;claimed;nobody;sent;accounts A1 A2;ended;known A1",
         .trace = "claim claim search:mail sent:1 create ended +100 claim decided:kA1"},
        {.name = "not a byte was acted on: the whole again",
         .needs = {JANE},
         .script = "claimed;claimed;nobody;sent;busy;answered;claimed;nobody;sent;accounts A1;"
                   "known",
         .trace = "claim claim search:mail sent:1 create pause:300 answered +100 claim search:mail "
                  "sent:1 create known:A1 decided:kA1"},
        {.name = "another took the claim meanwhile",
         .needs = {JANE},
         .script = "claimed;claimed;nobody;lost;known A1",
         .trace = "claim claim search:mail sent:1 +100 claim decided:kA1"},
        {.name = "no answer to the search",
         .needs = {JANE},
         .script = "claimed;claimed;timeout;claimed;accounts A1;known",
         .trace = "claim claim search:mail +100 claim search:mail known:A1 decided:kA1"},
        {.name = "... by reference",
         .needs = {JANE},
         .is_not_whole = true,
         .script = "claimed;claimed;timeout;known A1",
         .trace = "claim claim search:ref +100 claim decided:kA1"},
        {.name = "its sender may live: proof is waited for",
         .needs = {JANE},
         .script = "claimed;unsure 0 p,2,9,9,p 4999 1;known A1",
         .trace = "claim claim +5000 claim decided:kA1"},
        {.name = "... until there is none: a person's, whoever is found",
         .needs = {JANE},
         .script = "claimed;unsure 0 p,2,9,9,p 5000 1;nobody;nobody;released",
         .trace = "claim claim search:ref search:mail release decided:u"},
        {.name = "... two of them",
         .needs = {JANE},
         .script = "claimed;unsure 0 p,2,9,9,p 5000 1;accounts A1 A2;released",
         .trace = "claim claim search:ref release decided:u"},
        {.name = "... one: it is theirs",
         .needs = {JANE},
         .script = "claimed;unsure 0 p,2,9,9,p 5000 1;accounts A1;known",
         .trace = "claim claim search:ref known:A1 decided:kA1"},
        {.name = "nobody knows who it was: no proof will come",
         .needs = {JANE},
         .script = "claimed;unsure 0 nobody's 1 1;nobody;nobody;released",
         .trace = "claim claim search:ref search:mail release decided:u"},
    };
    (void)state;
    FACTS_WALK(ways);
}

/* The claim of one that is known here is not asked for. */
static void test_an_account_is_known_here(void **state)
{
    static const struct facts_way way = {
        .name = "the second time",
        .needs = {JANE, JANE},
        .script = "claimed;known A1",
        .trace = "claim claim decided:kA1kA1",
    };
    (void)state;
    facts_walk(&way);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_the_process_remembers),
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_customers),
        cmocka_unit_test(test_an_account_is_known_here),
    };
    return cmocka_run_group_tests_name("facts: finding out", tests, set_up, tear_down);
}
