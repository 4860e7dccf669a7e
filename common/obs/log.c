/* Lines of logfmt or JSON; see log.h. A line is built in a buffer of PIPE_BUF bytes and written at
 * once, so that lines of several processes into one pipe never mix. What does not fit is cut, and
 * the line says so. */
#include "obs/log.h"

#include "base/clock.h"
#include "obs/escape.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

static struct {
    char program[40];
    bool json;
    enum log_level least;
} settings = {.program = "primaflow", .least = LOG_LEVEL_INFO};

static const char *const level_names[] = {"debug", "info", "warning", "error"};

void log_configure(const char *program, bool json, enum log_level least)
{
    (void)snprintf(settings.program, sizeof settings.program, "%s", program);
    settings.json = json;
    settings.least = least;
}

int log_level_find(const char *name, enum log_level *ret_level)
{
    for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++)
        if (strcmp(level_names[i], name) == 0) {
            *ret_level = (enum log_level)i;
            return 0;
        }
    return -EINVAL;
}

enum {
    LINE_MAX_BYTES = PIPE_BUF,
    TAIL = 64 /* for the closing quote, the mark of a cut and the end of the line */
};

struct line {
    char text[LINE_MAX_BYTES];
    size_t size;
    bool cut;
};

/* Appends whole or, when it does not fit, not at all. */
static bool log_put(struct line *line, const char *text, size_t size)
{
    if (line->cut || line->size + size > LINE_MAX_BYTES - TAIL) {
        line->cut = true;
        return false;
    }
    memcpy(line->text + line->size, text, size);
    line->size += size;
    return true;
}

static void put_key(struct line *line, const char *key)
{
    char text[40];
    const bool first = line->size == 0;
    const int size = settings.json
                         ? snprintf(text, sizeof text, "%s\"%s\":", first ? "{" : ",", key)
                         : snprintf(text, sizeof text, "%s%s=", first ? "" : " ", key);
    (void)log_put(line, text, (size_t)size);
}

static bool is_plain(const char *text)
{
    const char *p = text;
    for (; *p > 0x20 && *p < 0x7f && *p != '"' && *p != '=' && *p != '\\'; p++)
        ;
    return *p == '\0' && p > text;
}

static void put_text(struct line *line, const char *key, const char *text)
{
    if (text == NULL || line->cut)
        return;
    const size_t before = line->size;
    put_key(line, key);
    const bool quoted = settings.json || !is_plain(text);
    if (quoted && !log_put(line, "\"", 1)) {
        line->size = before; /* no room for the value: no key either */
        return;
    }
    char escaped[ESCAPE_MAX];
    for (size_t size; (size = escape_next(&text, escaped)) > 0 && log_put(line, escaped, size);)
        ;
    if (quoted)
        line->text[line->size++] = '"'; /* TAIL keeps room */
}

static void put_number(struct line *line, const char *key, int64_t number)
{
    char digits[24];
    const int size = snprintf(digits, sizeof digits, "%lld", (long long)number);
    const size_t before = line->size;
    put_key(line, key);
    if (!log_put(line, digits, (size_t)size))
        line->size = before;
}

static void put_fields(struct line *line, const struct log_fields *f)
{
    put_text(line, "message", f->message);
    put_text(line, "slot", f->slot);
    put_text(line, "topic", f->topic);
    if (f->partition > 0)
        put_number(line, "partition", f->partition - 1);
    if (f->offset > 0)
        put_number(line, "offset", f->offset - 1);
    put_text(line, "key", f->key);
    put_text(line, "outcome", f->outcome);
    put_text(line, "code", f->code);
    put_text(line, "owner", f->owner);
    put_text(line, "reason", f->reason);
    if (f->count > 0)
        put_number(line, "count", f->count);
    if (f->ms > 0)
        put_number(line, "ms", f->ms);
    put_text(line, "file", f->file);
    put_text(line, "remedy", f->remedy);
    put_text(line, "detail", f->detail);
}

static void log_finish(struct line *line)
{
    const char *cut = !line->cut ? "" : settings.json ? ",\"cut\":true" : " cut=true";
    const int size = snprintf(line->text + line->size, LINE_MAX_BYTES - line->size, "%s%s", cut,
                              settings.json ? "}" : "");
    line->size += (size_t)size;
    line->text[line->size++] = '\n';
}

void log_write(enum log_level level, const struct log_fields *fields)
{
    if (level < settings.least)
        return;
    struct line line;
    line.size = 0;
    line.cut = false;
    char time[CLOCK_TEXT_MAX];
    put_text(&line, "time", clock_format(clock_wall_ms(), time));
    put_text(&line, "level", level_names[level]);
    put_text(&line, "program", settings.program);
    put_fields(&line, fields);
    log_finish(&line);
    ssize_t written;
    do
        written = write(STDERR_FILENO, line.text, line.size);
    while (written < 0 && errno == EINTR);
    /* a line that stderr does not take is lost: there is no other place to say so */
}
