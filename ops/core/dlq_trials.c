/* Trials of many letters; see dlq_trials.h. */
#include "core/dlq_trials.h"

#include "core/dlq_reread.h"
#include "core/letter_edits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct making {
    struct letter_trial *trial;
    const struct edit_book *edits;
    struct dlq_trials *told;
    enum ops_kind kind;
    struct ops_error *error;
};

static int group_add(struct dlq_trials *t, const struct letter_case *letter,
                     const struct trial *trial)
{
    char text[TRIAL_TEXT_MAX];
    trial_text(trial, text);
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->groups[i].text, text) == 0) {
            t->groups[i].count++;
            return 0;
        }
    if (t->count == t->room) {
        const size_t room = t->room > 0 ? 2 * t->room : 16;
        struct trial_group *more = realloc(t->groups, room * sizeof *more);
        if (more == NULL)
            return -ENOMEM;
        t->groups = more;
        t->room = room;
    }
    struct trial_group *g = &t->groups[t->count++];
    *g = (struct trial_group){.count = 1};
    memcpy(g->text, text, sizeof g->text);
    memcpy(g->detail, trial->detail, sizeof g->detail);
    dlq_place(letter, g->example);
    return 0;
}

static int take(void *user, struct letter_case *letter, const struct kafka_record *record)
{
    struct making *m = user;
    struct trial trial;
    if (letter->is_cut) {
        m->told->cut++;
        return 0;
    }
    char *overlay = NULL;
    const struct letter_edits *edits =
        letter->edits > 0 ? edit_book_find(m->edits, letter->delivery) : NULL;
    if (letter->edits > 0 && edits == NULL) {
        m->told->unknown++;
        return 0;
    }
    if (letter_edits_text(edits, letter_edits_header(record), &overlay) != 0)
        m->kind = ops_fail_memory(m->error);
    else
        m->kind =
            letter_trial_make(m->trial, flows[letter->flow], record, overlay, &trial, m->error);
    free(overlay);
    if (m->kind == OPS_DONE && group_add(m->told, letter, &trial) != 0)
        m->kind = ops_fail_memory(m->error);
    return m->kind == OPS_DONE ? 0 : -ECANCELED;
}

static int compare_groups(const void *a_, const void *b_)
{
    const struct trial_group *a = a_, *b = b_;
    return a->count != b->count ? (a->count > b->count ? -1 : 1) : strcmp(a->text, b->text);
}

enum ops_kind dlq_trials_make(struct ops *ops, struct letter_case *letters[], size_t count,
                              int64_t now_ms, struct dlq_trials *ret_trials,
                              struct ops_error *ret_error)
{
    struct edit_book edits = {.count = 0};
    struct making making = {.edits = &edits, .told = ret_trials, .error = ret_error};
    *ret_trials = (struct dlq_trials){.count = 0};
    enum ops_kind kind = letter_trial_new(ops, now_ms, &making.trial, ret_error);
    if (kind == OPS_DONE)
        kind = edit_book_read(ops, &edits, ret_error);
    dlq_sort(letters, count);
    for (size_t begin = 0, same; begin < count && kind == OPS_DONE; begin += same) {
        int rc;
        same = dlq_of_one_flow(letters + begin, count - begin);
        kind = dlq_reread(ops, letters + begin, same, take, &making, &rc, ret_error);
        if (kind == OPS_DONE)
            kind = making.kind;
        for (size_t i = begin; i < begin + same && kind == OPS_DONE; i++)
            ret_trials->gone += !letters[i]->seen;
    }
    letter_trial_free(making.trial);
    edit_book_release(&edits);
    if (ret_trials->count > 0)
        qsort(ret_trials->groups, ret_trials->count, sizeof *ret_trials->groups, compare_groups);
    return kind;
}

void dlq_trials_release(struct dlq_trials *trials)
{
    free(trials->groups);
}
