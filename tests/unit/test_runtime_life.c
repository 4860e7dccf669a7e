/* The table of a record's life: that it is whole, that it keeps the protocol's order, and that the
 * README's picture is drawn from it. After a change of transitions.c: test_runtime_life --write, from the
 * tree's top. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

#include "base/buf.h"
#include "posting/transitions.h"

#define PAGE "common/posting/README.md"
#define BEGINS "<!-- life -->\n"
#define ENDS "<!-- /life -->"

static const struct transition *end(void)
{
    return transitions.rows + transitions.count;
}

static bool does(const struct transition *row, const char *what)
{
    return strcmp(row->action_name, what) == 0;
}

static void test_one_row_for_a_pair(void **state)
{
    (void)state;
    for (const struct transition *a = transitions.rows; a < end(); a++) {
        assert_in_range(a->from, 0, LIFE_STATES - 1);
        assert_in_range(a->to, 0, LIFE_STATES - 1);
        assert_in_range(a->event, 0, LIFE_EVENTS - 1);
        for (const struct transition *b = a + 1; b < end(); b++)
            if (a->from == b->from && a->event == b->event)
                fail_msg("%s, %s: two rows", life_state_name(a->from), life_event_name(a->event));
    }
}

/* From `from` every state that can be reached, or, backwards, every state from which it can be. */
static void reach(enum life_state from, bool backwards, bool reached[LIFE_STATES])
{
    reached[from] = true;
    for (const struct transition *row = transitions.rows; row < end(); row++) {
        const enum life_state here = backwards ? row->to : row->from,
                              there = backwards ? row->from : row->to;
        if (here == from && !reached[there])
            reach(there, backwards, reached);
    }
}

static void test_every_state_is_on_the_way_from_fetched_to_committed(void **state)
{
    bool from_fetched[LIFE_STATES] = {false}, to_committed[LIFE_STATES] = {false};
    (void)state;
    reach(FETCHED, false, from_fetched);
    reach(COMMITTED, true, to_committed);
    for (int s = 0; s < LIFE_STATES; s++)
        if (!from_fetched[s] || !to_committed[s])
            fail_msg("%s is a place that no record comes %s", life_state_name((enum life_state)s),
                     from_fetched[s] ? "out of" : "to");
}

static void test_every_event_has_a_row(void **state)
{
    bool has[LIFE_EVENTS] = {false};
    (void)state;
    for (const struct transition *row = transitions.rows; row < end(); row++)
        has[row->event] = true;
    for (int e = 0; e < LIFE_EVENTS; e++)
        if (!has[e])
            fail_msg("\"%s\" happens nowhere", life_event_name((enum life_event)e));
}

static void test_names(void **state)
{
    (void)state;
    for (int i = 0; i < LIFE_EVENTS; i++)
        for (int j = i + 1; j < LIFE_EVENTS; j++)
            assert_string_not_equal(life_event_name((enum life_event)i),
                                    life_event_name((enum life_event)j));
    for (int i = 0; i < LIFE_STATES; i++)
        for (int j = i + 1; j < LIFE_STATES; j++)
            assert_string_not_equal(life_state_name((enum life_state)i),
                                    life_state_name((enum life_state)j));
    assert_string_equal(life_event_name(LIFE_EVENTS), "?");
    assert_string_equal(life_state_name(LIFE_STATES), "?");
    for (const struct transition *row = transitions.rows; row < end(); row++) {
        assert_true(row->action == NULL ? does(row, "NULL")
                                        : strncmp(row->action_name, "act_", 4) == 0);
        for (const struct transition *other = transitions.rows; other < end(); other++)
            assert_int_equal(row->action == other->action, does(row, other->action_name));
    }
}

/* What record_state.h promises about the order of things. */
static void test_the_protocols_order(void **state)
{
    static const char *const terminal[] = {
        "act_publish_posted",  "act_publish_duplicate", "act_publish_conflict", "act_publish_later",
        "act_publish_outcome", "act_dead_letter",       "act_forward",          "act_pass_over"};
    (void)state;
    for (const struct transition *row = transitions.rows; row < end(); row++) {
        bool ends = false;
        for (size_t i = 0; i < sizeof terminal / sizeof *terminal; i++)
            ends |= does(row, terminal[i]);
        const bool ok =
            row->from != COMMITTED && /* nothing comes after it */
            (row->to == COMMITTED) ==
                (row->event == TRANSACTION_DONE) && /* visible by a transaction alone */
            (row->to == PUBLISHED) == (row->event == PREFIX_COMPLETE) && /* in order */
            ends == (row->to == SETTLED &&
                     row->from != PUBLISHED) && /* settled: its terminal messages exist */
            (row->event == REQUEST_STORED) ==
                does(row, "act_post") && /* bytes leave only after `sent` */
            (row->from == SENT || row->to != SENT ||
             row->event == REQUEST_STORED) && /* ... and that alone makes it so */
            (row->event != NO_ANSWER ||
             (row->to == RESOLVING &&
              does(row, "act_resolve"))) && /* unknown is asked, never assumed */
            ((row->event != TOKEN_LOST && row->event != STALE_GENERATION) ||
             (row->to == DECODED && does(row, "act_claim_later"))) &&
            (row->event != OWN_TURN || (row->to == DECODED && does(row, "act_claim"))) &&
            (row->event == REPEATED) ==
                does(row,
                     "act_pass_over") && /* without a message: only what has, or will have, one */
            (row->event != REPEATED || row->from == FETCHED) &&
            (row->from != FETCHED || row->to == FETCHED || row->to == DECODED ||
             row->to == SETTLED) && /* nothing is decided before the key is claimed */
            (row->from == SETTLED || row->from == PUBLISHED || row->event != TRANSACTION_ABORTED);
        if (!ok)
            fail_msg("%s, %s, now %s: %s breaks the order", life_state_name(row->from),
                     life_event_name(row->event), life_state_name(row->to), row->action_name);
    }
}

