/* Where a command's input comes from, and who runs it. */
#include "cli.h"

#include <errno.h>
#include <pwd.h>
#include <unistd.h>

FILE *cli_open(const char **name)
{
    const bool is_stdin = strcmp(*name, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(*name, "re");
    if (in == NULL)
        (void)cli_fail(CLI_DATA, "%s: %s", *name, strerror(errno));
    else if (is_stdin)
        *name = "stdin";
    return in;
}

void cli_close(FILE *in)
{
    if (in != stdin)
        (void)fclose(in);
}

/* The operating system's user, and where: sudo's own user where it was used. */
void cli_user(char *text, size_t room)
{
    char host[100] = "?";
    const char *sudo = getenv("SUDO_USER");
    const struct passwd *user = getpwuid(getuid());
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(text, room, "%.60s@%s",
                   sudo != NULL   ? sudo
                   : user != NULL ? user->pw_name
                                  : "?",
                   host);
}
