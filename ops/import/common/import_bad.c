/* Setting aside; see import_bad.h. */
#include "import_bad.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct import_bad {
    const char *path, *source;
    char *name; /* until it is kept */
    FILE *out;
    int error; /* the first */
};

struct import_bad *import_bad_new(const char *path, const char *source)
{
    struct import_bad *bad = calloc(1, sizeof *bad);
    const size_t size = strlen(path) + sizeof ".XXXXXX";
    if (bad == NULL || (bad->name = malloc(size)) == NULL) {
        free(bad);
        errno = ENOMEM;
        return NULL;
    }
    (void)snprintf(bad->name, size, "%s.XXXXXX", path);
    const int fd = mkstemp(bad->name); /* 0600 */
    bad->path = path;
    bad->source = source;
    bad->out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (bad->out != NULL)
        return bad;
    const int error = errno;
    if (fd >= 0) {
        (void)close(fd);
        (void)unlink(bad->name);
    }
    free(bad->name);
    free(bad);
    errno = error;
    return NULL;
}

static void set_aside(void *user, size_t line, const json_t *thing, const json_t *complaints)
{
    struct import_bad *bad = user;
    json_t *entry = json_is_object(thing) ? json_copy((json_t *)(uintptr_t)thing) : json_object();
    json_t *why = json_pack("{s:s, s:I, s:O?}", "file", bad->source, "line", (json_int_t)line,
                            "complaints", (json_t *)(uintptr_t)complaints);
    const json_t *only = json_object_get(json_object_get(entry, "primaflow"), "only");
    if (only != NULL)
        (void)json_object_set(why, "only", (json_t *)(uintptr_t)only);
    if (bad->error == 0 &&
        (json_object_set_new(entry, "primaflow", why) != 0 ||
         json_dumpf(entry, bad->out, JSON_COMPACT) != 0 || putc('\n', bad->out) == EOF))
        bad->error = errno != 0 ? errno : ENOMEM;
    json_decref(entry);
}

struct import_refused import_bad_sink(struct import_bad *bad)
{
    return (struct import_refused){.refuse = set_aside, .user = bad};
}

int import_bad_keep(struct import_bad *bad)
{
    if (bad->error == 0 && (fflush(bad->out) != 0 || fsync(fileno(bad->out)) != 0 ||
                            rename(bad->name, bad->path) != 0))
        bad->error = errno;
    if (bad->error != 0)
        return -bad->error;
    bad->name[0] = '\0';
    return 0;
}

void import_bad_free(struct import_bad *bad)
{
    if (bad == NULL)
        return;
    (void)fclose(bad->out);
    if (bad->name[0] != '\0')
        (void)unlink(bad->name);
    free(bad->name);
    free(bad);
}
