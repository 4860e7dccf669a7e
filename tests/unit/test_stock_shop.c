/* A shop that lowers itself when it sells, and is pushed levels by the contract (README of stock,
 * BUSINESS Stock 2), against a Prima that allocates what is posted: over random histories it never
 * sells what nobody has, shows no more than is sellable once all is quiet, and comes back to the truth.
 *
 * The world: one SKU, depots, and for each a location of the shop. Orders, edits and cancellations
 * travel to the maker with delays, twice, out of order, and old versions come again; so does what
 * becomes of them in Prima; reads of Prima begin, take their time and overtake each other, and a read
 * that began within the lag of an allocation may have it or not. Levels reach the pusher late.
 *
 * The pusher, as the contract has it: a level below what the shop shows is set at once. One above is
 * set where the shop shows what it should: last pushed level - (taken now - taken then); else orders
 * are on their way and it is left alone, until neither the shop's figure nor `taken` has moved for the
 * grace time: then it is set regardless.
 *
 * With a location of its own for each depot and nobody else who takes goods, no unit may ever be sold
 * that is not there: that is asked after every sale. Where locations share a depot, or a warehouse
 * loses goods, two may sell the last one in good faith; the end must be right all the same. */
#include "test_stock_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HISTORIES = 10000,
    TICKS = 120,
    ORDERS = 10,
    VERSIONS = 4,
    MESSAGES = 400,
    LAG = 5,        /* prima.stock_lag */
    DELAY_MAX = 12, /* of any message */
    PERSON = 20,    /* longer than a message */
    GRACE = 60,     /* longer than all messages of one order take together */
    PLACES = 2,
    ARENA = 8 << 20,
};

enum layout { LAYOUT_APART, LAYOUT_SHARED, LAYOUT_NOWHERE, LAYOUTS };

static const struct hold_location layouts[LAYOUTS][PLACES] = {
    [LAYOUT_APART] = {{"L1", {"A"}, 1}, {"L2", {"B"}, 1}},
    [LAYOUT_SHARED] = {{"L1", {"A", "B"}, 2}, {"L2", {"B"}, 1}},
    [LAYOUT_NOWHERE] = {{"L1", {"A"}, 1}, {"L2", {"B"}, 1}}, /* and orders that name none */
};
static const char *const either[] = {"A", "B"};

enum message_kind {
    TO_MAKER_WANT,   /* an order's version reaches the maker */
    TO_WORKER_WANT,  /* ... and the orders worker */
    TO_MAKER_HAVE,   /* what Prima has of it */
    TO_PERSON,       /* an amendment of a posted order, to be made in Prima */
    TO_HOLD_READ,    /* a read ends */
    TO_PUSHER_LEVEL, /* a level */
};

struct message {
    enum message_kind kind;
    int64_t due;
    size_t order, version, place; /* place: of the location or depot */
    int64_t a, b, c;              /* of reads and levels */
    struct stock_have have;
};

struct version { /* of an order, from 1 */
    int64_t units;
    bool cancelled;
};

struct sold {     /* one order */
    size_t place; /* of the shop's figure that was lowered */
    bool nowhere; /* it names no location */
    struct version versions[VERSIONS + 1];
    size_t newest, worker_saw, posted; /* versions; 0: none */
    size_t depot;                      /* that Prima took it from */
    int64_t allocated, allocated_at;   /* units off Prima's figure */
};

struct shop {
    uint64_t number, seed;
    enum layout layout;
    bool loses; /* a warehouse loses goods, staff count */
    int64_t now;
    struct hold hold;
    struct message messages[MESSAGES];
    size_t message_count;
    struct sold orders[ORDERS];
    size_t order_count;
    int64_t prima[PLACES];                      /* what Prima calls available */
    int64_t before[PLACES], changed_at[PLACES]; /* ... before the last allocation */
    int64_t shown[PLACES], moved_at[PLACES];    /* by the shop; when last it, or taken, moved */
    struct {
        bool any;
        int64_t level, taken, version;
    } pushed[PLACES], latest[PLACES], told[PLACES]; /* set; known to the pusher; published */
};

static struct { /* over all histories: that the rules were put to use */
    int64_t sales, edits, lowered, raised, left_alone, regardless;
} counts;

static uint64_t draw(struct shop *s)
{
    s->seed ^= s->seed << 13;
    s->seed ^= s->seed >> 7;
    s->seed ^= s->seed << 17;
    return s->seed;
}

static int64_t below(struct shop *s, int64_t end)
{
    return (int64_t)(draw(s) % (uint64_t)end);
}

static void send(struct shop *s, struct message message)
{
    assert_true(s->message_count < MESSAGES);
    message.due = s->now + 1 + below(s, DELAY_MAX);
    if (message.kind == TO_PERSON)
        message.due += PERSON; /* people are slower than messages */
    s->messages[s->message_count++] = message;
}

