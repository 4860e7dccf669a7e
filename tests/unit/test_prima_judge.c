/* What an answer proves, what Prima's words mean, how long to wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <unistd.h>

#include "prima/judge.h"
#include "prima/retry_after.h"

static const char *const numbers[] = {"2011"};
static const struct prima_account account = {"A1", "", ""};
static const struct prima_product product = {.product = "P"};
static const struct prima_document document = {"", "", "", "", "", "", "", "", 0};

static void test_judge(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct judge_evidence evidence;
        struct reply reply;
        bool has_reply;
        enum prima_fate fate;
        enum pf_error code;
    } rows[] = {
#define READ(type_)                                                                                \
    .evidence = {.type = type_, .end = POST_ANSWERED, .http_status = 200, .retry_after_ms = -1},   \
    .has_reply = true
#define OK .status = REPLY_STATUS_OK
#define ERR .status = REPLY_STATUS_ERROR
        {"order taken", READ(PRIMA_NEW_ORDER),
         .reply = {OK, .error = "", .has_data = true, .order_numbers = numbers, .number_count = 1},
         .fate = PRIMA_OK},
        {"OK with an error text is never trusted", READ(PRIMA_NEW_ORDER),
         .reply = {OK, .error = "hm", .order_numbers = numbers, .number_count = 1},
         .fate = PRIMA_UNKNOWN},
        {"OK over a row that says ERROR", READ(PRIMA_NEW_ORDER),
         .reply = {OK, .error = "", .has_inner_error = true, .order_numbers = numbers,
                   .number_count = 1},
         .fate = PRIMA_UNKNOWN},
        {"order taken, but which", READ(PRIMA_NEW_ORDER),
         .reply = {OK, .error = "", .has_data = true}, .fate = PRIMA_UNKNOWN},
        {"order taken, but which: trusted", READ(PRIMA_NEW_ORDER),
         .evidence.trusts_unnamed_ok = true, .reply = {OK, .error = ""}, .fate = PRIMA_OK},
        {"trusted, and with an error text all the same", READ(PRIMA_NEW_ORDER),
         .evidence.trusts_unnamed_ok = true, .reply = {OK, .error = "hm"}, .fate = PRIMA_UNKNOWN},
        {"another's yes", READ(PRIMA_NEW_ORDER), .evidence.is_of_another = true,
         .reply = {OK, .error = "", .has_data = true, .order_numbers = numbers, .number_count = 1},
         .fate = PRIMA_UNKNOWN},
        {"another's no", READ(PRIMA_NEW_ORDER), .evidence.is_of_another = true,
         .reply = {ERR, .error = "Unknown product X"}, .fate = PRIMA_UNKNOWN},
        {"another's absence", READ(PRIMA_ORDER_STATUS), .evidence.is_of_another = true,
         .reply = {ERR, .error = "Order 9 not found"}, .fate = PRIMA_UNKNOWN},
        {"another order exists", READ(PRIMA_NEW_ORDER), .evidence.is_of_other_order = true,
         .reply = {ERR, .error = "Order 9 already exists"}, .fate = PRIMA_UNKNOWN},
        {"a product that looks like another order", READ(PRIMA_NEW_ORDER),
         .evidence.is_of_other_order = true, .reply = {ERR, .error = "Unknown product 2019"},
         .fate = PRIMA_REFUSED, .code = PF_E_prima_unknown_product},
        {"no status", READ(PRIMA_NEW_ORDER), .reply = {.error = ""}, .fate = PRIMA_UNKNOWN},
        {"another status", READ(PRIMA_NEW_ORDER),
         .reply = {.status = REPLY_STATUS_OTHER, .error = ""}, .fate = PRIMA_UNKNOWN},
        {"order exists", READ(PRIMA_NEW_ORDER), .reply = {ERR, .error = "Order 9 already exists"},
         .fate = PRIMA_EXISTS},
        {"unknown product", READ(PRIMA_NEW_ORDER), .reply = {ERR, .error = "Unknown product X"},
         .fate = PRIMA_REFUSED, .code = PF_E_prima_unknown_product},
        {"unknown account", READ(PRIMA_NEW_ORDER), .reply = {ERR, .error = "Unknown customer X"},
         .fate = PRIMA_REFUSED, .code = PF_E_prima_unknown_customer},
        {"period closed", READ(PRIMA_NEW_ORDER),
         .reply = {ERR, .error = "Accounting PERIOD of 2026-10 is closed"}, .fate = PRIMA_REFUSED,
         .code = PF_E_prima_period_closed},
        {"invalid", READ(PRIMA_NEW_ORDER), .reply = {ERR, .error = "Invalid quantity 'x'"},
         .fate = PRIMA_REFUSED, .code = PF_E_prima_invalid},
        {"busy", READ(PRIMA_NEW_ORDER), .reply = {ERR, .error = "System busy, try again later"},
         .fate = PRIMA_NOT_ACCEPTED},
        {"words that nobody knows", READ(PRIMA_NEW_ORDER),
         .reply = {ERR, .error = "Beleg 9 ist bereits vorhanden"}, .fate = PRIMA_UNCLASSIFIED,
         .code = PF_E_prima_refused_unclassified},
        {"ERROR without words", READ(PRIMA_NEW_ORDER), .reply = {ERR, .error = ""},
         .fate = PRIMA_UNCLASSIFIED, .code = PF_E_prima_refused_unclassified},
        {"a write is never absent", READ(PRIMA_NEW_ORDER), .reply = {ERR, .error = "No such order"},
         .fate = PRIMA_UNCLASSIFIED, .code = PF_E_prima_refused_unclassified},
        {"order found", READ(PRIMA_ORDER_STATUS), .reply = {OK, .error = "", .has_data = true},
         .fate = PRIMA_OK},
        {"OK about nothing", READ(PRIMA_ORDER_STATUS), .reply = {OK, .error = ""},
         .fate = PRIMA_UNKNOWN},
        {"no such order", READ(PRIMA_ORDER_STATUS), .reply = {ERR, .error = "Order 9 not found"},
         .fate = PRIMA_ABSENT},
        {"a read's ERROR in other words is no absence", READ(PRIMA_ORDER_STATUS),
         .reply = {ERR, .error = "Customer 9 not found"}, .fate = PRIMA_UNKNOWN},
        {"a fault that has the words in it is no absence", READ(PRIMA_ORDER_STATUS),
         .reply = {ERR, .error = "Lookup failed: order 9 not found in cache"},
         .fate = PRIMA_UNKNOWN},
        {"accounts", READ(PRIMA_CUSTOMER_SEARCH),
         .reply = {OK, .error = "", .has_data = true, .accounts = &account, .account_count = 1},
         .fate = PRIMA_OK},
        {"an empty list of accounts", READ(PRIMA_CUSTOMER_SEARCH),
         .reply = {OK, .error = "", .has_data = true}, .fate = PRIMA_ABSENT},
        {"no list of accounts", READ(PRIMA_CUSTOMER_SEARCH), .reply = {OK, .error = ""},
         .fate = PRIMA_UNKNOWN},
        {"ERROR that says found is no absence", READ(PRIMA_CUSTOMER_SEARCH),
         .reply = {ERR, .error = "Customer found twice"}, .fate = PRIMA_UNKNOWN},
        {"account made", READ(PRIMA_NEW_CUSTOMER),
         .reply = {OK, .error = "", .has_data = true, .accounts = &account, .account_count = 1},
         .fate = PRIMA_OK},
        {"account made, but which", READ(PRIMA_NEW_CUSTOMER),
         .reply = {OK, .error = "", .has_data = true}, .fate = PRIMA_UNKNOWN},
        {"account exists", READ(PRIMA_NEW_CUSTOMER),
         .reply = {ERR, .error = "Customer c-1 already exists"}, .fate = PRIMA_EXISTS},
        {"products without a status", READ(PRIMA_PRODUCT_READ),
         .reply = {.error = "", .has_data = true, .products = &product, .product_count = 1},
         .fate = PRIMA_OK},
        {"an empty document is no absence of products", READ(PRIMA_PRODUCT_READ),
         .reply = {.error = "", .has_data = true}, .fate = PRIMA_UNKNOWN},
        {"an empty list of products", READ(PRIMA_PRODUCT_READ),
         .reply = {OK, .error = "", .has_data = true}, .fate = PRIMA_ABSENT},
        {"documents", READ(PRIMA_ORDER_SEARCH),
         .reply = {OK, .error = "", .has_data = true, .documents = &document, .document_count = 1},
         .fate = PRIMA_OK},
        {"an empty list of documents", READ(PRIMA_ORDER_SEARCH),
         .reply = {OK, .error = "", .has_data = true}, .fate = PRIMA_ABSENT},
        {"no list of documents", READ(PRIMA_ORDER_SEARCH), .reply = {OK, .error = ""},
         .fate = PRIMA_UNKNOWN},
        {"a search that Prima does not offer", READ(PRIMA_ORDER_SEARCH),
         .reply = {ERR, .error = "Unknown request type"}, .fate = PRIMA_UNKNOWN},
        {"a good reply under a bad status", .evidence = {.end = POST_ANSWERED, .http_status = 500},
         .has_reply = true, .reply = {OK, .error = ""}, .fate = PRIMA_UNKNOWN},
        {"not sent", .evidence = {.end = POST_NOT_SENT}, .fate = PRIMA_NOT_SENT},
        {"lost after a good status", .evidence = {.end = POST_LOST, .http_status = 200},
         .fate = PRIMA_UNKNOWN},
        {"lost after 401: the rest may have said more",
         .evidence = {.end = POST_LOST, .http_status = 401}, .fate = PRIMA_UNKNOWN},
    };
    struct patterns *patterns;
    struct config_message message;
    assert_int_equal(patterns_load("", &patterns, &message), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct judge_evidence evidence = rows[i].evidence;
        evidence.reply = rows[i].has_reply ? &rows[i].reply : NULL;
        enum pf_error code;
        assert_string_equal(
            prima_fate_name(judge(&evidence, patterns, NOT_ACCEPTED_WITH_RETRY_AFTER, &code)),
            prima_fate_name(rows[i].fate));
        assert_int_equal(code, rows[i].code);
    }
    patterns_free(patterns);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void test_pattern_file(void **state)
{
    (void)state;
    static const struct {
        const char *name, *yaml, *words;
        enum prima_type type;
        enum meaning meaning;
        enum pf_error code;
    } rows[] = {
        {"the file's rows come first", "- {match: '^Order .* exists', means: prima_invalid}\n",
         "Order 1 already exists", PRIMA_NEW_ORDER, MEANING_REFUSED, PF_E_prima_invalid},
        {"the first of the file counts",
         "- {match: 'nix', means: absent}\n- {match: 'nix da', means: not_accepted}\n", "nix da",
         PRIMA_ORDER_STATUS, MEANING_ABSENT, PF_OK},
        {"only for the request it names", "- {for: NewCustomer, match: 'gibt es', means: exists}\n",
         "gibt es schon", PRIMA_NEW_ORDER, MEANING_NONE, PF_OK},
        {"NewOrder under its other name",
         "- {for: MultiNewOrder, match: 'gibt es', means: exists}\n", "gibt es schon",
         PRIMA_NEW_ORDER, MEANING_EXISTS, PF_OK},
        {"case aside", "- {match: 'HOPLA', means: absent}\n", "hopla!", PRIMA_ORDER_STATUS,
         MEANING_ABSENT, PF_OK},
        {"a built-in row undone", "- {match: '^order .* not found', means: unclassified}\n",
         "Order 1 not found", PRIMA_ORDER_STATUS, MEANING_NONE, PF_OK},
        {"the built-in rows stay behind the file's", "- {match: 'x', means: absent}\n",
         "No such order", PRIMA_ORDER_STATUS, MEANING_ABSENT, PF_OK},
    };
    char path[] = "/tmp/primaflow-patterns-XXXXXX";
    assert_true(close(mkstemp(path)) == 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        write_file(path, rows[i].yaml);
        struct patterns *patterns;
        struct config_message message;
        enum pf_error code;
        if (patterns_load(path, &patterns, &message) < 0)
            fail_msg("%s", message.text);
        assert_int_equal(patterns_find(patterns, rows[i].type, rows[i].words, &code),
                         rows[i].meaning);
        assert_int_equal(code, rows[i].code);
        patterns_free(patterns);
    }
    (void)unlink(path);
}

static void test_bad_pattern_file(void **state)
{
    (void)state;
    static const struct {
        const char *name, *yaml, *where, *what;
    } rows[] = {
        {"no list", "match: x\n", ":1:", "wants a list"},
        {"no map", "- x\n", ":1:", "is a map"},
        {"unknown key", "- {match: x, means: absent}\n- {match: x, mean: absent}\n",
         ":2:", "unknown key \"mean\""},
        {"a part is missing", "- {match: x}\n", ":1:", "wants both"},
        {"unknown request", "- {for: NeuOrder, match: x, means: absent}\n", ":1:", "is no request"},
        {"unknown meaning", "- {match: x, means: gone}\n", ":1:", "is not known"},
        {"the protocol's own codes are not for words", "- {match: x, means: exists_unproven}\n",
         ":1:", "is not known"},
        {"broken expression", "- {match: '(x', means: absent}\n", ":1:", "not usable"},
        {"matches everything", "- {match: '.*', means: absent}\n", ":1:", "every text"},
        {"empty expression", "- {match: '', means: absent}\n", ":1:", "every text"},
        {"not YAML", "- {match: x\n", "", ""},
    };
    char path[] = "/tmp/primaflow-patterns-XXXXXX";
    assert_true(close(mkstemp(path)) == 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        write_file(path, rows[i].yaml);
        struct patterns *patterns = NULL;
        struct config_message message = {.text = ""};
        assert_int_equal(patterns_load(path, &patterns, &message), -EINVAL);
        assert_null(patterns);
        assert_non_null(strstr(message.text, path));
        assert_non_null(strstr(message.text, rows[i].where));
        assert_non_null(strstr(message.text, rows[i].what));
    }
    (void)unlink(path);
}

static void test_retry_after(void **state)
{
    (void)state;
    const int64_t now = 1445412480000; /* Wed, 21 Oct 2015 07:28:00 GMT */
    static const struct {
        const char *name, *value;
        int64_t ms;
    } rows[] = {
        {"none", NULL, -1},
        {"seconds", "7", 7000},
        {"blanks around", " 7 \r\n", 7000},
        {"zero", "0", 0},
        {"capped", "86400", 300000},
        {"beyond 64 bits", "99999999999999999999999999", 300000},
        {"negative", "-5", -1},
        {"a fraction", "1.5", -1},
        {"seconds and more", "7 bananas", -1},
        {"a word", "soon", -1},
        {"a weekday alone", "Whenever", -1},
        {"empty", "", -1},
        {"a date", "Wed, 21 Oct 2015 07:28:30 GMT", 30000},
        {"a date of the old kind", "Wednesday, 21-Oct-15 07:28:30 GMT", 30000},
        {"a date of the oldest kind", "Wed Oct 21 07:28:30 2015", 30000},
        {"a date gone by", "Wed, 21 Oct 2015 07:27:00 GMT", 0},
        {"a date far away", "Fri, 31 Dec 2199 23:59:59 GMT", 300000},
        {"a date beyond counting", "Wed, 21 Oct 392366987 07:28:00 GMT", 300000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        assert_int_equal(retry_after_ms(rows[i].value, now, 300000), rows[i].ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge),
        cmocka_unit_test(test_pattern_file),
        cmocka_unit_test(test_bad_pattern_file),
        cmocka_unit_test(test_retry_after),
    };
    return cmocka_run_group_tests_name("prima.judge", tests, NULL, NULL);
}
