/* HTTP to the schema registry; see registry_http.h. */
#include "codec/registry_http.h"

#include "base/buf.h"

#include <curl/curl.h>
#include <errno.h>

enum {
    REPLY_MAX = 4 << 20, /* a schema of 1 MiB, escaped */
    CONNECT_MS = 3000,
    TOTAL_MS = 10000, /* a thread of the pool waits no longer */
};

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct buf *body = context;
    buf_append(body, data, size * count);
    return body->failed ? 0 : size * count;
}

static struct curl_slist *make_headers(void)
{
    struct curl_slist *headers =
        curl_slist_append(NULL, "Accept: application/vnd.schemaregistry.v1+json, application/json");
    struct curl_slist *more =
        headers != NULL
            ? curl_slist_append(headers, "Content-Type: application/vnd.schemaregistry.v1+json")
            : NULL;
    if (more == NULL)
        curl_slist_free_all(headers);
    return more;
}

static int exchange(CURL *curl, struct buf *body, struct registry_reply *ret_reply,
                    char ret_message[static 200])
{
    const CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) {
        (void)snprintf(ret_message, 200, "the schema registry: %.150s", curl_easy_strerror(code));
        return -EIO;
    }
    struct registry_reply reply = {.json =
                                       json_loadb(body->data, body->size, JSON_DECODE_ANY, NULL)};
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
    *ret_reply = reply;
    return 0;
}

int registry_exchange(const char *url, const char *method, const json_t *body,
                      struct registry_reply *ret_reply, char ret_message[static 200])
{
    struct buf reply;
    buf_init(&reply, REPLY_MAX);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = make_headers();
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    int r = -EIO;
    (void)snprintf(ret_message, 200, "schema registry: out of memory");
    if (curl == NULL || headers == NULL || (body != NULL && text == NULL))
        goto out;
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TOTAL_MS);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply);
    if (text != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text);
    }
    r = exchange(curl, &reply, ret_reply, ret_message);
out:
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    free(text);
    buf_release(&reply);
    return r;
}
