/* What a worker is: a descriptor of topics, events and pure functions. How records travel, retry,
 * settle and commit is the runtime's business; a flow knows neither Kafka nor Redis nor HTTP.
 *
 * Rules for the functions
 *   - Pure: they read their arguments and allocate in the arena they are given; the same arguments
 *     give the same result, byte for byte.
 *   - They may be called again for the same event (after a crash, a retry, a reload): only `decide`
 *     depends on the mappings, and its request and summary are stored before anything is sent, so
 *     that what was decided stays decided.
 * Loop thread only. */
#ifndef PRIMAFLOW_FLOW_H
#define PRIMAFLOW_FLOW_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/errors.h"
#include "codec/codec.h"
#include "config/config.h"
#include "flow/overlay_seal.h"
#include "prima/answer.h"
#include "prima/request.h"

struct ledger_credit; /* domain/events/ledger_credit.h */
struct ledger_fold;   /* domain/ledger/ledger_fold.h */
struct ledger_kept;   /* of the same */

enum outcome { /* of a result; the rest are dead letters, by code. Names: outcome_name */
               OUTCOME_POSTED,
               OUTCOME_POSTED_ON_HOLD,
               OUTCOME_DUPLICATE,
               OUTCOME_SUPERSEDED,
               OUTCOME_CANCELLED_BEFORE_POSTING,
               OUTCOME_IGNORED_TEST,
               OUTCOME_IGNORED_BEFORE_CUTOVER,
               OUTCOME_PAYMENT_UPDATED,   /* posted before; its money moved */
               OUTCOME_CONTAINED,         /* of refunds: what was posted has it already */
               OUTCOME_NO_MONEY,          /* of refunds: nothing went back */
               OUTCOME_NOTHING_TO_CREDIT, /* of refunds: their order was never posted */
               OUTCOME_COUNT
};
const char *outcome_name(enum outcome outcome); /* "posted", ... as in results */

/* Who a record is. Texts live in the record's arena. */
struct flow_key {
    const char *natural; /* K: company/type/channel/store/id */
    const char *kafka;   /* the topic key: company/channel/store/id; of a flow with a ledger it is
                             that of the order */
    const char *lane;    /* records of one lane run one after the other; NULL: K's. Of a flow with a
                             ledger: the K of the order */
    const char *company; /* for comwsomhandler */
    const char *document; /* Prima's number of the document, from K alone */
    int64_t version;      /* the source's version of the content; higher is newer; 0: unknown */
    bool cancels;         /* the event takes K back: it is never sent, see posting/record_state.h */
    /* nothing of K is left to be sent: where K is not posted, this version settles it as cancelled
     * before posting, older ones are superseded, and a newer one may bring something back */
    bool is_empty;
};

/* A fact about the world that a decision needs; the runtime finds it out (cache, Redis, Prima) and
 * calls decide again. */
enum fact_kind {
    FACT_PRODUCT,  /* does Prima have this SKU? */
    FACT_CUSTOMER, /* which account is this customer's? Created when there is none */
    FACT_CREDIT,   /* what remains creditable of the order that the record's topic key names */
    FACT_STATUS,   /* what Prima says of a document now */
};
enum fact_state {
    FACT_UNASKED,
    FACT_KNOWN,     /* product exists / account found or created */
    FACT_ABSENT,    /* product: neither the catalogue nor Prima, asked now, has it */
    FACT_AMBIGUOUS, /* customer: more than one account matches */
    FACT_UNCERTAIN, /* customer: whether an account was created could not be found out */
};
struct fact {
    enum fact_kind kind;
    enum fact_state state;
    struct prima_sku sku;           /* FACT_PRODUCT */
    const char *channel_customer;   /* FACT_CUSTOMER: channel/customer-id, "" for a guest */
    const char *email;              /* FACT_CUSTOMER: normalised, "" when there is none */
    struct prima_customer customer; /* FACT_CUSTOMER: to create it with */
    const char *account;            /* FACT_CUSTOMER, FACT_KNOWN */
    /* FACT_CREDIT, FACT_KNOWN: the ledger's entry with all credits, and what is kept for others
     * (domain/ledger/ledger_fold.h); of flows with a ledger, once in a plan */
    const struct ledger_fold *credit;
    /* ... with what is reserved under way, ledger_keep's; NULL: nothing is, but what is open */
    const struct ledger_kept *kept;
    /* FACT_CREDIT, FACT_UNASKED: it is known when the ledger has what edits have left owed, too */
    bool reads_owed;
    enum prima_type asks; /* FACT_STATUS: the request that asks */
    const char *document; /* FACT_STATUS: its number */
    const char *status;   /* FACT_STATUS, FACT_KNOWN: Prima's word; FACT_ABSENT: no such document */
};
/* What the runtime knows of a fact without asking anybody: `look` fills in state and account, or
 * leaves it FACT_UNASKED. What most events name is known, and then they are decided once. */
