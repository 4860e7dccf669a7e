/* Prima's documents of a range of days, page after page, blocking. One question at a time, so that
 * a report loads Prima no more than one worker's record does. One thread. */
#ifndef PRIMAFLOW_OPS_PRIMA_SEARCH_H
#define PRIMAFLOW_OPS_PRIMA_SEARCH_H

#include "config/config.h"
#include "prima/client.h"

enum { PRIMA_PAGES_MAX = 100000 };

typedef void (*prima_search_each)(void *user, const char *company,
                                  const struct prima_document *document);

/* 0; -EIO: Prima cannot be asked now; -EPROTO: it does not answer as OrderSearch should (it may not
 * offer it); -EINVAL: configuration. ret_message says it. Documents given before a failure are to
 * be forgotten. */
__attribute__((warn_unused_result)) int prima_search(const struct config *config,
                                                     const char *company, const char *from,
                                                     const char *to, int page_size,
                                                     prima_search_each each, void *user,
                                                     struct config_message *ret_message);

#endif
