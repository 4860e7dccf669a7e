/* A client that only reads: what our own writers make, told apart by its bytes, and what a defect
 * above might hand down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "prima/client.h"
#include "prima/guard.h"
#include "prima/request.h"

#include <arpa/inet.h>
#include <sys/socket.h>

enum { REQUEST_MAX = 64 << 10 };

static struct config *load(const char *const overrides[], size_t count)
{
    struct config *config;
    struct config_message message;
    assert_int_equal(config_load(NULL, overrides, count, &config, &message), 0);
    return config;
}

/* One request of each type, as its writer writes it. */
static void make(const struct prima_names *names, enum prima_type type, struct buf *out)
{
    const struct prima_order_line line = {.product = "A", .quantity = "1", .price = "1.00"};
    const struct prima_order order = {
        .order_number = "2011", .currency = "GBP", .lines = &line, .line_count = 1};
    const struct prima_customer customer = {.customer_ref = "ref-1"};
    const struct prima_sku sku = {.product = "A"};
    const struct prima_search search = {"2026-01-01", "2026-01-31", 1, 100};
    const struct prima_credit_charge charge = {.charge = "CARR", .value = "1.00"};
    const struct prima_credit_note note = {.credit_number = "201R1",
                                           .order_number = "2011",
                                           .currency = "GBP",
                                           .charges = &charge,
                                           .charge_count = 1};
    int result = -1;
    buf_clear(out);
    switch (type) {
    case PRIMA_NEW_ORDER:
        result = prima_request_new_order(names, &order, out);
        break;
    case PRIMA_NEW_CUSTOMER:
        result = prima_request_new_customer(names, &customer, out);
        break;
    case PRIMA_ORDER_STATUS:
        result = prima_request_order_status("2011", out);
        break;
    case PRIMA_CUSTOMER_SEARCH:
        result = prima_request_customer_search(names, "ref-1", "", out);
        break;
    case PRIMA_PRODUCT_READ:
        result = prima_request_product_read(&sku, 1, out);
        break;
    case PRIMA_ORDER_SEARCH:
        result = prima_request_order_search(names, &search, out);
        break;
    case PRIMA_NEW_CREDIT_NOTE:
        result = prima_request_new_credit_note(names, &note, out);
        break;
    case PRIMA_CREDIT_NOTE_STATUS:
        result = prima_request_credit_note_status(names, "201R1", out);
        break;
    case PRIMA_STOCK_READ:
        result = prima_request_stock_read(names, "A", "B", "01", out);
        break;
    default:
        break;
    }
    assert_int_equal(result, 0);
}

static bool is_read(enum prima_type type)
{
    return type != PRIMA_NEW_ORDER && type != PRIMA_NEW_CUSTOMER && type != PRIMA_NEW_CREDIT_NOTE;
}

/* Every request under every type's flag: only a read that is what it says passes. */
static void test_all_pairs(void **state)
{
    static const char *const both[2][1] = {{"prima.order_request=MultiNewOrder"},
                                           {"prima.order_request=NewOrder"}};
    (void)state;
    for (size_t c = 0; c < 2; c++) {
        struct config *config = load(both[c], 1);
        struct prima_names names;
        struct config_message message;
        struct buf request;
        assert_int_equal(prima_names_read(config, &names, &message), 0);
        buf_init(&request, REQUEST_MAX);
        for (int of = 0; of < PRIMA_TYPE_COUNT; of++) {
            make(&names, (enum prima_type)of, &request);
            for (int as = 0; as < PRIMA_TYPE_COUNT; as++)
                if (guard_only_reads(&names, (enum prima_type)as, request.data, request.size) !=
                    (of == as && is_read((enum prima_type)of)))
                    fail_msg("%s as %s", prima_type_name((enum prima_type)of),
                             prima_type_name((enum prima_type)as));
        }
        buf_release(&request);
        config_free(config);
    }
}