/* ---- the shop ---- */

static void tell_version(struct shop *s, size_t order, size_t version)
{
    const struct message to_maker = {.kind = TO_MAKER_WANT, .order = order, .version = version};
    const struct message to_worker = {.kind = TO_WORKER_WANT, .order = order, .version = version};
    send(s, to_maker);
    send(s, to_worker);
    if (below(s, 4) == 0)
        send(s, to_maker); /* twice */
}

static void show(struct shop *s, size_t place, int64_t level)
{
    if (s->shown[place] != level)
        s->moved_at[place] = s->now;
    s->shown[place] = level;
}

/* Units of a depot that nobody has bought: what is there less what orders take, wherever their
 * document is. */
static int64_t sellable(const struct shop *s, size_t depot)
{
    int64_t units = s->prima[depot];
    for (size_t i = 0; i < s->order_count; i++) {
        const struct sold *o = &s->orders[i];
        const struct version *v = &o->versions[o->newest];
        const int64_t taken = v->cancelled ? 0 : v->units;
        units += o->depot == depot ? o->allocated - taken : 0;
    }
    return units;
}

/* Nobody was sold what is not there. */
static void ask_sellable(const struct shop *s, size_t place)
{
    if (s->layout == LAYOUT_APART && !s->loses && sellable(s, place) < 0)
        fail_msg("seed %llu, at %lld: %lld units sold that nobody has",
                 (unsigned long long)s->number, (long long)s->now, (long long)-sellable(s, place));
}

static void sell(struct shop *s)
{
    const size_t place = (size_t)below(s, PLACES);
    if (s->order_count == ORDERS || s->shown[place] <= 0)
        return;
    struct sold *o = &s->orders[s->order_count];
    const int64_t most = s->shown[place] < 3 ? s->shown[place] : 3;
    *o = (struct sold){.place = place, .newest = 1, .depot = place};
    o->versions[1].units = 1 + below(s, most);
    o->nowhere = s->layout == LAYOUT_NOWHERE && below(s, 2) == 0;
    if (o->nowhere || (s->layout == LAYOUT_SHARED && place == 0))
        o->depot = (size_t)below(s, PLACES); /* Prima, or the mapping, chooses */
    counts.sales++;
    show(s, place, s->shown[place] - o->versions[1].units);
    tell_version(s, s->order_count++, 1);
    ask_sellable(s, place);
}

/* Another version: cancelled, fewer units, or more that the shop still shows. */
static void edit(struct shop *s)
{
    if (s->order_count == 0)
        return;
    const size_t order = (size_t)below(s, (int64_t)s->order_count);
    struct sold *o = &s->orders[order];
    const struct version before = o->versions[o->newest];
    if (o->newest == VERSIONS || before.cancelled)
        return;
    struct version after = {before.units, false};
    const int64_t what = below(s, 3);
    if (what == 0)
        after = (struct version){0, true};
    else if (what == 1 && before.units > 1)
        after.units--;
    else if (s->shown[o->place] > 0)
        after.units++;
    o->versions[++o->newest] = after;
    counts.edits++;
    show(s, o->place, s->shown[o->place] + before.units - after.units);
    tell_version(s, order, o->newest);
    ask_sellable(s, o->place);
}

/* ---- Prima, and the worker that posts ---- */

static void change_prima(struct shop *s, size_t depot, int64_t units)
{
    if (s->changed_at[depot] != s->now)
        s->before[depot] = s->prima[depot];
    s->changed_at[depot] = s->now;
    s->prima[depot] += units;
}

/* The document is, from now on, of this version. */
static void post(struct shop *s, size_t order, size_t version)
{
    struct sold *o = &s->orders[order];
    const int64_t units = o->versions[version].cancelled ? 0 : o->versions[version].units;
    change_prima(s, o->depot, o->allocated - units);
    o->posted = version;
    o->allocated = units;
    o->allocated_at = s->now;
    const char *depot = o->nowhere ? "" : hold_depots[o->depot];
    struct stock_have have =
        hold_have(s->hold.arena, (int64_t)version, depot, either, o->nowhere ? PLACES : 0, units);
    if (below(s, 3) == 0) /* the document is heard of before its allocation is */
        send(s, (struct message){.kind = TO_MAKER_HAVE, .order = order, .have = have});
    have = hold_allocated(have, s->now);
    for (int64_t times = 1 + (below(s, 4) == 0); times > 0; times--)
        send(s, (struct message){.kind = TO_MAKER_HAVE, .order = order, .have = have});
}

