/* Rules from JSON, and which of them fires; see faults.h. */
#include "faults.h"

#include <errno.h>
#include <fnmatch.h>

enum { RULES_MAX = 100, TYPES_MAX = 16 };

struct rule {
    int id;
    json_t *json; /* as given, for the list */
    const char *types[TYPES_MAX];
    size_t type_count;  /* 0: every type */
    const char *key;    /* a glob, NULL: every key; like types, it lives in json */
    int64_t nth, count; /* 0: no such bound */
    double probability;
    int64_t matched, fired;
    struct latency latency;
    struct fault fault;
};

struct faults {
    struct rule *rules[RULES_MAX];
    size_t count;
    int last_id;
};

static const struct {
    const char *name;
    bool applies;
} kinds[FAULT_KIND_COUNT] = {
#define FAULT_KIND(name, text, applies, meaning) {text, applies},
#include "fault_kinds.def"
#undef FAULT_KIND
};

const char *fault_kind_name(enum fault_kind kind)
{
    return kinds[kind].name;
}

static int faults_wrong(char ret_message[static 200], const char *field, const char *why)
{
    (void)snprintf(ret_message, 200, "%.60s: %.120s", field, why);
    return -EINVAL;
}

static int read_types(struct rule *rule, json_t *types, char ret_message[static 200])
{
    if (types == NULL)
        return 0;
    const size_t count = json_is_string(types) ? 1 : json_array_size(types);
    if (count == 0 || count > TYPES_MAX)
        return faults_wrong(ret_message, "match.type", "a request type, or a list of 1 to 16");
    for (size_t i = 0; i < count; i++) {
        json_t *type = json_is_string(types) ? types : json_array_get(types, i);
        if (!json_is_string(type))
            return faults_wrong(ret_message, "match.type", "not a text");
        rule->types[i] = json_string_value(type);
    }
    rule->type_count = strcmp(rule->types[0], "*") == 0 ? 0 : count;
    return 0;
}

static int read_match(struct rule *rule, json_t *match, char ret_message[static 200])
{
    json_t *types = NULL, *probability = NULL;
    json_error_t error;
    json_int_t nth = 0, count = 0;
    if (match == NULL)
        return 0;
    if (json_unpack_ex(match, &error, JSON_STRICT, "{s?o, s?s, s?I, s?I, s?o}", "type", &types,
                       "key", &rule->key, "nth", &nth, "count", &count, "probability",
                       &probability) < 0)
        return faults_wrong(ret_message, "match", error.text);
    if (nth < 0 || count < 0)
        return faults_wrong(ret_message, "match", "nth and count are 1 or more");
    rule->nth = nth;
    rule->count = count;
    if (probability != NULL) {
        rule->probability = json_number_value(probability);
        if (!json_is_number(probability) || !(rule->probability >= 0 && rule->probability <= 1))
            return faults_wrong(ret_message, "match.probability", "a number from 0 to 1");
    }
    return read_types(rule, types, ret_message);
}

static int read_share(json_t *number, double *ret_share)
{
    const double value = json_number_value(number);
    if (number != NULL && (!json_is_number(number) || !(value >= 0 && value <= 1)))
        return -EINVAL;
    *ret_share = value;
    return 0;
}

/* The values of `do` as JSON has them, before they are checked. */
struct raw {
    const char *kind, *text, *about, *wording, *dist, *delay;
    json_t *retry_after, *then, *duplicate, *drop;
    json_int_t status, bytes, keep_rows;
    int apply, raw, shuffle;
};

static int check_then(struct fault *fault, json_t *then, char ret_message[static 200])
{
    const char *name = json_string_value(then);
    fault->then = THEN_ANSWER;
    if (json_is_integer(then)) {
        fault->then = THEN_STATUS;
        fault->status = (int)json_integer_value(then);
        if (json_integer_value(then) < 400 || json_integer_value(then) > 599)
            return faults_wrong(ret_message, "do.then", "an HTTP status from 400 to 599");
    } else if (name != NULL && strcmp(name, "hang") == 0) {
        fault->then = THEN_HANG;
    } else if (name != NULL && strcmp(name, "reset") == 0) {
        fault->then = THEN_RESET;
    } else if (then != NULL && (name == NULL || strcmp(name, "answer") != 0)) {
        return faults_wrong(ret_message, "do.then", "answer, hang, reset or an HTTP status");
    }
    return 0;
}

