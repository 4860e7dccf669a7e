/* primaflow dlq edit: fields of a dead letter set anew, tried before it is accepted. */
#include "commands.h"
#include "core/dlq_edit.h"
#include "dlq_edit_print.h"
#include "dlq_print.h"

#include "base/clock.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct options {
    struct arg_texts set;
    const char *from, *reason;
    int64_t expects, since_ms;
    bool undo, yes, dry_run;
};

static const struct options defaults = {.expects = -1, .since_ms = INT64_C(60) * 86400000};

static const struct arg args_table[] = {
    {"--set", ARG_TEXTS, offsetof(struct options, set), "FIELD=VALUE",
     "the field is to be this: lines[0].sku=A-1; more than once. FIELD:=JSON for what is no text: "
     "note:=null, lines[1]:=null (takes the line out)",
     0, 0},
    {"--from", ARG_TEXT, offsetof(struct options, from), "FILE|-",
     "fields and values as a JSON object, for names and addresses: others see a command's words", 0,
     0},
    {"--undo", ARG_FLAG, offsetof(struct options, undo), NULL, "take back the last edit instead", 0,
     0},
    {"--expects", ARG_INT, offsetof(struct options, expects), "VERSION",
     "of the edits, as they were shown: refuse when somebody edited since", 0, 60000},
    {"--reason", ARG_TEXT, offsetof(struct options, reason), "TEXT",
     "why, for ops.audit. No names of customers", 0, 0},
    {"--yes", ARG_FLAG, offsetof(struct options, yes), NULL,
     "write; without it, it is only said what would be written", 0, 0},
    {"--dry-run", ARG_FLAG, offsetof(struct options, dry_run), NULL,
     "only say it, as without --yes", 0, 0},
    {"--since", ARG_MS, offsetof(struct options, since_ms), "AGE",
     "age of the oldest dead letters to read (60d)", 1, 0},
};

/* ---- what is to be set ---- */

struct wanted {
    json_t *texts, *values;
};

static int wanted_add(struct wanted *w, const char *text)
{
    const char *equals = strchr(text, '=');
    const bool is_json = equals != NULL && equals > text && equals[-1] == ':';
    const size_t size = equals != NULL ? (size_t)(equals - text) - is_json : 0;
    if (size == 0)
        return cli_fail(CLI_USAGE, "--set needs FIELD=VALUE, as lines[0].sku=A-1");
    char *path = strndup(text, size);
    json_t *value = is_json ? json_loads(equals + 1, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL)
                            : json_string(equals + 1);
    int code = CLI_DONE;
    if (path == NULL || value == NULL) /* the value may be personal: it is not repeated */
        code = cli_fail(CLI_USAGE, "--set: the value is not %s", is_json ? "JSON" : "UTF-8");
    else if (json_object_get(w->texts, path) != NULL || json_object_get(w->values, path) != NULL)
        code = cli_fail(CLI_USAGE, "--set: a field is set twice");
    else if (json_object_set(is_json ? w->values : w->texts, path, value) != 0)
        code = cli_fail(CLI_USAGE, "--set: the name of a field is not UTF-8");
    json_decref(value);
    free(path);
    return code;
}

static int wanted_read(struct wanted *w, const char *name)
{
    json_error_t error;
    FILE *in = cli_open(&name);
    if (in == NULL)
        return CLI_DATA;
    json_t *json = json_loadf(in, JSON_REJECT_DUPLICATES, &error);
    cli_close(in);
    int code = CLI_DONE;
    if (!json_is_object(json))
        code = cli_fail(CLI_DATA, "%s: no JSON object of fields and values, line %d", name,
                        json == NULL ? error.line : 1);
    else if (json_object_update(w->values, json) != 0)
        code = cli_fail(CLI_UNAVAILABLE, "no memory");
    json_decref(json);
    return code;
}

static int wanted_all(const struct options *o, struct wanted *w)
{
    int code = o->from != NULL ? wanted_read(w, o->from) : CLI_DONE;
    for (size_t i = 0; code == CLI_DONE && i < o->set.count; i++)
        code = wanted_add(w, o->set.list[i]);
    return code;
}

/* ---- what became of it ---- */

