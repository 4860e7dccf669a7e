/* CreditNoteStatus: whether Prima has a credit note. */
#include "prima/request_write.h"
#include "prima/requests/kind.h"

#include <errno.h>

int prima_request_credit_note_status(const struct prima_names *names, const char *credit_number,
                                     struct buf *out)
{
    struct writer w = {.names = names, .out = out};
    if (!request_is_order_number(credit_number))
        return -EINVAL;
    request_open(out, names->credit_note_status);
    write_literal(&w, "<Data");
    write_named(&w, names->credit_number, credit_number);
    write_literal(&w, "/>");
    return request_close(out);
}

/* How far the note has come stands where an order's status does: what is asked is whether it is
 * there. */
static void credit_note_status_data(struct scan *s, const struct xml_attribute *attributes,
                                    size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (scan_has(&attributes[i], s->names->credit_status) && attributes[i].size > 0)
            s->reply->order_status = scan_keep(s, &attributes[i]);
    scan_add_numbers_named(s, s->names->credit_number, attributes, count);
}

static void credit_note_status_subject(const struct prima_names *names, const char *request,
                                       size_t size, struct asked *asked)
{
    request_subject(request, size, names->credit_number, asked->order_number,
                    sizeof asked->order_number);
}

const struct request_kind request_kind_credit_note_status = {.data = credit_note_status_data,
                                                             .subject = credit_note_status_subject};
