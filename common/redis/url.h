/* redis.url: redis://[user:password@]host[:port][/db] or unix:///path. Any thread. */
#ifndef PRIMAFLOW_REDIS_URL_H
#define PRIMAFLOW_REDIS_URL_H

#include <stdbool.h>

struct redis_address {
    char host[256], user[64], password[256];
    int port, database;
    bool unix_socket; /* host is the path then */
};
/* -EINVAL with ret_message, which does not show the URL: it may hold a password. */
__attribute__((warn_unused_result)) int redis_parse_url(const char *url,
                                                        struct redis_address *ret_address,
                                                        char ret_message[static 300]);

#endif
