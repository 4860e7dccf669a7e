/* Printing dead letters; see dlq_print.h. */
#include "dlq_print.h"
#include "cli.h"
#include "dlq_edit_print.h"

#include "base/clock.h"
#include "base/money.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

const char *dlq_age(int64_t age_ms, char text[static AGE_TEXT_MAX])
{
    const int64_t minutes = age_ms > 0 ? age_ms / 60000 : 0;
    if (minutes < 120)
        (void)snprintf(text, AGE_TEXT_MAX, "%" PRId64 " min", minutes);
    else if (minutes < INT64_C(2) * 24 * 60)
        (void)snprintf(text, AGE_TEXT_MAX, "%" PRId64 " h", minutes / 60);
    else
        (void)snprintf(text, AGE_TEXT_MAX, "%" PRId64 " days", minutes / (INT64_C(24) * 60));
    return text;
}

static const char *cause_id(const struct letter_cause *cause, char text[static 17])
{
    (void)snprintf(text, 17, "%016" PRIx64, cause->id);
    return text;
}

static const char *amount(const char *name, int64_t minor, char text[static MONEY_TEXT_MAX])
{
    const struct currency *currency = currency_find(name);
    if (currency == NULL)
        (void)snprintf(text, MONEY_TEXT_MAX, "?");
    else
        (void)money_format((struct money){minor, currency}, text);
    return text;
}

/* ---- by cause ---- */

static void print_sums(const struct dlq_group *g)
{
    char text[MONEY_TEXT_MAX];
    for (size_t i = 0; i < DLQ_SUMS_MAX && g->sums[i].currency[0] != '\0'; i++)
        if (g->sums[i].is_too_large)
            printf(", %s too large to add up", g->sums[i].currency);
        else
            printf(", %s", amount(g->sums[i].currency, g->sums[i].minor, text));
    if (g->has_more_sums)
        printf(", and other currencies");
}

static void print_group(const struct dlq_group *g, int64_t now_ms)
{
    const struct pf_error_info *info = pf_error_info(g->cause->code);
    char id[17], oldest[AGE_TEXT_MAX], newest[AGE_TEXT_MAX], place[LETTER_PLACE_MAX],
        text[SAFE_TEXT_MAX], shop[SAFE_TEXT_MAX];
    dlq_place(g->example, place);
    printf("%.8s  %6zu  %-6s  %-28s %-10s  %s", cause_id(g->cause, id), g->count,
           letter_kind_name(letter_kind_of(g->cause->code, g->cause->is_held)), info->name,
           pf_owner_name(info->owner),
           g->cause->shop[0] != '\0' ? dlq_safe(g->cause->shop, shop) : "?");
    print_sums(g);
    printf(", oldest %s, newest %s\n", dlq_age(now_ms - g->oldest_ms, oldest),
           dlq_age(now_ms - g->newest_ms, newest));
    if (g->cause->text[0] != '\0')
        printf("                  %s\n", dlq_safe(g->cause->text, text));
    printf("                  for example %s\n", place);
}

static json_t *sums_json(const struct dlq_group *g)
{
    json_t *sums = json_array();
    for (size_t i = 0; i < DLQ_SUMS_MAX && g->sums[i].currency[0] != '\0'; i++)
        (void)json_array_append_new(
            sums, json_pack("{s:s, s:o}", "currency", g->sums[i].currency, "minor",
                            g->sums[i].is_too_large ? json_null()
                                                    : json_integer((json_int_t)g->sums[i].minor)));
    return sums;
}

