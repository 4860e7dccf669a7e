/* The catalogue of reasons (errors.def) as an enum with lookups. The class decides what happens to
 * a record. Constant data: any thread, nothing to free. */
#ifndef PRIMAFLOW_ERRORS_H
#define PRIMAFLOW_ERRORS_H

enum pf_error {
    PF_OK = 0,
#define PF_ERROR(name, class, owner, severity, meaning, next) PF_E_##name,
#include "base/errors.def"
#undef PF_ERROR
    PF_ERROR_COUNT
};

enum pf_class {
    PF_CLASS_NONE,        /* PF_OK */
    PF_CLASS_HOLD,        /* post it, on hold, with a narrative */
    PF_CLASS_FLAG,        /* post it, and say that somebody has to look */
    PF_CLASS_DEAD_LETTER, /* nothing exists in Prima; the record goes to <in>.dlq */
    PF_CLASS_CONFLICT, /* Prima has another content of this key; dead letter, never overwritten */
    PF_CLASS_PARK,     /* outcome not provable: dead letter, and the key waits for a person */
    /* not the record's fault: pause, probe, resume; never counted, never dead-lettered */
    PF_CLASS_WORLD,
};

enum pf_owner {
    PF_OWNER_NONE,
    PF_OWNER_FINANCE,
    PF_OWNER_ECOMMERCE,
    PF_OWNER_OPERATIONS,
    PF_OWNER_COUNT
};
enum pf_severity { PF_SEVERITY_NONE, PF_SEVERITY_WARNING, PF_SEVERITY_ERROR };

struct pf_error_info {
    const char *name; /* as in results, headers and metric labels */
    enum pf_class class;
    enum pf_owner owner;
    enum pf_severity severity;
    const char *meaning, *next_step;
};

/* The row of a code; PF_OK has the name "ok". Asserts on a value outside the enum. */
const struct pf_error_info *pf_error_info(enum pf_error code);

/* The code of a name, or PF_OK when there is none. */
enum pf_error pf_error_find(const char *name);

const char *pf_owner_name(enum pf_owner owner); /* "finance", ... */
const char *pf_class_name(enum pf_class class); /* "dead_letter", ... */
const char *pf_severity_name(enum pf_severity severity);

#endif
