/* What a refund's settlement publishes: its result, and the ledger's record; see refund_write.h. */
#include "refund_write.h"

#include "domain/events/refund_event.h"
#include "domain/ledger/ledger_key.h"
#include "refund_key.h"
#include "refund_summary.h"

#include <errno.h>

/* A dead letter after which a person must tell whether the note exists. Of one that waits behind
 * another one of its key, that one has told. A defect may be anything: what was sent is kept. */
static bool may_exist(const struct flow_settlement *s)
{
    switch (s->code) {
    case PF_E_exists_unproven:
    case PF_E_outcome_unknown:
    case PF_E_refused_after_unknown:
        return true;
    case PF_E_defect:
        return s->summary != NULL;
    default:
        return false;
    }
}

/* What it comes to in the ledger; CREDIT_STATE_COUNT: nothing. */
static enum credit_state state_of(const struct flow_settlement *s)
{
    if (s->is_shadow)
        return CREDIT_STATE_COUNT;
    if (s->is_dead_letter)
        return may_exist(s) ? CREDIT_OPEN : CREDIT_STATE_COUNT;
    if (s->outcome == OUTCOME_POSTED)
        return CREDIT_CREDITED;
    return s->outcome == OUTCOME_NO_MONEY && s->summary != NULL ? CREDIT_OWED : CREDIT_STATE_COUNT;
}

/* What was sent, or is owed. Of a note that may exist, and nobody knows with what: everything. */
static int read_takes(const struct flow_settlement *s, enum credit_state state, struct arena *arena,
                      struct refund_summary *summary, struct ledger_credit *credit)
{
    static const struct ledger_credit nothing = {.currency = ""};
    const int r = s->summary == NULL
                      ? -EBADMSG
                      : refund_summary_read(s->summary, s->summary_size, arena, summary, credit);
    if (r != -EBADMSG || state != CREDIT_OPEN)
        return r;
    *credit = nothing;
    credit->all = true;
    return 0;
}

int refund_ledger_credit(const struct flow_settlement *s, const void *event_, struct arena *arena,
                         struct ledger_credit *ret_credit)
{
    const struct refund_event *event = event_;
    const enum credit_state state = state_of(s);
    struct refund_key_parts parts;
    struct refund_summary summary = {.was_owed = false};
    struct ledger_credit credit;
    if (state == CREDIT_STATE_COUNT)
        return 0;
    int r = refund_key_split(s->key, arena, &parts);
    if (r == 0)
        r = read_takes(s, state, arena, &summary, &credit);
    if (r < 0)
        return r;
    if (state == CREDIT_OWED && credit.taken.count == 0 && !summary.was_owed)
        return 0;
    credit.key = s->key->natural;
    credit.order = s->key->kafka;
    credit.company = parts.company;
    credit.channel = parts.channel;
    credit.store = parts.store;
    credit.order_id = parts.order_id;
    credit.refund_id = parts.refund_id;
    credit.state = state;
    credit.document = state == CREDIT_CREDITED ? s->key->document : NULL;
    credit.at = state == CREDIT_CREDITED && s->posted_ms != 0 ? s->posted_ms : s->published_ms;
    credit.event_time = event->created_at;
    credit.source_version = s->key->version;
    *ret_credit = credit;
    return 1;
}

static int put_credit(struct codec *codec, const struct flow_settlement *s, const void *event,
                      struct arena *arena, struct flow_outputs *outputs)
{
    struct ledger_credit credit;
    int r = refund_ledger_credit(s, event, arena, &credit);
    if (r <= 0)
        return r;
    const char *key = ledger_key_credit(arena, s->key->kafka, credit.refund_id);
    if (key == NULL)
        return -ENOMEM;
    r = codec_encode(codec, &ledger_credit_record, &credit, outputs->value);
    if (r == 0)
        outputs->put(outputs, REFUND_LEDGER, key);
    return r;
}

int refund_write_outputs(struct codec *codec, const struct flow_settlement *s, const void *event,
                         const void *rules, struct arena *arena, struct flow_outputs *outputs)
{
    (void)rules;
    if (!s->is_dead_letter) {
        const int r = refund_write_result(codec, s, event, arena, outputs->value);
        if (r < 0)
            return r;
        outputs->put(outputs, REFUND_RESULT, NULL);
    }
    return put_credit(codec, s, event, arena, outputs);
}
