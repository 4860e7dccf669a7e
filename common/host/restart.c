/* How a program ends, and begins again as a new process; see host.h. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "obs/log.h"
#include "host/host.h"

static char **own_argv; /* for restarting */

void host_remember_argv(char **argv)
{
    own_argv = argv;
}

void host_fail(struct host *h, int exit_code, const char *message, const char *detail,
               const char *remedy)
{
    if (h->over)
        return;
    if (exit_code != 0 && message != NULL)
        log_error(.message = message, .detail = detail, .remedy = remedy, .slot = host_slot(h));
    h->exit_code = exit_code;
    h->over = true;
    h->give_up = 1;
    uv_stop(&h->loop);
}

void host_start_over(struct host *h, const char *reason, const char *detail)
{
    if (h->draining) { /* somebody wants us gone: what is not committed is fetched again by whoever
                          is next */
        log_warning(.message = "stopping before all records were committed", .reason = reason,
                    .detail = detail, .slot = host_slot(h));
        _exit(h->exit_code);
    }
    log_warning(.message = "restarting", .reason = reason, .detail = detail, .slot = host_slot(h));
    (void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)execv("/proc/self/exe", own_argv);
    log_error(.message = "cannot restart", .detail = strerror(errno));
    _exit(70);
}