/* Whoever may rest for long has a way to a retry topic, and a retry may meet a record that is too
 * old for it. */
static void test_who_waits_can_be_forwarded(void **state)
{
    static const enum life_event ways[] = {TOO_LATE, TOO_OLD, FORWARDED, TOKEN_LOST,
                                           STALE_GENERATION};
    (void)state;
    for (int s = DECODED; s <= RESOLVING; s++) {
        if (s == SENT) /* waits for Prima's deadline alone */
            continue;
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
            bool found = false;
            for (const struct transition *row = transitions.rows; row < end(); row++)
                found |= row->from == (enum life_state)s && row->event == ways[i];
            if (!found)
                fail_msg("%s: no row for %s", life_state_name((enum life_state)s),
                         life_event_name(ways[i]));
        }
    }
}

/* ---- the picture ---- */

static void draw_arrow(struct buf *out, enum life_state was, enum life_state now)
{
    const char *before = " : ";
    bool any = false;
    for (const struct transition *row = transitions.rows; row < end(); row++) {
        if (row->from != was || row->to != now)
            continue;
        if (!any)
            buf_printf(out, "  %s --> %s", life_state_name(was), life_state_name(now));
        any = true;
        buf_printf(out, "%s%s", before, life_event_name(row->event));
        before = "<br>";
        if (row->action != NULL) {
            buf_text(out, " → ");
            for (const char *p = row->action_name + strlen("act_"); *p != '\0'; p++)
                buf_byte(out, *p == '_' ? ' ' : (uint8_t)*p);
        }
    }
    if (any)
        buf_byte(out, '\n');
}

static void draw(struct buf *out)
{
    buf_text(out, "```mermaid\nstateDiagram-v2\n  [*] --> fetched\n");
    for (int was = 0; was < LIFE_STATES; was++)
        for (int now = 0; now < LIFE_STATES; now++)
            draw_arrow(out, (enum life_state)was, (enum life_state)now);
    buf_text(out, "  committed --> [*]\n```\n");
}

static void read_page(struct buf *out)
{
    FILE *file = fopen(PAGE, "r");
    if (file == NULL)
        fail_msg("no %s: run it from the tree's top", PAGE);
    char part[4096];
    for (size_t size; (size = fread(part, 1, sizeof part, file)) > 0;)
        buf_append(out, part, size);
    (void)fclose(file);
}

/* Where the picture stands in the page: its first byte and the one behind its last. */
static void find_picture(const struct buf *page, size_t *ret_from, size_t *ret_to)
{
    const char *from = strstr(page->data, BEGINS), *to = from != NULL ? strstr(from, ENDS) : NULL;
    if (to == NULL)
        fail_msg("%s has no place for the picture", PAGE);
    *ret_from = (size_t)(from - page->data) + strlen(BEGINS);
    *ret_to = (size_t)(to - page->data);
}

static void test_the_readme_shows_this_table(void **state)
{
    struct buf page, picture;
    size_t from, to;
    (void)state;
    buf_init(&page, 1 << 20);
    buf_init(&picture, 1 << 20);
    read_page(&page);
    draw(&picture);
    find_picture(&page, &from, &to);
    if (to - from != picture.size || memcmp(page.data + from, picture.data, picture.size) != 0)
        fail_msg(
            "the picture in %s is out of date; run test_runtime_life --write from the tree's top",
            PAGE);
    buf_release(&page);
    buf_release(&picture);
}

static int write_picture(void)
{
    struct buf page, whole;
    size_t from, to;
    buf_init(&page, 1 << 20);
    buf_init(&whole, 1 << 20);
    read_page(&page);
    find_picture(&page, &from, &to);
    buf_append(&whole, page.data, from);
    draw(&whole);
    buf_append(&whole, page.data + to, page.size - to);
    FILE *file = fopen(PAGE, "w");
    const bool ok = file != NULL && fwrite(whole.data, 1, whole.size, file) == whole.size;
    buf_release(&page);
    buf_release(&whole);
    return file != NULL && fclose(file) == 0 && ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--write") == 0)
        return write_picture();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_row_for_a_pair),
        cmocka_unit_test(test_every_state_is_on_the_way_from_fetched_to_committed),
        cmocka_unit_test(test_every_event_has_a_row),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_the_protocols_order),
        cmocka_unit_test(test_who_waits_can_be_forwarded),
        cmocka_unit_test(test_the_readme_shows_this_table),
    };
    return cmocka_run_group_tests_name("a record's life", tests, NULL, NULL);
}
