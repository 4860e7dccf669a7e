/* What the command line says on stderr, and the last word about stdout. */
#include "cli.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>

__attribute__((format(printf, 2, 0))) static void line_print(const char *kind, const char *format,
                                                             va_list args)
{
    fprintf(stderr, "primaflow: %s", kind);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

int cli_fail(int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line_print("error: ", format, args);
    va_end(args);
    return code;
}

int cli_exit(enum ops_kind kind)
{
    switch (kind) {
    case OPS_DONE:
        return CLI_DONE;
    case OPS_USAGE:
        return CLI_USAGE;
    case OPS_DATA:
        return CLI_DATA;
    case OPS_UNAVAILABLE:
        return CLI_UNAVAILABLE;
    case OPS_CONFIG:
        return CLI_CONFIG;
    case OPS_DEFECT:
        break;
    }
    return CLI_DEFECT;
}

int cli_report(const struct ops_error *error)
{
    return cli_fail(cli_exit(error->kind), "%s%s%s", error->text,
                    error->remedy[0] != '\0' ? "; " : "", error->remedy);
}

void cli_complaints(const struct complaints *complaints, const char *name)
{
    for (size_t i = 0; i < complaints_kept(complaints); i++)
        (void)cli_fail(CLI_DATA, "%s:%zu: %s", name, complaints->first[i].line,
                       complaints->first[i].text);
}

void cli_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line_print("warning: ", format, args);
    va_end(args);
}

void cli_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line_print("", format, args);
    va_end(args);
}

void cli_print_json(struct json_t *json, size_t flags)
{
    (void)json_dumpf(json, stdout, flags); /* an error of stdout is cli_flush's to tell */
    (void)fputc('\n', stdout);
    json_decref(json);
}

static int written_errno; /* why cli_write failed */

int cli_write(const char *text, size_t size)
{
    if (fwrite(text, 1, size, stdout) == size)
        return CLI_DONE;
    written_errno = errno;
    return CLI_UNAVAILABLE;
}

/* Why printf failed nobody kept: it is found out by one more line, which an output that is cut can
 * bear. 0: that one was written. */
static int ask_errno(void)
{
    clearerr(stdout);
    return fputc('\n', stdout) == EOF || fflush(stdout) != 0 ? errno : 0;
}

int cli_flush(void)
{
    struct pollfd out = {.fd = fileno(stdout), .events = POLLOUT};
    int error = written_errno;
    if (fflush(stdout) != 0)
        error = errno;
    else if (ferror(stdout) == 0)
        return CLI_DONE;
    if (poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0)
        return CLI_DONE; /* a pipe whose reader (head, less) has seen enough */
    if (error == 0)
        error = ask_errno();
    return cli_fail(CLI_UNAVAILABLE, "stdout cannot be written: %s",
                    error != 0 ? strerror(error) : "see what it was sent to");
}
