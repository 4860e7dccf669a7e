/* CPU of a request to Prima, whole process (user + system): made, posted, answered, understood. The
 * server is another process that does the least that HTTP allows, so that the figure is the
 * client's. 64 requests are under way at any time, over 64 kept connections.
 *
 * usage: bench_prima_post [REQUESTS [KEY=VALUE]...]   one line of JSON for each kind of request */
#include "prima/client.h"
#include "prima/request.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { AT_A_TIME = 64, CONNECTIONS_MAX = 1024, ROOM = 64 * 1024 };

/* ---- the server ---- */

static const char reply_body[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><SOAP-ENV:Envelope "
    "xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"><SOAP-ENV:Body>"
    "<om:comwsomhandlerResponse xmlns:om=\"urn:omlink\"><result>&lt;?xml version=\"1.0\" "
    "encoding=\"ISO-8859-1\"?&gt;&lt;Response "
    "RequestType=\"MultiNewOrder\" RequestStatus=\"OK\" RequestError=\"\"&gt;&lt;Data "
    "OrderNumber=\"2011234567\"/&gt;&lt;/Response&gt;</result>"
    "</om:comwsomhandlerResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>";

static char arrived[CONNECTIONS_MAX][ROOM];
static size_t arrived_size[CONNECTIONS_MAX];

/* A request is whole when its head and as many bytes as that promises are there. */
static bool is_whole(char *text, size_t size)
{
    text[size] = '\0';
    const char *end = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "content-length:");
    return end != NULL && length != NULL &&
           size >= (size_t)(end + 4 - text) + strtoul(length + 15, NULL, 10);
}

static void serve_ready(int fd, const char *reply, size_t reply_size)
{
    const ssize_t got = recv(fd, arrived[fd] + arrived_size[fd], ROOM - 1 - arrived_size[fd], 0);
    if (got <= 0) {
        arrived_size[fd] = 0;
        (void)close(fd);
        return;
    }
    arrived_size[fd] += (size_t)got;
    if (is_whole(arrived[fd], arrived_size[fd])) {
        arrived_size[fd] = 0;
        (void)send(fd, reply, reply_size, MSG_NOSIGNAL);
    }
}

static void serve(int listener)
{
    static char reply[4096];
    const size_t size = (size_t)snprintf(
        reply, sizeof reply,
        "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: %zu\r\n\r\n%s",
        sizeof reply_body - 1, reply_body);
    const int poll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[64];
    (void)epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        const int count = epoll_wait(poll, ready, 64, -1);
        for (int i = 0; i < count; i++) {
            if (ready[i].data.fd != listener) {
                serve_ready(ready[i].data.fd, reply, size);
                continue;
            }
            event.data.fd = accept(listener, NULL, NULL);
            const int on = 1;
            if (event.data.fd >= CONNECTIONS_MAX)
                _exit(1);
            (void)setsockopt(event.data.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            (void)epoll_ctl(poll, EPOLL_CTL_ADD, event.data.fd, &event);
        }
    }
}

static int start_server(void)
{
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 ||
        listen(listener, 128) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        perror("listen");
        exit(69);
    }
    if (fork() == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(listener);
    }
    (void)close(listener);
    return ntohs(address.sin_port);
}

/* ---- the client ---- */

struct run {
    struct prima_client *client;
    enum prima_type type;
    struct buf request;
    size_t to_send, answered, unexpected, bytes;
};

static void make_request(struct run *r)
{
    static const struct prima_order_line lines[] = {
        {.product = "SKU00001",
         .quantity = "1",
         .price = "49.95",
         .warehouse = "01",
         .tax = "8.33"},
        {.product = "TSHIRT",
         .matrix = {"RED", "M"},
         .quantity = "2",
         .price = "19.95",
         .warehouse = "01",
         .tax = "6.65"},
        {.product = "SKU00042",
         .quantity = "1",
         .price = "5.00",
         .warehouse = "02",
         .tax = "0.83",
         .narrative = "Happy birthday!"},
    };
    static const struct prima_order_charge charge = {"RM24", "3.95"};
    static const struct prima_order_payment payment = {
        "CSH", "PAYPAL", "98.80", "", "2011234567", "9XY12345AB678901C", "", ""};
    const struct prima_address address = {
        "",        "Zo\xC3\xAB", "O'Brien",         {"12 High Street", "Northampton"},
        "NN1 1AA", "GB",         "zoe@example.org", "01604 1",
        ""};
    const struct prima_order order = {"2011234567",
                                      "",
                                      "",
                                      "Web",
                                      "c-123456",
                                      "",
                                      "",
                                      .vat_inclusive = true,
                                      .delivery = address,
                                      .invoice = address,
                                      .currency = "GBP",
                                      .order_date = "2026-11-23",
                                      .carrier = "RM",
                                      .order_paid = "98.80",
                                      .lines = lines,
                                      .line_count = 3,
                                      .charges = &charge,
                                      .charge_count = 1,
                                      .payments = &payment,
                                      .payment_count = 1};
    buf_clear(&r->request);
    const int result =
        r->type == PRIMA_NEW_ORDER
            ? prima_request_new_order(prima_client_names(r->client), &order, &r->request)
            : prima_request_order_status("2011234567", &r->request);
    if (result < 0)
        exit(70);
}

