/* What libFuzzer calls for each input. Return 0; a defect aborts. */
#ifndef PRIMAFLOW_FUZZ_TARGET_H
#define PRIMAFLOW_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts with the text unless `truth`: unlike assert it stays in release builds. */
#define FUZZ_CHECK(truth)                                                                          \
    do {                                                                                           \
        if (!(truth)) {                                                                            \
            (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #truth);                      \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
