/* The scripts' texts and digests; see scripts.h. */
#include "idempotency/scripts.h"

#include "base/digest.h"
#include "base/failpoint.h"

#include <openssl/evp.h>

#include "scripts.inc"

static struct {
    const char *name, *source;
    char *text;
    char sha1[41];
} scripts[SCRIPT_COUNT] = {
    [SCRIPT_CLAIM] = {"claim", script_claim, NULL, ""},
    [SCRIPT_SENT] = {"sent", script_sent, NULL, ""},
    [SCRIPT_ANSWERED] = {"answered", script_answered, NULL, ""},
    [SCRIPT_FINISH] = {"finish", script_finish, NULL, ""},
    [SCRIPT_REFUSE] = {"refuse", script_refuse, NULL, ""},
    [SCRIPT_ABSENT] = {"absent", script_absent, NULL, ""},
    [SCRIPT_PARK] = {"park", script_park, NULL, ""},
    [SCRIPT_RENEW] = {"renew", script_renew, NULL, ""},
    [SCRIPT_RELEASE] = {"release", script_release, NULL, ""},
    [SCRIPT_CANCEL] = {"cancel", script_cancel, NULL, ""},
    [SCRIPT_DEFER] = {"defer", script_defer, NULL, ""},
    [SCRIPT_PERMIT] = {"permit", script_permit, NULL, ""},
    [SCRIPT_PAUSE] = {"pause", script_pause, NULL, ""},
    [SCRIPT_RESTORE] = {"restore", script_restore, NULL, ""},
    [SCRIPT_SLOT] = {"slot", script_slot, NULL, ""},
    [SCRIPT_CUSTOMER] = {"customer", script_customer, NULL, ""},
    [SCRIPT_KNOWN] = {"known", script_known, NULL, ""},
    [SCRIPT_HEARD] = {"heard", script_heard, NULL, ""},
};

/* Is this line one that the chosen mutant takes out? */
static bool is_cut(const char *line, size_t size)
{
    char copy[400], name[64];
    if (size >= sizeof copy)
        return false;
    memcpy(copy, line, size);
    copy[size] = '\0';
    const char *mark = strstr(copy, "--mutant ");
    return mark != NULL && sscanf(mark, "--mutant %63s", name) == 1 && mutant(name);
}

static char *without_cut_lines(const char *source)
{
    char *text = malloc(strlen(source) + 1), *to = text;
    if (text == NULL)
        abort();
    for (const char *line = source; *line != '\0';) {
        const char *end = strchr(line, '\n');
        const size_t size = end != NULL ? (size_t)(end - line) + 1 : strlen(line);
        if (!is_cut(line, size)) {
            memcpy(to, line, size);
            to += size;
        }
        line += size;
    }
    *to = '\0';
    return text;
}

void scripts_load(void)
{
    for (int i = 0; i < SCRIPT_COUNT; i++) {
        if (scripts[i].text != NULL)
            continue;
        scripts[i].text = without_cut_lines(scripts[i].source);
        uint8_t hash[EVP_MAX_MD_SIZE];
        if (EVP_Digest(scripts[i].text, strlen(scripts[i].text), hash, NULL, EVP_sha1(), NULL) != 1)
            abort();
        (void)digest_hex(hash, 20, scripts[i].sha1);
    }
}

const char *script_name(enum script script)
{
    return scripts[script].name;
}

const char *script_text(enum script script)
{
    return scripts[script].text;
}

const char *script_sha1(enum script script)
{
    return scripts[script].sha1;
}

bool script_takes_many(enum script script)
{
    return script < SCRIPT_COUNT && takes_many[script];
}
