/* The names that Prima's wire uses: known ones fixed, assumed ones from the configuration
 * (names.def).
 *
 * Texts point into the configuration, which must outlive the struct. Constant after
 * prima_names_read: any thread. */
#ifndef PRIMAFLOW_PRIMA_NAMES_H
#define PRIMAFLOW_PRIMA_NAMES_H

#include "config/config.h"

#include <stdbool.h>

struct prima_names {
#define PRIMA_KNOWN(id, name, what) const char *id;
#define PRIMA_ASSUMED(id, name, what) const char *id;
#include "prima/names.def"
#undef PRIMA_KNOWN
#undef PRIMA_ASSUMED
    const char *order_request; /* prima.order_request: "MultiNewOrder" or "NewOrder" */
    bool sends_empty;          /* prima.empty_attributes */
};

/* 0; -EINVAL with the key and the remedy: an assumed name is not an XML name, or the namespace or
 * SOAPAction has characters that neither may have. */
__attribute__((warn_unused_result)) int prima_names_read(const struct config *config,
                                                         struct prima_names *ret_names,
                                                         struct config_message *ret_message);

#endif
