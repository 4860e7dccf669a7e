/* A person's edit of an event, as text that travels: which fields, and what they are to be.
 *
 * The text is JSON, [["lines[0].sku", "A-1"], ["note", null], ...]: pairs of a path and a value as
 * codec/json.h has it, ordered by path (bytes), each path once. Paths are of today's schema and of
 * the event as its channel sent it, whatever else the same overlay changes:
 *   - a record that is absent (null) begins with its defaults when a field of it is set
 *   - null in the place of a list's item takes the item out, after everything else
 *   - the place behind a list's last item adds one
 * What becomes of it must fit the schema. The event itself is not touched, nor is what it is known by
 * (codec_identity of the original).
 *
 * It is personal data: an address that was corrected. Its digest may be told, and so may paths; they
 * have letters, digits and "_[]." only. Pure functions, any thread. */
#ifndef PRIMAFLOW_CODEC_OVERLAY_H
#define PRIMAFLOW_CODEC_OVERLAY_H

#include "codec/fault.h"

#include <jansson.h>
#include <stdint.h>

enum {
    OVERLAY_TEXT_MAX = 16 * 1024, /* beside a record of 1 MB, in topics that take 2 MiB */
    OVERLAY_FIELDS_MAX = 50,      /* what one person changes by hand */
    OVERLAY_PATH_MAX = 120,
    OVERLAY_DIGEST_SIZE = 8
};

/* The text as JSON, checked: a new reference, or NULL with the fault (event_invalid). */
json_t *overlay_read(const char *text, size_t size, struct codec_fault *ret_fault);

/* {"lines[0].sku": "A-1", ...} as text, which the caller frees. NULL with the fault: too many fields,
 * too long, or no path. */
char *overlay_write(const json_t *fields, struct codec_fault *ret_fault);

/* The first bytes of the text's SHA-256. */
void overlay_digest(const char *text, size_t size, uint8_t ret_digest[static OVERLAY_DIGEST_SIZE]);

/* What stands at a path; borrowed, or NULL: nothing does. */
json_t *overlay_find(json_t *event, const char *path);

/* Changes the event's JSON. 0; -EBADMSG with the fault: a path leads nowhere. */
__attribute__((warn_unused_result)) int overlay_apply(json_t *event, const json_t *overlay,
                                                      struct codec_fault *ret_fault);

#endif
