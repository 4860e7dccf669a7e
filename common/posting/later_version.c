/* A version of an order whose document Prima has already: a channel sends the whole order again at
 * each step of its life. What it is was decided in Redis (scripts/life.lua), by its parts; here it
 * becomes a result, or the one dead letter that asks a person to act. */
#include <assert.h>

#include "base/clock.h"
#include "posting/actions.h"
#include "posting/posting.h"
#include "posting/publish.h"

/* ---- the document's version, where what differs from it is named ---- */

enum { NAME_MS = 5000 }; /* a broker's place is taken within that, mostly */

static bool names_differences(enum keys_posted_by by)
{
    return by == POSTED_AMENDED || by == POSTED_AMENDED_MORE;
}

/* Else the document was amended by a word that an earlier release took, which did not keep where
 * that version stands: what was posted is not what this one differs from. */
static bool is_documents_version(struct record *r, const void *former)
{
    struct flow_key key = {0};
    const char *detail = NULL;
    return r->worker->flow->key(former, r->worker->posting->rules, r->arena, &key, &detail) ==
               PF_OK &&
           (r->posted.version == 0 || key.version == r->posted.version);
}

/* As the document was made from it, a person's edit included. */
static int read_former(struct record *r, const struct former_version *v, void *ret_former)
{
    const struct worker *w = r->worker;
    struct codec_fault fault = {PF_OK, ""};
    int rc =
        codec_decode(w->codec, w->flow->event, v->value, v->size, r->arena, ret_former, &fault);
    if (rc == 0 && v->overlay.size > 0)
        rc = flow_edit_event(w->codec, w->flow, ret_former, v->overlay, r->arena, ret_former,
                             &fault);
    return rc;
}

static void decode_former(struct record *r, const struct former_version *version)
{
    void *former = arena_alloc(r->arena, r->worker->flow->event->size);
    if (former == NULL || read_former(r, version, former) != 0)
        r->posted.former_why = "The version that was posted cannot be decoded any more.";
    else if (!is_documents_version(r, former))
        r->posted.former_why = "By a person's word Prima holds a later version than was posted.";
    else
        r->posted.former = former;
}

static void on_former(void *user, enum former_how how, const struct former_version *version,
                      const char *why)
{
    struct record *r = user;
    if (!record_unref(r))
        return;
    if (how == FORMER_AWAY && clock_monotonic_ms() < r->posted.name_until_ms) {
        record_delay(r, record_backoff(r), act_find_former);
        return;
    }
    if (how == FORMER_READ)
        decode_former(r, version);
    else
        r->posted.former_why = record_keep(r, why, strlen(why)).data;
    record_transition(r, FORMER_KNOWN);
}

void act_find_former(struct record *r)
{
    r->posted.former = NULL;
    r->posted.former_why = "";
    if (!names_differences(r->posted.by)) {
        record_transition(r, FORMER_KNOWN);
        return;
    }
    if (r->posted.name_until_ms == 0)
        r->posted.name_until_ms = clock_monotonic_ms() + NAME_MS;
    record_ref(r);
    former_read(r->worker, r->posted.document, r->raw.key, r->raw.key_size, on_former, r);
}

/* ---- what it becomes ---- */

/* A sentence with the delivery whose dead letter it is about. */
static const char *about_exception(struct record *r, const char *before, const char *behind)
{
    const char *text =
        arena_printf(r->arena, "%s%s%s", before != NULL ? before : "", r->posted.exception, behind);
    return text != NULL ? text : "";
}

static void publish_older(struct record *r)
{
    publish_of_posted(r, OUTCOME_SUPERSEDED, &(struct publish_extra){.code = PF_OK});
}

static void publish_money(struct record *r)
{
    const struct redis_bytes summary = r->decision.summary;
    const size_t size = overlay_seal_open(summary.data, summary.size, NULL);
    r->end.detail = NULL;
    r->end.code = r->worker->flow->money_moved(r->event, size > 0 ? summary.data : NULL, size,
                                               r->arena, &r->end.detail);
    if (r->end.code != PF_OK)
        act_dead_letter(r);
    else
        publish_of_posted(r, OUTCOME_PAYMENT_UPDATED,
                          &(struct publish_extra){.code = PF_OK, .detail = r->end.detail});
}

static enum pf_error goods_moved(struct record *r, const char **ret_detail)
{
    *ret_detail = NULL;
    return r->worker->flow->goods_moved(r->worker->codec, r->posted.former, r->posted.former_why,
                                        r->event, r->arena, ret_detail);
}

static void write_amendment(struct record *r)
{
    r->end.code = goods_moved(r, &r->end.detail);
    act_dead_letter(r);
}

/* The exception stays one: what differs now is said here, and where the exception is shown. */
static void publish_named(struct record *r, enum pf_error code, const char *before)
{
    publish_of_posted(r, OUTCOME_DUPLICATE,
                      &(struct publish_extra){.code = code,
                                              .detail = about_exception(r, before, "."),
                                              .exception = r->posted.exception});
}

/* The code is that of the exception that is open. */
static void publish_more(struct record *r)
{
    const char *detail;
    (void)goods_moved(r, &detail);
    publish_named(r, r->worker->flow->amended,
                  arena_printf(r->arena, "Changed once more: %s See the open exception of ",
                               detail != NULL ? detail : "its goods."));
}

void act_publish_later(struct record *r)
{
    switch (r->posted.by) {
    case POSTED_NEWER:
        publish_older(r);
        break;
    case POSTED_MONEY_MOVED:
        publish_money(r);
        break;
    case POSTED_AMENDED:
        write_amendment(r);
        break;
    case POSTED_AMENDED_MORE:
        publish_more(r);
        break;
    case POSTED_AMENDED_SAME:
        publish_named(r, r->worker->flow->amended, "Nothing new: see the open exception of ");
        break;
    case POSTED_AMENDMENT_ENDED:
        publish_of_posted(
            r, OUTCOME_DUPLICATE,
            &(struct publish_extra){
                .code = PF_OK,
                .detail = about_exception(r, "As it was posted again: the exception of ",
                                          " is resolved by this delivery."),
                .resolves = r->posted.exception});
        break;
    case POSTED_THEN_CANCELLED:
        r->end.code = PF_E_cancelled_after_posting;
        act_dead_letter(r);
        break;
    case POSTED_THEN_CANCELLED_SAME:
        publish_named(r, PF_E_cancelled_after_posting, "Nothing new: see the open exception of ");
        break;
    default:
        assert(false && "a later version is none of these");
        r->end.code = PF_E_defect;
        act_dead_letter(r);
    }
}
