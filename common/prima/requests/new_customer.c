/* NewCustomer: creates an account. */
#include "prima/request_write.h"
#include "prima/requests/kind.h"

int prima_request_new_customer(const struct prima_names *names,
                               const struct prima_customer *customer, struct buf *out)
{
    struct writer w = {.names = names, .out = out};
    request_open(out, names->new_customer);
    write_literal(&w, "<Data");
    write_exact(&w, A("CustomerRef"), customer->customer_ref);
    write_person(&w, &customer->address);
    write_literal(&w, "/>");
    return request_close(out);
}

static void new_customer_subject(const struct prima_names *names, const char *request, size_t size,
                                 struct asked *asked)
{
    (void)names;
    request_subject(request, size, "CustomerRef", asked->reference, sizeof asked->reference);
    request_subject(request, size, "CustomerEmail", asked->email, sizeof asked->email);
}

const struct request_kind request_kind_new_customer = {.data = scan_add_account,
                                                       .subject = new_customer_subject};
