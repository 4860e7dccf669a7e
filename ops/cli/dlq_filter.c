/* Reading which dead letters; see dlq_filter.h. */
#include "dlq_filter.h"

#include <string.h>

static int read_flow(const char *topic, const struct flow **ret_flow)
{
    enum topic_role role;
    for (size_t i = 0; flows[i] != NULL; i++)
        if (flow_topic_role(flows[i], topic, &role) &&
            (role == TOPIC_INPUT || role == TOPIC_DEAD_LETTERS)) {
            *ret_flow = flows[i];
            return CLI_DONE;
        }
    return cli_fail(CLI_USAGE, "--topic '%s' has no dead letters; write orders.raw or refunds.raw",
                    topic);
}

static int read_class(const char *text, int *ret_class)
{
    static const enum pf_class classes[] = {PF_CLASS_DEAD_LETTER, PF_CLASS_CONFLICT, PF_CLASS_PARK};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strcmp(text, pf_class_name(classes[i])) == 0) {
            *ret_class = (int)classes[i];
            return CLI_DONE;
        }
    return cli_fail(CLI_USAGE, "--class '%s' is none of dead_letter, conflict, park", text);
}

static int read_kind(const char *text, int *ret_kind)
{
    for (int i = 0; i < LETTER_KINDS; i++)
        if (strcmp(text, letter_kind_name((enum letter_kind)i)) == 0) {
            *ret_kind = i;
            return CLI_DONE;
        }
    return cli_fail(CLI_USAGE, "--kind '%s' is none of dead, parked, held", text);
}

static int read_owner(const char *text, enum pf_owner *ret_owner)
{
    for (int i = 1; i < PF_OWNER_COUNT; i++)
        if (strcmp(text, pf_owner_name((enum pf_owner)i)) == 0) {
            *ret_owner = (enum pf_owner)i;
            return CLI_DONE;
        }
    return cli_fail(CLI_USAGE, "--owner '%s' is none of finance, ecommerce, operations", text);
}

static int read_code(const char *text, enum pf_error *ret_code)
{
    *ret_code = pf_error_find(text);
    return *ret_code != PF_OK
               ? CLI_DONE
               : cli_fail(CLI_USAGE, "--code '%s' is no code; see: primaflow exceptions", text);
}

static int read_cause(const char *text)
{
    const size_t size = strlen(text);
    return size >= 4 && size <= 16 && strspn(text, "0123456789abcdef") == size
               ? CLI_DONE
               : cli_fail(CLI_USAGE,
                          "--cause '%s' is no id of a cause: 4 to 16 hexadecimal digits, as "
                          "primaflow dlq list shows them",
                          text);
}

int dlq_filter_read(const struct dlq_words *w, unsigned states, int64_t now_ms,
                    struct dlq_filter *ret_filter)
{
    struct dlq_filter f = {.klass = -1,
                           .kind = -1,
                           .company = w->company,
                           .channel = w->channel,
                           .store = w->store,
                           .assignee = w->assignee,
                           .cause = w->cause,
                           .states = states,
                           .before_ms = w->older_ms >= 0 ? now_ms - w->older_ms : 0,
                           .after_ms = w->newer_ms >= 0 ? now_ms - w->newer_ms : 0};
    int code = w->topic != NULL ? read_flow(w->topic, &f.flow) : CLI_DONE;
    if (code == CLI_DONE && w->code != NULL)
        code = read_code(w->code, &f.code);
    if (code == CLI_DONE && w->klass != NULL)
        code = read_class(w->klass, &f.klass);
    if (code == CLI_DONE && w->kind != NULL)
        code = read_kind(w->kind, &f.kind);
    if (code == CLI_DONE && w->owner != NULL)
        code = read_owner(w->owner, &f.owner);
    if (code == CLI_DONE && w->cause != NULL)
        code = read_cause(w->cause);
    if (code == CLI_DONE)
        *ret_filter = f;
    return code;
}

bool dlq_words_are_empty(const struct dlq_words *w)
{
    return w->topic == NULL && w->code == NULL && w->klass == NULL && w->kind == NULL &&
           w->owner == NULL && w->company == NULL && w->channel == NULL && w->store == NULL &&
           w->cause == NULL && w->assignee == NULL && w->older_ms < 0 && w->newer_ms < 0;
}
