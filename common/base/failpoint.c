/* Fail points armed by the environment; see failpoint.h. */
#include "base/failpoint.h"

#ifdef PF_FAILPOINTS

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

enum { POINTS_MAX = 16 }; /* what one test arms at a time, with room */

static struct point {
    char name[48], action[16];
    long nth, seen;
} points[POINTS_MAX];
static int point_count = -1; /* -1: the environment was not read yet */

static void failpoint_arm(char *spec)
{
    char *save = NULL;
    const char *name = strtok_r(spec, ":", &save), *action = strtok_r(NULL, ":", &save),
               *nth = strtok_r(NULL, ":", &save);
    if (name == NULL || action == NULL || point_count == POINTS_MAX) {
        (void)fprintf(stderr,
                      "PRIMAFLOW_FAIL: invalid entry; expected name:action[:nth], at most %d\n",
                      POINTS_MAX);
        exit(64);
    }
    struct point *p = &points[point_count++];
    (void)snprintf(p->name, sizeof p->name, "%s", name);
    (void)snprintf(p->action, sizeof p->action, "%s", action);
    p->nth = nth != NULL ? strtol(nth, NULL, 10) : 1;
}

static void read_environment(void)
{
    point_count = 0;
    const char *text = getenv("PRIMAFLOW_FAIL");
    if (text == NULL)
        return;
    char *copy = strdup(text), *save = NULL;
    if (copy == NULL)
        abort();
    for (char *spec = strtok_r(copy, ",", &save); spec != NULL; spec = strtok_r(NULL, ",", &save))
        failpoint_arm(spec);
    free(copy);
}

static bool act(const char *action)
{
    if (strcmp(action, "kill") == 0)
        (void)kill(getpid(), SIGKILL);
    else if (strcmp(action, "stop") == 0)
        (void)kill(getpid(), SIGSTOP);
    else if (strncmp(action, "sleep=", 6) == 0)
        (void)usleep((useconds_t)strtoul(action + 6, NULL, 10) * 1000);
    else
        return strcmp(action, "error") == 0;
    return false;
}

bool fail_point(const char *name)
{
    if (point_count < 0)
        read_environment();
    for (int i = 0; i < point_count; i++)
        if (strcmp(points[i].name, name) == 0 && ++points[i].seen == points[i].nth)
            return act(points[i].action);
    return false;
}

bool mutant(const char *name)
{
    static const char *chosen;
    static bool read;
    if (!read) {
        chosen = getenv("PRIMAFLOW_MUTANT");
        read = true;
    }
    return chosen != NULL && strcmp(chosen, name) == 0;
}

/* One write of one line: several workers share the file. */
void covered(const char *kind, const char *name)
{
    const char *path = getenv("PRIMAFLOW_TEST_COVERAGE");
    const int file =
        path != NULL ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
    if (file < 0)
        return;
    char line[120];
    const int size = snprintf(line, sizeof line, "%s %s\n", kind, name);
    if (size > 0 && size < (int)sizeof line)
        (void)!write(file, line, (size_t)size);
    (void)close(file);
}

#else
typedef int failpoint_is_compiled_out; /* ISO C wants a declaration in every file */
#endif
