/* Reading one dead letter; see dead_letter.h. */
#include "core/dead_letter.h"

#include "base/clock.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What settle.c puts between its own sentence and Prima's. */
static const char prima_text[] = " Prima's text: ";

static const char *header_get(const struct kafka_record *record, const char *name, char *text,
                              size_t room)
{
    if (kafka_header_text(record, name, text, room) == NULL)
        text[0] = '\0';
    return text;
}

static int64_t header_number(const struct kafka_record *record, const char *name)
{
    char text[32], *end;
    const long long number = strtoll(header_get(record, name, text, sizeof text), &end, 10);
    return *end == '\0' && number >= 0 ? number : 0;
}

/* Of a record that was too large the letter's value is a description in JSON; no framing of Avro begins
 * so. */
static bool is_described(const struct kafka_record *record)
{
    return record->value_size > 0 && *(const char *)record->value == '{';
}

/* The catalogue's meaning stands before it, and is told by the code. */
static void text_read(const struct kafka_record *record, struct dead_letter *l)
{
    char message[LETTER_TEXT_MAX];
    const char *text = header_get(record, HEADER_DLQ_MESSAGE, message, sizeof message);
    const char *meaning = l->code != PF_OK ? pf_error_info(l->code)->meaning : "";
    char *words = strstr(message, prima_text);
    if (words != NULL)
        *words = '\0';
    if (strncmp(text, meaning, strlen(meaning)) == 0)
        text += strlen(meaning);
    (void)snprintf(l->text, sizeof l->text, "%s", text + strspn(text, " "));
}

static const struct flow *flow_of(const char *topic, enum topic_role wanted)
{
    enum topic_role role;
    for (size_t i = 0; flows[i] != NULL; i++)
        if (flow_topic_role(flows[i], topic, &role) && role == wanted)
            return flows[i];
    return NULL;
}

bool dead_letter_read(const struct kafka_record *record, struct dead_letter *ret_letter)
{
    struct dead_letter *l = ret_letter;
    char text[64];
    const struct flow *flow = flow_of(record->topic, TOPIC_DEAD_LETTERS);
    if (flow == NULL)
        return false;
    *l = (struct dead_letter){.flow = flow,
                              .partition = record->partition,
                              .offset = record->offset,
                              .at_ms = record->timestamp_ms,
                              .code =
                                  pf_error_find(header_get(record, HEADER_CODE, text, sizeof text)),
                              .version = header_number(record, HEADER_SOURCE_VERSION),
                              .replays = header_number(record, HEADER_REPLAY_COUNT),
                              .is_cut = is_described(record)};
    (void)snprintf(l->topic, sizeof l->topic, "%s", record->topic);
    (void)header_get(record, HEADER_IDEMPOTENCY_KEY, l->natural, sizeof l->natural);
    (void)header_get(record, HEADER_DELIVERY, l->delivery, sizeof l->delivery);
    (void)header_get(record, HEADER_PARENT, l->parent, sizeof l->parent);
    const int64_t status = header_number(record, HEADER_HTTP_STATUS);
    l->http_status = status < 1000 ? (int)status : 0;
    if (clock_parse(header_get(record, HEADER_FIRST_FAILED_AT, text, sizeof text),
                    &l->first_failed_ms) != 0)
        l->first_failed_ms = l->at_ms;
    text_read(record, l);
    return true;
}

void dead_letter_place(const struct dead_letter *l, char text[static LETTER_PLACE_MAX])
{
    (void)snprintf(text, LETTER_PLACE_MAX, "%.*s/%" PRId32 "/%" PRId64, ENTRY_TOPIC_MAX - 1,
                   l->topic, l->partition, l->offset);
}

bool letter_place_read(const char *text, struct letter_place *ret_place)
{
    int size = 0;
    long long offset;
    *ret_place = (struct letter_place){.partition = -1};
    return sscanf(text, "%79[^/]/%" SCNd32 "/%lld%n", ret_place->topic, &ret_place->partition,
                  &offset, &size) == 3 &&
           text[size] == '\0' && ret_place->partition >= 0 && (ret_place->offset = offset) >= 0 &&
           (flow_of(ret_place->topic, TOPIC_DEAD_LETTERS) != NULL ||
            flow_of(ret_place->topic, TOPIC_RESULTS) != NULL);
}

/* ---- causes ---- */

static bool has_letter(const char *word, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (isalpha((unsigned char)word[i]) || (unsigned char)word[i] >= 0x80)
            return true;
    return false;
}

static bool has_digit(const char *word, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (isdigit((unsigned char)word[i]))
            return true;
    return false;
}

void dead_letter_cause(const struct dead_letter *l, char text[static LETTER_CAUSE_MAX])
{
    size_t used = 0;
    /* what differs from a posted version is each one's own */
    const char *at = pf_error_info(l->code)->class == PF_CLASS_CONFLICT ? "" : l->text;
    text[0] = '\0';
    while (*(at += strspn(at, " ")) != '\0') {
        const size_t size = strcspn(at, " ");
        const bool differs = has_digit(at, size) && !has_letter(at, size);
        const int wrote =
            snprintf(text + used, LETTER_CAUSE_MAX - used, "%s%.*s", used > 0 ? " " : "",
                     differs ? 1 : (int)size, differs ? "#" : at);
        used += (size_t)wrote;
        if (used >= LETTER_CAUSE_MAX)
            return;
        at += size;
    }
}
