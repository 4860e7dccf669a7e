/* Events between Kafka's bytes and C structs: framing, schemas, the walk of untrusted Avro,
 * identity.
 *
 * Invariants
 *   - Bytes from outside are never handed to avro-c: every length is checked against the bytes
 *     left, depth and total elements against caps, enum indexes, union branches, booleans and UTF-8
 *     against the schema, and nothing may follow the end.
 *   - Both framings are always read: single-object encoding (C3 01 + CRC-64-AVRO fingerprint,
 *     schemas from a folder) and Confluent's wire format (00 + big-endian schema id, schemas from a
 *     registry). Written is Confluent's when a registry is configured, else the other.
 *   - A schema is compiled once for each struct; decoding then follows a plan, without looking up a
 *     name, and allocates only in the caller's arena. What a decoded struct points to lives as long
 *     as that arena; nothing points into the bytes.
 *   - A fault of the record is -EBADMSG with its code; an infrastructure failure (the registry) is
 *     -EIO, and never becomes the record's.
 *
 * Threads: everything on the loop thread, where decoding, encoding and identity never block; except
 * codec_fetch and codec_register, which block and may run in any thread at the same time. */
#ifndef PRIMAFLOW_CODEC_H
#define PRIMAFLOW_CODEC_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/errors.h"
#include "codec/binding.h"
#include "codec/fault.h"
#include "codec/limits.h"

#include <jansson.h>

struct codec;

/* Reads every *.avsc of `schema_folder` (and its subfolder history/, older versions that are still
 * read). With a registry URL: registers nothing here, looks schemas up as they are met. 0,
 * -ENOENT/-EINVAL with `ret_message` filled (names file and reason). Blocks. */
__attribute__((warn_unused_result)) int codec_open(const char *schema_folder,
                                                   const char *registry_url,
                                                   struct codec_limits limits,
                                                   struct codec **ret_codec,
                                                   char ret_message[static 300]);
void codec_close(struct codec *codec);

/* Whether a struct's table fits today's schema of its name; compiles what decoding and identity
 * follow, the defaults included. Call it once for each struct at start, so that what only a
 * programmer can break is found there, and no record waits for a compilation. 0; -ENOENT: no such schema; -EINVAL,
 * -ENOMEM. `ret_message` names the field. */
__attribute__((warn_unused_result)) int codec_check(struct codec *codec,
                                                    const struct bound_record *record,
                                                    char ret_message[static 300]);

/* Fills *ret_struct (record->size bytes) from framed bytes; NULL bytes are a tombstone. 0; -EBADMSG
 * with *ret_fault filled (`defect`: codec_check was not called); -EAGAIN: the schema id is not known yet: codec_fetch it off the loop
 * thread, then decode again. */
__attribute__((warn_unused_result)) int codec_decode(struct codec *codec,
                                                     const struct bound_record *record,
                                                     const void *bytes, size_t size,
                                                     struct arena *arena, void *ret_struct,
                                                     struct codec_fault *ret_fault);

/* Asks the registry for the schema id of these framed bytes, unless it is known. Blocks: call in
 * libuv's pool; it locks against the loop thread. 0 (found, or known not to exist: the next decode
 * says which), -EIO: the registry does not answer (an infrastructure failure). */
__attribute__((warn_unused_result)) int codec_fetch(struct codec *codec, const void *bytes,
                                                    size_t size);

/* Appends the framed record of a struct by today's schema of record->name, which is checked first if
 * it was not yet. 0; -ENOENT: no such
 * schema; -EINVAL: a value that the schema does not allow (a NULL text where null is no branch,
 * ...); -ENOMEM: `out` is full. With a registry, today's schema must be registered first. */
__attribute__((warn_unused_result)) int codec_encode(struct codec *codec,
                                                     const struct bound_record *record,
                                                     const void *value, struct buf *out);

/* Registers today's schema of a record name for a topic's value (subject <topic>-value, or
 * <topic>-<full name> where the schema says "subject": "record"; compatibility
 * BACKWARD_TRANSITIVE), and that of the record that it names as "beside" it; a no-op without registry. Blocks. -EIO: unreachable; -EPROTO:
 * refused as incompatible; `ret_message` says which. */
__attribute__((warn_unused_result)) int codec_register(struct codec *codec, const char *record_name,
                                                       const char *topic,
                                                       char ret_message[static 300]);

/* F: the version byte 1, then SHA-256 over the fields that today's schema marks "identity": true,
 * in the canonical form of codec/identity.h. Aborts when memory runs out or the struct was
 * not checked: a wrong F would be a false conflict. */
#define CODEC_IDENTITY_SIZE 33
void codec_identity(struct codec *codec, const struct bound_record *record, const void *value,
                    uint8_t ret_identity[static CODEC_IDENTITY_SIZE]);

/* The digest of what today's schema marks "part": "goods": the version byte 1, then the first bytes
 * of SHA-256 over the form of codec/identity.h. It is compared within one key only, where 15 bytes
 * leave chance nothing. Aborts like codec_identity. */
#define CODEC_PART_SIZE 16
void codec_goods(struct codec *codec, const struct bound_record *record, const void *value,
                 uint8_t ret_goods[static CODEC_PART_SIZE]);

/* Whether a field's value may name somebody, or is worth money to who reads it, so that it is told
 * nowhere but where events are: today's schema does not mark it "personal": false. True also of a
 * record or field that is not known. `record` may be any of those that a checked one holds. */
bool codec_is_personal(const struct codec *codec, const struct bound_record *record,
                       const char *field);

/* JSON for people; its form is in codec/json.h. codec_from_json appends a framed record by today's
 * schema: absent fields take their defaults, unknown ones are refused. 0; -EBADMSG with the fault
 * (event_invalid, and the path); -ENOENT: no such schema, or not registered; -ENOMEM. codec_to_json
 * reads any framed record by its writer's schema: a new reference, or NULL with the fault; with a
 * registry call codec_fetch first. */
__attribute__((warn_unused_result)) int codec_from_json(struct codec *codec,
                                                        const char *record_name, const json_t *json,
                                                        struct buf *out,
                                                        struct codec_fault *ret_fault);
json_t *codec_to_json(struct codec *codec, const void *bytes, size_t size,
                      struct codec_fault *ret_fault);

/* The struct's event by today's schema, with all its fields, as JSON: a new reference, or NULL: no
 * memory, or a struct that the schema does not allow. */
json_t *codec_struct_to_json(struct codec *codec, const struct bound_record *record,
                             const void *value);
/* The other way, without a frame, and so without asking a registry: what the JSON says, as a decoded
 * record would be. 0; -EBADMSG with the fault (event_invalid, and the path). */
__attribute__((warn_unused_result)) int codec_json_to_struct(struct codec *codec,
                                                             const struct bound_record *record,
                                                             const json_t *json,
                                                             struct arena *arena, void *ret_struct,
                                                             struct codec_fault *ret_fault);

/* The fingerprint (CRC-64-AVRO of the parsing canonical form) or registry id under which these
 * bytes were written, as text for headers
 * ("fp:8f5c…", "id:17", "" when unreadable). */
const char *codec_schema_id(const void *bytes, size_t size, char text[static 24]);

#endif
