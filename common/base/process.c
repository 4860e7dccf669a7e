/* Who a process is, and whether it can still run; see process.h. */
#include "base/process.h"

#include "base/digest.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { PART_MAX = 64 };
static const char first_namespace[] =
    "pid:[4026531836]"; /* PROC_PID_INIT_INO of Linux: the machine's own, in no container */

struct process {
    char machine[PART_MAX], boot[PART_MAX], space[PART_MAX];
    long pid;
    unsigned long long started; /* clock ticks since boot; 0: not known */
};

/* The first word of a small file, or "?" when it cannot be read. */
static void read_word(const char *path, char *text, size_t room)
{
    (void)snprintf(text, room, "?");
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    if (fgets(text, (int)room, file) != NULL)
        text[strcspn(text, " \n")] = '\0';
    (void)fclose(file);
    if (text[0] == '\0')
        (void)snprintf(text, room, "?");
}

enum presence { GONE, THERE, NOT_KNOWN };

/* Is there such a process, and when was it started? Field 22 of /proc/<pid>/stat, counted behind
 * the name in parentheses. One that has ended and only waits for its parent is gone. /proc may hide
 * other people's processes: then only a signal tells that there is none. */
static enum presence process_look(long pid, unsigned long long *ret_started)
{
    char path[64], line[1024];
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return kill((pid_t)pid, 0) < 0 && errno == ESRCH ? GONE : NOT_KNOWN;
    const char *end = fgets(line, sizeof line, file) != NULL ? strrchr(line, ')') : NULL;
    (void)fclose(file);
    char state = '?';
    if (end == NULL ||
        sscanf(end + 1,
               " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
               &state, ret_started) != 2)
        return NOT_KNOWN;
    return state == 'Z' || state == 'X' ? GONE : THERE;
}

/* Half of a digest of machine id and host name: what is written to Redis names no host. "?": not in
 * the machine's own namespace. */
static void read_machine(const char *space, char text[static PART_MAX])
{
    char id[PART_MAX], both[2 * PART_MAX + 70];
    struct utsname names;
    uint8_t hash[DIGEST_SIZE];
    (void)snprintf(text, PART_MAX, "?");
    read_word("/etc/machine-id", id, sizeof id);
    if (strcmp(space, first_namespace) != 0 || strcmp(id, "?") == 0 || uname(&names) < 0)
        return;
    const int size = snprintf(both, sizeof both, "%s@%.64s", id, names.nodename);
    digest_sha256(both, (size_t)size, hash);
    (void)digest_hex(hash, 8, text);
}

static void read_self(struct process *p)
{
    const ssize_t size = readlink("/proc/self/ns/pid", p->space, sizeof p->space - 1);
    p->space[size > 0 ? size : 0] = '\0';
    if (p->space[0] == '\0')
        (void)snprintf(p->space, sizeof p->space, "?");
    read_word("/proc/sys/kernel/random/boot_id", p->boot, sizeof p->boot);
    read_machine(p->space, p->machine);
    p->pid = getpid();
    if (process_look(p->pid, &p->started) != THERE)
        p->started = 0;
}

const char *process_describe_self(char text[static PROCESS_NAME_MAX])
{
    struct process p;
    read_self(&p);
    (void)snprintf(text, PROCESS_NAME_MAX, "%.20s/%.40s/%.30s/%ld/%llu", p.machine, p.boot, p.space,
                   p.pid, p.started);
    return text;
}

static bool process_parse(const char *name, struct process *p)
{
    int end = 0;
    return sscanf(name, "%63[^/]/%63[^/]/%63[^/]/%ld/%llu%n", p->machine, p->boot, p->space,
                  &p->pid, &p->started, &end) == 5 &&
           name[end] == '\0' && p->pid > 0 && p->pid <= INT32_MAX && p->started > 0;
}

static bool is_known(const char *part)
{
    return strcmp(part, "?") != 0;
}

bool process_is_over(const char *name)
{
    struct process it, self;
    if (!process_parse(name, &it))
        return false;
    read_self(&self);
    if (!is_known(self.boot) || !is_known(it.boot))
        return false;
    if (strcmp(it.boot, self.boot) != 0) /* this machine was started anew since */
        return is_known(self.machine) && strcmp(it.machine, self.machine) == 0 &&
               strcmp(it.space, self.space) == 0;
    if (!is_known(self.space) || strcmp(it.space, self.space) != 0)
        return false;
    unsigned long long started = 0;
    const enum presence presence = process_look(it.pid, &started);
    return presence == GONE || (presence == THERE && started != it.started);
}
