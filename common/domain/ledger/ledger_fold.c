/* An order's entry and the records of its refunds together; see ledger_fold.h. */
#include "domain/ledger/ledger_fold.h"

#include <errno.h>
#include <string.h>

static bool is_other(const char *key, const struct ledger_credit *record)
{
    return key == NULL || strcmp(record->key, key) != 0;
}

/* ---- what stands ---- */

static int apply_credited(struct ledger_book *book, const struct ledger_credit *record)
{
    struct credit credit;
    struct credit_tender *tenders =
        arena_alloc(book->arena, (record->tenders.count + 1) * sizeof *tenders);
    if (tenders == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < record->tenders.count; i++) {
        const struct ledger_credit_tender *t = &record->tenders.items[i];
        tenders[i] = (struct credit_tender){t->parent_id, t->kind, t->gateway, t->amount_minor};
    }
    const int r = ledger_place(record, &book->balance, book->arena, &credit);
    const struct credit_note_posted note = {record->refund_id,
                                            record->document != NULL ? record->document : "",
                                            record->at, tenders, record->tenders.count};
    return r < 0 ? r : ledger_book_apply(book, &credit, &note);
}

/* An edit that is not newer than what was posted is in it. */
static bool is_contained(const struct ledger_entry *entry, const struct ledger_credit *record)
{
    return entry->event_time != 0 && record->event_time != 0 &&
           record->event_time <= entry->event_time;
}

static int apply_owed(struct ledger_book *book, const struct ledger_credit *record)
{
    struct ledger_taken *taken = NULL;
    if (is_contained(&book->entry, record))
        return 0;
    const int r = ledger_place_taken(record, &book->entry, book->arena, &taken);
    return r < 0 ? r
                 : ledger_book_owe(book, record->refund_id, record->event_time, taken,
                                   record->taken.count);
}

static bool is_same_money(const struct ledger_entry *entry, const struct ledger_credit *record)
{
    return strcmp(record->currency, entry->currency) == 0;
}

static int apply_record(struct ledger_book *book, const struct ledger_credit *record)
{
    int r = 0;
    if (record->state == CREDIT_CREDITED)
        r = is_same_money(&book->entry, record) ? apply_credited(book, record) : -ENOENT;
    else if (record->state == CREDIT_OWED)
        r = apply_owed(book, record);
    return r == -EEXIST ? 0 : r; /* the entry counts it already */
}

/* One that finds no room or no place is told, and the others go on. */
static int fold_record(struct ledger_fold *fold, struct ledger_book *book, size_t at)
{
    const struct ledger_credit *record = &fold->records[at];
    if (record == fold->own && record->state == CREDIT_OWED)
        return 0; /* what it comes to now takes that record's place */
    const int r = apply_record(book, record);
    if (r != -ENOENT && r != -ENOSPC && r != -ERANGE)
        return r;
    fold->misfit = fold->misfit != NULL ? fold->misfit : record;
    return 0;
}

/* What an edit left owed was there before it was credited, though the edit came again since, and its
 * record stands behind the note's: otherwise it would be owed for once more. */
static int fold_edits_of(struct ledger_fold *fold, struct ledger_book *book, size_t at)
{
    const struct ledger_credit *note = &fold->records[at];
    int r = 0;
    for (size_t i = 0; note->state == CREDIT_CREDITED && i < note->parts.count; i++) {
        const char *edit_id = note->parts.items[i].edit_id;
        for (size_t k = at + 1; edit_id != NULL && r == 0 && k < fold->record_count; k++)
            if (fold->records[k].state == CREDIT_OWED &&
                strcmp(fold->records[k].refund_id, edit_id) == 0)
                r = fold_record(fold, book, k); /* again in its turn: that changes nothing */
    }
    return r;
}

static int fold_entry(const struct ledger_entry *entry, struct arena *arena,
                      struct ledger_fold *fold)
{
    struct ledger_book *book = arena_alloc(arena, sizeof *book);
    size_t taken = 0;
    if (book == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < fold->record_count; i++)
        taken += fold->records[i].taken.count;
    int r = ledger_book_open(entry, fold->record_count, taken, arena, book);
    for (size_t i = 0; r == 0 && i < fold->record_count; i++) {
        r = fold_edits_of(fold, book, i);
        if (r == 0)
            r = fold_record(fold, book, i);
    }
    fold->entry = &book->entry;
    fold->is_all_kept |= fold->misfit != NULL;
    return r;
}

