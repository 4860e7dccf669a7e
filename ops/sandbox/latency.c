/* Distributions; see latency.h. */
#include "latency.h"

#include <errno.h>
#include <math.h>

enum { HOUR_S = 3600 };

static unsigned short random_state[3] = {0x330E, 1, 0};

void random_seed(uint32_t seed)
{
    random_state[1] = (unsigned short)seed;
    random_state[2] = (unsigned short)(seed >> 16);
}

double random_unit(void)
{
    return erand48(random_state);
}

static int duration_read(const char **text, int64_t *ret_us)
{
    static const struct {
        const char *unit;
        double us;
    } units[] = {{"us", 1}, {"ms", 1e3}, {"s", 1e6}};
    char *end;
    if (**text < '0' || **text > '9')
        return -EINVAL;
    const double value = strtod(*text, &end);
    for (size_t i = 0; i < 3; i++) {
        const size_t size = strlen(units[i].unit);
        if (strncmp(end, units[i].unit, size) != 0)
            continue;
        if (!(value * units[i].us <= HOUR_S * 1e6))
            return -ERANGE;
        *ret_us = (int64_t)(value * units[i].us + 0.5);
        *text = end + size;
        return 0;
    }
    if (value != 0)
        return -EINVAL;
    *ret_us = 0;
    *text = end;
    return 0;
}

int duration_parse(const char *text, int64_t *ret_us)
{
    int64_t us;
    const int result = duration_read(&text, &us);
    if (result == 0 && *text == '\0')
        *ret_us = us;
    return result == 0 && *text != '\0' ? -EINVAL : result;
}

int latency_parse(const char *text, struct latency *ret_latency)
{
    struct latency l = {.kind = LATENCY_FIXED};
    const char *p = text;
    int result;
    if (strncmp(p, "uniform:", 8) == 0) {
        l.kind = LATENCY_UNIFORM;
        p += 8;
    } else if (strncmp(p, "exp:", 4) == 0) {
        l.kind = LATENCY_EXPONENTIAL;
        p += 4;
    }
    result = duration_read(&p, &l.a_us);
    if (result == 0 && l.kind == LATENCY_UNIFORM) {
        if (*p++ != '-')
            return -EINVAL;
        result = duration_read(&p, &l.b_us);
        if (result == 0 && l.b_us < l.a_us)
            return -EINVAL;
    }
    if (result < 0)
        return result;
    if (*p != '\0' || strlen(text) >= sizeof l.text)
        return -EINVAL;
    (void)snprintf(l.text, sizeof l.text, "%s", text);
    *ret_latency = l;
    return 0;
}

int64_t latency_draw_us(const struct latency *l)
{
    switch (l->kind) {
    case LATENCY_UNIFORM:
        return l->a_us + (int64_t)(random_unit() * (double)(l->b_us - l->a_us));
    case LATENCY_EXPONENTIAL: {
        const double us = -log(1 - random_unit()) * (double)l->a_us;
        return (int64_t)fmin(us, 20.0 * (double)l->a_us);
    }
    case LATENCY_FIXED:
        break;
    }
    return l->a_us;
}
