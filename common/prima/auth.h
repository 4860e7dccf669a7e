/* The credential for a proxy before Prima, from a file, as one HTTP header. Prima itself asks for
 * none. */
#ifndef PRIMAFLOW_PRIMA_AUTH_H
#define PRIMAFLOW_PRIMA_AUTH_H

#include "config/config.h"

/* The file's one line that is neither empty nor a # comment: "basic USER:PASSWORD" or "header NAME:
 * VALUE". 0 with *ret_header for auth_forget; -EINVAL (never with the secret in the message) or
 * -ENOMEM. */
__attribute__((warn_unused_result)) int auth_read(const char *path, char **ret_header,
                                                  struct config_message *ret_message);
void auth_forget(char *header); /* wipes and frees; accepts NULL */

#endif