static void edited_print(const struct cli *cli, const struct dlq_edited *e, const char *place,
                         bool writes)
{
    char key[SAFE_TEXT_MAX], text[TRIAL_TEXT_MAX] = "", detail[SAFE_TEXT_MAX] = "";
    if (e->has_trial) {
        trial_text(&e->trial, text);
        (void)dlq_safe(e->trial.detail, detail);
    }
    if (cli->json) {
        cli_print_json(json_pack("{s:s, s:s, s:s, s:I, s:s, s:O?, s:s, s:s, s:b}", "letter", place,
                                 "key", dlq_safe(e->letter.natural, key), "code",
                                 pf_error_info(e->letter.code)->name, "version",
                                 (json_int_t)e->version, "digest", e->digest, "fields", e->fields,
                                 "becomes", text, "detail", detail, "written", e->written),
                       JSON_INDENT(2) | JSON_ENSURE_ASCII);
        return;
    }
    printf("%s, %s, %s\n", place,
           e->letter.natural[0] != '\0' ? dlq_safe(e->letter.natural, key)
                                        : "nobody can tell whose",
           pf_error_info(e->letter.code)->name);
    dlq_print_fields(e->fields);
    if (json_array_size(e->fields) == 0)
        printf("  as the channel sent it, without edits\n");
    if (e->has_trial)
        printf("With today's mappings it would become: %s%s%s\n", text,
               detail[0] != '\0' ? ": " : "", detail);
    if (e->written)
        printf("Edited, version %" PRId64 "; primaflow dlq retry sends it so.\n", e->version);
    else if (!writes) /* else an error follows */
        printf("Nothing was written: --yes --reason TEXT writes it as version %" PRId64
               " (--expects %" PRId64 ").\n",
               e->version, e->version - 1);
}

static int edit_letter(struct cli *cli, const char *place, struct dlq_edit_options *wanted)
{
    char who[200];
    struct dlq_edited edited;
    struct ops_error error;
    cli_user(who, sizeof who);
    wanted->who = who;
    const enum ops_kind kind = dlq_edit(cli->ops, wanted, &edited, &error);
    if (kind == OPS_DONE || edited.has_trial) /* of a refused one, too: what it was to be */
        edited_print(cli, &edited, place, wanted->writes);
    dlq_edited_release(&edited);
    return kind == OPS_DONE ? CLI_DONE : cli_report(&error);
}

static int edit_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    struct dlq_edit_options wanted = {.undoes = o->undo,
                                      .reason = o->reason,
                                      .expects = o->expects,
                                      .since_ms = clock_wall_ms() - o->since_ms,
                                      .writes = o->yes};
    struct wanted w = {json_object(), json_object()};
    if (!letter_place_read(args->words[0], &wanted.place)) {
        json_decref(w.texts);
        json_decref(w.values);
        return cli_fail(CLI_USAGE,
                        "'%s' is no place of a dead letter; write TOPIC/PARTITION/OFFSET, as "
                        "orders.raw.dlq/0/17",
                        args->words[0]);
    }
    int code = wanted_all(o, &w);
    const size_t count = json_object_size(w.texts) + json_object_size(w.values);
    if (code == CLI_DONE && o->yes && o->dry_run)
        code = cli_fail(CLI_USAGE, "--yes or --dry-run, one of them");
    else if (code == CLI_DONE && (count == 0) != o->undo)
        code = cli_fail(CLI_USAGE, "fields to set (--set, --from), or --undo: one of them");
    else if (code == CLI_DONE && o->yes &&
             (o->reason == NULL || o->reason[strspn(o->reason, " \t")] == '\0'))
        code = cli_fail(CLI_USAGE, "--reason TEXT is missing: why?");
    wanted.texts = w.texts;
    wanted.values = w.values;
    if (code == CLI_DONE)
        code = edit_letter(cli, args->words[0], &wanted);
    json_decref(w.texts);
    json_decref(w.values);
    return code;
}

const struct command command_dlq_edit = {
    .name = "dlq edit",
    .synopsis = "PLACE",
    .summary = "correct fields of a dead letter before it is retried",
    .help =
        "Names of fields are those that dlq show prints, of the event as its channel sent it: "
        "lines[0].sku, shipping_address.postcode. The event itself stays as it is; the edit is "
        "kept "
        "beside it (ops.overlays), with who, when and why, and goes with it when it is retried.\n"
        "The edit is tried first, by the worker's own decision with today's mappings and Prima's "
        "answers of now, and shown as a diff. What does not fit the schema, changes whose order it "
        "is, or would be a dead letter again, is refused. Several edits add up; --undo takes the "
        "last one back.\n"
        "Order and version stay what the channel sent: when it sends the same again that is a "
        "duplicate, and a newer version supersedes the edited one.\n"
        "What is parked, or in Prima already, cannot be edited.\n"
        "Exit 65: no such dead letter, it is not to be edited, or it would be a dead letter again. "
        "69: a service did not answer.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = edit_run,
};