static void worker_sees(struct shop *s, size_t order, size_t version)
{
    struct sold *o = &s->orders[order];
    if (version <= o->worker_saw)
        return;
    o->worker_saw = version;
    if (o->posted > 0)
        send(s, (struct message){.kind = TO_PERSON, .order = order});
    else if (!o->versions[version].cancelled)
        post(s, order, version);
}

/* What a read that begins now sees: within the lag of a change, perhaps what was before it. */
static void begin_read(struct shop *s, size_t depot)
{
    const bool is_fresh = s->now - s->changed_at[depot] <= LAG && s->changed_at[depot] > 0;
    const int64_t seen = is_fresh && below(s, 2) == 0 ? s->before[depot] : s->prima[depot];
    const struct message read = {.kind = TO_HOLD_READ, .place = depot, .a = s->now, .b = seen};
    send(s, read);
    if (below(s, 8) == 0)
        send(s, read);
}

/* ---- the pusher ---- */

static void set_shown(struct shop *s, size_t place, int64_t *count)
{
    show(s, place, s->latest[place].level);
    s->pushed[place] = s->latest[place];
    ++*count;
}

static void push(struct shop *s, size_t place)
{
    const int64_t level = s->latest[place].level, shown = s->shown[place];
    if (!s->latest[place].any || level == shown)
        return;
    const int64_t since = s->latest[place].taken - s->pushed[place].taken;
    if (level < shown)
        set_shown(s, place, &counts.lowered);
    else if (!s->pushed[place].any || shown == s->pushed[place].level - since)
        set_shown(s, place, &counts.raised);
    else if (s->now - s->moved_at[place] > GRACE)
        set_shown(s, place, &counts.regardless);
    else
        counts.left_alone++;
}

static void publish(struct shop *s)
{
    for (size_t place = 0; place < PLACES; place++) {
        struct stock_parts parts;
        if (!hold_level(&s->hold, place, 0, s->now, &parts))
            continue;
        const int64_t taken = s->hold.taken[place];
        if (s->told[place].any && s->told[place].level == parts.level &&
            s->told[place].taken == taken)
            continue;
        s->told[place].any = true;
        s->told[place].level = parts.level;
        s->told[place].taken = taken;
        s->told[place].version++;
        send(s, (struct message){.kind = TO_PUSHER_LEVEL,
                                 .place = place,
                                 .a = parts.level,
                                 .b = taken,
                                 .c = s->told[place].version});
    }
}

/* ---- messages ---- */

static void maker_sees(struct shop *s, size_t order, size_t version)
{
    const struct sold *o = &s->orders[order];
    const struct version *v = &o->versions[version];
    struct stock_want want = hold_cancelled((int64_t)version);
    if (!v->cancelled)
        want = hold_want(s->hold.arena, (int64_t)version, o->nowhere ? "" : hold_depots[o->depot],
                         either, o->nowhere ? PLACES : 0, v->units,
                         o->nowhere ? NULL : s->hold.locations[o->place].name);
    hold_news(&s->hold, order, &want, NULL, s->now);
}

static void pusher_sees(struct shop *s, const struct message *m)
{
    if (s->latest[m->place].any && m->c <= s->latest[m->place].version)
        return; /* versions grow */
    if (s->latest[m->place].any && s->latest[m->place].taken != m->b)
        s->moved_at[m->place] = s->now;
    s->latest[m->place].any = true;
    s->latest[m->place].level = m->a;
    s->latest[m->place].taken = m->b;
    s->latest[m->place].version = m->c;
}

static void deliver(struct shop *s, const struct message *m)
{
    switch (m->kind) {
    case TO_MAKER_WANT:
        maker_sees(s, m->order, m->version);
        break;
    case TO_WORKER_WANT:
        worker_sees(s, m->order, m->version);
        break;
    case TO_MAKER_HAVE:
        hold_news(&s->hold, m->order, NULL, &m->have, s->now);
        break;
    case TO_PERSON:
        if (s->orders[m->order].posted < s->orders[m->order].worker_saw)
            post(s, m->order, s->orders[m->order].worker_saw);
        break;
    case TO_HOLD_READ:
        hold_read(&s->hold, m->place, m->a, m->b);
        break;
    case TO_PUSHER_LEVEL:
        pusher_sees(s, m);
        break;
    }
}

static void tick(struct shop *s)
{
    s->now++;
    for (size_t i = 0; i < s->message_count;) {
        if (s->messages[i].due > s->now) {
            i++;
            continue;
        }
        const struct message due = s->messages[i];
        s->messages[i] = s->messages[--s->message_count];
        deliver(s, &due);
    }
    publish(s);
    for (size_t place = 0; place < PLACES; place++)
        push(s, place);
}

/* ---- histories ---- */

