/* Results of a key whose document Prima has. Loop thread only. */
#ifndef PRIMAFLOW_PUBLISH_H
#define PRIMAFLOW_PUBLISH_H

#include "posting/record.h"

/* What such a result says beyond its outcome. Texts live in the record's arena. */
struct publish_extra {
    enum pf_error code; /* raises no flag: it is no new exception */
    const char *detail;
    const char *exception, *resolves; /* flow_settlement */
};

/* The record settles with this result, which names the delivery that posted. */
void publish_of_posted(struct record *r, enum outcome outcome, const struct publish_extra *extra);

#endif
