/* Hostility on demand: rules that match requests and say what is done to them. The kinds stand in
 * fault_kinds.def, the JSON in README.md.
 *
 * Invariants: rules are tried in the order of their making; every rule of kind latency that fires
 * adds up, and the first other one that fires ends the search; `nth` counts the requests that match
 * the rule's type and key, `count` the times it fired. One thread. */
#ifndef SANDBOX_FAULTS_H
#define SANDBOX_FAULTS_H

#include "latency.h"
#include "wording.h"

#include <jansson.h>
#include <stdbool.h>

enum fault_kind {
#define FAULT_KIND(name, text, applies, meaning) FAULT_##name,
#include "fault_kinds.def"
#undef FAULT_KIND
    FAULT_KIND_COUNT
};

enum fault_then { THEN_ANSWER, THEN_HANG, THEN_RESET, THEN_STATUS };

enum { FAULT_TEXT_MAX = 300, FAULT_NAME_MAX = 40 };

/* What is to be done, by value: a rule may be deleted while its request is under way. */
struct fault {
    enum fault_kind kind;
    char name[FAULT_NAME_MAX]; /* "reset_after#3", as stored in requests.fault */
    bool apply;
    int status; /* http, throttle, apply_delay with THEN_STATUS */
    /* error, ok_with_error, soap_fault, http: the text; "" for one by wording */
    char text[FAULT_TEXT_MAX];
    enum wording about;
    enum wording_style style;
    size_t bytes; /* cut, reset_after: of the reply, head included; garbage: its size */
    bool raw;     /* garbage: not even HTTP */
    int64_t delay_us;
    enum fault_then then;
    char retry_after[64]; /* "3", "date:3" (an HTTP date 3 s from now), or any text */
    bool shuffle;
    double duplicate, drop; /* shares of the rows */
    int64_t keep_rows;      /* -1: all */
};

struct faults;

struct faults *faults_new(void); /* NULL: no memory */
void faults_free(struct faults *f);

/* Adds a rule from JSON. -EINVAL: ret_message says which field; -ENOSPC: 100 rules are there. */
__attribute__((warn_unused_result)) int faults_add(struct faults *f, json_t *json, int *ret_id,
                                                   char ret_message[static 200]);
bool faults_remove(struct faults *f, int id); /* false: there is none */
void faults_clear(struct faults *f);
/* the rules as given, with id, matched, fired; the caller's reference */
json_t *faults_list(const struct faults *f);

/* What to do to a request of this type and key: false for nothing. *ret_latency_us gets what
 * latency rules add in either case. */
bool faults_choose(struct faults *f, const char *type, const char *key, struct fault *ret_fault,
                   int64_t *ret_latency_us);

const char *fault_kind_name(enum fault_kind kind);

#endif
