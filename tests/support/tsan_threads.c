/* C11's threads as POSIX ones, for the thread sanitizer only: it follows pthread_create and pthread
 * mutexes, not thrd_create and mtx_lock.
 *
 * librdkafka may be built on C11's threads (Debian 12's is). Their functions live in glibc, below
 * the sanitizer: a thread begun there has no state in the sanitizer's runtime, and the first
 * intercepted call in it crashes; a lock taken there orders nothing in the sanitizer's eyes. Linked
 * into a program and exported from it, these definitions come before glibc's for every shared
 * library, and both are seen.
 *
 * glibc gives a mtx_t, a cnd_t, a thrd_t and a once_flag the very form of their pthread siblings
 * (nptl does the same casts); the assertions below hold it to that. Nothing of this is in a build
 * without the sanitizer.
 *
 * Here, too, because every program of that build has this file: its options. A race ends the
 * program at once, so that a worker dies of it and its test sees that, also when nobody waits for
 * the worker's exit code. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) &&
                   _Alignof(mtx_t) <= _Alignof(pthread_mutex_t),
               "a mtx_t is a pthread_mutex_t");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t) &&
                   _Alignof(cnd_t) <= _Alignof(pthread_cond_t),
               "a cnd_t is a pthread_cond_t");
_Static_assert(sizeof(thrd_t) == sizeof(pthread_t), "a thrd_t is a pthread_t");
_Static_assert(sizeof(once_flag) == sizeof(pthread_once_t), "a once_flag is a pthread_once_t");

const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "halt_on_error=1:second_deadlock_stack=1:suppressions='" TSAN_SUPPRESSIONS "'";
}

struct start {
    thrd_start_t function;
    void *argument;
};

static int outcome(int error)
{
    switch (error) {
    case 0:
        return thrd_success;
    case ENOMEM:
        return thrd_nomem;
    case ETIMEDOUT:
        return thrd_timedout;
    case EBUSY:
        return thrd_busy;
    default:
        return thrd_error;
    }
}

/* ---- threads ---- */

static void *run(void *argument)
{
    const struct start start = *(struct start *)argument;
    free(argument);
    return (void *)(intptr_t)start.function(start.argument);
}

int thrd_create(thrd_t *thread, thrd_start_t function, void *argument)
{
    struct start *start = malloc(sizeof *start);
    if (start == NULL)
        return thrd_nomem;
    *start = (struct start){.function = function, .argument = argument};
    const int error = pthread_create(thread, NULL, run, start);
    if (error != 0)
        free(start);
    return error == EAGAIN ? thrd_nomem : outcome(error);
}

int thrd_join(thrd_t thread, int *result)
{
    void *value = NULL;
    const int error = pthread_join(thread, &value);
    if (error == 0 && result != NULL)
        *result = (int)(intptr_t)value;
    return outcome(error);
}

int thrd_detach(thrd_t thread)
{
    return outcome(pthread_detach(thread));
}

void call_once(once_flag *flag, void (*function)(void))
{
    (void)pthread_once((pthread_once_t *)(void *)flag, function);
}

/* ---- mutexes ---- */

static pthread_mutex_t *mutex_of(mtx_t *mutex)
{
    return (pthread_mutex_t *)(void *)mutex;
}

int mtx_init(mtx_t *mutex, int type)
{
    pthread_mutexattr_t attributes;
    int error = pthread_mutexattr_init(&attributes);
    if (error != 0)
        return outcome(error);
    (void)pthread_mutexattr_settype(&attributes, type & mtx_recursive ? PTHREAD_MUTEX_RECURSIVE
                                                                      : PTHREAD_MUTEX_NORMAL);
    error = pthread_mutex_init(mutex_of(mutex), &attributes);
    (void)pthread_mutexattr_destroy(&attributes);
    return outcome(error);
}

void mtx_destroy(mtx_t *mutex)
{
    (void)pthread_mutex_destroy(mutex_of(mutex));
}

int mtx_lock(mtx_t *mutex)
{
    return outcome(pthread_mutex_lock(mutex_of(mutex)));
}

int mtx_trylock(mtx_t *mutex)
{
    return outcome(pthread_mutex_trylock(mutex_of(mutex)));
}

int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict until)
{
    return outcome(pthread_mutex_timedlock(mutex_of(mutex), until));
}

int mtx_unlock(mtx_t *mutex)
{
    return outcome(pthread_mutex_unlock(mutex_of(mutex)));
}

/* ---- conditions ---- */

static pthread_cond_t *condition_of(cnd_t *condition)
{
    return (pthread_cond_t *)(void *)condition;
}

int cnd_init(cnd_t *condition)
{
    return outcome(pthread_cond_init(condition_of(condition), NULL));
}

void cnd_destroy(cnd_t *condition)
{
    (void)pthread_cond_destroy(condition_of(condition));
}

int cnd_signal(cnd_t *condition)
{
    return outcome(pthread_cond_signal(condition_of(condition)));
}

int cnd_broadcast(cnd_t *condition)
{
    return outcome(pthread_cond_broadcast(condition_of(condition)));
}

int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
    return outcome(pthread_cond_wait(condition_of(condition), mutex_of(mutex)));
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex,
                  const struct timespec *restrict until)
{
    return outcome(pthread_cond_timedwait(condition_of(condition), mutex_of(mutex), until));
}
