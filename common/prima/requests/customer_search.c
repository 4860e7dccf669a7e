/* CustomerSearch: the accounts that have our reference or an e-mail address. */
#include "prima/request_write.h"
#include "prima/requests/kind.h"

#include <errno.h>

int prima_request_customer_search(const struct prima_names *names, const char *customer_ref,
                                  const char *email, struct buf *out)
{
    if (is_absent(customer_ref) && is_absent(email))
        return -EINVAL;
    struct writer w = {.names = names, .out = out};
    request_open(out, names->customer_search);
    write_literal(&w, "<Data");
    write_named(&w, names->search_reference, customer_ref);
    write_named(&w, names->search_email, email);
    write_literal(&w, "/>");
    return request_close(out);
}

static void customer_search_row(struct scan *s, const char *name,
                                const struct xml_attribute *attributes, size_t count)
{
    if (strcmp(name, s->names->customer_row) == 0)
        scan_add_account(s, attributes, count);
}

static void customer_search_subject(const struct prima_names *names, const char *request,
                                    size_t size, struct asked *asked)
{
    request_subject(request, size, names->search_reference, asked->reference,
                    sizeof asked->reference);
    request_subject(request, size, names->search_email, asked->email, sizeof asked->email);
}

const struct request_kind request_kind_customer_search = {.row = customer_search_row,
                                                          .subject = customer_search_subject};
