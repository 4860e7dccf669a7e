/* What was sent again; see dlq_retried.h. */
#include "dlq_retried.h"

#include "cli.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

void dlq_print_retried(bool json, const struct dlq_retried *r, size_t count)
{
    if (json) {
        cli_print_json(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "letters",
                                 (json_int_t)count, "edits_gone", (json_int_t)r->unknown, "sent",
                                 (json_int_t)r->sent, "decided_meanwhile", (json_int_t)r->decided,
                                 "cut", (json_int_t)r->cut, "gone", (json_int_t)r->gone,
                                 "first_settled", (json_int_t)r->first_settled, "first_failed",
                                 (json_int_t)r->first_failed, "first_unknown",
                                 (json_int_t)r->first_unknown, "stopped", r->is_stopped),
                       JSON_COMPACT);
        return;
    }
    printf("%" PRId64 " of %zu sent again", r->sent, count);
    if (r->decided > 0)
        printf(", %" PRId64 " left out: somebody has decided about them", r->decided);
    if (r->cut > 0)
        printf(", %" PRId64 " cannot be sent: too large, their letters have no bytes", r->cut);
    if (r->gone > 0)
        printf(", %" PRId64 " cannot be sent: their bytes have gone", r->gone);
    if (r->unknown > 0)
        printf(", %" PRId64 " cannot be sent: their edits have gone, or are of this moment; "
               "primaflow dlq show",
               r->unknown);
    if (r->first_settled + r->first_failed + r->first_unknown > 0)
        printf("; of the first: %" PRId64 " ended otherwise, %" PRId64 " are dead letters as "
               "before, %" PRId64 " are under way",
               r->first_settled, r->first_failed, r->first_unknown);
    printf("\n");
}
