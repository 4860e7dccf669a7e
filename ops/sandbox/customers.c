/* CustomerSearch and NewCustomer, and how Prima matches an order's customer by itself. Their shapes
 * are assumed: README.md. */
#include "request.h"

#include <ctype.h>
#include <errno.h>

void customer_fold(const char *email, char ret_email[static 256])
{
    size_t length = 0;
    for (; length < 255 && email[length] != '\0'; length++)
        ret_email[length] = (char)tolower((unsigned char)email[length]);
    ret_email[length] = '\0';
}

const char *customer_match(struct request *r, const struct doc_element *data)
{
    static char account[ACCOUNT_MAX]; /* one thread */
    char email[256];
    const char *reference = doc_attribute(r->ledger->doc, data, "CustomerRef");
    struct db *db = r->ledger->db;
    account[0] = '\0';
    customer_fold(doc_attribute(r->ledger->doc, data, "CustomerEmail"), email);
    const struct {
        enum db_statement search;
        const char *value;
    } ways[] = {{DB_CUSTOMER_BY_EMAIL, email}, {DB_CUSTOMER_BY_REF, reference}};
    for (size_t i = 0; i < 2 && account[0] == '\0'; i++) {
        if (ways[i].value[0] == '\0')
            continue;
        db_query(db, ways[i].search, "tt", ways[i].value, r->company);
        if (db_next(db, ways[i].search))
            (void)snprintf(account, sizeof account, "%s", db_text(db, ways[i].search, 0));
        db_end(db, ways[i].search);
    }
    return account;
}

int customer_add(struct request *r, const struct doc_element *data,
                 char ret_account[static ACCOUNT_MAX])
{
    const struct doc *d = r->ledger->doc;
    const int64_t id = r->ledger->last_customer + 1;
    char account[ACCOUNT_MAX], email[256];
    (void)snprintf(account, sizeof account, "C%07lld", (long long)id);
    customer_fold(doc_attribute(d, data, "CustomerEmail"), email);
    if (db_change(r->ledger->db, DB_CUSTOMER_ADD, "ittttttttttttttti", id, account, r->company,
                  doc_attribute(d, data, "CustomerRef"), email,
                  doc_attribute(d, data, "CustomerForename"),
                  doc_attribute(d, data, "CustomerSurname"), doc_attribute(d, data, "AddrLine1"),
                  doc_attribute(d, data, "AddrLine2"), doc_attribute(d, data, "AddrLine3"),
                  doc_attribute(d, data, "AddrLine4"), doc_attribute(d, data, "AddrLine5"),
                  doc_attribute(d, data, "AddrLine6"), doc_attribute(d, data, "PostCode"),
                  doc_attribute(d, data, "Country"), doc_attribute(d, data, "CustomerPhone"),
                  r->id) < 0)
        return -EEXIST;
    r->ledger->last_customer = id;
    (void)snprintf(ret_account, ACCOUNT_MAX, "%s", account);
    return 0;
}

enum outcome apply_new_customer(struct request *r)
{
    char account[ACCOUNT_MAX];
    const struct doc_element *data = request_data(r);
    const char *reference = doc_attribute(r->ledger->doc, data, "CustomerRef");
    if (!r->ledger->unique) {
        db_query(r->ledger->db, DB_CUSTOMER_BY_REF, "tt", reference, r->company);
        r->second = reference[0] != '\0' && db_next(r->ledger->db, DB_CUSTOMER_BY_REF);
        db_end(r->ledger->db, DB_CUSTOMER_BY_REF);
    }
    if (customer_add(r, data, account) < 0) {
        r->duplicate = true;
        return reply_refusal(r, WORDING_CUSTOMER_EXISTS, reference);
    }
    reply_posted(r, "Account", account);
    return OUTCOME_APPLIED;
}

/* By reference where one is given, else by e-mail; nobody found is an OK without rows. */
enum outcome apply_customer_search(struct request *r)
{
    const struct doc_element *data = request_data(r);
    const char *reference = doc_attribute(r->ledger->doc, data, "CustomerRef");
    char email[256];
    customer_fold(doc_attribute(r->ledger->doc, data, "CustomerEmail"), email);
    if (reference[0] == '\0' && email[0] == '\0')
        return reply_refusal(r, WORDING_INVALID, "CustomerRef and CustomerEmail: one is needed");
    const enum db_statement search =
        reference[0] != '\0' ? DB_CUSTOMER_BY_REF : DB_CUSTOMER_BY_EMAIL;
    struct db *db = r->ledger->db;
    reply_begin(r, "OK", "");
    buf_text(r->reply, "<Data>");
    db_query(db, search, "tt", reference[0] != '\0' ? reference : email, r->company);
    while (db_next(db, search)) {
        buf_text(r->reply, "<Customer");
        reply_attribute(r, "Account", db_text(db, search, 0));
        reply_attribute(r, "CustomerRef", db_text(db, search, 1));
        reply_attribute(r, "CustomerEmail", db_text(db, search, 2));
        buf_text(r->reply, "/>");
    }
    buf_text(r->reply, "</Data>");
    reply_end(r);
    return OUTCOME_READ;
}
