/* All dead letters that were read, small enough for a million of them, and what became of each: by the
 * results behind them, by letters that came later, and by people's decisions.
 *
 * First the letters are entered, in any order; then results and decisions; then letter_book_judge. A
 * letter is
 *   open       somebody must act
 *   retried    sent to its worker again; how that ended is not known yet
 *   resolved   a delivery settled its key, or brought the difference to its end, later
 *   replaced   a later letter of the same key says what there is to do now: its retry failed again, or
 *              a newer version came
 *   discarded  a person said that nothing is to be done
 *   expired    open, and its bytes have gone with its topic's retention: what was remembered of it stays
 * An amendment or conflict is about a key that Prima has: only a result that names its delivery, or a
 * person's word, ends it. A parked letter is replaced by no other: it waits for a person.
 *
 * An order that was posted on hold stands beside them (held.h): only a person's word ends it, or Prima's.
 *
 * Keys are told apart by 64 bits of their digest (SHA-256), and so are deliveries.
 * Owned by the caller, zeroed at first: letter_book_release. One thread. */
#ifndef PRIMAFLOW_OPS_LETTER_BOOK_H
#define PRIMAFLOW_OPS_LETTER_BOOK_H

#include "base/table.h"
#include "core/dead_letter.h"

enum { LETTER_BOOK_MAX = 4000000, LETTER_BLOCK = 4096 };

enum letter_state {
    LETTER_OPEN,
    LETTER_RETRIED,
    LETTER_RESOLVED,
    LETTER_REPLACED,
    LETTER_DISCARDED,
    LETTER_EXPIRED,
    LETTER_STATES
};
const char *letter_state_name(enum letter_state state);

struct letter_case {
    uint64_t key, order; /* digests of K and of the topic's key, which of a refund is its order's */
    uint64_t delivery;
    union {
        uint64_t parent;   /* of a dead letter; 0: not told */
        uint64_t document; /* of what is held: its number in Prima */
    };
    int64_t at_ms, offset, version;
    int64_t minor;             /* at stake, of `currency` */
    struct letter_case *older; /* of its key, in the order of entering */
    uint32_t cause;            /* place among the book's causes */
    int32_t partition;
    char currency[4];                  /* "": not known */
    uint16_t code;                     /* enum pf_error */
    uint8_t flow, state;               /* place among `flows`; enum letter_state */
    uint8_t is_cut, seen;              /* seen: by a second reading */
    uint8_t is_retried, is_discarded;  /* a person's word */
    uint8_t is_returned;               /* its retry has ended, and settled nothing */
    uint8_t is_remembered, is_expired; /* in the log of decisions; without bytes any more */
    uint8_t is_held; /* posted on hold, in the topic of results; else in that of dead letters */
    uint16_t edits;  /* version of its overlay; 0: nobody has edited it (core/letter_edits.h) */
    uint32_t note;   /* place among the book's notes + 1; 0: nobody has said anything */
};

/* What people call them: of a parked one nobody knows whether Prima has it, a held one Prima has on hold. */
enum letter_kind { LETTER_DEAD, LETTER_PARKED, LETTER_HELD, LETTER_KINDS };
enum letter_kind letter_kind_of(enum pf_error code, bool is_held);
const char *letter_kind_name(enum letter_kind kind); /* "dead" */

/* What letters have in common: one line of a list. Texts are the book's. */
struct letter_cause {
    uint64_t
        id; /* of the texts below: the same in every run; people see its first 8 hexadecimal digits */
    const struct flow *flow;
    enum pf_error code;
    bool is_held;
    const char *shop; /* "01/shopify/uk": company, channel, store; "" not known */
    const char *text; /* dead_letter_cause */
};

/* The last that people said of a letter that stays open. */
struct letter_note {
    char *assignee, *text;    /* "" */
    int64_t snoozed_until_ms; /* 0: not */
};

struct letter_book {
    struct letter_case **blocks;
    size_t count, block_room;
    struct table by_key;      /* the newest entered of each key */
    struct table by_order;    /* one of each */
    struct table by_delivery; /* all that have one */
    struct letter_cause *causes;
    size_t cause_count, cause_room;
    struct table by_cause; /* indices + 1 as pointers */
    struct letter_note *notes;
    size_t note_count, note_room;
    int64_t decided_to; /* the next place in the log of decisions */
};

/* As keys and deliveries are told apart; 0: "". */
uint64_t letter_digest(const char *text);

void letter_book_release(struct letter_book *book);
struct letter_case *letter_book_at(const struct letter_book *book, size_t index);

/* The topic's key is the record's. 0; -ENOMEM: also beyond LETTER_BOOK_MAX. */
__attribute__((warn_unused_result)) int letter_book_enter(struct letter_book *book,
                                                          const struct dead_letter *letter,
                                                          const void *topic_key, size_t size,
                                                          struct letter_case **ret_case);

/* Does a letter concern whoever has this topic key? Else its results need not be read. */
bool letter_book_concerns(const struct letter_book *book, const void *topic_key, size_t size);

/* What a result says. Texts "": not told. */
struct letter_end {
    const char *natural;  /* K: what is before it is resolved (DEAD_LETTER and PARK) */
    const char *resolves; /* the delivery whose letter it ends, whatever its class */
    const char *origin;   /* of a retry: the delivery that was retried. Its letter has ended, too */
    int64_t at_ms;
};
void letter_book_result(struct letter_book *book, const struct letter_end *end);

/* The letter of that delivery (of one without, its own place), or at that place; NULL: it was not read. The
 * latter looks at all of them. */
struct letter_case *letter_book_find(const struct letter_book *book, const char *delivery);
struct letter_case *letter_book_find_place(const struct letter_book *book,
                                           const struct letter_place *place);
/* The note of a letter, made when there is none yet. NULL: no memory. */
struct letter_note *letter_book_note(struct letter_book *book, struct letter_case *letter);
/* A person's word that Prima's document of K holds `version`: older differences have ended. */
void letter_book_amended(struct letter_book *book, const char *natural, int64_t version);

/* Letters replace others; people's words count where nothing else has ended a letter. Once, at last. 0;
 * -ENOMEM. */
__attribute__((warn_unused_result)) int letter_book_judge(struct letter_book *book);

#endif
