/* primaflow report shadow, the printing half. One thread. */
#ifndef PRIMAFLOW_CLI_REPORT_SHADOW_H
#define PRIMAFLOW_CLI_REPORT_SHADOW_H

#include "core/shadow_report.h"

void shadow_report_text(const struct shadow_report *report);
void shadow_report_json(const struct shadow_report *report);

#endif
