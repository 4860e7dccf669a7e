/* OpenSSL's digests; see digest.h. */
#include "base/digest.h"

#include <pthread.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

struct digest {
    EVP_MD_CTX *ctx;
};

static void need(int ok)
{
    if (ok != 1) {
        (void)fputs("primaflow: OpenSSL failed on a digest or on random bytes; stopping\n", stderr);
        abort();
    }
}

/* Fetched once: OpenSSL 3 looks for it anew, under locks, whenever it is asked for by
 * EVP_sha256(). */
static EVP_MD *sha256;

/* Random bytes ahead: an order takes 24 in two calls, and a call costs as much as some hundred
 * bytes. */
enum { AHEAD = 512 };
static _Thread_local uint8_t ahead[AHEAD];
static _Thread_local size_t ahead_left;

/* Parent and child of a fork must not go on with the same ones. */
static void forget_ahead(void)
{
    ahead_left = 0;
}

static void digest_begin(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    need(sha256 != NULL && pthread_atfork(NULL, NULL, forget_ahead) == 0);
}

static void begin_once(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, digest_begin);
}

static const EVP_MD *get_sha256(void)
{
    begin_once();
    return sha256;
}

struct digest *digest_new(void)
{
    struct digest *d = malloc(sizeof *d);
    need(d != NULL);
    d->ctx = EVP_MD_CTX_new();
    need(d->ctx != NULL && EVP_DigestInit_ex(d->ctx, get_sha256(), NULL) == 1);
    return d;
}

void digest_add(struct digest *d, const void *bytes, size_t size)
{
    need(EVP_DigestUpdate(d->ctx, bytes, size));
}

void digest_end(struct digest *d, uint8_t ret_hash[static DIGEST_SIZE])
{
    need(EVP_DigestFinal_ex(d->ctx, ret_hash, NULL));
    EVP_MD_CTX_free(d->ctx);
    free(d);
}

void digest_sha256(const void *bytes, size_t size, uint8_t ret_hash[static DIGEST_SIZE])
{
    need(EVP_Digest(bytes, size, ret_hash, NULL, get_sha256(), NULL));
}

void digest_hmac(const void *key, size_t key_size, const void *bytes, size_t size,
                 uint8_t ret_hash[static DIGEST_SIZE])
{
    unsigned length = DIGEST_SIZE;
    need(HMAC(get_sha256(), key, (int)key_size, bytes, size, ret_hash, &length) != NULL);
}

void digest_random(void *ret_bytes, size_t size)
{
    begin_once();
    if (size > AHEAD) {
        need(RAND_bytes(ret_bytes, (int)size));
        return;
    }
    if (ahead_left < size) {
        need(RAND_bytes(ahead, AHEAD));
        ahead_left = AHEAD;
    }
    memcpy(ret_bytes, ahead + AHEAD - ahead_left, size);
    memset(ahead + AHEAD - ahead_left, 0, size); /* handed out once, and gone */
    ahead_left -= size;
}

char *digest_hex(const void *bytes, size_t size, char *text)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *b = bytes;
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[b[i] >> 4];
        text[2 * i + 1] = digits[b[i] & 15];
    }
    text[2 * size] = '\0';
    return text;
}

bool digest_of_hex(const char *text, uint8_t *ret_bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    if (text == NULL || strlen(text) != 2 * size)
        return false;
    for (size_t i = 0; i < 2 * size; i++) {
        const char *digit = strchr(digits, text[i]);
        const unsigned value = digit != NULL ? (unsigned)(digit - digits) % 16 : 0;
        if (digit == NULL)
            return false;
        ret_bytes[i / 2] = (uint8_t)(i % 2 == 0 ? value << 4 : ret_bytes[i / 2] | value);
    }
    return true;
}
