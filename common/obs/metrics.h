/* Metrics of one process, from one list (metrics.def), in Prometheus' text format. Counting is a
 * few instructions: a label's series is looked up once and kept. Loop thread only. */
#ifndef PRIMAFLOW_METRICS_H
#define PRIMAFLOW_METRICS_H

#include "base/buf.h"

enum metric {
#define METRIC(id, kind, name, label, help) METRIC_##id,
#include "obs/metrics.def"
#undef METRIC
    METRIC_COUNT
};

/* `label` is the label's value (copied), "" for metrics without one; at most 64 values a metric,
 * later ones count as "other". Calling for a metric of another kind, or lowering a counter, is a
 * programmer's error and asserts. A count is lost when memory runs out, nothing else. */
enum { METRICS_LABELS_MAX = 96 };
void metrics_add(enum metric metric, const char *label, double amount);
void metrics_set(enum metric metric, const char *label, double value);
void metrics_observe(enum metric metric, const char *label, double seconds);
void metrics_unset(
    enum metric metric,
    const char *label); /* a gauge that nobody knows now: no sample, for 0 would be a figure */
double metrics_value(enum metric metric,
                     const char *label); /* counters and gauges; 0 when never touched */

const char *metrics_name(enum metric metric); /* as it is exposed; any thread */

/* Says when the process started and what it is, and shows every exception's code from 0 on. */
void metrics_start(void);

/* Reads CPU, memory and descriptors of the process into its metrics; before metrics_write. */
void metrics_refresh_process(void);

/* Appends the exposition text, HELP and TYPE included. */
void metrics_write(struct buf *out);

#endif