static int check_retry_after(struct fault *fault, json_t *value, char ret_message[static 200])
{
    if (json_is_integer(value)) {
        (void)snprintf(fault->retry_after, sizeof fault->retry_after, "%lld",
                       (long long)json_integer_value(value));
    } else if (json_is_string(value)) {
        const char *text = json_string_value(value);
        if (strlen(text) >= sizeof fault->retry_after || strpbrk(text, "\r\n") != NULL)
            return faults_wrong(ret_message, "do.retry_after", "at most 63 characters in one line");
        (void)snprintf(fault->retry_after, sizeof fault->retry_after, "%s", text);
    } else if (value != NULL) {
        return faults_wrong(ret_message, "do.retry_after", "seconds, \"date:SECONDS\" or any text");
    }
    return 0;
}

static int check_do(struct rule *rule, const struct raw *raw, char ret_message[static 200])
{
    struct fault *fault = &rule->fault;
    enum fault_kind kind = 0;
    while (kind < FAULT_KIND_COUNT && strcmp(kinds[kind].name, raw->kind) != 0)
        kind++;
    if (kind == FAULT_KIND_COUNT)
        return faults_wrong(ret_message, "do.kind",
                            "no such kind; README.md of ops/sandbox has them all");
    fault->kind = kind;
    fault->apply = raw->apply < 0 ? kinds[kind].applies : raw->apply != 0;
    fault->status = raw->status != 0 ? (int)raw->status : kind == FAULT_THROTTLE ? 429 : 500;
    if (raw->status != 0 && (raw->status < 100 || raw->status > 599 || raw->status == 101))
        return faults_wrong(ret_message, "do.status", "an HTTP status from 100 to 599");
    if (raw->bytes < 0 || raw->bytes > 1 << 20)
        return faults_wrong(ret_message, "do.bytes", "from 0 to 1048576");
    if (strlen(raw->text) >= FAULT_TEXT_MAX)
        return faults_wrong(ret_message, "do.text", "at most 299 bytes");
    if (wording_find(raw->about, &fault->about) < 0)
        return faults_wrong(ret_message, "do.about", "no such wording");
    if (wording_style_find(raw->wording, &fault->style) < 0)
        return faults_wrong(ret_message, "do.wording", "plain, foreign or random");
    if (latency_parse(raw->dist, &rule->latency) < 0)
        return faults_wrong(ret_message, "do.latency", "5ms, uniform:5ms-20ms or exp:50ms");
    if (duration_parse(raw->delay, &fault->delay_us) < 0)
        return faults_wrong(ret_message, "do.delay", "250ms, 3s");
    if (read_share(raw->duplicate, &fault->duplicate) < 0 ||
        read_share(raw->drop, &fault->drop) < 0)
        return faults_wrong(ret_message, "do.duplicate, do.drop", "numbers from 0 to 1");
    (void)snprintf(fault->text, sizeof fault->text, "%s", raw->text);
    fault->bytes = (size_t)raw->bytes;
    fault->raw = raw->raw != 0;
    fault->shuffle = raw->shuffle != 0;
    fault->keep_rows = raw->keep_rows;
    const int result = check_then(fault, raw->then, ret_message);
    return result < 0 ? result : check_retry_after(fault, raw->retry_after, ret_message);
}

static int read_do(struct rule *rule, json_t *what, char ret_message[static 200])
{
    struct raw raw = {.kind = "",
                      .text = "",
                      .about = "busy",
                      .wording = "plain",
                      .dist = "0",
                      .delay = "0",
                      .apply = -1,
                      .keep_rows = -1};
    json_error_t error;
    if (json_unpack_ex(
            what, &error, JSON_STRICT,
            "{s:s, s?b, s?I, s?s, s?s, s?s, s?I, s?b, s?s, s?s, s?o, s?o, s?b, s?o, s?o, s?I}",
            "kind", &raw.kind, "apply", &raw.apply, "status", &raw.status, "text", &raw.text,
            "about", &raw.about, "wording", &raw.wording, "bytes", &raw.bytes, "raw", &raw.raw,
            "latency", &raw.dist, "delay", &raw.delay, "then", &raw.then, "retry_after",
            &raw.retry_after, "shuffle", &raw.shuffle, "duplicate", &raw.duplicate, "drop",
            &raw.drop, "keep_rows", &raw.keep_rows) < 0)
        return faults_wrong(ret_message, "do", error.text);
    return check_do(rule, &raw, ret_message);
}

