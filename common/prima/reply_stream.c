/* Two push parsers, one behind the other; see reply_stream.h. */
#include "prima/reply_stream.h"

#include "prima/envelope.h"
#include "prima/reply_scan.h"
#include "prima/xml_push.h"

#include <errno.h>
#include <stdlib.h>

/* The inner parser is called once for so much: the outer one tells of each of a text's references by
 * itself, and there are twenty in a row. */
enum { PIECE_BYTES = 16 * 1024 };

struct reply_stream {
    struct xml_push *outer, *inner;
    struct envelope_reply answer;
    struct envelope_scan envelope;
    struct reply reply;
    struct reply_reading reading;
    int result;
    size_t piece_size;
    char piece[PIECE_BYTES];
};

static void flush_piece(struct reply_stream *s)
{
    if (s->result == 0 && s->piece_size > 0)
        s->result = xml_push_feed(s->inner, s->piece, s->piece_size);
    if (s->result == 0)
        s->result = s->reading.scan.result;
    s->piece_size = 0;
}

/* What the envelope's text says. */
static void on_piece(void *user, const char *text, size_t size)
{
    struct reply_stream *s = user;
    while (size > 0 && s->result == 0) {
        const size_t room = PIECE_BYTES - s->piece_size, some = size < room ? size : room;
        memcpy(s->piece + s->piece_size, text, some);
        s->piece_size += some;
        text += some;
        size -= some;
        if (s->piece_size == PIECE_BYTES)
            flush_piece(s);
    }
}

struct reply_stream *reply_stream_new(const struct prima_names *names, enum prima_type type,
                                      struct arena *arena, size_t fault_bytes_max,
                                      prima_stock_seen seen, void *user)
{
    struct reply_stream *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    buf_init(&s->answer.text, fault_bytes_max);
    s->envelope = (struct envelope_scan){.reply = &s->answer, .text = on_piece, .user = s};
    reply_reading_init(&s->reading, names, type, arena, &s->reply);
    s->reading.scan.stock_seen = seen;
    s->reading.scan.stock_user = user;
    s->inner = xml_push_new(NULL, true, &reply_events, &s->reading);
    if (s->inner == NULL) {
        reply_stream_free(s);
        return NULL;
    }
    return s;
}

void reply_stream_free(struct reply_stream *s)
{
    if (s == NULL)
        return;
    xml_push_free(s->outer);
    xml_push_free(s->inner);
    buf_release(&s->answer.text);
    free(s);
}

int reply_stream_feed(struct reply_stream *s, const char *charset, const char *bytes, size_t size)
{
    if (s->outer == NULL && s->result == 0 &&
        (s->outer = xml_push_new(charset, false, &envelope_events, &s->envelope)) == NULL)
        s->result = -ENOMEM;
    if (s->result < 0)
        return s->result;
    const int result = xml_push_feed(s->outer, bytes, size);
    if (s->result == 0)
        s->result = result;
    return s->result;
}

int reply_stream_end(struct reply_stream *s)
{
    if (s->outer == NULL && s->result == 0)
        s->result = -EBADMSG;
    if (s->result == 0)
        s->result = xml_push_end(s->outer);
    if (s->result == 0)
        s->result = envelope_verdict(&s->envelope);
    if (s->result < 0 || s->answer.is_fault)
        return s->result;
    flush_piece(s);
    if (s->result == 0)
        s->result = xml_push_end(s->inner);
    if (s->result == 0)
        s->result = s->reading.scan.result;
    return s->result;
}

const struct reply *reply_stream_reply(const struct reply_stream *s, const char **ret_fault)
{
    if (!s->answer.is_fault)
        return &s->reply;
    *ret_fault = s->answer.text.data;
    return NULL;
}
