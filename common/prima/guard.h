/* Whether a request only reads, judged by its own bytes: the guard of a client that may not write
 * (shadow mode, the command line).
 *
 * It trusts nobody above it: neither what the caller says the request is, nor that it came from
 * requests/. What it lets through begins, byte for byte, as request_open begins a read of that type,
 * and bears no name under which anything is written, however the names are configured. Pure, any
 * thread. */
#ifndef PRIMAFLOW_PRIMA_GUARD_H
#define PRIMAFLOW_PRIMA_GUARD_H

#include "prima/answer.h"
#include "prima/names.h"

bool guard_only_reads(const struct prima_names *names, enum prima_type type, const char *request,
                      size_t size);

#endif
