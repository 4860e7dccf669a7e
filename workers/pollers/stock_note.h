/* What a poller leaves to its successor of each source's last complete read: lines of the lease's
 * note. Pure: any thread.
 *
 *   <source>  <rows>  <1: in order>  <ms, Redis' clock: when it began>
 * A source's name is "whole", "chosen", or "range-" and a hash of its ends. What cannot be read is as
 * if it were not there: the next read is then the first. */
#ifndef PRIMAFLOW_STOCK_NOTE_H
#define PRIMAFLOW_STOCK_NOTE_H

#include "stock_reading.h"

enum { STOCK_SOURCE_NAME_MAX = 24 };

void stock_source_name(const struct stock_source *source,
                       char ret_name[static STOCK_SOURCE_NAME_MAX]);

/* All 0 where the note has no such line. */
struct stock_last stock_note_find(const char *note, const char *source_name);
void stock_note_append(struct buf *note, const char *source_name, const struct stock_last *last);

#endif