static json_t *group_json(const struct dlq_group *g)
{
    const struct pf_error_info *info = pf_error_info(g->cause->code);
    char id[17], oldest[CLOCK_TEXT_MAX], newest[CLOCK_TEXT_MAX], place[LETTER_PLACE_MAX],
        text[SAFE_TEXT_MAX], shop[SAFE_TEXT_MAX];
    dlq_place(g->example, place);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:o, s:b, s:s}",
                     "cause", cause_id(g->cause, id), "kind",
                     letter_kind_name(letter_kind_of(g->cause->code, g->cause->is_held)), "topic",
                     g->cause->flow->reads, "code", info->name, "class", pf_class_name(info->class),
                     "owner", pf_owner_name(info->owner), "severity",
                     pf_severity_name(info->severity), "shop", dlq_safe(g->cause->shop, shop),
                     "text", dlq_safe(g->cause->text, text), "count", (json_int_t)g->count,
                     "oldest", clock_format(g->oldest_ms, oldest), "newest",
                     clock_format(g->newest_ms, newest), "at_stake", sums_json(g),
                     "other_currencies", g->has_more_sums, "example", place);
}

static json_t *document(json_t *rows, const char *name, int64_t now_ms, const char *incomplete)
{
    char at[CLOCK_TEXT_MAX];
    return json_pack("{s:s, s:b, s:s, s:o}", "as_of", clock_format(now_ms, at), "complete",
                     incomplete[0] == '\0', "incomplete_because", incomplete, name, rows);
}

void dlq_print_groups(bool json, const struct dlq_group *groups, size_t count, int64_t now_ms,
                      const char *incomplete)
{
    if (json) {
        json_t *rows = json_array();
        for (size_t i = 0; i < count; i++)
            (void)json_array_append_new(rows, group_json(&groups[i]));
        cli_print_json(document(rows, "causes", now_ms, incomplete), JSON_COMPACT);
        return;
    }
    size_t all = 0;
    for (size_t i = 0; i < count; i++)
        all += groups[i].count;
    if (incomplete[0] != '\0')
        printf("NOT COMPLETE: %s\n", incomplete);
    if (count == 0) {
        printf("No exception matches: nothing waits for anybody.\n");
        return;
    }
    printf("%zu exception%s of %zu cause%s\n\n", all, all == 1 ? "" : "s", count,
           count == 1 ? "" : "s");
    for (size_t i = 0; i < count; i++)
        print_group(&groups[i], now_ms);
    printf("\nprimaflow dlq show PLACE shows one; dlq list --each --cause ID all of a cause; dlq "
           "retry --cause ID sends them again once the reason is gone.\n");
}

/* ---- each ---- */

static const struct letter_note *note_of(const struct letter_book *book,
                                         const struct letter_case *c)
{
    static const struct letter_note none = {.assignee = NULL};
    return c->note > 0 ? &book->notes[c->note - 1] : &none;
}

static void print_letter(const struct letter_book *book, const struct letter_case *c,
                         int64_t now_ms)
{
    const struct letter_note *note = note_of(book, c);
    const struct letter_cause *cause = &book->causes[c->cause];
    char place[LETTER_PLACE_MAX], age[AGE_TEXT_MAX], money[MONEY_TEXT_MAX], text[SAFE_TEXT_MAX];
    dlq_place(c, place);
    printf("%-28s %-9s %-6s %-8s %14s  %-28s %s", place,
           letter_state_name((enum letter_state)c->state),
           letter_kind_name(letter_kind_of((enum pf_error)c->code, c->is_held)),
           dlq_age(now_ms - c->at_ms, age),
           c->currency[0] != '\0' ? amount(c->currency, c->minor, money) : "?",
           pf_error_info((enum pf_error)c->code)->name, dlq_safe(cause->shop, text));
    if (note->assignee != NULL && note->assignee[0] != '\0')
        printf(", %s", dlq_safe(note->assignee, text));
    if (note->text != NULL && note->text[0] != '\0')
        printf(", \"%s\"", dlq_safe(note->text, text));
    if (note->snoozed_until_ms > now_ms) {
        char at[CLOCK_TEXT_MAX];
        printf(", not before %s", clock_format(note->snoozed_until_ms, at));
    }
    printf("\n");
}