static void do_something(struct shop *s)
{
    const size_t place = (size_t)below(s, PLACES);
    switch (below(s, 12)) {
    case 0:
    case 1:
    case 2:
        sell(s);
        break;
    case 3:
    case 4:
        edit(s);
        break;
    case 5:
    case 6:
        begin_read(s, place);
        break;
    case 7:
        change_prima(s, place, below(s, 4)); /* goods come in */
        break;
    case 8:
        if (s->order_count > 0) { /* an old version comes again */
            const size_t order = (size_t)below(s, (int64_t)s->order_count);
            const size_t version = 1 + (size_t)below(s, (int64_t)s->orders[order].newest);
            send(s, (struct message){.kind = TO_MAKER_WANT, .order = order, .version = version});
        }
        break;
    case 9:
        if (s->loses && below(s, 2) == 0)
            change_prima(s, place, -below(s, 3));
        else if (s->loses)
            show(s, place, s->shown[place] + below(s, 3)); /* a person sets the shop's figure */
        break;
    default:
        break;
    }
}

static int64_t sum(const struct shop *s, size_t place, bool of_prima)
{
    const struct hold_location *l = &s->hold.locations[place];
    int64_t units = 0;
    for (size_t i = 0; i < l->depot_count; i++) {
        const size_t depot = (size_t)(*l->depots[i] - 'A');
        units += of_prima ? s->prima[depot] : sellable(s, depot);
    }
    return units > 0 ? units : 0;
}

static void fall_quiet(struct shop *s)
{
    for (int i = 0; s->message_count > 0 || i < 2 * DELAY_MAX; i++)
        tick(s);
    for (size_t place = 0; place < PLACES && !s->loses; place++)
        if (s->shown[place] > sum(s, place, false))
            fail_msg("seed %llu: quiet, and %lld shown where %lld are sellable",
                     (unsigned long long)s->number, (long long)s->shown[place],
                     (long long)sum(s, place, false));
}

static void come_to_truth(struct shop *s)
{
    for (int i = 0; i <= LAG; i++)
        tick(s);
    for (size_t depot = 0; depot < PLACES; depot++)
        begin_read(s, depot);
    for (int i = 0; i < GRACE + 3 * DELAY_MAX; i++)
        tick(s);
    for (size_t depot = 0; depot < PLACES; depot++)
        assert_int_equal(s->prima[depot], sellable(s, depot)); /* the model's own arithmetic */
    for (size_t place = 0; place < PLACES; place++) {
        struct stock_parts parts = {0};
        assert_true(hold_level(&s->hold, place, 0, s->now, &parts));
        if (parts.in_flight != 0 || s->shown[place] != sum(s, place, true))
            fail_msg("seed %llu: in the end %lld shown, %lld in flight, where Prima has %lld",
                     (unsigned long long)s->number, (long long)s->shown[place],
                     (long long)parts.in_flight, (long long)sum(s, place, true));
    }
    for (size_t i = 0; i < s->hold.claim_count; i++)
        assert_true(stock_claim_is_over(s->hold.claims[i], s->hold.reads, HOLD_DEPOTS, LAG));
}

static void live(uint64_t seed, enum layout layout, bool loses)
{
    struct shop s = {
        .number = seed, .seed = seed * 0x9e3779b97f4a7c15 + 1, .layout = layout, .loses = loses};
    struct arena *arena = arena_new(ARENA);
    hold_begin(&s.hold, arena, layouts[layout], PLACES);
    s.hold.settings.lag_ms = LAG;
    for (size_t depot = 0; depot < PLACES; depot++) {
        s.now = 1;
        s.prima[depot] = below(&s, 8);
        begin_read(&s, depot);
    }
    for (int i = 0; i < TICKS; i++) {
        do_something(&s);
        tick(&s);
    }
    fall_quiet(&s);
    come_to_truth(&s);
    arena_free(arena);
}

static void test_histories(void **state)
{
    (void)state;
    const char *only = getenv("PF_SEED");
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        if (only != NULL && strtoull(only, NULL, 10) != seed)
            continue;
        live(seed, (enum layout)(seed % LAYOUTS), seed % 4 == 0);
    }
    print_message("  %lld sales, %lld edits; lowered %lld, raised %lld, left alone %lld, set "
                  "regardless %lld\n",
                  (long long)counts.sales, (long long)counts.edits, (long long)counts.lowered,
                  (long long)counts.raised, (long long)counts.left_alone,
                  (long long)counts.regardless);
    assert_true(only != NULL || (counts.sales > HISTORIES && counts.edits > HISTORIES &&
                                 counts.raised > HISTORIES && counts.lowered > 0 &&
                                 counts.left_alone > 0 && counts.regardless > 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_histories)};
    return cmocka_run_group_tests_name("stock_shop", tests, NULL, NULL);
}
