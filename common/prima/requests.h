/* The requests of requests.def as data: what guard, judge, client and readers know of each. Constant,
 * any thread. */
#ifndef PRIMAFLOW_PRIMA_REQUESTS_H
#define PRIMAFLOW_PRIMA_REQUESTS_H

#include "config/config.h"
#include "prima/answer.h"
#include "prima/names.h"

#include <stdbool.h>

/* What an OK must hold. One that holds less proves nothing: PRIMA_UNKNOWN. */
enum request_proof {
    PROOF_NUMBER,  /* the order's number, unless an OK without it has earned trust (unnamed_ok.h) */
    PROOF_DATA,    /* a Data */
    PROOF_ACCOUNT, /* exactly one account: who was created */
    PROOF_ROWS,    /* a Data; without rows below it: PRIMA_ABSENT */
    PROOF_ROWS_ALONE, /* the same; rows prove it without a RequestStatus as well */
};

enum { REQUEST_KNOWN_AS_MAX = 2 };

struct request_row {
    const char *name;
    bool is_write;
    size_t wire_offset; /* in struct prima_names */
    enum config_key deadline;
    enum request_proof proof;
    const char *known_as[REQUEST_KNOWN_AS_MAX]; /* NULL from the first that is missing */
};

const struct request_row *request_row(enum prima_type type);

/* The name under which it is sent to this Prima. */
const char *request_wire_name(enum prima_type type, const struct prima_names *names);

#endif
