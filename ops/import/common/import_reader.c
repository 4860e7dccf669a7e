/* Typed values of a channel's JSON; see import_reader.h. */
#include "import_reader.h"

#include "base/clock.h"
#include "base/money.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PATH_MAX_BYTES = 200, RATE_MAX = 10 /* 1000 percent */ };

struct import_at import_field(const struct import_at *parent, const char *name)
{
    const json_t *json = json_object_get(parent->json, name);
    return (struct import_at){.json = json_is_null(json) ? NULL : json, .up = parent, .name = name};
}

struct import_at import_item(const struct import_at *list, size_t index)
{
    const json_t *json = json_array_get(list->json, index);
    return (struct import_at){.json = json_is_null(json) ? NULL : json, .up = list, .index = index};
}

/* ---- complaints ---- */

static const char *noun_of(const struct import_reader *r)
{
    return r->noun != NULL ? r->noun : "order";
}

static size_t path_write(const struct import_at *at, char *text, size_t size)
{
    if (at->up == NULL)
        return (size_t)snprintf(text, size, "$");
    size_t used = path_write(at->up, text, size);
    if (used >= size)
        return used;
    return used + (size_t)(at->name != NULL
                               ? snprintf(text + used, size - used, ".%s", at->name)
                               : snprintf(text + used, size - used, "[%zu]", at->index));
}

void import_complain(struct import_reader *r, const struct import_at *at, const char *format, ...)
{
    char path[PATH_MAX_BYTES], why[IMPORT_COMPLAINT_MAX - PATH_MAX_BYTES - 2],
        text[IMPORT_COMPLAINT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, sizeof why, format, args);
    va_end(args);
    (void)path_write(at, path, sizeof path);
    (void)snprintf(text, sizeof text, "%s: %s", path, why);
    r->wrong++;
    r->complain(r->user, text);
}

static void hush(void *user, const char *text)
{
    (void)user;
    (void)text;
}

struct import_reader import_quiet(const struct import_reader *r)
{
    struct import_reader quiet = *r;
    quiet.complain = hush;
    return quiet;
}

static bool is_plain(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && strchr(".,:+-_", *p) == NULL)
            return false;
    return strlen(text) <= 40;
}

