/* Bytes in JSON and back, base64 by OpenSSL. */
#include "core/bytes_json.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>

json_t *base64_to_json(const void *bytes, size_t size)
{
    if (bytes == NULL)
        return json_null();
    if (size > INT_MAX / 2)
        return NULL;
    char *text = malloc(size / 3 * 4 + 5);
    if (text == NULL)
        return NULL;
    (void)EVP_EncodeBlock((unsigned char *)text, bytes, (int)size);
    json_t *json = json_pack("{s:s}", "base64", text);
    free(text);
    return json;
}

json_t *bytes_to_json(const void *bytes, size_t size)
{
    if (bytes == NULL)
        return json_null();
    json_t *text =
        memchr(bytes, '\0', size) == NULL ? json_stringn(bytes, size) : NULL; /* NULL: not UTF-8 */
    return text != NULL ? text : base64_to_json(bytes, size);
}

static int base64_read(const char *text, struct buf *out)
{
    size_t size = strlen(text),
           padding = size >= 2 ? (size_t)(text[size - 1] == '=') + (text[size - 2] == '=') : 0;
    if (size % 4 != 0 || size > INT_MAX / 2)
        return -EINVAL;
    unsigned char *bytes = malloc(size + 1);
    if (bytes == NULL)
        return -ENOMEM;
    int n = size == 0 ? 0
                      : EVP_DecodeBlock(bytes, (const unsigned char *)text,
                                        (int)size); /* counts the padding as bytes */
    if (n >= 0)
        buf_append(out, bytes, (size_t)n - padding);
    free(bytes);
    return n < 0 ? -EINVAL : out->failed ? -ENOMEM : 0;
}

int bytes_from_json(const json_t *json, struct buf *out, bool *ret_is_null)
{
    const json_t *base64 = json_is_object(json) && json_object_size(json) == 1
                               ? json_object_get(json, "base64")
                               : NULL;
    *ret_is_null = json == NULL || json_is_null(json);
    if (*ret_is_null)
        return 0;
    if (json_is_string(base64))
        return base64_read(json_string_value(base64), out);
    if (json_is_string(json)) {
        buf_append(out, json_string_value(json), json_string_length(json));
    } else {
        char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
        if (text == NULL)
            return -ENOMEM;
        buf_text(out, text);
        free(text);
    }
    return out->failed ? -ENOMEM : 0;
}
