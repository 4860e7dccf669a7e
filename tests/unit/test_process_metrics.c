/* What the process itself takes, as the kernel says it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>

#include "obs/metrics.h"

static struct rusage usage;

int __wrap_getrusage(int who, struct rusage *ret);
int __wrap_getrlimit(int resource, struct rlimit *ret);

int __wrap_getrusage(int who, struct rusage *ret)
{
    assert_int_equal(who, RUSAGE_SELF);
    *ret = usage;
    return 0;
}

int __wrap_getrlimit(int resource, struct rlimit *ret)
{
    assert_int_equal(resource, RLIMIT_NOFILE);
    *ret = (struct rlimit){.rlim_cur = 77, .rlim_max = 99};
    return 0;
}

static void takes(long user_s, long user_us, long system_s, long system_us, double seconds)
{
    usage.ru_utime.tv_sec = user_s;
    usage.ru_utime.tv_usec = user_us;
    usage.ru_stime.tv_sec = system_s;
    usage.ru_stime.tv_usec = system_us;
    metrics_refresh_process();
    assert_true(metrics_value(METRIC_process_cpu, "") == seconds);
}

static void test_processor(void **state)
{
    (void)state;
    takes(1, 250000, 2, 500000, 3.75);
    takes(3, 0, 4, 125000, 7.125);
    takes(3, 0, 4, 0, 7.125); /* a counter never falls */
    assert_true(metrics_value(METRIC_process_fds_max, "") == 77);
    assert_true(metrics_value(METRIC_process_fds, "") >= 3);
    assert_true(metrics_value(METRIC_process_resident, "") > 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_processor)};
    return cmocka_run_group_tests_name("obs: the process", tests, NULL, NULL);
}