const char *import_shown(const struct import_at *at, char text[static 64])
{
    const json_t *json = at->json;
    if (json_is_string(json) && is_plain(json_string_value(json)))
        (void)snprintf(text, 64, "\"%s\"", json_string_value(json));
    else if (json_is_integer(json))
        (void)snprintf(text, 64, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
    else if (json_is_real(json))
        (void)snprintf(text, 64, "%.17g", json_real_value(json));
    else
        (void)snprintf(text, 64, "%s",
                       json_is_string(json)    ? "this text"
                       : json_is_object(json)  ? "an object"
                       : json_is_array(json)   ? "a list"
                       : json_is_boolean(json) ? "true or false"
                                               : "nothing");
    return text;
}

void import_need(struct import_reader *r, const struct import_at *parent, const char *name)
{
    const struct import_at at = import_field(parent, name);
    if (at.json == NULL || (json_is_string(at.json) && json_string_length(at.json) == 0))
        import_complain(r, &at, "is missing; export the whole %s, without a choice of fields",
                        noun_of(r));
}

/* ---- values ---- */

size_t import_count(struct import_reader *r, const struct import_at *list)
{
    if (list->json == NULL)
        return 0;
    if (!json_is_array(list->json)) {
        import_complain(r, list, "is not a list; export the %s again", noun_of(r));
        return 0;
    }
    if (json_array_size(list->json) > IMPORT_ITEMS_MAX) {
        import_complain(
            r, list, "has %zu items, more than the %d that are read; split the %s's import by hand",
            json_array_size(list->json), IMPORT_ITEMS_MAX, noun_of(r));
        return 0;
    }
    return json_array_size(list->json);
}

const char *import_text(struct import_reader *r, const struct import_at *parent, const char *name)
{
    const struct import_at at = import_field(parent, name);
    if (at.json == NULL)
        return NULL;
    if (!json_is_string(at.json)) {
        import_complain(r, &at, "is not text; export the %s again", noun_of(r));
        return NULL;
    }
    const char *text = json_string_value(at.json);
    return *text != '\0' ? text : NULL;
}

bool import_flag(struct import_reader *r, const struct import_at *parent, const char *name,
                 bool otherwise)
{
    char shown[64];
    const struct import_at at = import_field(parent, name);
    if (at.json != NULL && !json_is_boolean(at.json))
        import_complain(r, &at, "%s is neither true nor false; export the %s again",
                        import_shown(&at, shown), noun_of(r));
    return json_is_boolean(at.json) ? json_is_true(at.json) : otherwise;
}

/* What a topic key and an order number can hold (order_key.h). */
static bool is_id(const char *text)
{
    const char *p = text;
    while (isalnum((unsigned char)*p) || (*p != '\0' && strchr("._-", *p) != NULL))
        p++;
    return p > text && *p == '\0' && p - text <= 40;
}

bool import_id(struct import_reader *r, const struct import_at *parent, const char *name,
               char text[static 64])
{
    static const char global[] =
        "gid://shopify/"; /* "gid://shopify/Order/450789469" is the same id in GraphQL's form */
    char shown[64];
    const struct import_at at = import_field(parent, name);
    const char *id = json_string_value(at.json);
    if (at.json == NULL)
        return false;
    if (id != NULL && strncmp(id, global, sizeof global - 1) == 0)
        id = strrchr(id, '/') + 1;
    if (json_is_integer(at.json) && json_integer_value(at.json) >= 0) {
        (void)snprintf(text, 64, "%" JSON_INTEGER_FORMAT, json_integer_value(at.json));
    } else if (id != NULL && is_id(id)) {
        (void)snprintf(text, 64, "%s", id);
    } else {
        import_complain(r, &at,
                        "%s is not an id, a whole number such as 450789469; export the %s again",
                        import_shown(&at, shown), noun_of(r));
        return false;
    }
    return true;
}

bool import_time(struct import_reader *r, const struct import_at *parent, const char *name,
                 int64_t *ret_ms)
{
    char shown[64];
    const struct import_at at = import_field(parent, name);
    if (at.json == NULL)
        return false;
    if (json_is_string(at.json) && clock_parse(json_string_value(at.json), ret_ms) == 0)
        return true;
    import_complain(r, &at,
                    "%s is not a time such as \"2026-11-18T11:06:00+00:00\"; export the %s again",
                    import_shown(&at, shown), noun_of(r));
    return false;
}

bool import_units(struct import_reader *r, const struct import_at *parent, const char *name,
                  int64_t *ret_units)
{
    char shown[64];
    const struct import_at at = import_field(parent, name);
    if (at.json == NULL)
        return false;
    const json_int_t units = json_integer_value(at.json);
    if (!json_is_integer(at.json) || units < 0 || units > IMPORT_UNITS_MAX) {
        import_complain(r, &at, "%s is not a whole number from 0 to %d; export the %s again",
                        import_shown(&at, shown), IMPORT_UNITS_MAX, noun_of(r));
        return false;
    }
    *ret_units = units;
    return true;
}

bool import_rate(struct import_reader *r, const struct import_at *parent, const char *name,
                 int64_t *ret_ppm)
{
    char shown[64];
    const struct import_at at = import_field(parent, name);
    char *end = NULL;
    const char *text = json_string_value(at.json);
    const double rate = text != NULL ? strtod(text, &end) : json_number_value(at.json);
    const bool is_number =
        text != NULL ? *text != '\0' && *end == '\0' && is_plain(text) : json_is_number(at.json);
    if (!is_number || !(rate >= 0 && rate <= RATE_MAX)) {
        import_complain(
            r, &at,
            "%s is not a tax rate from 0 to %d, such as 0.2 for 20 %%; complete it in the file",
            import_shown(&at, shown), RATE_MAX);
        return false;
    }
    *ret_ppm = llround(rate * 1e6); /* a rate is no money: the nearest ppm is what was meant */
    return true;
}

/* ---- amounts ---- */

/* The decimal text of a JSON number, if there is but one of at most 15 digits that gives this
 * number. */
static bool number_text(const json_t *json, char text[static 64])
{
    if (json_is_integer(json)) {
        (void)snprintf(text, 64, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
        return true;
    }
    (void)snprintf(text, 64, "%.15g", json_real_value(json));
    const double again = strtod(text, NULL);
    return !(again < json_real_value(json)) && !(again > json_real_value(json));
}

/* "12.30000" → "12.30": zeros beyond the currency's decimals say nothing. */
static void trim_zeros(char *text, const struct currency *currency)
{
    char *point = strchr(text, '.');
    if (point == NULL)
        return;
    char *end = text + strlen(text), *last = point + currency->decimals;
    while (end - 1 > last && end[-1] == '0')
        *--end = '\0';
}

bool import_minor(struct import_reader *r, const struct import_at *at,
                  const struct currency *currency, bool may_be_negative, int64_t *ret_minor)
{
    char text[64] = "", shown[64];
    struct money money;
    (void)import_shown(at, shown);
    if (json_is_string(at->json) && json_string_length(at->json) < sizeof text)
        (void)snprintf(text, sizeof text, "%s", json_string_value(at->json));
    else if (json_is_number(at->json) && !number_text(at->json, text)) {
        import_complain(
            r, at,
            "%s is a number that is not exact to the %s's minor unit; write the amount as text",
            shown, currency->code);
        return false;
    }
    trim_zeros(text, currency);
    const int rc = money_parse(text, currency, &money);
    if (rc == -EINVAL)
        import_complain(
            r, at, "%s is not an amount in %s, such as \"12%s\"; correct it or export the %s again",
            shown, currency->code,
            currency->decimals == 0   ? "00"
            : currency->decimals == 3 ? ".345"
                                      : ".34",
            noun_of(r));
    else if (rc == -ERANGE && strchr(text, '.') != NULL)
        import_complain(r, at,
                        "%s has more than the %d decimals of %s, or is too large; correct it or "
                        "export the %s again",
                        shown, currency->decimals, currency->code, noun_of(r));
    else if (rc < 0 || money.minor > IMPORT_MINOR_MAX || money.minor < -IMPORT_MINOR_MAX)
        import_complain(r, at, "%s is larger than any %s; correct it or export the %s again", shown,
                        noun_of(r), noun_of(r));
    else if (money.minor < 0 && !may_be_negative)
        import_complain(
            r, at,
            r->noun != NULL
                ? "%s is negative, where what goes back is positive; correct it in the file"
                : "%s is negative; an order's amounts are positive, refunds are events of their "
                  "own",
            shown);
    else {
        *ret_minor = money.minor;
        return true;
    }
    return false;
}
