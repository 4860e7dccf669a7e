/* Writing ops.audit; see audit.h. */
#include "audit.h"

#include "base/clock.h"
#include "base/digest.h"

#include <errno.h>
#include <jansson.h>
#include <pwd.h>
#include <unistd.h>

/* The operating system's user, and where: sudo's own user where it was used. */
static void who_am_i(char *text, size_t room)
{
    char host[100] = "?";
    const char *sudo = getenv("SUDO_USER");
    const struct passwd *user = getpwuid(getuid());
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(text, room, "%.60s@%s", sudo != NULL ? sudo : user != NULL ? user->pw_name : "?", host);
}

int audit_add(struct broker_producer *producer, const struct audit *a, struct broker_message *ret_message)
{
    char who[200], at[CLOCK_TEXT_MAX], digest[2 * DIGEST_SIZE + 1];
    who_am_i(who, sizeof who);
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s}", "action", a->action, "at", clock_format(clock_wall_ms(), at), "who", who,
                  "reason", a->reason, "program", "primaflow " PF_VERSION, "topic", a->topic, "written", (json_int_t)a->written, "skipped",
                  (json_int_t)a->skipped, "digest", digest_hex(a->digest, DIGEST_SIZE, digest));
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (text == NULL) {
        (void)snprintf(ret_message->text, sizeof ret_message->text, "--reason is not UTF-8, or there is no memory; nothing was sent");
        return -EINVAL;
    }
    const struct broker_record record = {
        .topic = "ops.audit", .partition = -1, .key = a->action, .key_size = strlen(a->action), .value = text, .value_size = strlen(text)};
    const int rc = broker_producer_add(producer, &record, ret_message);
    free(text);
    return rc;
}
