/* One request as libcurl sees it: the options, and the functions that feed and hear it. */
#include "base/clock.h"
#include "prima/post_internal.h"

#include <strings.h>

/* The connection is up, the request is about to leave: the place where a request is sent at most
 * once. libcurl comes here again when a reused connection turned out dead and it wants to send on a
 * new one. It is not told whether a byte had left: its count of them (CURLINFO_REQUEST_SIZE) stays
 * 0 when the first write found the socket full and the request left later. Nor does a process that
 * was stopped in between send what others have given up. */
static int on_leaving(void *user, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    (void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
    struct transfer *t = user;
    if (t->may_have_left || clock_boot_ms() >= t->deadline_ms)
        return CURL_PREREQFUNC_ABORT;
    t->may_have_left = true;
    t->leaving_ns = uv_hrtime();
    post_socket_leave(t);
    return CURL_PREREQFUNC_OK;
}

static size_t on_write(char *bytes, size_t size, size_t count, void *user)
{
    struct transfer *t = user;
    long status = 0;
    if (t->arrived != NULL)
        (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200)
        return t->arrived(t->user, t->charset[0] != '\0' ? t->charset : NULL, bytes, size * count)
                   ? size * count
                   : 0;
    buf_append(&t->reply, bytes, size * count);
    return t->reply.failed ? 0 : size * count;
}

static bool is_header(const char *line, size_t size, const char *name)
{
    const size_t name_size = strlen(name);
    return size > name_size && strncasecmp(line, name, name_size) == 0;
}

static void keep_value(const char *value, size_t size, char *out, size_t room)
{
    static const char blanks[] = {' ', '\t', '\r', '\n'};
    while (size > 0 && (*value == ' ' || *value == '\t'))
        value++, size--;
    while (size > 0 && memchr(blanks, value[size - 1], sizeof blanks) != NULL)
        size--;
    (void)snprintf(out, room, "%.*s", (int)(size < room ? size : room - 1), value);
}

static void keep_charset(struct transfer *t, const char *line, size_t size)
{
    char value[128];
    keep_value(line, size, value, sizeof value);
    const char *at = strcasestr(value, "charset=");
    if (at == NULL)
        return;
    at += strlen("charset=");
    at += *at == '"';
    (void)snprintf(t->charset, sizeof t->charset, "%.*s", (int)strcspn(at, "\"; "), at);
}

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
    struct transfer *t = user;
    size *= count;
    t->header_bytes += size;
    if (t->header_bytes > POST_HEADER_BYTES_MAX)
        return 0;
    if (is_header(line, size, "HTTP/")) { /* the real reply after an interim one begins anew */
        t->has_retry_after = false;
        t->charset[0] = '\0';
    } else if (is_header(line, size, "Retry-After:")) {
        t->has_retry_after = true;
        keep_value(line + strlen("Retry-After:"), size - strlen("Retry-After:"), t->retry_after,
                   sizeof t->retry_after);
    } else if (is_header(line, size, "Content-Type:")) {
        keep_charset(t, line + strlen("Content-Type:"), size - strlen("Content-Type:"));
    }
    return size;
}

static void set_tls(struct poster *p, CURL *easy)
{
    (void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT,
                           60L); /* a renewed authority is taken up without a restart */
    if (p->tls_ca[0] != '\0') {
        (void)curl_easy_setopt(easy, CURLOPT_CAINFO, p->tls_ca);
        (void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    if (p->tls_cert[0] != '\0') {
        (void)curl_easy_setopt(easy, CURLOPT_SSLCERT, p->tls_cert);
        (void)curl_easy_setopt(easy, CURLOPT_SSLKEY,
                               p->tls_key[0] != '\0' ? p->tls_key : p->tls_cert);
    }
}

CURL *post_easy_new(struct poster *p)
{
    CURL *easy = curl_easy_init();
    if (easy == NULL)
        return NULL;
    (void)curl_easy_setopt(easy, CURLOPT_CURLU, p->url);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                           (long)CURL_HTTP_VERSION_1_1); /* h2c is broken in 7.88 */
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* not the environment's */
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, p->connect_timeout_ms);
    (void)curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, p->idle_max_s);
    (void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_leaving);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, post_socket_open);
    (void)curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, p);
    (void)curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, post_socket_close);
    (void)curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, p);
    set_tls(p, easy);
    return easy;
}

void post_easy_serve(CURL *easy, struct transfer *t)
{
    (void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
}