int faults_add(struct faults *f, json_t *json, int *ret_id, char ret_message[static 200])
{
    json_t *match = NULL, *what = NULL;
    json_error_t error;
    if (f->count == RULES_MAX) {
        (void)snprintf(ret_message, 200, "100 rules are there: delete some");
        return -ENOSPC;
    }
    struct rule *rule = calloc(1, sizeof *rule);
    if (rule == NULL)
        return faults_wrong(ret_message, "rule", "out of memory");
    rule->probability = 1;
    rule->json = json_deep_copy(json);
    int result;
    if (rule->json == NULL || json_unpack_ex(rule->json, &error, JSON_STRICT, "{s?o, s:o}", "match",
                                             &match, "do", &what) < 0)
        result =
            faults_wrong(ret_message, "rule", rule->json == NULL ? "out of memory" : error.text);
    else if ((result = read_match(rule, match, ret_message)) == 0)
        result = read_do(rule, what, ret_message);
    if (result < 0) {
        json_decref(rule->json);
        free(rule);
        return result;
    }
    rule->id = ++f->last_id;
    (void)snprintf(rule->fault.name, sizeof rule->fault.name, "%s#%d", kinds[rule->fault.kind].name,
                   rule->id);
    f->rules[f->count++] = rule;
    *ret_id = rule->id;
    return 0;
}

bool faults_remove(struct faults *f, int id)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->rules[i]->id == id) {
            json_decref(f->rules[i]->json);
            free(f->rules[i]);
            memmove(&f->rules[i], &f->rules[i + 1], (--f->count - i) * sizeof f->rules[0]);
            return true;
        }
    return false;
}

void faults_clear(struct faults *f)
{
    while (f->count > 0)
        (void)faults_remove(f, f->rules[f->count - 1]->id);
}

struct faults *faults_new(void)
{
    return calloc(1, sizeof(struct faults));
}

void faults_free(struct faults *f)
{
    if (f != NULL)
        faults_clear(f);
    free(f);
}

json_t *faults_list(const struct faults *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->count; i++) {
        const struct rule *rule = f->rules[i];
        json_t *item = json_pack("{s:i, s:I, s:I}", "id", rule->id, "matched",
                                 (json_int_t)rule->matched, "fired", (json_int_t)rule->fired);
        (void)json_object_update(item, rule->json);
        (void)json_array_append_new(list, item);
    }
    return list;
}

static bool rule_fires(struct rule *rule, const char *type, const char *key)
{
    bool named = rule->type_count == 0;
    for (size_t i = 0; i < rule->type_count && !named; i++)
        named = strcmp(rule->types[i], type) == 0;
    if (!named || (rule->key != NULL && fnmatch(rule->key, key, 0) != 0))
        return false;
    rule->matched++;
    if ((rule->nth != 0 && rule->matched != rule->nth) ||
        (rule->count != 0 && rule->fired == rule->count))
        return false;
    if (rule->probability < 1 && random_unit() >= rule->probability)
        return false;
    rule->fired++;
    return true;
}

bool faults_choose(struct faults *f, const char *type, const char *key, struct fault *ret_fault,
                   int64_t *ret_latency_us)
{
    *ret_latency_us = 0;
    for (size_t i = 0; i < f->count; i++) {
        struct rule *rule = f->rules[i];
        if (!rule_fires(rule, type, key))
            continue;
        *ret_latency_us += latency_draw_us(&rule->latency);
        if (rule->fault.kind == FAULT_LATENCY)
            continue;
        *ret_fault = rule->fault;
        return true;
    }
    return false;
}