struct flow_known {
    void (*look)(void *user, struct fact *fact);
    void *user;
    int64_t now_ms,
        first_seen_ms; /* wall: now (0: nobody waits), and when the record was first fetched */
};
enum { FLOW_FACTS_MAX = 512 }; /* lines of an event that may need a product read, and a customer */

struct flow_plan {
    enum { FLOW_NEEDS_FACTS, FLOW_SENDS, FLOW_SETTLES, FLOW_DEAD_LETTERS, FLOW_WAITS } verdict;
    /* FLOW_NEEDS_FACTS: in the arena; the runtime fills in the states and passes the same array
     * back */
    struct fact *facts;
    size_t fact_count;
    /* FLOW_SENDS: the exact request (prima/request.h) and the flow's own compact summary of it
     * (proof, flags), opaque to the runtime, <= 1 KiB; of a flow with a ledger as long as what the
     * request takes of an order's credit makes it. FLOW_SETTLES: a summary alone, or none, which
     * the settlement has; it is not stored */
    const char *request, *summary;
    size_t request_size, summary_size;
    enum outcome outcome; /* FLOW_SENDS: posted or posted on hold; FLOW_SETTLES: ignored ones */
    /* FLOW_SETTLES, of a flow with a ledger: what the order still owes changes by it, without money, as
     * its summary says and a record of the ledger will: from here on others of the order hear of it */
    bool owes;
    /* every flag raised, for metrics; the first is the result's code */
    enum pf_error codes[8];
    size_t code_count;
    /* FLOW_WAITS: not now (payment not captured, a mapping missing, where policy says wait): to the
     * retry topic, and decided again with the mappings of then, up to retry.max_age, when it
     * becomes a dead letter of codes[0]. Later events of the key may pass: a cancellation settles
     * it, a newer version that is posted makes it superseded, and one that waits as well is posted
     * instead of it (waiting.h). codes[0] says what for. */
    /* FLOW_DEAD_LETTERS, FLOW_SETTLES, FLOW_WAITS: a sentence without personal data, or NULL */
    const char *detail;
};

/* What a request comes to, once it is a document of Prima's. */
struct flow_amounts {
    char currency[4]; /* ISO 4217 */
    char date[11];    /* of the document, YYYY-MM-DD or "" */
    bool hold;
    int32_t line_count;
    int64_t net_minor, tax_minor, gross_minor;
};

/* In shadow mode: what would have been posted, by its own request, and whether Prima has the number
 * already. */
struct flow_shadow {
    bool in_prima, creates_customer;
    char request_digest[65]; /* SHA-256 in hex */
    struct flow_amounts amounts;
};

/* The money of an event, apart from its goods: minor units of the shop's currency. */
struct flow_money {
    int64_t captured_minor, authorized_minor, pending_minor, outstanding_minor;
    bool is_void; /* the channel says that nothing more will come */
};
enum { FLOW_MONEY_SIZE = 8 };
/* Its digest: a version byte, and the first of SHA-256. Golden vectors in the tests never
 * change. */
void flow_money_digest(const struct flow_money *money, uint8_t ret_digest[static FLOW_MONEY_SIZE]);

