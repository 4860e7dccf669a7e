/* The catalogue that the fleet shares: what is known and for how long, who asks, what an answer
 * changes, how much is kept. */
#include "test_idempotency_support.h"

#include "facts/fact_calls.h"

static struct keyspace *ks;
static int64_t max_age_ms, question_ms, room, since_ms,
    now_ms; /* now_ms: Redis' clock, out of the last look */

/* "AB" → the tags of two products. */
static struct redis_bytes tags_of(const char *letters, char text[static 400])
{
    const size_t count = strcmp(letters, "-") == 0 ? 0 : strlen(letters);
    for (size_t i = 0; i < count; i++)
        memset(text + i * PRODUCT_TAG_SIZE, letters[i], PRODUCT_TAG_SIZE);
    return (struct redis_bytes){text, count * PRODUCT_TAG_SIZE};
}

/* Ages as letters: k known, m ours to ask ("mine"), o somebody else's, l lacking. */
static void simplify(struct answer *a, const char *row)
{
    char kinds[40] = "";
    size_t count = 0;
    char *at = strstr(a->text, "+ ");
    if (strncmp(a->text, "known ", 6) != 0 || at == NULL)
        return;
    for (char *save = NULL, *word = strtok_r(at + 2, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save)) {
        const long age = strtol(word, NULL, 10);
        if (age < -3 || count + 2 > sizeof kinds)
            fail_msg("%s: an age of %ld", row, age);
        kinds[count++] = age >= 0 ? 'k' : " mol"[-age];
    }
    (void)snprintf(a->text, sizeof a->text, "%s", kinds);
}

/* Each runs twice with the same arguments, as a healed connection does. */
static struct answer look(const char *row, const char *company, const char *letters,
                          char token_letter)
{
    uint8_t token[TOKEN_SIZE];
    char text[400];
    struct answer answers[2];
    memset(token, token_letter, sizeof token);
    for (int i = 0; i < 2; i++) {
        answer_begin(&answers[i]);
        fact_calls_known(ks, company, token, tags_of(letters, text), since_ms, max_age_ms,
                         question_ms, answer_take, &answers[i]);
        answer_wait(&answers[i]);
        now_ms = answers[i].numbers[1];
        simplify(&answers[i], row);
    }
    if (strcmp(answers[0].text, answers[1].text) != 0)
        fail_msg("%s: twice says %s, not %s", row, answers[1].text, answers[0].text);
    return answers[0];
}

static struct answer hear(const char *company, const char *has, const char *lacks, int64_t asked_ms)
{
    char has_text[400], lacks_text[400];
    struct answer a;
    for (int i = 0; i < 2; i++) {
        answer_begin(&a);
        fact_calls_heard(ks, company, asked_ms, tags_of(has, has_text), tags_of(lacks, lacks_text),
                         room, max_age_ms, answer_take, &a);
        answer_wait(&a);
    }
    return a;
}

/* Steps: "look COMPANY TAGS TOKEN", "hear COMPANY HAS LACKS [ms later than the last look's clock]",
 * "since" (the record's first look was the last one), "first" (another record), age=, question=,
 * room=, marker. */
static struct answer step(const char *row, const char *text)
{
    char what[16], company[8], one[20], two[20];
    long long number = 0;
    struct answer a = {.text = ""};
    if (sscanf(text, "look %7s %19s %19s", company, one, two) == 3)
        return look(row, company, one, two[0]);
    if (sscanf(text, "hear %7s %19s %19s %lld", company, one, two, &number) >= 3)
        return hear(company, one, two, now_ms + number);
    if (sscanf(text, "age=%lld", &number) == 1)
        max_age_ms = number;
    else if (sscanf(text, "question=%lld", &number) == 1)
        question_ms = number;
    else if (sscanf(text, "room=%lld", &number) == 1)
        room = number;
    else if (sscanf(text, "marker %15s", what) == 1)
        (void)snprintf(ks->marker, sizeof ks->marker, "%s", what);
    else if (strcmp(text, "since") == 0)
        since_ms = now_ms;
    else if (strcmp(text, "first") == 0)
        since_ms = 0;
    else
        fail_msg("%s: no such step: %s", row, text);
    return a;
}

