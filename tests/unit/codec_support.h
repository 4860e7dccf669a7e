/* What the codec's tests share: a codec over the project's schemas, fixtures, framed bytes made
 * from JSON. Everything asserts; tests run in the source folder. */
#ifndef PRIMAFLOW_CODEC_SUPPORT_H
#define PRIMAFLOW_CODEC_SUPPORT_H

#include "codec/codec.h"

extern const struct codec_limits codec_test_limits;

struct codec *codec_test_open(const char *schema_folder);

/* tests/fixtures/codec/<name>: JSON as a new reference; hex text as bytes, which the caller
 * releases. */
json_t *codec_test_json(const char *name);
void codec_test_hex(const char *name, struct buf *ret_bytes);

/* A folder of its own with one schema of today and, unless NULL, one of history;
 * codec_test_folder_remove deletes it. */
char *codec_test_folder(const char *today, const char *older);
void codec_test_folder_remove(char *folder);

/* Sets the value at a path such as "lines.0.quantity" to what `text` says in JSON; NULL deletes
 * it. */
void codec_test_set(json_t *json, const char *path, const char *text);

/* The framed bytes of JSON, by today's schema of a record. */
void codec_test_frame(struct codec *codec, const char *record_name, const json_t *json,
                      struct buf *ret_bytes);

/* Single-object frame of a schema's text, for bytes made by hand. */
void codec_test_frame_of(const char *schema_text, struct buf *ret_bytes);

/* Decodes one record into `ret_struct`; the code, PF_OK when it went well. The message is kept in
 * codec_test_message. */
enum pf_error codec_test_decode(struct codec *codec, const struct bound_record *record,
                                const void *bytes, size_t size, struct arena *arena,
                                void *ret_struct);
extern char codec_test_message[200];

#endif
