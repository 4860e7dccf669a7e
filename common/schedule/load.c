/* Waiting for a permit; see load.h. */
#include "schedule/load.h"

#include <errno.h>
#include <unistd.h>

enum { LOOK_US = 50000 };

static bool sleep_on(int64_t us, bool (*goes_on)(void *user), void *user)
{
    while (us > 0 && goes_on(user)) {
        const int64_t some = us < LOOK_US ? us : LOOK_US;
        (void)usleep((useconds_t)some);
        us -= some;
    }
    return goes_on(user);
}

int load_wait(struct redis_once *redis, const struct load_call *load, bool (*goes_on)(void *user),
              void *user)
{
    for (;;) {
        struct load_answer answer;
        if (schedule_call_load(redis, load, &answer) < 0)
            return -EIO;
        if (!sleep_on(answer.wait_us, goes_on, user))
            return -ECANCELED;
        if (answer.goes)
            return 0;
    }
}
