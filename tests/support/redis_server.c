/* A private redis-server; see redis_server.h. */
#include "redis_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_TRIES = 500, ANSWER_STEP_MS = 10 };

static void die(const char *what)
{
    (void)fprintf(stderr, "redis_server: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void pass_ms(int ms)
{
    const struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL);
}

static struct sockaddr_in address_of(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int free_port(void)
{
    struct sockaddr_in a = address_of(0);
    socklen_t size = sizeof a;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, size) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &size) < 0)
        die("no free port");
    (void)close(fd);
    return ntohs(a.sin_port);
}

/* Any answer to PING will do: "+PONG", and "-NOAUTH" and "-LOADING" as well. */
static int answers(int port)
{
    struct sockaddr_in a = address_of(port);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char reply[8];
    const int yes = fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
                    write(fd, "PING\r\n", 6) == 6 && read(fd, reply, sizeof reply) > 0;
    if (fd >= 0)
        (void)close(fd);
    return yes;
}

_Noreturn static void become_server(const struct redis_server_process *s, const char *const args[],
                                    pid_t parent)
{
    char port[8], log[80];
    const char *words[18 + REDIS_SERVER_ARGS_MAX + 1] = {
        "redis-server", "--port",       port,    "--bind",  "127.0.0.1", "--save", "",
        "--appendonly", "no",           "--dir", s->folder, "--logfile", log,      "--daemonize",
        "no",           "--io-threads", "1",     NULL};
    size_t count = 17;
    (void)snprintf(port, sizeof port, "%d", s->port);
    (void)snprintf(log, sizeof log, "%s/log", s->folder);
    for (size_t i = 0; args != NULL && args[i] != NULL && i < REDIS_SERVER_ARGS_MAX; i++)
        words[count++] = args[i];
    words[count] = NULL;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(1);
    (void)execvp("redis-server", (char *const *)(uintptr_t)words);
    _exit(127);
}

void redis_server_restart(struct redis_server_process *s, const char *const args[], int wait)
{
    const pid_t self = getpid();
    s->pid = fork();
    if (s->pid < 0)
        die("fork");
    if (s->pid == 0)
        become_server(s, args, self);
    for (int i = 0; wait && !answers(s->port); i++) {
        int status;
        if (i == ANSWER_TRIES || waitpid(s->pid, &status, WNOHANG) == s->pid)
            die("redis-server does not start (is it installed?)");
        pass_ms(ANSWER_STEP_MS);
    }
}

void redis_server_start(struct redis_server_process *s, const char *const args[])
{
    *s = (struct redis_server_process){.folder = "/tmp/pf-redis-XXXXXX"};
    if (mkdtemp(s->folder) == NULL)
        die("no temporary folder");
    s->port = free_port();
    (void)snprintf(s->url, sizeof s->url, "redis://127.0.0.1:%d", s->port);
    redis_server_restart(s, args, 1);
}

void redis_server_kill(struct redis_server_process *s)
{
    if (s->pid > 0 && (kill(s->pid, SIGKILL) < 0 || waitpid(s->pid, NULL, 0) != s->pid))
        die("kill");
    s->pid = 0;
}

void redis_server_freeze(const struct redis_server_process *s)
{
    int status;
    if (kill(s->pid, SIGSTOP) < 0 || waitpid(s->pid, &status, WUNTRACED) != s->pid)
        die("SIGSTOP");
}

void redis_server_thaw(const struct redis_server_process *s)
{
    if (kill(s->pid, SIGCONT) < 0)
        die("SIGCONT");
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

void redis_server_end(struct redis_server_process *s)
{
    redis_server_kill(s);
    if (s->folder[0] != '\0')
        (void)nftw(s->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    s->folder[0] = '\0';
}
