/* One HTTP exchange with the schema registry, by libcurl. Blocks; any thread. */
#ifndef PRIMAFLOW_CODEC_REGISTRY_HTTP_H
#define PRIMAFLOW_CODEC_REGISTRY_HTTP_H

#include <jansson.h>

struct registry_reply {
    long status;
    json_t *json; /* the body, or NULL when it is no JSON; the caller's */
};

/* GET with `body` NULL, else `method` with that JSON. 0; -EIO with `ret_message`: no whole
 * reply. */
__attribute__((warn_unused_result)) int registry_exchange(const char *url, const char *method,
                                                          const json_t *body,
                                                          struct registry_reply *ret_reply,
                                                          char ret_message[static 200]);

#endif
