/* The catalogue's table; see errors.h. */
#include "base/errors.h"

#include <assert.h>

#define PF_ERROR(name, class, owner, severity, meaning, next)                                      \
    [PF_E_##name] = {#name, PF_CLASS_##class, PF_OWNER_##owner, PF_SEVERITY_##severity, meaning,   \
                     next},
static const struct pf_error_info catalogue[PF_ERROR_COUNT] = {
    [PF_OK] = {"ok", PF_CLASS_NONE, PF_OWNER_NONE, PF_SEVERITY_NONE, "", ""},
#include "base/errors.def"
};
#undef PF_ERROR

const struct pf_error_info *pf_error_info(enum pf_error code)
{
    assert((unsigned)code < PF_ERROR_COUNT);
    return &catalogue[code];
}

enum pf_error pf_error_find(const char *name)
{
    for (int i = 1; i < PF_ERROR_COUNT; i++)
        if (strcmp(catalogue[i].name, name) == 0)
            return (enum pf_error)i;
    return PF_OK;
}

const char *pf_owner_name(enum pf_owner owner)
{
    static const char *const names[] = {"none", "finance", "ecommerce", "operations"};
    assert((unsigned)owner < sizeof names / sizeof *names);
    return names[owner];
}

const char *pf_class_name(enum pf_class class)
{
    static const char *const names[] = {"none",     "hold", "flag", "dead_letter",
                                        "conflict", "park", "world"};
    assert((unsigned)class < sizeof names / sizeof *names);
    return names[class];
}

const char *pf_severity_name(enum pf_severity severity)
{
    static const char *const names[] = {"none", "warning", "error"};
    assert((unsigned)severity < sizeof names / sizeof *names);
    return names[severity];
}
