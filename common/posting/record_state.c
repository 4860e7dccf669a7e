/* A record's state moves by its table alone; see record_state.h. */
#include "posting/record_state.h"

#include <assert.h>

#include "base/failpoint.h"
#include "obs/log.h"
#include "posting/record.h"

static const struct transition_table *table;
static unsigned char row_of[LIFE_STATES][LIFE_EVENTS]; /* row + 1 */

_Static_assert(LIFE_EVENTS < UINT8_MAX, "rows + 1 fit into a byte");

void record_state_use(const struct transition_table *given)
{
    assert(given->count < UINT8_MAX);
    memset(row_of, 0, sizeof row_of);
    table = given;
    for (unsigned i = 0; i < table->count; i++) {
        unsigned char *row = &row_of[table->rows[i].from][table->rows[i].event];
        assert(*row == 0);
        *row = (unsigned char)(i + 1);
    }
}

/* Which rows a suite has met, and which it never meets (test builds). */
static void note_row(unsigned row)
{
    static bool noted[UINT8_MAX];
    if (!noted[row])
        covered("life", table->rows[row].name);
    noted[row] = true;
}

static void defect(struct record *r, enum life_event event)
{
    char detail[128];
    (void)snprintf(detail, sizeof detail, "%s, while %s", life_event_name(event),
                   life_state_name(r->state));
    log_error(.message = "the transition table has no such row", .detail = detail,
              .key = r->key.natural, .topic = r->lineage.entry_topic,
              .partition = r->lineage.entry_partition + 1, .offset = r->lineage.entry_offset + 1,
              .remedy = "report it");
#ifdef PF_FAILPOINTS
    abort();
#endif
    r->end.code = PF_E_defect;
    r->end.detail = "the transition table has no such row";
    r->state = SETTLED;
    table->on_defect(r);
}

void record_transition(struct record *r, enum life_event event)
{
    const unsigned row = row_of[r->state][event];
    if (row == 0) {
        defect(r, event);
        return;
    }
    const struct transition *t = &table->rows[row - 1];
    note_row(row - 1);
    r->state = t->to;
    if (t->action != NULL)
        t->action(r);
}

const char *life_state_name(enum life_state state)
{
    static const char *const names[] = {"fetched",   "decoded", "claimed",   "sent",
                                        "resolving", "settled", "published", "committed"};
    return (unsigned)state < LIFE_STATES ? names[state] : "?";
}

const char *life_event_name(enum life_event event)
{
    static const char *const names[] = {
        "decoded",
        "malformed",
        "malformed, come back",
        "malformed, sent before",
        "repeated",
        "key free",
        "key busy",
        "key deferred",
        "taken over",
        "posted by this delivery",
        "posted, same content",
        "posted, other content",
        "posted, another version",
        "former version known",
        "refused for this delivery",
        "parked, same content",
        "parked, other content",
        "key cancelled",
        "key discarded",
        "a newer version waits",
        "key unreadable",
        "facts needed",
        "facts found",
        "credit moved",
        "planned",
        "planned, in the shadow",
        "compared",
        "ask first",
        "not to send",
        "not acceptable",
        "not yet",
        "must wait",
        "request stored",
        "accepted",
        "no answer",
        "told no",
        "not applied",
        "refused",
        "refused, a product unknown",
        "decide again",
        "exists",
        "found, ours",
        "found, unproven",
        "absent",
        "absent, asked early",
        "absent, a sender may live",
        "cannot tell",
        "give up",
        "resend",
        "finished",
        "finished, other content",
        "refusal stored",
        "parking stored",
        "cancel stored",
        "stale generation",
        "token lost",
        "own turn",
        "forwarded",
        "too late",
        "too old",
        "prefix complete",
        "transaction done",
        "transaction aborted",
    };
    _Static_assert(sizeof names / sizeof *names == LIFE_EVENTS, "a name for each event");
    return (unsigned)event < LIFE_EVENTS ? names[event] : "?";
}