int ledger_fold(const struct ledger_entry *entry, const struct ledger_credit records[],
                size_t count, const char *key, struct arena *arena, struct ledger_fold *ret_fold)
{
    struct ledger_fold fold = {.key = key, .records = records, .record_count = count};
    const struct ledger_credit **open = arena_alloc(arena, (count + 1) * sizeof *open);
    if (open == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct ledger_credit *record = &records[i];
        if (record->state == CREDIT_UNPOSTED) {
            fold.is_unposted = entry == NULL;
            fold.outcome = entry == NULL ? record->outcome : NULL;
        } else if (!is_other(key, record)) {
            fold.own = record;
        } else if (record->state == CREDIT_OPEN) {
            open[fold.open_count++] = record;
            fold.is_all_kept |= record->all;
        }
    }
    fold.open = open;
    const int r = entry == NULL ? 0 : fold_entry(entry, arena, &fold);
    if (r == 0)
        *ret_fold = fold;
    return r;
}

static bool is_same_taken(const struct ledger_credit *a, const struct ledger_credit *b)
{
    if (a->taken.count != b->taken.count)
        return false;
    for (size_t i = 0; i < a->taken.count; i++)
        if (a->taken.items[i].number != b->taken.items[i].number ||
            a->taken.items[i].mark != b->taken.items[i].mark ||
            a->taken.items[i].units != b->taken.items[i].units)
            return false;
    return true;
}

bool ledger_has_owed(const struct ledger_fold *fold, const struct ledger_credit *owed)
{
    for (size_t i = 0; i < fold->record_count; i++) {
        const struct ledger_credit *record = &fold->records[i];
        if (!is_other(owed->key, record))
            return record->state != CREDIT_OWED || record->source_version > owed->source_version ||
                   is_same_taken(record, owed);
    }
    return false;
}

/* ---- what is kept ---- */

/* K's refund is counted in the fold's entry: by its record, or because the entry itself has it. Of one
 * whose record is a misfit all is kept anyway. */
static bool is_credited(const struct ledger_fold *fold, const char *key)
{
    const char *slash = strrchr(key, '/');
    return slash != NULL && ledger_has_credit(fold->entry, slash + 1);
}

static const struct ledger_credit *larger(const struct ledger_credit *a,
                                          const struct ledger_credit *b)
{
    return b != NULL && b->amount_minor >= a->amount_minor ? b : a;
}

static const struct ledger_credit *find_reserved(const struct ledger_credit reserved[],
                                                 size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(reserved[i].key, key) == 0)
            return &reserved[i];
    return NULL;
}

static bool is_open(const struct ledger_fold *fold, const char *key)
{
    bool found = false;
    for (size_t i = 0; i < fold->open_count; i++)
        found |= strcmp(fold->open[i]->key, key) == 0;
    return found;
}

/* Each refund once: what is open or reserved, in the order of the ledger and then of Redis. */
static const struct ledger_credit **list_kept(const struct ledger_fold *fold,
                                              const struct ledger_credit reserved[], size_t count,
                                              struct arena *arena, size_t *ret_count)
{
    const struct ledger_credit **list =
        arena_alloc(arena, (fold->open_count + count + 1) * sizeof *list);
    for (size_t i = 0; list != NULL && i < fold->open_count; i++)
        if (!is_credited(fold, fold->open[i]->key))
            list[(*ret_count)++] =
                larger(fold->open[i], find_reserved(reserved, count, fold->open[i]->key));
    for (size_t i = 0; list != NULL && i < count; i++)
        if (is_other(fold->key, &reserved[i]) && !is_credited(fold, reserved[i].key) &&
            !is_open(fold, reserved[i].key))
            list[(*ret_count)++] = &reserved[i];
    return list;
}

int ledger_keep(const struct ledger_fold *fold, const struct ledger_credit reserved[], size_t count,
                struct arena *arena, struct ledger_kept *ret_kept)
{
    struct ledger_kept kept = {.is_all = fold->is_all_kept, .misfit = fold->misfit};
    struct ledger_balance balance;
    struct ledger_excess excess;
    size_t list_count = 0;
    const struct ledger_credit **list = list_kept(fold, reserved, count, arena, &list_count);
    struct credit *credits = arena_alloc(arena, (list_count + 1) * sizeof *credits);
    int r = list == NULL || credits == NULL ? -ENOMEM
                                            : ledger_balance_read(fold->entry, arena, &balance);
    for (size_t i = 0; r == 0 && i < list_count; i++) {
        struct credit *credit = &credits[kept.count];
        r = ledger_place(list[i], &balance, arena, credit);
        if (r == 0)
            r = ledger_reserve(&balance, credit, &excess);
        kept.count += r == 0;
        if (r == -ENOENT || r == -ENOSPC || r == -ERANGE) {
            kept.misfit = kept.misfit != NULL ? kept.misfit : list[i];
            kept.is_all = true;
            r = 0;
        }
    }
    kept.credits = credits;
    if (r == 0)
        *ret_kept = kept;
    return r;
}
