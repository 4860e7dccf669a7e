/* What a request asks about, read back from its own bytes. */
#ifndef PRIMAFLOW_PRIMA_REQUEST_SUBJECT_H
#define PRIMAFLOW_PRIMA_REQUEST_SUBJECT_H

#include <stddef.h>

enum { ASKED_MAX = 256 };

/* UTF-8. "": not asked about, or longer than is kept; then it is not compared. */
struct asked {
    char order_number[64], reference[ASKED_MAX], email[ASKED_MAX], page[16];
};

/* The first attribute of this name in a request as request.h writes it: Data comes first, and a
 * value holds no quote. Left as it is where there is none; "" when it is longer than `room`. */
void request_subject(const char *request, size_t size, const char *name, char *out, size_t room);

#endif
