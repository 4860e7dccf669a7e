/* What the kernel knows of this process, under the names that Prometheus' own clients use; see
 * metrics.h. */
#include "obs/metrics.h"

#include "base/clock.h"
#include "base/errors.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

static double resident_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%*s %ld", &pages) != 1)
        pages = 0;
    (void)fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double open_descriptors(void)
{
    double count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL)
        return 0;
    for (const struct dirent *e; (e = readdir(folder)) != NULL;)
        count += e->d_name[0] != '.';
    (void)closedir(folder);
    return count - 1; /* the folder's own */
}

void metrics_start(void)
{
    metrics_set(METRIC_start, "", (double)clock_wall_ms() / 1000);
    metrics_set(METRIC_build, PF_VERSION, 1);
    for (int i = 1; i < PF_OWNER_COUNT; i++)
        metrics_add(METRIC_owner_exceptions, pf_owner_name((enum pf_owner)i), 0);
    for (int i = 1; i < PF_ERROR_COUNT;
         i++) /* from 0 on, so that an alert on an increase sees the first one */
        if (pf_error_info((enum pf_error)i)->class != PF_CLASS_WORLD)
            metrics_add(METRIC_exceptions, pf_error_info((enum pf_error)i)->name, 0);
}

void metrics_refresh_process(void)
{
    struct rusage usage;
    struct rlimit limit;
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        const double seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
        const double more = seconds - metrics_value(METRIC_process_cpu, "");
        metrics_add(METRIC_process_cpu, "", more > 0 ? more : 0);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        metrics_set(METRIC_process_fds_max, "", (double)limit.rlim_cur);
    metrics_set(METRIC_process_resident, "", resident_bytes());
    metrics_set(METRIC_process_fds, "", open_descriptors());
}