static json_t *letter_json(const struct letter_book *book, const struct letter_case *c)
{
    const struct letter_note *note = note_of(book, c);
    const struct letter_cause *cause = &book->causes[c->cause];
    char place[LETTER_PLACE_MAX], at[CLOCK_TEXT_MAX], until[CLOCK_TEXT_MAX] = "", id[17],
                                                      shop[SAFE_TEXT_MAX];
    dlq_place(c, place);
    if (note->snoozed_until_ms > 0)
        (void)clock_format(note->snoozed_until_ms, until);
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:I, s:s, s:s, s:s}", "letter", place,
        "kind", letter_kind_name(letter_kind_of((enum pf_error)c->code, c->is_held)), "state",
        letter_state_name((enum letter_state)c->state), "cause", cause_id(cause, id), "code",
        pf_error_info((enum pf_error)c->code)->name, "shop", dlq_safe(cause->shop, shop), "at",
        clock_format(c->at_ms, at), "version", (json_int_t)c->version, "currency", c->currency,
        "minor", (json_int_t)c->minor, "assignee", note->assignee != NULL ? note->assignee : "",
        "note", note->text != NULL ? note->text : "", "snoozed_until", until);
}

void dlq_print_each(bool json, const struct letter_book *book, const struct dlq_filter *filter,
                    size_t limit, int64_t now_ms, const char *incomplete)
{
    size_t all = 0;
    json_t *rows = json ? json_array() : NULL;
    if (!json && incomplete[0] != '\0')
        printf("NOT COMPLETE: %s\n", incomplete);
    for (size_t i = 0; i < book->count; i++) {
        const struct letter_case *c = letter_book_at(book, i);
        if (!dlq_matches(book, filter, c, now_ms) || all++ >= limit)
            continue;
        if (json)
            (void)json_array_append_new(rows, letter_json(book, c));
        else
            print_letter(book, c, now_ms);
    }
    if (json) {
        json_t *whole = document(rows, "letters", now_ms, incomplete);
        (void)json_object_set_new(whole, "matching", json_integer((json_int_t)all));
        cli_print_json(whole, JSON_COMPACT);
    } else if (all == 0) {
        printf("No exception matches: nothing waits for anybody.\n");
    } else if (all > limit) {
        printf("... and %zu more: --limit shows them\n", all - limit);
    }
}

/* ---- one ---- */

static void print_decisions(const json_t *decisions)
{
    size_t i;
    json_t *d;
    json_array_foreach(decisions, i, d)
    {
        char what[SAFE_TEXT_MAX], who[SAFE_TEXT_MAX], why[SAFE_TEXT_MAX], more[SAFE_TEXT_MAX];
        const char *assignee = json_string_value(json_object_get(d, "assignee")),
                   *until = json_string_value(json_object_get(d, "until"));
        printf("  %s  %s%s%s by %s: %s\n", json_string_value(json_object_get(d, "at")),
               dlq_safe(json_string_value(json_object_get(d, "decision")), what),
               assignee != NULL || until != NULL ? " " : "",
               dlq_safe(assignee != NULL ? assignee
                        : until != NULL  ? until
                                         : "",
                        more),
               dlq_safe(json_string_value(json_object_get(d, "who")), who),
               dlq_safe(json_string_value(json_object_get(d, "reason")), why));
    }
}

static void print_trial(const struct trial *trial)
{
    char text[TRIAL_TEXT_MAX], detail[SAFE_TEXT_MAX];
    trial_text(trial, text);
    printf("With today's mappings: %s%s%s\n", text, trial->detail[0] != '\0' ? ": " : "",
           dlq_safe(trial->detail, detail));
}

static void print_head(const struct dlq_shown *s)
{
    const struct dead_letter *l = &s->letter;
    const struct pf_error_info *info = pf_error_info(l->code);
    char place[LETTER_PLACE_MAX], at[CLOCK_TEXT_MAX], first[CLOCK_TEXT_MAX], text[SAFE_TEXT_MAX];
    dead_letter_place(l, place);
    printf("%s, %s, owner %s, %s\n", place, info->name, pf_owner_name(info->owner),
           letter_state_name(s->state));
    printf("  of %s, version %" PRId64 "\n",
           l->natural[0] != '\0' ? dlq_safe(l->natural, text) : "nobody can tell whose",
           l->version);
    printf("  entered as %s, first failed %s, dead %s, retried or replayed %" PRId64 " times\n",
           l->delivery[0] != '\0' ? dlq_safe(l->delivery, text) : "?",
           clock_format(l->first_failed_ms, first), clock_format(l->at_ms, at), l->replays);
    if (l->http_status != 0)
        printf("  Prima's last HTTP status: %d\n", l->http_status);
    printf("\n%s\n", info->meaning);
    if (l->text[0] != '\0')
        printf("%s\n", dlq_safe(l->text, text));
    printf("Next: %s\n", info->next_step);
}

