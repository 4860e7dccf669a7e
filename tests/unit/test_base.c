/* Buffers, arenas, digests and fail points: what everything else stands on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/digits.h"
#include "base/failpoint.h"
#include "base/varint.h"

/* ---- digits ---- */

static void test_digits_are_those_of_printf(void **state)
{
    static const int64_t numbers[] = {
        0, 1, 9, 10, 99, 100, 4294967296, 1767603961200, INT64_MAX, -1, -10, INT64_MIN};
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char text[DIGITS_MAX], expected[DIGITS_MAX];
        const int size = snprintf(expected, sizeof expected, "%lld", (long long)numbers[i]);
        assert_int_equal(digits_write(numbers[i], text), size);
        assert_string_equal(text, expected);
    }
}

/* ---- varint ---- */

static void test_varints(void **state)
{
    (void)state;
    static const struct {
        int64_t amount;
        size_t size;
    } rows[] = {{0, 1},   {-1, 1},        {1, 1},          {-64, 1},       {64, 2},
                {-65, 2}, {INT32_MAX, 5}, {INT64_MAX, 10}, {INT64_MIN, 10}};
    struct arena *arena = arena_new(1 << 16);
    struct buf b;
    bool no_memory = false;
    buf_init(&b, 1000);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        buf_clear(&b);
        varint_put_amount(&b, rows[i].amount);
        assert_int_equal(b.size, rows[i].size);
        struct varint_reader r = {(const uint8_t *)b.data, (const uint8_t *)b.data + b.size, false};
        assert_true(varint_take_amount(&r) == rows[i].amount);
        assert_true(!r.bad && r.at == r.end);
        r = (struct varint_reader){(const uint8_t *)b.data, r.end - 1, false};
        assert_true(varint_take_amount(&r) == 0 && r.bad);
    }
    buf_clear(&b);
    varint_put(&b, UINT64_MAX);
    varint_put(&b, 300);
    varint_put_text(&b, "text");
    varint_put_text(&b, "");
    varint_put_text(&b, NULL);
    struct varint_reader r = {(const uint8_t *)b.data, (const uint8_t *)b.data + b.size, false};
    assert_true(varint_take(&r, UINT64_MAX) == UINT64_MAX);
    assert_true(varint_take(&r, 300) == 300);
    assert_string_equal(varint_take_text(&r, arena, &no_memory), "text");
    assert_string_equal(varint_take_text(&r, arena, &no_memory), "");
    assert_null(varint_take_text(&r, arena, &no_memory));
    assert_true(!r.bad && !no_memory && r.at == r.end);
    static const struct {
        const char *name, *bytes;
        size_t size;
    } bad[] = {{"above its bound", "\xac\x02", 2},
               {"of eleven bytes", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11},
               {"of 65 bits", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", 10},
               {"without an end", "\x80", 1},
               {"nothing", "", 0}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        print_message("  %s\n", bad[i].name);
        r = (struct varint_reader){(const uint8_t *)bad[i].bytes,
                                   (const uint8_t *)bad[i].bytes + bad[i].size, false};
        assert_true(varint_take(&r, i == 0 ? 299 : UINT64_MAX) == 0 && r.bad);
    }
    r = (struct varint_reader){(const uint8_t *)"\x06text", (const uint8_t *)"\x06text" + 5, false};
    assert_null(varint_take_text(&r, arena, &no_memory)); /* longer than what is there */
    assert_true(r.bad && !no_memory);
    struct arena *none = arena_new(0);
    r = (struct varint_reader){(const uint8_t *)b.data + 12, (const uint8_t *)b.data + b.size,
                               false};
    assert_null(varint_take_text(&r, none, &no_memory));
    assert_true(no_memory && !r.bad);
    arena_free(none);
    arena_free(arena);
    buf_release(&b);
}

/* ---- buf ---- */

static void test_buf_grows_to_its_cap(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    assert_string_equal(b.data, ""); /* a C string from the start */
    for (int i = 0; i < 1000; i++) {
        buf_byte(&b, (uint8_t)('a' + i % 26));
        assert_int_equal(b.size, i + 1);
        assert_int_equal(b.data[b.size], '\0');
    }
    assert_false(b.failed);
    buf_byte(&b, 'x');
    assert_true(b.failed);
    assert_int_equal(b.size, 1000); /* keeps what it had */
    buf_clear(&b);
    assert_false(b.failed);
    assert_string_equal(b.data, "");
    buf_text(&b, "again");
    assert_string_equal(b.data, "again");
    buf_release(&b);
    assert_string_equal(b.data, "");
    assert_int_equal(b.cap, 1000);
    buf_release(&b); /* twice is harmless */
}

