/* What the `import` commands share; see import_run.h. */
#include "import_run.h"

#include "core/events.h"
#include "core/send.h"
#include "import_bad.h"

#include <ctype.h>
#include <errno.h>
#include <sys/stat.h>

enum { OUTPUT_BYTES_MAX = SPOOL_BYTES_MAX };

struct sink {
    const struct cli *cli;
    const struct import_options *options;
    const struct import_kind *kind;
    const void *make_options;
    struct event_maker *maker; /* --to-kafka */
    struct spool spool;
    struct buf text;
    struct import_bad *bad; /* --skip-bad */
    size_t taken, tallied[IMPORT_TALLIES_MAX];
    struct imported imported;
};

bool import_event_says(const json_t *event, const char *name, const char *text)
{
    const char *told = json_string_value(json_object_get(event, name));
    return told != NULL && strcmp(told, text) == 0;
}

bool import_event_is_test(const json_t *event)
{
    return json_is_true(json_object_get(event, "test"));
}

static int text_add(const char *piece, size_t size, void *text)
{
    buf_append(text, piece, size);
    return ((struct buf *)text)->failed ? -1 : 0;
}

static bool event_put(struct sink *s, const json_t *event, char why[static 300])
{
    if (s->options->to_kafka)
        return events_line(s->maker, &s->spool, event, why) == 0;
    const bool taken = json_dump_callback(event, text_add, &s->text, JSON_COMPACT) == 0;
    buf_byte(&s->text, '\n');
    return taken && !s->text.failed;
}

static bool event_take(void *user, const json_t *event, char why[static 300])
{
    struct sink *s = user;
    if (!event_put(s, event, why))
        return false;
    s->taken++;
    for (size_t i = 0; i < IMPORT_TALLIES_MAX && s->kind->tallies[i].name != NULL; i++)
        s->tallied[i] += s->kind->tallies[i].is(event);
    return true;
}

/* The summary stands where the events do not. */
static void summary_print_json(const struct sink *s)
{
    json_t *summary =
        json_pack("{s:s, s:I}", "topic", s->kind->topic, "records", (json_int_t)s->taken);
    for (size_t i = 0; i < IMPORT_TALLIES_MAX && s->kind->tallies[i].name != NULL; i++)
        (void)json_object_set_new(summary, s->kind->tallies[i].name,
                                  json_integer((json_int_t)s->tallied[i]));
    (void)json_object_set_new(summary, "bad", json_integer((json_int_t)s->imported.wrong));
    cli_print_json(summary, 0);
}

static void summary_print(const struct sink *s)
{
    char words[300] = "", to[100] = "imported";
    size_t used = 0;
    if (s->cli->json && s->options->to_kafka) {
        summary_print_json(s);
        return;
    }
    for (size_t i = 0; i < IMPORT_TALLIES_MAX && s->kind->tallies[i].name != NULL; i++)
        used += (size_t)snprintf(words + used, sizeof words - used, "%s%zu %s",
                                 i == 0                         ? ""
                                 : s->kind->tallies[i].is_aside ? "; "
                                                                : ", ",
                                 s->tallied[i], s->kind->tallies[i].words);
    if (s->options->to_kafka)
        (void)snprintf(to, sizeof to, "sent to %s", s->kind->topic);
    cli_say("%zu %ss %s: %s", s->taken, s->kind->form->noun, to, words);
}

static int import_hand_over(struct sink *s)
{
    struct ops_error error;
    int code = CLI_DONE;
    if (s->options->to_kafka)
        code = s->spool.count == 0 ||
                       send_spool(s->cli->ops, &s->spool, s->kind->topic, &error) == OPS_DONE
                   ? CLI_DONE
                   : cli_report(&error);
    else
        code = cli_write(s->text.data, s->text.size);
    if (code == CLI_DONE)
        summary_print(s);
    return code;
}

/* What to do about `wrong`. What is no JSON cannot be corrected: it is not known what was there. */
static const char *import_remedy(const struct sink *s, char text[static 160])
{
    const struct imported *n = &s->imported;
    (void)snprintf(text, 160,
                   "correct the %ss in it and import that file; what could not be read is "
                   "missing: export it again",
                   s->kind->form->noun);
    return n->unread == 0          ? "correct them and import that file"
           : n->unread == n->wrong ? "export the file again, for what could not be read is missing"
                                   : text;
}

static int import_hold_back(const struct sink *s, const char *name, const char *none)
{
    const struct imported *n = &s->imported;
    const size_t orders_wrong = n->wrong - n->unread;
    return cli_fail(CLI_DATA, "%s: %zu complaints about %zu of %zu %ss; %s%s", name,
                    n->complaints.count, n->wrong, n->found + n->unread, s->kind->form->noun, none,
                    n->found > orders_wrong ? ". To take the others, add --skip-bad FILE" : "");
}

