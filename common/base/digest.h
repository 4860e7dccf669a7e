/* SHA-256, HMAC and random bytes by OpenSSL, and hexadecimal text. Fails only when OpenSSL does,
 * which aborts: without them nothing here is safe to go on. Any thread, except that a struct digest
 * belongs to one. */
#ifndef PRIMAFLOW_DIGEST_H
#define PRIMAFLOW_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE 32

struct digest;
struct digest *digest_new(void);
void digest_add(struct digest *d, const void *bytes, size_t size);
void digest_end(struct digest *d, uint8_t ret_hash[static DIGEST_SIZE]); /* frees d */

void digest_sha256(const void *bytes, size_t size, uint8_t ret_hash[static DIGEST_SIZE]);
void digest_hmac(const void *key, size_t key_size, const void *bytes, size_t size,
                 uint8_t ret_hash[static DIGEST_SIZE]);
void digest_random(void *ret_bytes, size_t size);

/* Lower-case hex of `size` bytes into text, which has room for 2 × size + 1; returns text. */
char *digest_hex(const void *bytes, size_t size, char *text);

/* `size` bytes of lower- or upper-case hex. False, and nothing is known of ret_bytes: the text is
 * NULL, or not that. */
bool digest_of_hex(const char *text, uint8_t *ret_bytes, size_t size);

#endif
