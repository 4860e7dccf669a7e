/* prima-sandbox: a stand-in for Prima, with its SOAP service, a real ledger under it, and faults on demand. */
#include "admin.h"
#include "options.h"

#include "base/digest.h"

#include <errno.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

enum {
    DESCRIPTORS_WANTED = 2 * 4096 + 100
}; /* two servers with as many connections as they take */

struct sandbox {
    struct options options;
    struct ledger ledger;
    struct server_world world;
    struct server *server;
    struct admin *admin;
};

static int open_ledger(struct sandbox *s)
{
    char message[200] = "";
    s->ledger = (struct ledger){
        .data_path = s->options.data,
        .unique = s->options.unique,
        .price_of_line = s->options.price_of_line,
        .refuse_off_balance = s->options.refuse_off_balance,
        .restocks = s->options.restocks,
        .echo = s->options.echo,
        .parcels = s->options.parcels,
        .style = s->options.wording,
    };
    const int result = ledger_open(&s->ledger, s->options.db, message);
    if (result == 0)
        return EX_OK;
    const bool is_data = s->options.data != NULL && s->ledger.db != NULL;
    (void)fprintf(stderr, "prima-sandbox: %s: %s\n", is_data ? s->options.data : s->options.db,
                  message);
    return result == -EIO && !is_data ? EX_IOERR : EX_DATAERR;
}

static int refuse_address(const char *option, const char *address, int error)
{
    (void)fprintf(stderr, "prima-sandbox: --%s %s: %s\n", option, address,
                  error == -EINVAL       ? "not an address; HOST:PORT is one"
                  : error == -EADDRINUSE ? "address in use; port 0 picks a free one"
                                         : strerror(-error));
    return error == -EINVAL ? EX_USAGE : EX_UNAVAILABLE;
}

static int open_ports(struct sandbox *s)
{
    int result = server_new(&s->world, s->options.listen, &s->server);
    if (result < 0)
        return refuse_address("listen", s->options.listen, result);
    result = admin_new(&s->world, s->server, s->options.admin, &s->admin);
    return result < 0 ? refuse_address("admin", s->options.admin, result) : EX_OK;
}

/* Written aside and renamed: whoever sees the file sees all of it. */
static int write_ports(const struct sandbox *s)
{
    char part[4096];
    (void)snprintf(part, sizeof part, "%s.part", s->options.ports_file);
    FILE *file = fopen(part, "we");
    bool good = file != NULL &&
                fprintf(file, "PRIMA_URL=http://%s/wsalive/wsalive\nPRIMA_ADMIN_URL=http://%s\n",
                        server_address(s->server), admin_address(s->admin)) > 0;
    good = (file == NULL || fclose(file) == 0) && good && rename(part, s->options.ports_file) == 0;
    if (!good)
        (void)fprintf(stderr, "prima-sandbox: %s: %s\n", s->options.ports_file, strerror(errno));
    return good ? EX_OK : EX_CANTCREAT;
}

static int main_serve(struct sandbox *s)
{
    (void)printf("prima-sandbox: listening on %s\nprima-sandbox: admin listening on %s\n",
                 server_address(s->server), admin_address(s->admin));
    (void)fflush(stdout);
    const int result = loop_run(s->world.loop, server_after, s->server);
    if (result < 0)
        (void)fprintf(stderr, "prima-sandbox: waiting for events: %s\n", strerror(-result));
    return result < 0 ? EX_SOFTWARE : EX_OK;
}

/* Each connection is a descriptor, and a shell's usual limit is 1024. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
    struct sandbox s = {0};
    int exit_code = options_read(argc, argv, &s.options);
    if (exit_code >= 0)
        return exit_code;
    uint32_t seed;
    raise_descriptor_limit();
    digest_random(&seed, sizeof seed);
    random_seed(seed);
    s.world = (struct server_world){.loop = loop_new(),
                                    .ledger = &s.ledger,
                                    .faults = faults_new(),
                                    .latency = s.options.latency,
                                    .capacity = s.options.capacity};
    exit_code = s.world.loop == NULL || s.world.faults == NULL ? EX_OSERR
                : s.options.check                              ? EX_OK
                                                               : open_ledger(&s);
    if (exit_code == EX_OK && !s.options.check)
        exit_code = open_ports(&s);
    if (exit_code == EX_OK && s.options.ports_file != NULL && !s.options.check)
        exit_code = write_ports(&s);
    if (exit_code == EX_OK && !s.options.check)
        exit_code = main_serve(&s);
    admin_free(s.admin);
    server_free(s.server);
    ledger_close(&s.ledger);
    faults_free(s.world.faults);
    loop_free(s.world.loop);
    options_release(&s.options);
    return exit_code;
}
