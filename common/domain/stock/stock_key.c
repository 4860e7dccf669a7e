/* Stock keys; see stock_key.h. */
#include "domain/stock/stock_key.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

enum { CODES_MAX = 5 /* the product and four matrix codes */, ESCAPE_BYTES = 3 };

static const char capitals[] = "0123456789ABCDEF";

static bool is_plain(unsigned char c)
{
    return c >= 0x21 && c <= 0x7e && c != '/' && c != ':' && c != '%';
}

/* ---- writing ---- */

struct key_text {
    char *text;
    size_t size, room, max;
    int fault;
};

static void put_byte(struct key_text *out, char c)
{
    if (out->size == out->max)
        out->fault = -ENAMETOOLONG;
    else if (out->size + 1 >= out->room)
        out->fault = -ENOSPC;
    if (out->fault == 0)
        out->text[out->size++] = c;
}

static void put_code(struct key_text *out, const char *code)
{
    for (const char *p = code; *p != '\0' && out->fault == 0; p++) {
        const unsigned char c = (unsigned char)*p;
        if (is_plain(c)) {
            put_byte(out, *p);
            continue;
        }
        put_byte(out, '%');
        put_byte(out, capitals[c >> 4]);
        put_byte(out, capitals[c & 15]);
    }
}

static int end_text(struct key_text *out)
{
    if (out->fault == 0)
        out->text[out->size] = '\0';
    return out->fault == 0 ? (int)out->size : out->fault;
}

int stock_key_write_parts(const char *product, const char *const *matrix, size_t matrix_count,
                          char *ret_key, size_t room)
{
    while (matrix_count > 0 && text_is_empty(matrix[matrix_count - 1]))
        matrix_count--;
    if (text_is_empty(product) || matrix_count >= CODES_MAX)
        return -EINVAL;
    struct key_text out = {.text = ret_key, .room = room, .max = STOCK_KEY_BYTES_MAX};
    put_code(&out, product);
    for (size_t i = 0; i < matrix_count; i++) {
        put_byte(&out, ':');
        if (matrix[i] != NULL)
            put_code(&out, matrix[i]);
    }
    return end_text(&out);
}

int stock_key_write(const struct prima_sku *sku, char *ret_key, size_t room)
{
    return stock_key_write_parts(sku->product, sku->matrix, CODES_MAX - 1, ret_key, room);
}

/* ---- reading ---- */

static int hex_of(char c)
{
    const char *at = c == '\0' ? NULL : strchr(capitals, c);
    return at == NULL ? -1 : (int)(at - capitals);
}

/* Takes the escapes out of `size` bytes, in place; false: they are not as put_code writes them. */
static bool unescape(char *code, size_t size)
{
    size_t written = 0;
    for (size_t i = 0; i < size; i++) {
        if (code[i] != '%') {
            if (!is_plain((unsigned char)code[i]))
                return false;
            code[written++] = code[i];
            continue;
        }
        if (size - i < ESCAPE_BYTES)
            return false;
        const int high = hex_of(code[i + 1]), low = hex_of(code[i + 2]);
        if (high < 0 || low < 0)
            return false;
        const unsigned char c = (unsigned char)(high << 4 | low);
        if (c == '\0' || is_plain(c))
            return false;
        code[written++] = (char)c;
        i += ESCAPE_BYTES - 1;
    }
    code[written] = '\0';
    return true;
}

int stock_key_read(const char *key, struct arena *arena, struct prima_sku *ret_sku)
{
    const size_t size = strlen(key);
    if (size > STOCK_KEY_BYTES_MAX)
        return -EINVAL;
    char *rest = arena_text(arena, key, size);
    if (rest == NULL)
        return -ENOMEM;
    struct prima_sku sku = {0};
    size_t count = 0;
    char *code = NULL;
    while ((code = strsep(&rest, ":")) != NULL) {
        if (count == CODES_MAX || !unescape(code, strlen(code)))
            return -EINVAL;
        const char *found = *code == '\0' ? NULL : code;
        if (count == 0)
            sku.product = found;
        else
            sku.matrix[count - 1] = found;
        count++;
        if (rest == NULL && found == NULL)
            return -EINVAL; /* an empty code at the end */
    }
    if (sku.product == NULL)
        return -EINVAL;
    *ret_sku = sku;
    return 0;
}

/* ---- message keys ---- */

const char *stock_key_of_topic(struct arena *arena, const char *company, const char *key)
{
    return TEXT_JOIN(arena, company, "/", key);
}

const char *stock_key_of_reservation(struct arena *arena, const char *company, const char *key,
                                     const char *depot, const char *order)
{
    char code[STOCK_DEPOT_BYTES_MAX + 1];
    struct key_text out = {.text = code, .room = sizeof code, .max = STOCK_DEPOT_BYTES_MAX};
    put_code(&out, depot);
    if (end_text(&out) < 0)
        return NULL;
    return TEXT_JOIN(arena, company, "/", key, "/", code, "/", order);
}

size_t stock_key_place(const char *key, size_t size)
{
    const char *first = size == 0 ? NULL : memchr(key, '/', size);
    if (first == NULL || first == key)
        return 0;
    const size_t begin = (size_t)(first - key) + 1;
    const char *second = begin == size ? NULL : memchr(key + begin, '/', size - begin);
    const size_t end = second == NULL ? size : (size_t)(second - key);
    return end == begin ? 0 : end;
}

int stock_key_split(const char *key, size_t size, struct arena *arena,
                    struct stock_reservation_key *ret_parts)
{
    if (memchr(key, '\0', size) != NULL)
        return -EINVAL;
    char *rest = arena_text(arena, key, size);
    if (rest == NULL)
        return -ENOMEM;
    const char *company = strsep(&rest, "/"), *sku = strsep(&rest, "/");
    char *depot = strsep(&rest, "/");
    struct prima_sku codes;
    if (depot == NULL || rest == NULL || *rest == '\0' || *company == '\0')
        return -EINVAL;
    const int r = stock_key_read(sku, arena, &codes);
    if (r < 0)
        return r;
    if (strlen(depot) > STOCK_DEPOT_BYTES_MAX || !unescape(depot, strlen(depot)))
        return -EINVAL;
    *ret_parts = (struct stock_reservation_key){
        .company = company, .sku = sku, .depot = depot, .order = rest};
    return 0;
}
