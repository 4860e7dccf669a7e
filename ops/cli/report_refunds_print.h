/* primaflow report refunds, the printing half. One thread. */
#ifndef PRIMAFLOW_CLI_REPORT_REFUNDS_PRINT_H
#define PRIMAFLOW_CLI_REPORT_REFUNDS_PRINT_H

#include "core/refund_report.h"

void refund_report_text(const struct refund_report *report,
                        const struct refund_report_options *options);
void refund_report_json(const struct refund_report *report, int64_t now_ms);
void refund_report_csv(const struct refund_report *report);
void refund_report_metrics(const struct refund_report *report);

#endif
