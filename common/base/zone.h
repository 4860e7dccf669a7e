/* Time zones of the system's tz database as tables, loaded at start: which date an instant has there.
 *
 * glibc's calls know one zone per process (TZ, set by setenv and tzset: a hazard beside other
 * threads, and two companies in two zones would flip it for every record); Debian's only library
 * that takes a zone is ICU, 38 MB with rules of its own that age apart from the system's. The format
 * (RFC 9636, "TZif") is stable and small: hence a reader of our own, which a test compares with glibc.
 *
 * Constant after zone_load: any thread. */
#ifndef PRIMAFLOW_ZONE_H
#define PRIMAFLOW_ZONE_H

#include <stdint.h>

struct zone;

/* `name` as in "Europe/London". 0; -EINVAL: the system has no such zone, or its file is not what it
 * should be; -ENOMEM. */
__attribute__((warn_unused_result)) int zone_load(const char *name, struct zone **ret_zone);
void zone_free(struct zone *zone); /* accepts NULL */

/* Seconds that local time is ahead of UTC at an instant. */
int32_t zone_offset_s(const struct zone *zone, int64_t wall_ms);

/* The calendar date of an instant, YYYY-MM-DD. -EINVAL: not in the years 0 to 9999. */
__attribute__((warn_unused_result)) int zone_date(const struct zone *zone, int64_t wall_ms,
                                                  char ret_date[static 11]);

#endif