/* What is known when a record settles with a result. */
struct flow_settlement {
    enum outcome outcome;
    const struct flow_key *key;
    const uint8_t *identity;      /* 33 bytes */
    const uint8_t *goods, *money; /* its parts: 16 and FLOW_MONEY_SIZE bytes */
    const char *summary;          /* of the posted request; NULL when nothing was decided */
    size_t summary_size;
    const char *publisher; /* delivery that published `posted`, for duplicates; or NULL */
    const char *delivery;  /* topic/partition/offset at which this record entered */
    const char *source_topic;
    int32_t source_partition;
    int64_t source_offset;
    int64_t received_ms, posted_ms, published_ms; /* wall; 0: not posted */
    int64_t attempts;
    enum pf_error code; /* for outcomes that carry one without a summary */
    /* of a flow with a ledger, posted now: the order's own exception that is open; PF_OK: none is known */
    enum pf_error related;
    const char *detail;
    /* of a later version: the delivery whose dead letter stays open, that it brings to its end; or
     * NULL */
    const char *exception, *resolves;
    /* of a redrive or a replay: the delivery that it continues, as its header had it; NULL or "" */
    const char *origin;
    bool is_shadow;                   /* nothing was posted, whatever the outcome says */
    const struct flow_shadow *shadow; /* NULL: not a shadow, or nothing was planned */
    bool is_dead_letter; /* it ends as a dead letter of `code`; `outcome` says nothing */
    /* digest of the overlay with which a person edited the event that the summary was made of, in
     * hexadecimal; "": nobody did */
    char overlay[OVERLAY_TOLD_MAX];
};

/* Two topics of which the same partitions belong to one worker: what belongs to one `whose`
 * ("order") stands in the same partition of both. Checked at start. */
struct flow_beside {
    const char *one, *other, *whose;
};
enum { FLOW_READS_MAX = 4, FLOW_BESIDE_MAX = 8 };

/* A topic that a flow publishes into, besides dead letters and retries. */
struct flow_output {
    const char *name;   /* "orders.results" */
    const char *record; /* name of its Avro record, for registration */
    const char *what;   /* "result": one of its messages, in texts */
    bool is_for_shadow; /* a shadow writes it as well, to a topic of its own */
};
enum { FLOW_OUTPUTS_MAX = 6 };

/* Where a flow puts what is published with a settlement, in one transaction with its offset. */
struct flow_outputs {
    struct buf *value; /* empty; the framed Avro value is written here, and then put */
    /* Takes what is in `value`, which is empty again then. `topic`: its place in flow.outputs; one
     * that is not written (in a shadow) is left out. `key`: of the message; NULL: the record's.
     * Whatever its key, it stands in the partition of the record's topic key. */
    void (*put)(struct flow_outputs *outputs, size_t topic, const char *key);
};

/* A dead letter's message has room for it behind the meaning of its code. */
enum { FLOW_DIFFERENCES_MAX = 480 };

/* Days left for a document from which on whoever has to look is told. */
enum { FLOW_DAYS_FEW = 3 };
const char *flow_days_word(int32_t days_left); /* "many", "few"; below 0 "late" */

/* What a flow needs whose documents take back, whole or in part, what another flow's have posted:
 * the README of common/idempotency says how credit is reserved. */
struct flow_ledger {
    const char *topic; /* of entries, and of the records of what was taken: "orders.ledger" */
    /* What a request takes, out of its summary. 0; -EBADMSG; -ENOMEM. */
    int (*takes)(const char *summary, size_t size, struct arena *arena,
                 struct ledger_credit *ret_credit);
    /* What is kept of a summary once the ledger has what it takes, in the arena: enough for the
     * results of later deliveries. 0; -EBADMSG; -ENOMEM. */
    int (*keeps)(const char *summary, size_t size, struct arena *arena, const char **ret_bytes,
                 size_t *ret_size);
};

/* Of a worker whose engine does not post (stream/worker_engine.h): from the name to the outputs,
 * and no more. */
