/* What the command line says on stderr, and the last word about stdout. */
#include "cli.h"

#include <errno.h>
#include <poll.h>

static void line(const char *kind, const char *format, va_list args)
{
    fprintf(stderr, "primaflow: %s", kind);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

int cli_fail(int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line("error: ", format, args);
    va_end(args);
    return code;
}

void cli_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line("warning: ", format, args);
    va_end(args);
}

void cli_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line("", format, args);
    va_end(args);
}

int cli_flush(void)
{
    struct pollfd out = {.fd = fileno(stdout), .events = POLLOUT};
    errno = 0;
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return CLI_DONE;
    int error = errno;
    if (poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0)
        return CLI_DONE; /* a pipe whose reader (head, less) has seen enough */
    return cli_fail(CLI_UNAVAILABLE, "stdout cannot be written: %s", error != 0 ? strerror(error) : "see what it was sent to");
}
