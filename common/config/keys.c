/* The table of keys, and what to say to a key that is not in it. */
#include "config/internal.h"

#include <strings.h>

const struct config_row config_rows[CFG_COUNT] = {
#define CONFIG_KEY(id, key, type, def, min, max, secret, help)                                     \
    [CFG_##id] = {key, CONFIG_##type, def, min, max, secret, help},
#include "config/keys.def"
#undef CONFIG_KEY
};

enum config_key config_find(const char *key)
{
    for (int i = 0; i < CFG_COUNT; i++)
        if (strcmp(config_rows[i].key, key) == 0)
            return (enum config_key)i;
    return CFG_COUNT;
}

enum { KEY_MAX = 64 }; /* longer ones are not compared for likeness */

/* Levenshtein's distance, case and the difference of '.', '_' and '-' set aside; KEY_MAX when
 * either is too long. */
static size_t distance(const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b);
    if (n >= KEY_MAX || m >= KEY_MAX)
        return KEY_MAX;
    size_t row[KEY_MAX];
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            const bool both_separate =
                strchr("._-", a[i - 1]) != NULL && strchr("._-", b[j - 1]) != NULL;
            const bool same = both_separate || strncasecmp(&a[i - 1], &b[j - 1], 1) == 0;
            const size_t replaced = diagonal + !same, less = row[j] + 1, more = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = replaced < less ? replaced : less;
            row[j] = row[j] < more ? row[j] : more;
        }
    }
    return row[m];
}

const char *config_nearest(const char *key)
{
    const char *nearest = NULL;
    const size_t size = strlen(key);
    size_t least =
        size < KEY_MAX ? 1 + size / 4 : 0; /* one slip in every four characters, at least one */
    for (int i = 0; i < CFG_COUNT; i++) {
        const size_t d = distance(key, config_rows[i].key);
        if (d <= least && (nearest == NULL || d < least)) {
            nearest = config_rows[i].key;
            least = d;
        }
    }
    return nearest;
}

const char *config_rdkafka_owner(const char *name)
{
    static const char *const own[][2] = {
        {"bootstrap.servers", "set kafka.bootstrap.servers instead"},
        {"metadata.broker.list", "set kafka.bootstrap.servers instead"},
        {"group.id", "set worker.group instead"},
        {"group.instance.id", "it follows from group and --slot"},
        {"transactional.id", "it follows from group and --slot"},
        {"transaction.timeout.ms", "set commit.transaction_timeout instead"},
        {"enable.auto.commit", "offsets are committed in the transaction of their results only"},
        {"auto.commit.interval.ms",
         "offsets are committed in the transaction of their results only"},
        {"enable.auto.offset.store",
         "offsets are committed in the transaction of their results only"},
        {"auto.offset.reset",
         "a lost offset must stop the worker; where to begin is said explicitly"},
        {"isolation.level", "aborted results must never be read"},
        {"enable.idempotence", "transactions need it"},
        {"acks", "transactions need all"},
        {"request.required.acks", "transactions need all"},
        {"partitioner", "keys must meet those of Java's clients, and a refund its order"},
        {"partition.assignment.strategy",
         "it follows from librdkafka's version, see common/kafka/"},
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(own[i][0], name) == 0)
            return own[i][1];
    return NULL;
}

const char *config_rdkafka_overrules(const char *name)
{
    static const char *const overruled[][2] = {
        {"check.crcs", "a corrupt batch must stop the worker, not be read"},
        {"enable.partition.eof", "a partition's end tells when all of it was read"},
        {"delivery.report.only.error", "only messages that fail are looked at"},
        {"statistics.interval.ms",
         "statistics tell whether Kafka answers, several times a session"},
        {"message.copy.max.bytes", "what librdkafka does not copy, a transaction's end would free"},
    };
    for (size_t i = 0; i < sizeof overruled / sizeof *overruled; i++)
        if (strcmp(overruled[i][0], name) == 0)
            return overruled[i][1];
    return NULL;
}

bool config_rdkafka_is_ours(const char *name)
{
    return config_rdkafka_owner(name) != NULL || config_rdkafka_overrules(name) != NULL;
}

bool config_rdkafka_secret(const char *name)
{
    return strstr(name, "password") != NULL || strstr(name, "secret") != NULL ||
           strcmp(name, "ssl.key.pem") == 0 || strcmp(name, "sasl.oauthbearer.config") == 0;
}