struct flow {
    const char *name;  /* "orders": also its class in the fleet's limit on Prima */
    const char *noun;  /* "order": one of its documents, in texts */
    const char *usage; /* for --help */
    int limit_weight;  /* share of the limit among the classes that ask */
    const char *reads; /* "orders.raw": it names dead letters, retry and replay topics */
    /* Further inputs of its group, to the first NULL. They have none of those topics; start.from
     * and start.vanished hold for each. */
    const char *also_reads[FLOW_READS_MAX];
    struct flow_beside beside[FLOW_BESIDE_MAX]; /* to the first without a name */
    bool is_read_once; /* nothing waits or is replayed: it has neither retry nor replay topics */
    /* [0]: the results, of which each record that ends as no dead letter has one; what comes
     * behind it as the flow likes. Ends before the first without a name. */
    struct flow_output outputs[FLOW_OUTPUTS_MAX];
    const struct bound_record *event; /* checked at start; NULL: the engine checks its own */
    enum prima_type writes;           /* PRIMA_NEW_ORDER */
    enum prima_type asks;             /* whether Prima has the document: status_request's */
    const struct flow_ledger *ledger; /* NULL: its documents stand alone */

    /* The rules: mappings and policies, read and checked whole. A reload that fails leaves the old
     * ones. */
    int (*rules_load)(const struct config *config, void **ret_rules,
                      struct config_message *ret_message);
    void (*rules_free)(void *rules);

    /* event → K. PF_OK, or a code (event_invalid, company_unmapped) with *ret_detail in the
     * arena. */
    enum pf_error (*key)(const void *event, const void *rules, struct arena *arena,
                         struct flow_key *ret_key, const char **ret_detail);

    /* event + rules + facts (NULL, 0 at first), and `known` (or NULL) for those that are missing →
     * plan. -ENOMEM: the arena is full, the record is dead-lettered as avro_too_large. */
    int (*decide)(const void *event, const struct flow_key *key, const void *rules,
                  struct fact *facts, size_t fact_count, const struct flow_known *known,
                  struct arena *arena, struct flow_plan *ret_plan);

    /* Days that a law leaves for the document of this event, which has none yet; below 0: late
     * by so many. False: nothing counts them. NULL: never. */
    bool (*days_left)(const void *event, const struct flow_key *key, const void *rules,
                      int64_t now_ms, int32_t *ret_days);

    /* Asks whether Prima has the document of this key. */
    int (*status_request)(const struct flow_key *key, const void *rules, struct buf *out);

    /* What this request of its own comes to, read from its bytes: what a shadow compares with the
     * documents that Prima has. */
    int (*amounts)(const char *request, size_t size, const void *rules,
                   struct flow_amounts *ret_amounts);

    /* The event's money. */
    void (*money)(const void *event, struct flow_money *ret_money);
    /* A version of a posted key moved its money: PF_OK, or the exception that this is. `summary` is
     * of the posted request, or NULL. ret_detail: what came and what the document still needs. */
    enum pf_error (*money_moved)(const void *event, const char *summary, size_t size,
                                 struct arena *arena, const char **ret_detail);
    /* The code of goods_moved's exception in the results of repeats: that it is open. */
    enum pf_error amended;
    /* ... has other goods than its document: which exception that is. `former` is the version that
     * was posted; NULL: `former_why` says why it is not known. ret_detail: what differs, in at most
     * FLOW_DIFFERENCES_MAX bytes, without what the schema marks as personal. */
    enum pf_error (*goods_moved)(const struct codec *codec, const void *former,
                                 const char *former_why, const void *event, struct arena *arena,
                                 const char **ret_detail);

    /* Outcome of a request, out of its summary: posted or posted on hold, and its flags. */
    enum outcome (*summary_outcome)(const char *summary, size_t size,
                                    enum pf_error ret_codes[static 8], size_t *ret_code_count);

    /* Puts every message that a settlement is published by: the result, and whatever else follows
     * from it. Of a dead letter: what is published beside it, which may be nothing. An error: the
     * record ends as a dead letter `defect`, or the letter goes alone. */
    int (*write_outputs)(struct codec *codec, const struct flow_settlement *settlement,
                         const void *event, const void *rules, struct arena *arena,
                         struct flow_outputs *outputs);
};

#endif