static void test_products(void **state)
{
    static const struct {
        const char *name, *steps, *answer;
    } rows[] = {
        {"nobody knows them: asked for", "look 01 AB 1", "mm"},
        {"somebody asks", "look 01 AB 1;look 01 BC 2", "om"},
        {"... again by who asks", "look 01 AB 1;look 01 AB 1", "mm"},
        {"... and takes too long", "look 01 A 1;question=0;look 01 A 2", "m"},
        {"Prima has it: known to all", "look 01 AB 1;hear 01 A -;look 01 AB 2", "ko"},
        {"... in this company alone", "look 01 A 1;hear 01 A -;look 02 A 2", "m"},
        {"... for so long", "look 01 A 1;hear 01 A - -1000;age=1000;look 01 A 2", "m"},
        {"... from the question on, whoever slept over the answer",
         "look 01 A 1;hear 01 A - -50000;look 01 A 2", "k"},
        {"... too long", "look 01 A 1;hear 01 A - -60000;look 01 A 2", "m"},
        {"an older answer does not make it older",
         "look 01 A 1;hear 01 A -;hear 01 A - -59000;age=30000;look 01 A 2", "k"},
        {"a word out of the future is none", "look 01 A 1;hear 01 A - 500000;look 01 A 2", "m"},
        {"Prima lacks it: who comes later asks", "look 01 A 1;hear 01 - A;look 01 A 2", "m"},
        {"... who waited for the answer hears it",
         "look 01 B 2;since;look 01 A 1;hear 01 - A 1;look 01 A 2", "l"},
        {"... but not of a question from before",
         "look 01 A 1;look 01 B 2;since;hear 01 - A -1000;look 01 A 2", "m"},
        {"... and it is known no more",
         "look 01 A 1;hear 01 A - -5000;hear 01 - A;first;look 01 A 2", "m"},
        {"... unless somebody heard otherwise since",
         "look 01 A 1;hear 01 A -;hear 01 - A -5000;look 01 A 2", "k"},
        {"lacking and then there", "look 01 A 1;hear 01 - A -10;hear 01 A -;look 01 A 2", "k"},
        {"no more than so many: the oldest goes",
         "room=2;look 01 ABC 1;hear 01 A - -30;hear 01 B - -20;hear 01 C - -10;question=0;look 01 "
         "ABC 2",
         "mkk"},
        {"... those heard together, too",
         "room=2;look 01 A 1;hear 01 ABCD -;question=0;look 01 ABCD 2", "mmkk"},
        {"with no age nothing is known", "age=0;look 01 A 1;hear 01 A -;look 01 A 2", "m"},
        {"a ghost looks", "marker n;look 01 A 1", "suspect"},
        {"a ghost tells", "marker n;hear 01 A -", "suspect"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char steps[300], *save = NULL;
        struct answer a = {.text = ""};
        ks = world_fresh();
        max_age_ms = question_ms = 60000;
        room = 100;
        since_ms = 0;
        (void)snprintf(steps, sizeof steps, "%s", rows[i].steps);
        for (char *text = strtok_r(steps, ";", &save); text != NULL;
             text = strtok_r(NULL, ";", &save))
            a = step(rows[i].name, text);
        if (strcmp(a.text, rows[i].answer) != 0)
            fail_msg("%s: the answer is %s, not %s", rows[i].name, a.text, rows[i].answer);
    }
}

/* Nothing stays in Redis for good: neither what is known, nor questions. */
static void test_all_of_it_ends(void **state)
{
    char name[60], text[400];
    (void)state;
    ks = world_fresh();
    max_age_ms = 50000;
    question_ms = 60000;
    room = 100;
    since_ms = 0;
    (void)look("ends", "01", "AB", '1');
    (void)hear("01", "A", "B", now_ms);
    assert_in_range(
        strtol(REDIS_ASK(text, "PTTL", keys_name(ks, "p", "01", name, sizeof name)), NULL, 10), 1,
        50000);
    assert_in_range(
        strtol(REDIS_ASK(text, "PTTL", keys_name(ks, "q", "01", name, sizeof name)), NULL, 10), 1,
        60000);
}

/* A flood of products that nobody has does not fill Redis. */
static void test_questions_are_bounded(void **state)
{
    char name[60], text[400], letters[2] = "";
    (void)state;
    ks = world_fresh();
    max_age_ms = question_ms = 60000;
    room = 10;
    since_ms = 0;
    for (int i = 0; i < 60; i++) {
        letters[0] = (char)('!' + i);
        (void)look("flood", "01", letters, '1');
        (void)hear("01", "-", letters, now_ms);
        assert_in_range(
            strtol(REDIS_ASK(text, "HLEN", keys_name(ks, "q", "01", name, sizeof name)), NULL, 10),
            0, 10);
    }
}

static int set_up(void **state)
{
    return world_set_up_with(state, fact_scripts());
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_products),
                                       cmocka_unit_test(test_all_of_it_ends),
                                       cmocka_unit_test(test_questions_are_bounded)};
    return cmocka_run_group_tests_name("the fleet's catalogue", tests, set_up, world_tear_down);
}
