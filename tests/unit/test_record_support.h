/* Records with headers for tests, of a worker of orders.raw without Kafka. */
#ifndef PRIMAFLOW_TEST_RECORD_SUPPORT_H
#define PRIMAFLOW_TEST_RECORD_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kafka/headers.h"
#include "posting/posting.h"

enum { HEADERS_MAX = 1000 };

extern struct worker worker;
extern struct partition partition; /* that all of them come from */
extern int settled;                /* records that have settled: commit_soon was called so often */

/* cmocka group fixtures: the worker. */
int set_up(void **state);
int tear_down(void **state);

/* orders.raw/3/77, or its retry topic. */
struct kafka_record raw_from(enum topic_role role);
/* What they point to is the test's. */
void add_header(struct kafka_record *raw, const char *name, const void *value, size_t size);
void add_text(struct kafka_record *raw, const char *name, const char *value);
/* ... as it is fetched; its headers are the record's from then on. */
struct record *record_of(struct kafka_record *raw);

#endif
