/* primaflow report shadow, the printing half. One thread. */
#ifndef PRIMAFLOW_CLI_REPORT_SHADOW_H
#define PRIMAFLOW_CLI_REPORT_SHADOW_H

#include "shadow_book.h"

struct shadow_report {
    const struct book *book;
    int64_t first_ms, last_ms; /* of the records, as published; 0: none */
    size_t list_max;           /* rows of each list */
    bool compared;
    const char *not_compared; /* why; "" when compared */
};

void shadow_report_text(const struct shadow_report *report);
void shadow_report_json(const struct shadow_report *report);

#endif