static void test_buf_failure_stays(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    buf_text(&b, "12345678");
    buf_text(&b, "too long");
    assert_true(b.failed);
    buf_text(&b, "9"); /* would fit, but what is before it is missing */
    assert_string_equal(b.data, "12345678");
    assert_true(b.failed);
    buf_clear(&b);
    buf_printf(&b, "%05d%s", 42, "abcde");
    assert_string_equal(b.data, "00042abcde");
    assert_false(b.failed);
    buf_printf(&b, "%d", 1);
    assert_true(b.failed);
    assert_string_equal(b.data, "00042abcde");
    buf_truncate(&b, 11); /* it has no more */
    assert_string_equal(b.data, "00042abcde");
    buf_truncate(&b, 5);
    assert_string_equal(b.data, "00042");
    assert_int_equal(b.size, 5);
    assert_true(b.failed);
    buf_release(&b);
}

/* Doubling stops at the cap, and the cap is whole. */
static void test_buf_cap_is_reached(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    for (int i = 0; i < 1000; i++)
        buf_byte(&b, 'x');
    assert_false(b.failed);
    assert_int_equal(b.size, 1000);
    assert_true(b.room <= 1001);
    buf_byte(&b, 'x');
    assert_true(b.failed);
    assert_int_equal(b.size, 1000);
    assert_int_equal(b.data[1000], '\0');
    buf_release(&b);
}

static void test_buf_bytes(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, SIZE_MAX);
    buf_append(&b, NULL, 0); /* nothing of nothing */
    buf_append(&b, "a\0b", 3);
    assert_int_equal(b.size, 3);
    assert_memory_equal(b.data, "a\0b", 4);
    buf_release(&b);
    buf_init(&b, 0);
    buf_text(&b, "");
    assert_false(b.failed);
    buf_text(&b, "x");
    assert_true(b.failed);
    buf_release(&b);
}

/* ---- arena ---- */