/* A read's configured name that writes at Prima, and bytes that only look like a read. */
static void test_disguised(void **state)
{
    static const struct {
        const char *name, *override, *text;
        enum prima_type type;
    } rows[] = {
        {"a search called NewCustomer", "prima.name.customer_search=NewCustomer", NULL,
         PRIMA_CUSTOMER_SEARCH},
        {"a search called as orders are posted", "prima.name.order_search=MultiNewOrder", NULL,
         PRIMA_ORDER_SEARCH},
        {"a search called as accounts are made here", "prima.name.new_customer=CustomerSearch",
         NULL, PRIMA_CUSTOMER_SEARCH},
        {"two types", "log.level=info",
         "<Request RequestType=\"OrderStatus\" RequestType=\"NewOrder\">", PRIMA_ORDER_STATUS},
        {"a name that goes on", "log.level=info", PRIMA_REQUEST_OPENING "OrderStatusAndNewOrder\">",
         PRIMA_ORDER_STATUS},
        {"a blank before it", "log.level=info", " " PRIMA_REQUEST_OPENING "OrderStatus\">",
         PRIMA_ORDER_STATUS},
        {"nothing", "log.level=info", "", PRIMA_ORDER_STATUS},
        {"cut", "log.level=info", PRIMA_REQUEST_OPENING "OrderStatus", PRIMA_ORDER_STATUS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct config *config = load(&rows[i].override, 1);
        struct prima_names names;
        struct config_message message;
        struct buf request;
        assert_int_equal(prima_names_read(config, &names, &message), 0);
        buf_init(&request, REQUEST_MAX);
        if (rows[i].text != NULL)
            buf_text(&request, rows[i].text);
        else
            make(&names, rows[i].type, &request);
        if (guard_only_reads(&names, rows[i].type, request.data, request.size))
            fail_msg("%s passed", rows[i].name);
        buf_release(&request);
        config_free(config);
    }
}

/* ---- the client itself, before a server that counts who comes ---- */

struct asked {
    uv_loop_t *loop;
    struct prima_reply reply;
    size_t answers;
};

static void on_answer(void *user, const struct prima_reply *reply)
{
    struct asked *a = user;
    a->reply = *reply;
    a->answers++;
}

static int listen_somewhere(int *ret_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    *ret_port = ntohs(at.sin_port);
    return fd;
}

/* Sends one request of the type and runs the loop dry. Whether a connection was made: the server
 * never answers. */
static bool reaches_server(const char *shadow, bool later, enum prima_type type,
                           struct asked *asked)
{
    char url[80];
    int port;
    const int server = listen_somewhere(&port);
    (void)snprintf(url, sizeof url, "prima.url=http://127.0.0.1:%d/wsalive/wsalive", port);
    struct config *config =
        load((const char *const[]){url, shadow, "prima.deadline.new_order=300ms",
                                   "prima.deadline.order_status=300ms"},
             4);
    struct config_message message;
    struct prima_client *client;
    struct buf request;
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(prima_client_new(&loop, config, &client, &message), 0);
    if (later)
        prima_client_only_reads(client);
    buf_init(&request, REQUEST_MAX);
    make(prima_client_names(client), type, &request);
    *asked = (struct asked){.loop = &loop};
    prima_client_send(client, type, "01", request.data, request.size, on_answer, asked);
    while (asked->answers == 0)
        (void)uv_run(&loop, UV_RUN_ONCE);
    const int came = accept4(server, NULL, NULL, SOCK_CLOEXEC);
    if (came >= 0)
        (void)close(came);
    buf_release(&request);
    prima_client_free(client);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    (void)close(server);
    config_free(config);
    return came >= 0;
}

static void test_client(void **state)
{
    struct asked asked;
    (void)state;
    assert_true(reaches_server("worker.shadow=false", false, PRIMA_NEW_ORDER,
                               &asked)); /* the arrangement shows what leaves */
    assert_false(asked.reply.is_refused_here);
    assert_false(reaches_server("worker.shadow=true", false, PRIMA_NEW_ORDER, &asked));
    assert_true(asked.reply.is_refused_here);
    assert_int_equal(asked.reply.fate, PRIMA_NOT_SENT);
    assert_int_equal(asked.answers, 1);
    assert_false(reaches_server("worker.shadow=false", true, PRIMA_NEW_ORDER, &asked));
    assert_true(asked.reply.is_refused_here);
    assert_true(reaches_server("worker.shadow=true", false, PRIMA_ORDER_STATUS, &asked));
    assert_false(asked.reply.is_refused_here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_pairs),
                                       cmocka_unit_test(test_disguised),
                                       cmocka_unit_test(test_client)};
    return cmocka_run_group_tests_name("the guard of who only reads", tests, NULL, NULL);
}
