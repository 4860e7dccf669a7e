/* Series of each metric, and Prometheus' text format; see metrics.h. */
#include "obs/metrics.h"

#include "base/errors.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>

enum kind { KIND_COUNTER, KIND_GAUGE, KIND_HISTOGRAM };

static const struct {
    enum kind kind;
    const char *name, *label, *help;
} infos[METRIC_COUNT] = {
#define METRIC(id, kind, name, label, help) [METRIC_##id] = {KIND_##kind, name, label, help},
#include "obs/metrics.def"
#undef METRIC
};

/* Seconds; a request to Prima takes tens of milliseconds to many seconds, a script in Redis one. */
static const double bounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                0.5,   1,      2.5,   5,    10,    30,   60};
enum { BUCKETS = sizeof bounds / sizeof *bounds };

struct histogram {
    uint64_t in[BUCKETS + 1]; /* not cumulative; the last is +Inf */
    double sum;
};

struct series {
    char *label;
    double value;
    struct histogram *histogram; /* of histograms only */
};

static struct metric_state {
    struct series *series;
    size_t count, room, last; /* `last`: the one found last; the next lookup is often the same */
} states[METRIC_COUNT];

#define OTHER "other"
_Static_assert((int)PF_ERROR_COUNT < (int)METRICS_LABELS_MAX,
               "every code of errors.def has its own label value; raise METRICS_LABELS_MAX");

static struct series *metrics_find(struct metric_state *m, const char *label)
{
    if (m->last < m->count && strcmp(m->series[m->last].label, label) == 0)
        return &m->series[m->last];
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->series[i].label, label) == 0) {
            m->last = i;
            return &m->series[i];
        }
    return NULL;
}

static struct series *series_add(struct metric_state *m, const char *label, enum kind kind)
{
    if (m->count == m->room) {
        const size_t room = m->room == 0 ? 1 : m->room * 4;
        struct series *grown = realloc(m->series, room * sizeof *grown);
        if (grown == NULL)
            return NULL;
        m->series = grown;
        m->room = room;
    }
    struct series s = {.label = strdup(label)};
    if (kind == KIND_HISTOGRAM)
        s.histogram = calloc(1, sizeof *s.histogram);
    if (s.label == NULL || (kind == KIND_HISTOGRAM && s.histogram == NULL)) {
        free(s.label);
        free(s.histogram);
        return NULL;
    }
    m->series[m->count] = s;
    return &m->series[m->count++];
}

/* NULL: out of memory, the count is lost. */
static struct series *metrics_touch(enum metric metric, const char *label)
{
    struct metric_state *m = &states[metric];
    assert((unsigned)metric < METRIC_COUNT &&
           (infos[metric].label[0] == '\0') == (label[0] == '\0'));
    struct series *s = metrics_find(m, label);
    if (s == NULL && m->count >= METRICS_LABELS_MAX - 1) { /* the last place is for all others */
        label = OTHER;
        s = metrics_find(m, label);
    }
    return s != NULL ? s : series_add(m, label, infos[metric].kind);
}

void metrics_add(enum metric metric, const char *label, double amount)
{
    assert(infos[metric].kind == KIND_GAUGE || (infos[metric].kind == KIND_COUNTER && amount >= 0));
    struct series *s = metrics_touch(metric, label);
    if (s != NULL)
        s->value += amount;
}

void metrics_set(enum metric metric, const char *label, double value)
{
    assert(infos[metric].kind == KIND_GAUGE);
    struct series *s = metrics_touch(metric, label);
    if (s != NULL)
        s->value = value;
}

void metrics_unset(enum metric metric, const char *label)
{
    struct metric_state *m = &states[metric];
    assert(infos[metric].kind == KIND_GAUGE && label[0] != '\0');
    struct series *s = metrics_find(m, label);
    if (s == NULL)
        return;
    free(s->label);
    *s = m->series[--m->count];
    m->last = 0;
}

const char *metrics_name(enum metric metric)
{
    return infos[metric].name;
}

void metrics_observe(enum metric metric, const char *label, double seconds)
{
    assert(infos[metric].kind == KIND_HISTOGRAM && !isnan(seconds));
    struct series *s = metrics_touch(metric, label);
    if (s == NULL)
        return;
    assert(s->histogram != NULL);
    size_t i = 0;
    while (i < BUCKETS && seconds > bounds[i])
        i++;
    s->histogram->in[i]++;
    s->histogram->sum += seconds;
}

double metrics_value(enum metric metric, const char *label)
{
    assert(infos[metric].kind != KIND_HISTOGRAM);
    const struct series *s = metrics_find(&states[metric], label);
    return s != NULL ? s->value : 0;
}

/* ---- exposition ---- */

static void write_escaped(struct buf *out, const char *text, bool quote_too)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            buf_text(out, "\\\\");
        else if (*text == '\n')
            buf_text(out, "\\n");
        else if (*text == '"' && quote_too)
            buf_text(out, "\\\"");
        else
            buf_byte(out, (uint8_t)*text);
    }
}

static void write_number(struct buf *out, double value)
{
    if (isnan(value))
        buf_text(out, "NaN\n");
    else if (isinf(value))
        buf_text(out, value > 0 ? "+Inf\n" : "-Inf\n");
    else
        buf_printf(out, "%.15g\n", value);
}

/* name[suffix]{label="...",le="..."} and a space */
static void write_name(struct buf *out, enum metric metric, const char *suffix, const char *label,
                       const char *le)
{
    const bool labelled = infos[metric].label[0] != '\0';
    buf_printf(out, "%s%s", infos[metric].name, suffix);
    if (labelled || le != NULL)
        buf_byte(out, '{');
    if (labelled) {
        buf_printf(out, "%s=\"", infos[metric].label);
        write_escaped(out, label, true);
        buf_byte(out, '"');
    }
    if (le != NULL)
        buf_printf(out, "%sle=\"%s\"", labelled ? "," : "", le);
    buf_text(out, labelled || le != NULL ? "} " : " ");
}

static void write_histogram(struct buf *out, enum metric metric, const struct series *s)
{
    uint64_t sum = 0;
    for (size_t i = 0; i <= BUCKETS; i++) {
        char le[24] = "+Inf";
        if (i < BUCKETS)
            (void)snprintf(le, sizeof le, "%g", bounds[i]);
        sum += s->histogram->in[i];
        write_name(out, metric, "_bucket", s->label, le);
        buf_printf(out, "%llu\n", (unsigned long long)sum);
    }
    write_name(out, metric, "_sum", s->label, NULL);
    write_number(out, s->histogram->sum);
    write_name(out, metric, "_count", s->label, NULL);
    buf_printf(out, "%llu\n", (unsigned long long)sum);
}

void metrics_write(struct buf *out)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    for (int i = 0; i < METRIC_COUNT; i++) {
        const enum metric metric = (enum metric)i;
        if (infos[i].label[0] == '\0')
            (void)metrics_touch(metric,
                                ""); /* a metric without label is there from the start, so that its
                                        first increase is seen */
        buf_printf(out, "# HELP %s ", infos[i].name);
        write_escaped(out, infos[i].help, false);
        buf_printf(out, "\n# TYPE %s %s\n", infos[i].name, kinds[infos[i].kind]);
        for (size_t k = 0; k < states[i].count; k++) {
            const struct series *s = &states[i].series[k];
            if (infos[i].kind == KIND_HISTOGRAM) {
                write_histogram(out, metric, s);
            } else {
                write_name(out, metric, "", s->label, NULL);
                write_number(out, s->value);
            }
        }
    }
}
