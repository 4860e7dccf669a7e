/* Reading and asking TZif tables (RFC 9636); see zone.h.
 *
 * A file holds transitions up to some year, and a rule in the form of POSIX' TZ for all times after
 * the last of them. Files without 64-bit data (version 1) are refused: none has been made for
 * fifteen years. */
#include "base/zone.h"

#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    FILE_MAX = 1 << 20,
    HEAD = 44,       /* "TZif", version, 15 reserved, six counts of 4 bytes */
    COUNTS = 20,     /* where those begin */
    TYPE_SIZE = 6,   /* of one local time type: offset, is summer, abbreviation */
    TYPES_MAX = 256, /* a transition names its type in one byte */
    NAME_MAX_SIZE = 64,
    DAY = 24 * 3600,
    OFFSET_MAX = 26 * 3600, /* RFC 9636: offsets are within -25 h to 26 h */
};

/* When a year's summer time begins or ends. */
struct change {
    enum { BY_WEEK, BY_JULIAN_DAY, BY_DAY } kind; /* Mm.w.d, Jn (without 29 February), n */
    int month, week, day;
    int32_t time_s; /* of local time before the change */
};

struct zone {
    size_t count; /* transitions */
    int64_t *at;
    uint8_t *types; /* of local time, from each transition on */
    int32_t offsets[TYPES_MAX];
    bool has_rule, has_summer; /* after the last transition */
    int32_t winter, summer;
    struct change begin, end;
};

/* ---- the rule, as POSIX' TZ ---- */

static bool read_number(const char **p, int max, int *ret)
{
    int value = 0;
    if (!isdigit((unsigned char)**p))
        return false;
    for (; isdigit((unsigned char)**p); ++*p)
        if ((value = value * 10 + (**p - '0')) > max)
            return false;
    *ret = value;
    return true;
}

/* [+-]hh[:mm[:ss]] */
static bool read_time(const char **p, int32_t *ret_s)
{
    int hours, minutes = 0, seconds = 0;
    const int sign = **p == '-' ? -1 : 1;
    *p += **p == '-' || **p == '+';
    if (!read_number(p, 167, &hours))
        return false;
    if (**p == ':' && (++*p, !read_number(p, 59, &minutes)))
        return false;
    if (**p == ':' && (++*p, !read_number(p, 59, &seconds)))
        return false;
    *ret_s = sign * ((hours * 60 + minutes) * 60 + seconds);
    return true;
}

/* GMT or <+03> */
static bool skip_name(const char **p)
{
    const char *begin = *p;
    if (*begin == '<') {
        *p = strchr(begin, '>');
        return *p != NULL && ++*p != NULL;
    }
    while (isalpha((unsigned char)**p))
        ++*p;
    return *p - begin >= 3;
}

static bool read_change(const char **p, struct change *c)
{
    *c = (struct change){.kind = BY_DAY, .time_s = 2 * 3600};
    if (**p == 'M') {
        c->kind = BY_WEEK;
        if (!(++*p, read_number(p, 12, &c->month)) || c->month == 0 || *(*p)++ != '.' ||
            !read_number(p, 5, &c->week) || c->week == 0 || *(*p)++ != '.' ||
            !read_number(p, 6, &c->day))
            return false;
    } else {
        c->kind = **p == 'J' ? BY_JULIAN_DAY : BY_DAY;
        *p += **p == 'J';
        if (!read_number(p, 365, &c->day))
            return false;
    }
    return **p != '/' || (++*p, read_time(p, &c->time_s));
}

static int read_rule(const char *text, struct zone *z)
{
    const char *p = text;
    if (*p == '\0')
        return 0; /* none: the last transition's offset stays */
    if (!skip_name(&p) || !read_time(&p, &z->winter))
        return -EINVAL;
    z->winter = -z->winter; /* POSIX counts to the west */
    z->has_rule = true;
    if (*p == '\0')
        return 0;
    z->has_summer = true;
    z->summer = z->winter + 3600;
    if (!skip_name(&p))
        return -EINVAL;
    if (*p != ',') {
        if (!read_time(&p, &z->summer))
            return -EINVAL;
        z->summer = -z->summer;
    }
    const bool is_whole = *p++ == ',' && read_change(&p, &z->begin) && *p++ == ',' &&
                          read_change(&p, &z->end) && *p == '\0';
    return is_whole ? 0 : -EINVAL;
}

/* Midnight of a year's day in seconds, as if local time were UTC. `month` from 1; days beyond the
 * month's end go into the next one. */