static void on_answer(void *user, const struct prima_reply *reply);

static void send_one(struct run *r)
{
    make_request(r);
    r->bytes = r->request.size;
    r->to_send--;
    prima_client_send(r->client, r->type, "01", r->request.data, r->request.size, on_answer, r);
}

static void on_answer(void *user, const struct prima_reply *reply)
{
    struct run *r = user;
    r->answered++;
    r->unexpected += reply->fate != PRIMA_OK;
    if (r->to_send > 0)
        send_one(r);
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* Sends `count` requests and waits for their answers; CPU seconds of the process meanwhile, and the
 * wall's. */
static double spend(struct run *r, uv_loop_t *loop, size_t count, double *ret_user,
                    double *ret_wall)
{
    struct rusage before, after;
    r->to_send = count;
    r->answered = 0;
    (void)getrusage(RUSAGE_SELF, &before);
    const uint64_t start = uv_hrtime();
    for (size_t i = 0; i < AT_A_TIME && r->to_send > 0; i++)
        send_one(r);
    while (r->answered < count)
        (void)uv_run(loop, UV_RUN_ONCE);
    *ret_wall = (double)(uv_hrtime() - start) / 1e9;
    (void)getrusage(RUSAGE_SELF, &after);
    *ret_user = seconds(after.ru_utime) - seconds(before.ru_utime);
    return *ret_user + seconds(after.ru_stime) - seconds(before.ru_stime);
}

static void measure(struct prima_client *client, uv_loop_t *loop, enum prima_type type,
                    size_t count)
{
    struct run r = {.client = client, .type = type};
    double user, wall;
    buf_init(&r.request, 100000);
    (void)spend(&r, loop, 1000, &user, &wall); /* connections and memory are there afterwards */
    const double cpu = spend(&r, loop, count, &user, &wall);
    (void)printf("{\"bench\": \"prima_post\", \"request\": \"%s\", \"bytes\": %zu, \"requests\": "
                 "%zu, \"cpu_us\": %.1f, \"user_us\": %.1f, "
                 "\"per_second\": %.0f, \"unexpected\": %zu}\n",
                 prima_type_name(type), r.bytes, count, cpu / (double)count * 1e6,
                 user / (double)count * 1e6, (double)count / wall, r.unexpected);
    buf_release(&r.request);
    if (r.unexpected > 0)
        exit(70);
}

int main(int argc, char **argv)
{
    const size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 50000;
    const char *overrides[20];
    char url[80];
    (void)snprintf(url, sizeof url, "prima.url=http://127.0.0.1:%d/wsalive/wsalive",
                   start_server());
    overrides[0] = url;
    size_t override_count = 1;
    for (int i = 2; i < argc && override_count < 20; i++)
        overrides[override_count++] = argv[i];
    struct config *config;
    struct config_message message;
    struct prima_client *client;
    uv_loop_t loop;
    (void)uv_loop_init(&loop);
    if (count == 0 || config_load(NULL, overrides, override_count, &config, &message) < 0 ||
        prima_client_new(&loop, config, &client, &message) < 0) {
        (void)fprintf(stderr, "bench_prima_post: %s\n",
                      count == 0 ? "usage: bench_prima_post [REQUESTS [KEY=VALUE]...]"
                                 : message.text);
        return 64;
    }
    measure(client, &loop, PRIMA_NEW_ORDER, count);
    measure(client, &loop, PRIMA_ORDER_STATUS, count);
    prima_client_free(client);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    config_free(config);
    return 0;
}
