/* Facts about the world that a decision needs, found by sources that the worker names (products,
 * customers), one after the other. Loop thread only. */
#ifndef PRIMAFLOW_FACTS_H
#define PRIMAFLOW_FACTS_H

#include "posting/record.h"

struct fact_progress {
    size_t partitions, restored; /* that it reads; of them, to their ends */
    int64_t keys, behind;        /* that it knows; records to the ends */
};

/* A source of facts of one kind. Functions that are NULL are left out. */
struct fact_source {
    enum fact_kind kind;
    const struct redis_scripts *(*scripts)(void); /* that it calls, with those of the keys */
    /* Once, before anything is read; and with each partition that comes or goes. */
    void (*begin)(struct worker *w);
    void (*assigned)(struct worker *w, const struct partition *p);
    void (*revoked)(struct worker *w, const struct partition *p);
    /* How far it has read what it must read before it knows anything; and its gauges. */
    void (*progress)(const struct worker *w, struct fact_progress *ret_progress);
    void (*write_metrics)(const struct worker *w);
    /* What this process knows without asking anybody; in the record's arena. False: it does not. */
    bool (*look)(struct record *r, struct fact *fact);
    /* Finds out those of r->facts that are its own and unasked. False: all of them are known. True:
     * act_find_facts is called again, or the record goes another way. */
    bool (*find)(struct record *r);
    /* What the answer to the record's own call says of it already: kept until `find`. */
    void (*hear)(struct record *r, const struct redis_reply *reply);
};

/* For worker_engine.scripts: of the first source that has some; NULL: none has. */
const struct redis_scripts *facts_scripts(const struct worker *w);

/* Told to every source. */
void facts_begin(struct worker *w);
void facts_assigned(const struct partition *p);
void facts_revoked(const struct partition *p);
/* Whether a record of this worker's may create an account in Prima: it can ask for one. */
bool facts_create_accounts(const struct worker *w);

/* Of the one source that has progress; false: none has. */
bool facts_progress(const struct worker *w, struct fact_progress *ret_progress);
void facts_write_metrics(const struct worker *w);

/* For struct flow_known: what this process knows of a fact, of a record's decision (`record`). */
void facts_look(void *record, struct fact *fact);

/* The record is claimed, or must be decided anew: the answer may say what would be asked next. */
void facts_hear(struct record *r, const struct redis_reply *reply);

/* The fact at hand is known: on to the next, or back to the decision. */
void facts_next(struct record *r);

/* Prima did not answer a read that a decision hangs on: wait and begin the decision again. */
void facts_wait(struct record *r);

/* ... another record of this process is finding it out: until it is through, or so long. */
void facts_wait_here(struct record *r, int64_t ms);

#endif
