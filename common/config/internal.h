/* What the files of common/config/ share and nobody else includes. Types, not behaviour: see
 * config.h. */
#ifndef PRIMAFLOW_CONFIG_INTERNAL_H
#define PRIMAFLOW_CONFIG_INTERNAL_H

#include "base/arena.h"
#include "config/config.h"

enum config_type {
    CONFIG_TEXT,
    CONFIG_INT,
    CONFIG_BOOL,
    CONFIG_MS,
    CONFIG_BYTES,
    CONFIG_PATH,
    CONFIG_CHOICE
};

struct config_row { /* of keys.def */
    const char *key;
    enum config_type type;
    const char *initial; /* CHOICE: "first|second|...", the first is the default */
    int64_t min, max;    /* 0, 0: unbounded */
    bool secret;
    const char *help;
};
extern const struct config_row config_rows[CFG_COUNT];

struct config_value {
    const char *text;   /* as it was given; PATH: resolved; CHOICE: the word */
    int64_t number;     /* INT, MS, BYTES, BOOL */
    const char *source; /* "default", "file:line:column", "environment NAME", "-o" */
};

struct config_property { /* of librdkafka */
    const char *name, *value, *source;
};

enum { RDKAFKA_MAX = 64 }; /* properties that pass through; librdkafka itself has about 150 */

struct config {
    struct arena *arena; /* every text */
    const char *file;
    struct config_value values[CFG_COUNT];
    struct config_property rdkafka[RDKAFKA_MAX];
    size_t rdkafka_count;
};

/* ---- keys.c ---- */
enum config_key config_find(const char *key); /* CFG_COUNT: none */
const char *config_nearest(const char *key);  /* a key so like it that it may be meant, or NULL */
const char *config_rdkafka_owner(
    const char *name); /* non-NULL: this property is primaflow's own, and why */
const char *config_rdkafka_overrules(
    const char *name); /* non-NULL: it may be set, and has no effect; why */
bool config_rdkafka_secret(const char *name);

/* ---- value.c ---- */
/* Reads `text` as the row's type and checks its bounds. -EINVAL: *ret_number untouched, `why` says
 * what is wanted, without the value. */
__attribute__((warn_unused_result)) int config_read_value(const struct config_row *row,
                                                          const char *text, int64_t *ret_number,
                                                          char why[static 200]);
void config_format_number(enum config_type type, int64_t number,
                          char text[static 32]); /* "90s", "64k", "7", "true" */

/* ---- print.c ---- */
/* The value with passwords replaced by "***": of a secret wholly, unless it is a URL; of a URL its
 * password. In the arena; never NULL. */
const char *config_masked(struct arena *arena, const char *value, bool secret);

#endif
