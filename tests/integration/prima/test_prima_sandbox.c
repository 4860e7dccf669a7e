/* The adapter against prima-sandbox: each request type, both ways that it can end, and what its
 * ledger holds afterwards. */
#include "harness.h"

#include "prima/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/primaflow-sandbox-XXXXXX";
static pid_t sandbox;
static int port;

static void in_folder(const char *name, char path[static 100])
{
    (void)snprintf(path, 100, "%s/%s", folder, name);
}

static int start_sandbox(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return 1;
    char ports[100], db[100];
    in_folder("ports", ports);
    in_folder("db", db);
    sandbox = fork();
    if (sandbox == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that crashes leaves none behind */
        (void)dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
        (void)execl(SANDBOX, SANDBOX, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--db",
                    db, "--ports-file", ports, "--echo", "on", (char *)NULL);
        _exit(127);
    }
    for (int tries = 0; tries < 500; tries++) {
        FILE *file = fopen(ports, "r");
        if (file != NULL) {
            const int fields = fscanf(file, "PRIMA_URL=http://127.0.0.1:%d/", &port);
            (void)fclose(file);
            return fields == 1 ? 0 : 1;
        }
        (void)usleep(10000);
    }
    return 1;
}

static int stop_sandbox(void **state)
{
    (void)state;
    int status;
    (void)kill(sandbox, SIGTERM);
    char command[100];
    (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
    return waitpid(sandbox, &status, 0) != sandbox || system(command) != 0;
}

static struct answer ask(struct harness *h, enum prima_type type, int made, struct buf *request)
{
    assert_int_equal(made, 0);
    const struct answer a = harness_ask(h, type, request->data);
    print_message("  %s: %s %s\n", prima_type_name(type), prima_fate_name(a.fate), a.words);
    buf_clear(request);
    return a;
}

/* An order that the sandbox can balance, with what each row of a table changes. */
static struct answer post_order(struct harness *h, const char *number, const char *product,
                                const char *account, const char *surname)
{
    const struct prima_order_line line = {
        .product = product, .quantity = "2", .price = "10.00", .narrative = "a \"b\" <c> & d"};
    const struct prima_order_payment payment = {.method = "CSH", .amount = "20.00"};
    const struct prima_order order = {.order_number = number,
                                      .customer = account,
                                      .customer_ref = "ref-1",
                                      .vat_inclusive = true,
                                      .currency = "GBP",
                                      .order_date = "2026-11-20",
                                      .delivery = {.surname = surname, .email = "a@example.org"},
                                      .lines = &line,
                                      .line_count = 1,
                                      .payments = &payment,
                                      .payment_count = 1};
    struct buf request;
    buf_init(&request, 100000);
    const struct answer a =
        ask(h, PRIMA_NEW_ORDER,
            prima_request_new_order(prima_client_names(h->client), &order, &request), &request);
    buf_release(&request);
    return a;
}

static void test_orders(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h, port, false, (const char *const[]){"prima.name.echo=CustomerRef", NULL});
    struct buf request;
    buf_init(&request, 10000);
    assert_int_equal(
        ask(&h, PRIMA_ORDER_STATUS, prima_request_order_status("2011", &request), &request).fate,
        PRIMA_ABSENT);
    assert_int_equal(post_order(&h, "2011", "SKU00001", "", "M\u00FCller & \u0141ukasz").fate,
                     PRIMA_OK);
    const struct answer found =
        ask(&h, PRIMA_ORDER_STATUS, prima_request_order_status("2011", &request), &request);
    assert_int_equal(found.fate, PRIMA_OK);
    assert_string_equal(found.order_status, "Open");
    assert_string_equal(found.echo, "ref-1");
    assert_int_equal(post_order(&h, "2011", "SKU00001", "", "Smith").fate, PRIMA_EXISTS);
    const struct answer refused = post_order(&h, "2012", "NOPE", "", "Smith");
    assert_int_equal(refused.fate, PRIMA_REFUSED);
    assert_int_equal(refused.code, PF_E_prima_unknown_product);
    const struct answer stranger = post_order(&h, "2013", "SKU00001", "NOBODY", "Smith");
    assert_int_equal(stranger.fate, PRIMA_REFUSED);
    assert_int_equal(stranger.code, PF_E_prima_unknown_customer);
    buf_release(&request);
    harness_release(&h);
}

