/* The line before the fleet's limit (limit.rate): one a process, for everything that it asks Prima.
 * Who was fetched first goes first, whatever it has to ask and however often it has stood here: so
 * the first records of each partition end before later ones, and their results are seen. A request
 * to write leaves the line only when there is room for it at Prima, too (send_queue.h), so that no
 * permit waits for a connection.
 *
 * Who stands here is held (record_ref) and stays among those in flight, which bounds the line; the
 * time is not the record's: its settle_deadline is moved by it. Without a limit nobody ever stands
 * here. Permits come in batches (permits.h). Loop thread only. */
#ifndef PRIMAFLOW_PERMIT_LINE_H
#define PRIMAFLOW_PERMIT_LINE_H

#include "posting/permits.h"
#include "host/timers.h"

struct record;
struct worker;

struct permit_line {
    struct record **heap; /* [1..count], by fetch order */
    size_t count, room;
    struct permits permits;
    struct timer timer;
    int64_t pace_us,
        went_us; /* between one and the next that went, as of late; when the last one did */
};

/* There is a limit, and this record has no permit. */
bool permit_line_is_needed(const struct record *r);

/* Stands in line; `go` is called with the permit (record.has_permit), which it uses or gives back.
 * writes: it needs a connection's room. */
void permit_line_enter(struct record *r, bool writes, void (*go)(struct record *));
/* A request leaves on it. */
void permit_line_use(struct record *r);
/* It was not used after all. Nothing when there is none. */
void permit_line_give_back(struct record *r);
/* It is dropped: out of the line, if it stands there. Its hold is given back. */
void permit_line_leave(struct record *r);

/* Whether it is certain that no pause began since the permit was given: else Redis is asked. */
bool permit_line_is_fresh(const struct worker *w);
/* Prima said Retry-After: nobody goes for so long. */
void permit_line_hold(struct worker *w, int64_t ms);
/* About how long this record will stand in line: what others are told who wait for it. 0 without a
 * limit. */
int64_t permit_line_wait_ms(const struct record *r);

/* Lets those go whose turn it is, asks for more. Those whose partition goes are put aside: whoever
 * owns it next fetches them. */
void permit_line_serve(struct worker *w);

#endif
