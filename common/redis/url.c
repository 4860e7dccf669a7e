/* redis.url, taken apart; see url.h. */
#include "redis/url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int url_is_bad(char ret_message[static 300])
{
    (void)snprintf(ret_message, 300,
                   "redis.url is not redis://[user:password@]host[:port][/db] or unix:///path; "
                   "correct it (its value is not shown, it may "
                   "hold a password)");
    return -EINVAL;
}

int redis_parse_url(const char *url, struct redis_address *ret_address,
                    char ret_message[static 300])
{
    struct redis_address a = {.port = 6379};
    if (strncmp(url, "unix://", 7) == 0) {
        if (strlen(url + 7) == 0 || strlen(url + 7) >= sizeof a.host)
            return url_is_bad(ret_message);
        a.unix_socket = true;
        memcpy(a.host, url + 7, strlen(url + 7) + 1);
        *ret_address = a;
        return 0;
    }
    if (strncmp(url, "rediss://", 9) == 0) {
        (void)snprintf(ret_message, 300,
                       "redis.url asks for TLS (rediss://), which this build's hiredis cannot do; "
                       "use redis:// through a local TLS proxy "
                       "such as stunnel");
        return -EINVAL;
    }
    if (strncmp(url, "redis://", 8) != 0)
        return url_is_bad(ret_message);
    const char *rest = url + 8, *at = strrchr(rest, '@');
    if (at != NULL) {
        const char *colon = memchr(rest, ':', (size_t)(at - rest));
        const size_t user = colon != NULL ? (size_t)(colon - rest) : 0,
                     skip = colon != NULL ? user + 1 : 0;
        const size_t password = (size_t)(at - rest) - skip;
        if (user >= sizeof a.user || password >= sizeof a.password)
            return url_is_bad(ret_message);
        memcpy(a.user, rest, user);
        memcpy(a.password, rest + skip, password);
        rest = at + 1;
    }
    const size_t host = strcspn(rest, ":/");
    if (host == 0 || host >= sizeof a.host)
        return url_is_bad(ret_message);
    memcpy(a.host, rest, host);
    rest += host;
    char *end = NULL;
    if (*rest == ':') {
        const long port = strtol(rest + 1, &end, 10);
        if (end == rest + 1 || port < 1 || port > 65535)
            return url_is_bad(ret_message);
        a.port = (int)port;
        rest = end;
    }
    if (*rest == '/' && rest[1] != '\0') {
        const long database = strtol(rest + 1, &end, 10);
        if (*end != '\0' || database < 0 || database > 1000000)
            return url_is_bad(ret_message);
        a.database = (int)database;
    } else if (*rest != '\0' && strcmp(rest, "/") != 0) {
        return url_is_bad(ret_message);
    }
    *ret_address = a;
    return 0;
}
