/* Writing an event: JSON values under the event's names. That memory was not enough for them is
 * remembered in the reader (no_memory), to be asked once, when the event is whole. One thread. */
#ifndef PRIMAFLOW_IMPORT_WRITE_H
#define PRIMAFLOW_IMPORT_WRITE_H

#include "import_reader.h"

/* Sets a new reference. */
void import_put(struct import_reader *r, json_t *object, const char *name, json_t *value);
void import_put_text(struct import_reader *r, json_t *object, const char *name,
                     const char *text); /* nothing for NULL */
void import_append(struct import_reader *r, json_t *list, json_t *value);
/* Copies an id, a text or a time under another name. */
void import_copy_id(struct import_reader *r, const struct import_at *from, const char *field,
                    json_t *object, const char *name);
void import_copy_text(struct import_reader *r, const struct import_at *from, const char *field,
                      json_t *object, const char *name);
void import_copy_time(struct import_reader *r, const struct import_at *from, const char *field,
                      json_t *object, const char *name);

#endif