static void test_customers(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h, port, false, NULL);
    const struct prima_names *names = prima_client_names(h.client);
    struct buf request;
    buf_init(&request, 10000);
    assert_int_equal(ask(&h, PRIMA_CUSTOMER_SEARCH,
                         prima_request_customer_search(names, "c-9", "new@example.org", &request),
                         &request)
                         .fate,
                     PRIMA_ABSENT);
    const struct prima_customer customer = {"c-9",
                                            {.forename = "Zo\u00EB",
                                             .surname = "B",
                                             .email = "new@example.org",
                                             .lines = {"1 High St"}}};
    const struct answer made = ask(
        &h, PRIMA_NEW_CUSTOMER, prima_request_new_customer(names, &customer, &request), &request);
    assert_int_equal(made.fate, PRIMA_OK);
    assert_string_not_equal(made.account, "");
    assert_int_equal(ask(&h, PRIMA_NEW_CUSTOMER,
                         prima_request_new_customer(names, &customer, &request), &request)
                         .fate,
                     PRIMA_EXISTS);
    const struct answer found =
        ask(&h, PRIMA_CUSTOMER_SEARCH, prima_request_customer_search(names, "c-9", "", &request),
            &request);
    assert_int_equal(found.fate, PRIMA_OK);
    assert_int_equal(found.account_count, 1);
    assert_string_equal(found.account, made.account);
    buf_release(&request);
    harness_release(&h);
}

static void test_products(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h, port, false, NULL);
    struct buf request;
    buf_init(&request, 10000);
    const struct prima_sku skus[] = {{.product = "SKU00001"},
                                     {.product = "TSHIRT", .matrix = {"RED", "M"}},
                                     {.product = "NOPE"}};
    const struct answer some =
        ask(&h, PRIMA_PRODUCT_READ, prima_request_product_read(skus, 3, &request), &request);
    assert_int_equal(some.fate, PRIMA_OK);
    assert_int_equal(some.product_count, 2);
    assert_int_equal(
        ask(&h, PRIMA_PRODUCT_READ, prima_request_product_read(&skus[2], 1, &request), &request)
            .fate,
        PRIMA_ABSENT);
    buf_release(&request);
    harness_release(&h);
}

/* After test_orders: its one order is found by its day, and no other day has one. */
static void test_documents(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h, port, false, NULL);
    struct buf request;
    buf_init(&request, 10000);
    const struct prima_search day = {"2026-11-20", "2026-11-20", 1, 10},
                              before = {"2026-11-01", "2026-11-19", 1, 10};
    const struct answer found =
        ask(&h, PRIMA_ORDER_SEARCH,
            prima_request_order_search(prima_client_names(h.client), &day, &request), &request);
    assert_int_equal(found.fate, PRIMA_OK);
    assert_int_equal(found.document_count, 1);
    assert_int_equal(found.pages, 1);
    assert_string_equal(found.number, "2011");
    assert_string_equal(found.gross, "20.00");
    assert_int_equal(found.lines, 1);
    assert_int_equal(
        ask(&h, PRIMA_ORDER_SEARCH,
            prima_request_order_search(prima_client_names(h.client), &before, &request), &request)
            .fate,
        PRIMA_ABSENT);
    buf_release(&request);
    harness_release(&h);
}

static void assert_sql(sqlite3 *db, const char *sql, const char *result)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(statement, 0), result);
    (void)sqlite3_finalize(statement);
}

static void test_ledger(void **state)
{
    (void)state;
    char path[100];
    in_folder("db", path);
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_sql(db, "SELECT count(*) FROM orders", "1");
    assert_sql(db, "SELECT surname FROM orders WHERE order_number = '2011'",
               "M\u00FCller & Lukasz");
    assert_sql(db, "SELECT count(*) FROM requests WHERE type = 'MultiNewOrder'", "4");
    assert_sql(db, "SELECT sum(lossy) FROM requests", "0");
    assert_sql(
        db, "SELECT count(*) FROM customers WHERE customer_ref = 'c-9' AND forename = 'Zo\u00EB'",
        "1");
    (void)sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders),   cmocka_unit_test(test_customers),
        cmocka_unit_test(test_products), cmocka_unit_test(test_documents),
        cmocka_unit_test(test_ledger), /* last: of what the others wrote */
    };
    return cmocka_run_group_tests_name("prima.sandbox", tests, start_sandbox, stop_sandbox);
}
