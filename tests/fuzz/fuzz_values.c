/* The small texts that people and servers write: amounts, currencies, times, durations, dates,
 * Retry-After, Redis' URL. What is read can be written and is then read as the same; what is
 * refused leaves its result alone. */
#include "base/clock.h"
#include "base/money.h"
#include "config/config.h"
#include "redis/url.h"
#include "prima/retry_after.h"
#include "domain/mappings/rules_reader.h"

#include "fuzz_input.h"

enum { UNTOUCHED = 0x5a5a5a5a };

static void check_money(const char *text)
{
    static const char *const codes[] = {"JPY", "GBP", "KWD", "CLF"}; /* 0, 2, 3 and 4 decimals */
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        const struct currency *currency = currency_find(codes[i]);
        struct money money = {UNTOUCHED, NULL}, again;
        char digits[MONEY_TEXT_MAX];
        const int r = money_parse(text, currency, &money);
        FUZZ_CHECK(r == 0 || (money.minor == UNTOUCHED && money.currency == NULL));
        if (r < 0)
            continue;
        FUZZ_CHECK(money_parse(money_digits(money, digits), currency, &again) == 0 &&
                   again.minor == money.minor);
        FUZZ_CHECK((money.minor < 0) == (digits[0] == '-')); /* there is no minus nothing */
        FUZZ_CHECK(strchr(text, '.') == NULL ||
                   strlen(strchr(text, '.') + 1) <= currency->decimals);
    }
    const struct currency *currency = currency_find(text);
    FUZZ_CHECK(currency == NULL || (strcmp(currency->code, text) == 0 && strlen(text) == 3));
}

static void check_times(const char *text)
{
    int64_t ms = UNTOUCHED, again = 0;
    char written[CLOCK_TEXT_MAX];
    if (clock_parse(text, &ms) == 0) {
        if (strcmp(clock_format(ms, written), "(out of range)") !=
            0) /* an offset may lead out of the years that have four digits */
            FUZZ_CHECK(clock_parse(written, &again) == 0 && again == ms);
    } else {
        FUZZ_CHECK(ms == UNTOUCHED);
    }
    int32_t date = UNTOUCHED;
    if (rules_parse_date(text, &date) == 0) {
        char form[16];
        (void)snprintf(form, sizeof form, "%04d-%02d-%02d", date / 10000, date / 100 % 100,
                       date % 100);
        FUZZ_CHECK(strcmp(form, text) == 0);
        FUZZ_CHECK(clock_parse(text, &again) == 0); /* both know the calendar */
    } else {
        FUZZ_CHECK(date == UNTOUCHED);
        FUZZ_CHECK(strlen(text) != 10 || clock_parse(text, &again) < 0 ||
                   strncmp(text, "0000", 4) == 0);
    }
    ms = UNTOUCHED;
    if (config_parse_ms(text, &ms) == 0) {
        (void)snprintf(written, sizeof written, "%lldms", (long long)ms);
        FUZZ_CHECK(ms >= 0 && config_parse_ms(written, &again) == 0 && again == ms);
    } else {
        FUZZ_CHECK(ms == UNTOUCHED);
    }
}

static void check_retry_after(const char *text)
{
    static const int64_t now = 1795000000000, most = 300000;
    const int64_t ms = retry_after_ms(text, now, most);
    FUZZ_CHECK(ms >= -1 && ms <= most);
    const size_t blanks = strspn(text, " \t"), digits = strspn(text + blanks, "0123456789");
    if (digits > 0 && digits < 10 && text[blanks + digits] == '\0') {
        const int64_t wanted = strtoll(text + blanks, NULL, 10) * 1000;
        FUZZ_CHECK(ms == (wanted < most ? wanted : most));
    }
    FUZZ_CHECK(retry_after_ms(text, now, 0) <= 0);
}

static void check_redis_url(const char *text)
{
    char message[300] = "", url[1200];
    struct redis_address address = {0}, again = {0};
    if (redis_parse_url(text, &address, message) < 0) {
        /* the two complaints there are: what was written is in neither, it may be a password */
        char of_none[300] = "", of_tls[300] = "";
        FUZZ_CHECK(redis_parse_url("", &again, of_none) < 0 &&
                   redis_parse_url("rediss://h", &again, of_tls) < 0);
        FUZZ_CHECK(strcmp(message, of_none) == 0 || strcmp(message, of_tls) == 0);
        return;
    }
    FUZZ_CHECK(address.host[0] != '\0' && address.database >= 0);
    if (address.unix_socket)
        return;
    FUZZ_CHECK(address.port > 0 && address.port <= 65535);
    if (strpbrk(address.user, ":@/") != NULL || strpbrk(address.password, ":@/") != NULL ||
        strchr(address.host, ':') != NULL)
        return; /* such a text would need escapes to be written again */
    const bool has_login = address.user[0] != '\0' || address.password[0] != '\0';
    (void)snprintf(url, sizeof url, "redis://%s%s%s%s%s:%d/%d", address.user, has_login ? ":" : "",
                   address.password, has_login ? "@" : "", address.host, address.port,
                   address.database);
    FUZZ_CHECK(redis_parse_url(url, &again, message) == 0);
    FUZZ_CHECK(strcmp(address.host, again.host) == 0 && address.port == again.port &&
               address.database == again.database);
    FUZZ_CHECK(strcmp(address.user, again.user) == 0 &&
               strcmp(address.password, again.password) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(1 << 20);
    struct fuzz_input in = {data, size < 4096 ? size : 4096};
    const char *text = fuzz_text(&in, arena);
    check_money(text);
    check_times(text);
    check_retry_after(text);
    check_redis_url(text);
    arena_free(arena);
    return 0;
}
