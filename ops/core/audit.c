/* Writing ops.audit; see audit.h. */
#include "core/audit.h"

#include "base/clock.h"
#include "base/digest.h"
#include "kafka/topics.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int audit_add(struct kafka_writer *producer, const struct audit *a, struct kafka_words *ret_message)
{
    char at[CLOCK_TEXT_MAX], digest[2 * DIGEST_SIZE + 1];
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s}", "action", a->action,
                             "at", clock_format(clock_wall_ms(), at), "who", a->who, "reason",
                             a->reason, "program", "primaflow " PF_VERSION, "topic", a->topic,
                             "written", (json_int_t)a->written, "skipped", (json_int_t)a->skipped,
                             "digest", digest_hex(a->digest, DIGEST_SIZE, digest));
    if (json != NULL && a->more != NULL)
        (void)json_object_update(json, (json_t *)(uintptr_t)a->more); /* only reads it */
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (text == NULL) {
        (void)snprintf(ret_message->text, sizeof ret_message->text,
                       "--reason is not UTF-8, or there is no memory; nothing was sent");
        return -EINVAL;
    }
    const struct kafka_record record = {.topic = topic_ops_audit,
                                        .partition = -1,
                                        .key = a->action,
                                        .key_size = strlen(a->action),
                                        .value = text,
                                        .value_size = strlen(text)};
    const int rc = kafka_writer_add(producer, &record, ret_message->text);
    free(text);
    return rc;
}
