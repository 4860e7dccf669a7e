/* Adds up a NewOrder request; see order_amounts.h. */
#include "order_amounts.h"

#include "base/money.h"
#include "domain/mappings/order_rules.h"
#include "prima/xml.h"

#include <errno.h>

enum { DIGITS_MAX = 40 };

struct adding {
    const struct currency *currency;
    struct flow_amounts sum;
    bool price_of_line, with_vat, has_data;
    int result;
};

static const struct xml_attribute *find(const struct xml_attribute *attributes, size_t count,
                                        const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(attributes[i].name, name) == 0 && attributes[i].size > 0)
            return &attributes[i];
    return NULL;
}

static bool is_text(const struct xml_attribute *a, const char *text)
{
    return a != NULL && a->size == strlen(text) && memcmp(a->value, text, a->size) == 0;
}

static void copy(const struct xml_attribute *a, char *to, size_t room)
{
    if (a != NULL && a->size < room) {
        memcpy(to, a->value, a->size);
        to[a->size] = '\0';
    }
}

/* An absent amount is 0. */
static int64_t amount(struct adding *s, const struct xml_attribute *a)
{
    char digits[DIGITS_MAX] = "";
    struct money money = {0, s->currency};
    copy(a, digits, sizeof digits);
    if (a != NULL && money_parse(digits, s->currency, &money) < 0)
        s->result = -EBADMSG;
    return money.minor;
}

static void add(struct adding *s, int64_t *total, int64_t more)
{
    if (__builtin_add_overflow(*total, more, total))
        s->result = -ERANGE;
}

static int64_t quantity_of(struct adding *s, const struct xml_attribute *a)
{
    char digits[DIGITS_MAX] = "", *end = digits;
    copy(a, digits, sizeof digits);
    errno = 0;
    const long long quantity = strtoll(digits, &end, 10);
    if (end == digits || *end != '\0' || errno != 0 || quantity < 0)
        s->result = -EBADMSG;
    return quantity;
}

static void add_line(struct adding *s, const struct xml_attribute *attributes, size_t count)
{
    const int64_t quantity = quantity_of(s, find(attributes, count, "Quantity")),
                  price = amount(s, find(attributes, count, "Price"));
    int64_t line = price;
    if (!s->price_of_line && __builtin_mul_overflow(quantity, price, &line))
        s->result = -ERANGE;
    add(s, &line, -amount(s, find(attributes, count, "TrDisc")));
    add(s, &line, -amount(s, find(attributes, count, "PromotionValue")));
    add(s, &s->sum.gross_minor, line);
    add(s, &s->sum.tax_minor, amount(s, find(attributes, count, "ExtTaxVal")));
    s->sum.line_count++;
}

static void read_head(struct adding *s, const struct xml_attribute *attributes, size_t count)
{
    const struct xml_attribute *currency = find(attributes, count, "Currency");
    char code[4] = "";
    copy(currency, code, sizeof code);
    if (currency != NULL)
        s->currency = currency_find(code);
    if (s->currency == NULL) {
        s->result = -EBADMSG;
        return;
    }
    copy(find(attributes, count, "OrderDate"), s->sum.date, sizeof s->sum.date);
}

/* Data comes first, then the head with the currency, then what has amounts: as every request of
 * ours is written. */
static void on_open(void *user, const char *name, const struct xml_attribute *attributes,
                    size_t count)
{
    struct adding *s = user;
    if (s->result < 0)
        return;
    if (strcmp(name, "Data") == 0) {
        s->has_data = true;
        s->with_vat = is_text(find(attributes, count, "VatInclusive"), "Yes");
        s->sum.hold = is_text(find(attributes, count, "HoldOrder"), "Yes");
    } else if (strcmp(name, "OrderHeaderData") == 0) {
        read_head(s, attributes, count);
    } else if (strcmp(name, "OrderLineData") == 0) {
        add_line(s, attributes, count);
    } else if (strcmp(name, "OrderChargeData") == 0) {
        add(s, &s->sum.gross_minor, amount(s, find(attributes, count, "ChargeValue")));
    }
}

static void on_begin(void *user)
{
    struct adding *s = user;
    *s = (struct adding){.currency = currency_find("GBP"), .price_of_line = s->price_of_line};
}

static int amounts_read(struct adding *s, const char *request, size_t size)
{
    static const struct xml_events events = {.open = on_open, .begin = on_begin};
    struct xml_reader *reader = xml_reader_new();
    if (reader == NULL)
        return -ENOMEM;
    const int result = xml_read(reader, request, size, NULL, false, &events, s);
    xml_reader_free(reader);
    return result < 0 ? result : s->result;
}

int order_amounts(const char *request, size_t size, const void *rules,
                  struct flow_amounts *ret_amounts)
{
    struct adding s = {.price_of_line = rules_settings(rules)->price_of_line};
    const int result = amounts_read(&s, request, size);
    if (result < 0)
        return result;
    if (!s.has_data || s.sum.line_count == 0)
        return -EBADMSG;
    if (!s.with_vat)
        add(&s, &s.sum.gross_minor, s.sum.tax_minor);
    s.sum.net_minor = s.sum.gross_minor;
    add(&s, &s.sum.net_minor, -s.sum.tax_minor);
    (void)snprintf(s.sum.currency, sizeof s.sum.currency, "%s", s.currency->code);
    if (s.result < 0)
        return s.result;
    *ret_amounts = s.sum;
    return 0;
}
