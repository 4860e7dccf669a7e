/* Rows in a file; see stock_spool.h. */
#include "stock_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 255 /* its length is one byte */ };

struct stock_spool {
    FILE *file;
    int64_t written, read; /* rows */
    char depot[TEXT_MAX + 1], date[TEXT_MAX + 1];
};

struct spooled { /* then the three texts */
    int32_t available;
    uint8_t key_size, depot_size, date_size;
};

static int open_nameless(const char *folder)
{
    const int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return fd;
    char name[4096]; /* a file system without nameless files */
    if (snprintf(name, sizeof name, "%s/primaflow-poller.XXXXXX", folder) >= (int)sizeof name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    const int named = mkostemp(name, O_CLOEXEC);
    if (named >= 0)
        (void)unlink(name);
    return named;
}

int stock_spool_open(const char *folder, struct stock_spool **ret_spool)
{
    struct stock_spool *s = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    const int fd = open_nameless(folder);
    s->file = fd >= 0 ? fdopen(fd, "w+b") : NULL;
    if (s->file == NULL) {
        const int error = errno;
        if (fd >= 0)
            (void)close(fd);
        free(s);
        return -error;
    }
    *ret_spool = s;
    return 0;
}

void stock_spool_close(struct stock_spool *s)
{
    if (s == NULL)
        return;
    (void)fclose(s->file);
    free(s);
}

static bool put(struct stock_spool *s, const void *bytes, size_t size)
{
    return size == 0 || fwrite(bytes, size, 1, s->file) == 1;
}

int stock_spool_add(struct stock_spool *s, const struct stock_row *row)
{
    const size_t key = strlen(row->key), depot = strlen(row->depot), date = strlen(row->date);
    struct spooled head;
    memset(&head, 0, sizeof head); /* what lies between its members goes into the file, too */
    head.available = (int32_t)row->available;
    head.key_size = (uint8_t)key;
    head.depot_size = (uint8_t)depot;
    head.date_size = (uint8_t)date;
    if (key > TEXT_MAX || depot > TEXT_MAX || date > TEXT_MAX)
        return -EINVAL;
    if (!put(s, &head, sizeof head) || !put(s, row->key, key) || !put(s, row->depot, depot) ||
        !put(s, row->date, date))
        return errno != 0 ? -errno : -EIO;
    s->written++;
    return 0;
}

int stock_spool_rewind(struct stock_spool *s)
{
    s->read = 0;
    return fflush(s->file) == 0 && fseek(s->file, 0, SEEK_SET) == 0 ? 0
           : errno != 0                                             ? -errno
                                                                    : -EIO;
}

static bool get(struct stock_spool *s, char *text, size_t size)
{
    text[size] = '\0';
    return size == 0 || fread(text, size, 1, s->file) == 1;
}

int stock_spool_next(struct stock_spool *s, struct stock_row *row)
{
    struct spooled head;
    if (s->read == s->written)
        return 0;
    if (fread(&head, sizeof head, 1, s->file) != 1 || head.key_size >= sizeof row->key ||
        !get(s, row->key, head.key_size) || !get(s, s->depot, head.depot_size) ||
        !get(s, s->date, head.date_size))
        return -EIO;
    row->depot = s->depot;
    row->date = s->date;
    row->available = head.available;
    s->read++;
    return 1;
}
