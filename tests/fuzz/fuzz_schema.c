/* A schema's text as a registry may give it: what parses has a canonical form that parses too, with
 * the same fingerprint. */
#include "codec/schema.h"

#include "fuzz_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct schema *schema = NULL, *again = NULL;
    char message[200] = "";
    if (schema_parse((const char *)data, size, &schema, message) < 0) {
        FUZZ_CHECK(message[0] != '\0');
        return 0;
    }
    struct buf canonical;
    buf_init(&canonical, 4 << 20);
    schema_canonical(schema, &canonical);
    FUZZ_CHECK(!canonical.failed);
    FUZZ_CHECK(schema_parse(canonical.data, canonical.size, &again, message) == 0);
    FUZZ_CHECK(again->fingerprint == schema->fingerprint);
    buf_release(&canonical);
    schema_free(again);
    schema_free(schema);
    return 0;
}