/* What was complained of is safe before the first of the others is sent. */
static int import_deliver(struct sink *s, const char *name)
{
    const char *none = s->options->to_kafka ? "nothing was sent" : "nothing was printed";
    const struct imported *n = &s->imported;
    const char *bad = s->options->skip_bad;
    if (n->complaints.count > COMPLAINTS_MAX)
        (void)cli_fail(CLI_DATA, "%s: and %zu more complaints", name,
                       n->complaints.count - COMPLAINTS_MAX);
    if (n->wrong > 0 && bad == NULL)
        return import_hold_back(s, name, none);
    const int rc = bad != NULL ? import_bad_keep(s->bad) : 0;
    if (rc < 0)
        return cli_fail(CLI_UNAVAILABLE, "%s: cannot be written: %s; %s", bad, strerror(-rc), none);
    if (n->found == 0 && n->wrong == 0) {
        cli_warn("%s holds no %ss: %s", name, s->kind->form->noun, none);
        return CLI_DONE;
    }
    char remedy[160];
    const int code = import_hand_over(s);
    if (code != CLI_DONE || n->wrong == 0)
        return code;
    return cli_fail(CLI_DATA, "%s: %zu complaints about %zu of %zu %ss; written to %s: %s", name,
                    n->complaints.count, n->wrong, n->found + n->unread, s->kind->form->noun, bad,
                    import_remedy(s, remedy));
}

/* As the natural key needs it (order_key.h): said before a file is read. */
static int import_name_check(const struct import_kind *kind, const char *option, const char *name)
{
    const char *p = name != NULL ? name : "", *command = kind->form->command;
    while (isalnum((unsigned char)*p) || (*p != '\0' && strchr("._-", *p) != NULL))
        p++;
    if (name != NULL && p > name && *p == '\0')
        return CLI_DONE;
    return cli_fail(CLI_USAGE, "%s %s: %s; see: primaflow %s --help", command, option,
                    name == NULL ? "which shop is it? The JSON does not say"
                                 : "a name is letters, digits, '.', '_' and '-'",
                    command);
}

/* Also by a link, or where the shell opened it. */
static bool is_same_file(FILE *in, const char *path)
{
    struct stat a, b;
    return fstat(fileno(in), &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

static int file_import(struct sink *s, const char *name)
{
    const struct import_options *o = s->options;
    FILE *in = cli_open(&name);
    if (in == NULL)
        return CLI_DATA;
    if (o->skip_bad != NULL && is_same_file(in, o->skip_bad)) {
        cli_close(in);
        return cli_fail(CLI_USAGE,
                        "--skip-bad %s: is the file that is imported, and would be overwritten; "
                        "name another one",
                        o->skip_bad);
    }
    if (o->skip_bad != NULL && (s->bad = import_bad_new(o->skip_bad, name)) == NULL) {
        const int error = errno;
        cli_close(in);
        return cli_fail(CLI_UNAVAILABLE, "%s: cannot be written: %s; nothing was read", o->skip_bad,
                        strerror(error));
    }
    const struct import_refused refused = import_bad_sink(s->bad);
    const struct import_job job = {.form = s->kind->form,
                                   .make = s->kind->make,
                                   .options = s->make_options,
                                   .take = event_take,
                                   .user = s,
                                   .refused = s->bad != NULL ? &refused : NULL};
    const int rc = import_file(in, &job, &s->imported);
    cli_close(in);
    cli_complaints(&s->imported.complaints, name);
    return rc == 0 ? import_deliver(s, name)
                   : cli_fail(CLI_DATA, "%s:%zu: cannot be read further: %s", name,
                              s->imported.line + 1, strerror(-rc));
}

int import_run(struct cli *cli, const struct args *args, const struct import_kind *kind,
               const void *options)
{
    const struct import_options *o = args->options;
    struct sink s = {.cli = cli, .options = o, .kind = kind, .make_options = options};
    struct ops_error error;
    int code = import_name_check(kind, "--store", o->store);
    if (code == CLI_DONE)
        code = import_name_check(kind, "--channel", o->channel);
    if (code != CLI_DONE)
        return code;
    if (o->to_kafka && events_maker_new(cli->ops, kind->topic, &s.maker, &error) != OPS_DONE)
        return cli_report(&error);
    spool_init(&s.spool);
    buf_init(&s.text, OUTPUT_BYTES_MAX);
    code = file_import(&s, args->words[0]);
    import_bad_free(s.bad);
    spool_release(&s.spool);
    buf_release(&s.text);
    events_maker_free(s.maker);
    return code;
}