static void test_arena_memory(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    uint8_t *parts[200];
    size_t sizes[200];
    for (size_t i = 0; i < 200; i++) { /* small and larger than a chunk, in turns */
        sizes[i] = i % 7 == 0 ? 6000 : i % 50;
        parts[i] = arena_alloc(a, sizes[i]);
        assert_non_null(parts[i]);
        assert_int_equal((uintptr_t)parts[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(parts[i][k], 0);
        memset(parts[i], (int)i, sizes[i]);
    }
    for (size_t i = 0; i < 200; i++) /* none overlaps another */
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(parts[i][k], (uint8_t)i);
    assert_ptr_not_equal(arena_alloc(a, 0), arena_alloc(a, 0));
    assert_string_equal(arena_text(a, "hello", 3), "hel");
    assert_string_equal(arena_text(a, NULL, 0), "");
    assert_string_equal(arena_printf(a, "%d %s", 7, "seven"), "7 seven");
    arena_free(a);
    arena_free(NULL);
}

static void test_arena_cap(void **state)
{
    (void)state;
    struct arena *a = arena_new(1000);
    size_t had = 0;
    while (arena_alloc(a, 10) != NULL)
        had += 10;
    assert_in_range(had, 300, 1000);
    assert_true(arena_used(a) <= 1000);
    assert_null(arena_text(a, "a text that does not fit there any more", 39));
    assert_null(arena_printf(a, "%s", "a text that does not fit there any more"));
    arena_free(a);
    a = arena_new(1000);
    static const size_t hostile[] = {1001, SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 40, SIZE_MAX / 2};
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        assert_null(arena_alloc(a, hostile[i]));
        assert_null(arena_text(a, "", hostile[i]));
    }
    assert_int_equal(arena_used(a), 0);
    assert_non_null(arena_alloc(a, 900)); /* a refusal leaves it usable */
    arena_free(a);
}

/* ---- digest: FIPS 180-4 and RFC 4231 ---- */

static void test_random_bytes_are_nobody_elses(void **state)
{
    uint8_t ours[16], theirs[16], large[2000], before[sizeof large] = {0};
    int pipes[2], status;
    (void)state;
    digest_random(ours, 8); /* some are ahead now */
    assert_int_equal(pipe(pipes), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        digest_random(theirs, sizeof theirs);
        _exit(write(pipes[1], theirs, sizeof theirs) != sizeof theirs);
    }
    digest_random(ours, sizeof ours);
    assert_int_equal(read(pipes[0], theirs, sizeof theirs), sizeof theirs);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_memory_not_equal(ours, theirs, sizeof ours);
    digest_random(large, sizeof large);
    assert_memory_not_equal(large, before, sizeof large);
    (void)close(pipes[0]);
    (void)close(pipes[1]);
}

static void test_digests(void **state)
{
    (void)state;
    uint8_t hash[DIGEST_SIZE];
    char text[2 * DIGEST_SIZE + 1];
    static const char *const sha_abc =
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    digest_sha256("abc", 3, hash);
    assert_string_equal(digest_hex(hash, sizeof hash, text), sha_abc);
    struct digest *d = digest_new();
    digest_add(d, "a", 1);
    digest_add(d, "", 0);
    digest_add(d, "bc", 2);
    digest_end(d, hash);
    assert_string_equal(digest_hex(hash, sizeof hash, text), sha_abc);
    digest_sha256("", 0, hash);
    assert_string_equal(digest_hex(hash, sizeof hash, text),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest_hmac("Jefe", 4, "what do ya want for nothing?", 28, hash);
    assert_string_equal(digest_hex(hash, sizeof hash, text),
                        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_string_equal(digest_hex(hash, 0, text), "");
    uint8_t one[16], two[16];
    digest_random(one, sizeof one);
    digest_random(two, sizeof two);
    assert_memory_not_equal(one, two, sizeof one);
    uint8_t back[sizeof hash];
    assert_true(digest_of_hex(digest_hex(hash, sizeof hash, text), back, sizeof back));
    assert_memory_equal(back, hash, sizeof hash);
    assert_true(digest_of_hex("0aFf", back, 2));
    assert_memory_equal(back, "\x0a\xff", 2);
    assert_false(digest_of_hex("0aFf", back, 1));
    assert_false(digest_of_hex("0aF", back, 2));
    assert_false(digest_of_hex("0aFg", back, 2));
    assert_false(digest_of_hex("0a f", back, 2));
    assert_false(digest_of_hex(NULL, back, 0));
}

/* ---- fail points ---- */

/* Runs `passes` passes of fail_point("here") in a child with these variables; its exit code is what
 * `last` found (bits: fail_point, mutant). */
static int child(const char *fail, const char *chosen, int passes)
{
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)(fail != NULL ? setenv("PRIMAFLOW_FAIL", fail, 1) : unsetenv("PRIMAFLOW_FAIL"));
        (void)(chosen != NULL ? setenv("PRIMAFLOW_MUTANT", chosen, 1)
                              : unsetenv("PRIMAFLOW_MUTANT"));
        bool last = false;
        for (int i = 0; i < passes; i++)
            last = fail_point("here");
        _exit((last ? 1 : 0) + (mutant("no_guard") ? 2 : 0));
    }
    int status;
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    if (WIFSTOPPED(status)) {
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        return 1000 + WSTOPSIG(status);
    }
    return WIFSIGNALED(status) ? 2000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void test_fail_points(void **state)
{
    (void)state;
#ifdef PF_FAILPOINTS
    const bool compiled_in = true;
#else
    const bool compiled_in = false;
#endif
    static const struct {
        const char *name, *fail, *mutant;
        int passes, result;
    } rows[] = {
        {"unarmed", NULL, NULL, 3, 0},
        {"error, the first time", "here:error", NULL, 1, 1},
        {"and not again", "here:error", NULL, 2, 0},
        {"error, the third time", "here:error:3", NULL, 3, 1},
        {"not before it", "here:error:3", NULL, 2, 0},
        {"another point", "there:error", NULL, 1, 0},
        {"the second of two", "there:kill,here:error", NULL, 1, 1},
        {"kill", "here:kill", NULL, 1, 2000 + SIGKILL},
        {"stop", "here:stop", NULL, 1, 1000 + SIGSTOP},
        {"sleep returns", "here:sleep=20", NULL, 1, 0},
        {"a mutant", NULL, "no_guard", 1, 2},
        {"another mutant", NULL, "no_guards", 1, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        assert_int_equal(child(rows[i].fail, rows[i].mutant, rows[i].passes),
                         compiled_in ? rows[i].result : 0);
    }
    if (compiled_in) {
        const int64_t before = clock_monotonic_ms();
        assert_int_equal(child("here:sleep=60", NULL, 1), 0);
        assert_true(clock_monotonic_ms() - before >= 60);
        assert_int_equal(child("nonsense", NULL, 1), 64);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf_grows_to_its_cap),
        cmocka_unit_test(test_buf_failure_stays),
        cmocka_unit_test(test_buf_cap_is_reached),
        cmocka_unit_test(test_buf_bytes),
        cmocka_unit_test(test_arena_memory),
        cmocka_unit_test(test_arena_cap),
        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_fail_points),
        cmocka_unit_test(test_random_bytes_are_nobody_elses),
        cmocka_unit_test(test_digits_are_those_of_printf),
        cmocka_unit_test(test_varints),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
