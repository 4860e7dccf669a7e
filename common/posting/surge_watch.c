/* Surges, told and acted upon; see surge_watch.h. */
#include "posting/surge_watch.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "posting/posting.h"

enum { FILE_MAX = 100 };

void surge_begin(struct worker *w)
{
    const struct config *config = w->host.config;
    surge_init(&w->posting->surge, (size_t)config_int(config, CFG_deadletter_surge_keys),
               (int)config_int(config, CFG_deadletter_surge_share));
}

/* The file of the mappings that was changed last, and when. False: the folder cannot be read. */
static bool mapping_changed(const struct config *config, char file[static FILE_MAX],
                            int64_t *ret_ms)
{
    DIR *folder = opendir(config_text(config, CFG_orders_mappings));
    const struct dirent *entry;
    struct stat info;
    bool found = false;
    if (folder == NULL)
        return false;
    while ((entry = readdir(folder)) != NULL) {
        const char *ending = strrchr(entry->d_name, '.');
        if (ending == NULL || strcmp(ending, ".yaml") != 0 ||
            fstatat(dirfd(folder), entry->d_name, &info, 0) != 0 ||
            (found && (int64_t)info.st_mtim.tv_sec * 1000 <= *ret_ms))
            continue;
        found = true;
        *ret_ms = (int64_t)info.st_mtim.tv_sec * 1000;
        (void)snprintf(file, FILE_MAX, "%.99s", entry->d_name);
    }
    (void)closedir(folder);
    return found;
}

static void tell_end(struct worker *w, enum pf_error code)
{
    metrics_set(METRIC_surge, pf_error_info(code)->name, 0);
    log_info(.message = "surge over", .code = pf_error_info(code)->name);
    pauses_end(&w->host.pauses, PAUSE_SURGE);
}

static void tell_begin(struct worker *w)
{
    const struct surge *s = &w->posting->surge;
    const struct pf_error_info *info = pf_error_info(s->code);
    char file[FILE_MAX] = "", at[CLOCK_TEXT_MAX], detail[300];
    int64_t changed_ms = 0;
    const bool is_known = mapping_changed(w->host.config, file, &changed_ms);
    (void)snprintf(detail, sizeof detail, "%u of the last %zu %ss ended so%s%s%s%s",
                   s->counts[s->code], s->count, w->flow->noun,
                   is_known ? "; mapping changed last: " : "", file, is_known ? ", " : "",
                   is_known ? clock_format(changed_ms, at) : "");
    metrics_set(METRIC_surge, info->name, 1);
    if (is_known)
        metrics_set(METRIC_surge_mapping, file, (double)changed_ms / 1e3);
    log_error(.message = "surge: one code stops many records", .code = info->name,
              .owner = pf_owner_name(info->owner), .detail = detail,
              .remedy = "correct the mapping or the channel, reload (SIGHUP), then primaflow dlq "
                        "retry --code");
    if (strcmp(config_text(w->host.config, CFG_deadletter_surge), "pause") == 0)
        pauses_begin(&w->host.pauses, PAUSE_SURGE, detail);
}

void surge_settles(struct record *r)
{
    const char *key = r->key.natural != NULL ? r->key.natural : r->lineage.delivery;
    r->end.key = recent_hash(key, strlen(key));
}

void surge_ended(struct record *r)
{
    struct worker *w = r->worker;
    struct surge *s = &w->posting->surge;
    const enum pf_error before = s->code, code = r->end.code_count > 0 ? r->end.codes[0] : PF_OK;
    if (s->keys == 0 || (r->end.outcome == OUTCOME_COUNT && code == PF_OK))
        return; /* it lives on in a retry topic, or had ended before */
    if (!surge_see(s, r->end.key, code))
        return;
    if (before != PF_OK)
        tell_end(w, before);
    if (s->code != PF_OK)
        tell_begin(w);
}

void surge_reloaded(struct worker *w)
{
    struct surge *s = &w->posting->surge;
    const enum pf_error before = s->code;
    surge_reset(s);
    if (before != PF_OK)
        tell_end(w, before);
}
