/* Whose bytes may still leave: only what is known to be over is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "posting/senders.h"

static const char elsewhere[] =
    "0123456789abcdef/2f7c9a4e-0000-4000-8000-000000000000/pid:[1]/7/100";

struct row {
    const char *name,
        *line; /* %S ourselves, %D a process of this machine that is gone, %E one elsewhere */
    bool is_exclusive, over, unknown, fleet_is_over;
};

static void fill(const char *pattern, const char *self, const char *dead, char text[static 900])
{
    size_t at = 0;
    for (const char *p = pattern; *p != '\0'; p++) {
        const char *word = p[0] != '%' ? NULL : p[1] == 'S' ? self : p[1] == 'D' ? dead : elsewhere;
        if (word != NULL)
            p++;
        at += (size_t)snprintf(text + at, 900 - at, "%.*s", word != NULL ? (int)strlen(word) : 1,
                               word != NULL ? word : p);
    }
}

static void test_lines(void **state)
{
    static const struct row rows[] = {
        {"a process of this machine that is gone", "%D 1 5 5 %D", false, true, false, false},
        {"one of another machine", "%E 1 5 5 %E", false, false, false, false},
        {"... whose slot somebody else has now", "%E 1 5 6 %S", false, false, false, false},
        {"... where the platform runs one process an identity", "%E 1 5 6 %S", true, true, false,
         false},
        {"... but nobody has that slot yet", "%E 1 5 5 -", true, false, false, false},
        {"one that started over in place since", "%E 1 5 6 %E", false, true, false, false},
        {"ourselves, now: it speaks for itself", "%S 0 9 9 %S", false, false, false, false},
        {"ourselves, before we started over in place", "%S 0 8 9 %S", false, true, false, false},
        {"ourselves, in the slot that we had before", "%S r-1 8 8 -", false, true, false, false},
        {"nobody knows who", "?", false, false, true, false},
        {"nobody knows who, though slots are exclusive", "?", true, false, true, false},
        {"what cannot be read", "%D 1 x 5 %D", false, false, true, false},
        {"too much in a line", "%D 1 5 5 %D more", false, false, true, false},
        {"nobody knows who, though the fleet from before a loss is over", "?", false, false, true,
         true},
        {"whoever sent before Redis was lost", "*", false, false, true, false},
        {"... of whom all are over", "*", false, true, false, true},
    };
    char self[PROCESS_NAME_MAX], dead[PROCESS_NAME_MAX + 1], text[900], expected[600];
    struct keyspace ks = {.slot = "0", .slot_epoch = 9};
    (void)state;
    (void)process_describe_self(self);
    (void)snprintf(ks.sender, sizeof ks.sender, "%.199s", self);
    (void)snprintf(dead, sizeof dead, "%s0",
                   self); /* our pid's process was started at another time */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *arena = arena_new(1 << 20);
        fill(rows[i].line, self, dead, text);
        const struct senders found =
            senders_read(text, &ks, rows[i].is_exclusive, rows[i].fleet_is_over, arena);
        if (found.any_open == rows[i].over || found.any_unknown != rows[i].unknown)
            fail_msg("%s: open %d, unknown %d", rows[i].name, found.any_open, found.any_unknown);
        if (rows[i].over != (found.over[0] != '\0'))
            fail_msg("%s: the list of those that are over is \"%s\"", rows[i].name, found.over);
        arena_free(arena);
    }
    struct arena *arena = arena_new(1 << 20);
    (void)snprintf(text, sizeof text, "%s 1 5 5 -\n%s 2 6 6 -\n%s 3 7 7 -", dead, elsewhere, dead);
    const struct senders found = senders_read(text, &ks, false, false, arena);
    (void)snprintf(expected, sizeof expected, "\n%s 1 5\n%s 3 7\n", dead, dead);
    assert_true(found.any_open && !found.any_unknown);
    assert_string_equal(found.open_one, "2");
    (void)snprintf(text, sizeof text, "\n%s 1 5\n", dead);
    assert_int_equal(strncmp(found.over, text, strlen(text)), 0);
    assert_non_null(strstr(found.over, " 3 7\n"));
    arena_free(arena);
}

static void test_nobody(void **state)
{
    const struct keyspace ks = {.sender = "p"};
    (void)state;
    struct arena *arena = arena_new(1 << 16);
    const struct senders found = senders_read("", &ks, false, true, arena);
    assert_true(!found.any_open && !found.any_unknown && found.over[0] == '\0');
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_nobody)};
    return cmocka_run_group_tests_name("senders", tests, NULL, NULL);
}