static int64_t midnight(int year, int month, int day, int *ret_weekday)
{
    struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    const int64_t at = (int64_t)timegm(&tm);
    *ret_weekday = tm.tm_wday;
    return at;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The local time of a change, in seconds. */
static int64_t change_at(const struct change *c, int year)
{
    int weekday;
    if (c->kind == BY_JULIAN_DAY)
        return midnight(year, 1, c->day + (c->day >= 60 && is_leap(year)), &weekday) + c->time_s;
    if (c->kind == BY_DAY)
        return midnight(year, 1, c->day + 1, &weekday) + c->time_s;
    const int64_t first = midnight(year, c->month, 1, &weekday);
    int day = (c->day - weekday + 7) % 7 + (c->week - 1) * 7; /* from 0 */
    const int64_t next_month = midnight(year, c->month + 1, 1, &weekday);
    while (first + (int64_t)day * DAY >= next_month) /* week 5: the last one */
        day -= 7;
    return first + (int64_t)day * DAY + c->time_s;
}

static int32_t offset_by_rule(const struct zone *z, int64_t at)
{
    struct tm tm;
    const time_t local = (time_t)(at + z->winter);
    if (!z->has_summer || gmtime_r(&local, &tm) == NULL)
        return z->winter;
    const int year = tm.tm_year + 1900;
    const int64_t begin = change_at(&z->begin, year) - z->winter,
                  end = change_at(&z->end, year) - z->summer;
    const bool is_summer = begin < end ? at >= begin && at < end : at >= begin || at < end;
    return is_summer ? z->summer : z->winter;
}

/* ---- the file ---- */

struct counts {
    size_t utc, standard, leaps, transitions, types, letters;
};

/* The counts of a block, and its size behind the head with times of `width` bytes. False: not a head,
 * or more than there is. */
static bool read_head(const char *data, size_t size, size_t width, struct counts *c,
                      size_t *ret_block)
{
    uint32_t n[6];
    if (size < HEAD || memcmp(data, "TZif", 4) != 0)
        return false;
    memcpy(n, data + COUNTS, sizeof n);
    for (size_t i = 0; i < 6; i++)
        if ((n[i] = be32toh(n[i])) > FILE_MAX)
            return false;
    *c = (struct counts){n[0], n[1], n[2], n[3], n[4], n[5]};
    *ret_block = c->transitions * (width + 1) + c->types * TYPE_SIZE + c->letters +
                 c->leaps * (width + 4) + c->standard + c->utc;
    return size - HEAD >= *ret_block;
}

static int read_types(struct zone *z, const char *data, size_t count)
{
    if (count == 0 || count > TYPES_MAX)
        return -EINVAL;
    for (size_t i = 0; i < count; i++) {
        uint32_t offset;
        memcpy(&offset, data + i * TYPE_SIZE, sizeof offset);
        z->offsets[i] = (int32_t)be32toh(offset);
        if (z->offsets[i] < -OFFSET_MAX || z->offsets[i] > OFFSET_MAX)
            return -EINVAL;
    }
    return 0;
}

static int read_transitions(struct zone *z, const char *data, const struct counts *c)
{
    z->count = c->transitions;
    z->at = calloc(z->count + 1, sizeof *z->at);
    z->types = calloc(z->count + 1, 1);
    if (z->at == NULL || z->types == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < z->count; i++) {
        uint64_t at;
        memcpy(&at, data + i * sizeof at, sizeof at);
        z->at[i] = (int64_t)be64toh(at);
        z->types[i] = (uint8_t)data[z->count * sizeof at + i];
        if (z->types[i] >= c->types || (i > 0 && z->at[i] <= z->at[i - 1]))
            return -EINVAL;
    }
    return read_types(z, data + z->count * 9, c->types);
}

static int zone_parse(struct zone *z, const char *data, size_t size)
{
    struct counts c;
    size_t block;
    if (!read_head(data, size, 4, &c, &block) || data[4] < '2')
        return -EINVAL;
    data += HEAD + block;
    size -= HEAD + block;
    if (!read_head(data, size, 8, &c, &block))
        return -EINVAL;
    const int r = read_transitions(z, data + HEAD, &c);
    const char *rule = data + HEAD + block; /* "\n…\n" */
    const size_t left = size - HEAD - block;
    char text[128];
    if (r < 0)
        return r;
    if (left < 2 || left > sizeof text || rule[0] != '\n' || rule[left - 1] != '\n')
        return -EINVAL;
    (void)snprintf(text, sizeof text, "%.*s", (int)left - 2, rule + 1);
    return read_rule(text, z);
}

static int read_file(struct zone *z, const char *path)
{
    FILE *file = fopen(path, "re");
    char *data = malloc(FILE_MAX);
    size_t size = 0;
    if (file != NULL && data != NULL)
        size = fread(data, 1, FILE_MAX, file);
    if (file != NULL)
        (void)fclose(file);
    const int r = data == NULL ? -ENOMEM : size < FILE_MAX ? zone_parse(z, data, size) : -EINVAL;
    free(data);
    return r;
}

int zone_load(const char *name, struct zone **ret_zone)
{
    char path[NAME_MAX_SIZE + 32];
    if (strlen(name) >= NAME_MAX_SIZE || name[0] == '/' || strstr(name, "..") != NULL)
        return -EINVAL;
    struct zone *z = calloc(1, sizeof *z);
    if (z == NULL)
        return -ENOMEM;
    (void)snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    if (strcmp(name, "UTC") != 0) { /* needs no file: all of its offsets are 0 */
        const int r = read_file(z, path);
        if (r < 0) {
            zone_free(z);
            return r;
        }
    }
    *ret_zone = z;
    return 0;
}

void zone_free(struct zone *zone)
{
    if (zone == NULL)
        return;
    free(zone->at);
    free(zone->types);
    free(zone);
}

/* ---- asking ---- */

static int64_t seconds_of(int64_t wall_ms)
{
    return wall_ms / 1000 - (wall_ms % 1000 < 0);
}

int32_t zone_offset_s(const struct zone *z, int64_t wall_ms)
{
    const int64_t at = seconds_of(wall_ms);
    if (z->has_rule && (z->count == 0 || at >= z->at[z->count - 1]))
        return offset_by_rule(z, at);
    size_t low = 0, high = z->count; /* the first transition after `at` is in [low, high] */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (z->at[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return z->offsets[low > 0 ? z->types[low - 1] : 0]; /* before the first: RFC 9636's type 0 */
}

int zone_date(const struct zone *zone, int64_t wall_ms, char ret_date[static 11])
{
    struct tm tm;
    const time_t local = (time_t)(seconds_of(wall_ms) + zone_offset_s(zone, wall_ms));
    if (gmtime_r(&local, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 8099)
        return -EINVAL;
    (void)snprintf(ret_date, 11, "%04u-%02u-%02u", (unsigned)(tm.tm_year + 1900) % 10000,
                   (unsigned)(tm.tm_mon + 1) % 100, (unsigned)tm.tm_mday % 100);
    return 0;
}