static void print_text(const struct dlq_shown *s, bool raw)
{
    if (s->incomplete[0] != '\0')
        printf("NOT COMPLETE: %s\n", s->incomplete);
    print_head(s);
    if (s->has_trial)
        print_trial(&s->trial);
    if (json_array_size(s->decisions) > 0) {
        printf("\nDecisions\n");
        print_decisions(s->decisions);
    }
    if (json_array_size(s->edits) > 0) {
        printf("\nEdits\n");
        dlq_print_edits(s->edits);
    }
    if (s->other_count > 0)
        printf("\nOther dead letters of the same key\n");
    for (size_t i = 0; i < s->other_count; i++)
        printf("  %s %s\n", s->others[i], letter_state_name(s->other_states[i]));
    printf("\nEvent\n");
    if (s->event != NULL) /* ASCII alone: nothing that a terminal obeys */
        (void)json_dumpf(s->event, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    else
        printf("cannot be decoded: %s; --raw shows its bytes", s->undecodable);
    printf("\n");
    if (raw) {
        printf("\nRecord\n");
        (void)json_dumpf(s->record, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
        printf("\n");
    }
}

static json_t *trial_json(const struct dlq_shown *s)
{
    char text[TRIAL_TEXT_MAX], detail[SAFE_TEXT_MAX];
    if (!s->has_trial)
        return json_null();
    trial_text(&s->trial, text);
    return json_pack("{s:s, s:s}", "becomes", text, "detail", dlq_safe(s->trial.detail, detail));
}

static void print_json(const struct dlq_shown *s, bool raw)
{
    const struct dead_letter *l = &s->letter;
    const struct pf_error_info *info = pf_error_info(l->code);
    char place[LETTER_PLACE_MAX], at[CLOCK_TEXT_MAX], first[CLOCK_TEXT_MAX], key[SAFE_TEXT_MAX],
        delivery[SAFE_TEXT_MAX], text[SAFE_TEXT_MAX];
    json_t *others = json_array();
    for (size_t i = 0; i < s->other_count; i++)
        (void)json_array_append_new(others, json_pack("{s:s, s:s}", "letter", s->others[i], "state",
                                                      letter_state_name(s->other_states[i])));
    dead_letter_place(l, place);
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:I, s:i, s:s, s:s, s:o, s:O, "
        "s:o, "
        "s:O?, s:O?, s:s, s:b, s:s}",
        "letter", place, "state", letter_state_name(s->state), "code", info->name, "class",
        pf_class_name(info->class), "owner", pf_owner_name(info->owner), "severity",
        pf_severity_name(info->severity), "key", dlq_safe(l->natural, key), "version",
        (json_int_t)l->version, "delivery", dlq_safe(l->delivery, delivery), "at",
        clock_format(l->at_ms, at), "first_failed_at", clock_format(l->first_failed_ms, first),
        "replays", (json_int_t)l->replays, "http_status", l->http_status, "text",
        dlq_safe(l->text, text), "next", info->next_step, "trial", trial_json(s), "decisions",
        s->decisions, "others", others, "edits", s->edits, "event", s->event, "undecodable",
        s->undecodable, "complete", s->incomplete[0] == '\0', "incomplete_because", s->incomplete);
    if (raw && json != NULL)
        (void)json_object_set(json, "record", s->record);
    cli_print_json(json, JSON_INDENT(2) | JSON_ENSURE_ASCII);
}

void dlq_print_shown(bool json, const struct dlq_shown *shown, bool raw)
{
    if (json)
        print_json(shown, raw);
    else
        print_text(shown, raw);
}
