/* A person's word, with evidence, that Prima's document holds another version of the order now: it
 * becomes the posted one. Resends of it are duplicates from then on, and the ledger has its lines, so
 * that refunds find them.
 *
 * The word is in Kafka and nowhere else: decision (ops.decisions), audit and ledger entry are one
 * transaction; Redis follows, and a rebuild of Redis reads the decisions. Who is killed in between runs
 * it again: the same word changes nothing twice. One thread. */
#ifndef PRIMAFLOW_OPS_AMENDED_H
#define PRIMAFLOW_OPS_AMENDED_H

#include "core/context.h"
#include "core/ledger_pages.h"

struct amended_options {
    const char *id;       /* as of `why` */
    int64_t version;      /* source_version of the event that Prima's document holds now */
    const char *evidence; /* how the person knows; no names of customers */
    const char *who;      /* "ann@host" */
    bool writes;          /* false: only says what it would do */
};
struct amended {
    char key[256], order_number[256];
    char delivery[160]; /* that brought the version */
    int64_t lines;
    char total[40]; /* "51.95 GBP" */
    bool written;
};

/* OPS_USAGE: not one posted order. OPS_DATA: no such version, or it cannot be placed by today's
 * mappings, or what was credited already does not fit into it. *ret_amended is filled as far as it went. */
__attribute__((warn_unused_result)) enum ops_kind ops_amended(struct ops *ops,
                                                              const struct amended_options *options,
                                                              struct amended *ret_amended,
                                                              struct ops_error *ret_error);

/* amended_credits.c: the credit notes of `former`, and what they credited of its lines, charges and
 * payments, are `entry`'s, too, which is of a later version of the same document. Their texts stay
 * the former's. 0; -EINVAL with ret_why: something credited has no place there, and *entry is not to
 * be used. Pure. */
enum { AMENDED_WHY_MAX = 200 };
__attribute__((warn_unused_result)) int amended_carry_credits(const struct ledger_entry *former,
                                                              struct ledger_entry *entry,
                                                              char ret_why[static AMENDED_WHY_MAX]);

/* Whether `entry`, of a later version, has room for what its refunds took, for what a person must tell
 * of, and for what is reserved (each with its key). 0; -EINVAL with ret_why; -ENOMEM. Pure. */
__attribute__((warn_unused_result)) int amended_has_room(const struct ledger_entry *entry,
                                                         const struct ledger_group *group,
                                                         const struct ledger_credit reserved[],
                                                         size_t reserved_count, struct arena *arena,
                                                         char ret_why[static AMENDED_WHY_MAX]);

#endif
