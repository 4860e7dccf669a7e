/* Letters and what became of them; see letter_book.h. */
#include "core/letter_book.h"

#include "base/digest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *letter_state_name(enum letter_state state)
{
    static const char *const names[LETTER_STATES] = {"open",     "retried",   "resolved",
                                                     "replaced", "discarded", "expired"};
    return names[state];
}

enum letter_kind letter_kind_of(enum pf_error code, bool is_held)
{
    return is_held                                       ? LETTER_HELD
           : pf_error_info(code)->class == PF_CLASS_PARK ? LETTER_PARKED
                                                         : LETTER_DEAD;
}

const char *letter_kind_name(enum letter_kind kind)
{
    static const char *const names[LETTER_KINDS] = {"dead", "parked", "held"};
    return names[kind];
}

/* Texts come from outside: a digest that nobody can aim at. Never 0. */
static uint64_t book_digest(const void *bytes, size_t size)
{
    uint8_t hash[DIGEST_SIZE];
    uint64_t digest;
    digest_sha256(bytes, size, hash);
    memcpy(&digest, hash, sizeof digest);
    return digest != 0 ? digest : 1;
}

uint64_t letter_digest(const char *text)
{
    return text[0] != '\0' ? book_digest(text, strlen(text)) : 0;
}

/* ---- memory ---- */

struct letter_case *letter_book_at(const struct letter_book *book, size_t index)
{
    return &book->blocks[index / LETTER_BLOCK][index % LETTER_BLOCK];
}

static struct letter_case *case_new(struct letter_book *book)
{
    const size_t block = book->count / LETTER_BLOCK;
    if (book->count >= LETTER_BOOK_MAX)
        return NULL;
    if (block == book->block_room) {
        const size_t room = book->block_room > 0 ? 2 * book->block_room : 16;
        struct letter_case **more = realloc(book->blocks, room * sizeof(struct letter_case *));
        if (more == NULL)
            return NULL;
        memset(more + book->block_room, 0,
               (room - book->block_room) * sizeof(struct letter_case *));
        book->blocks = more;
        book->block_room = room;
    }
    if (book->blocks[block] == NULL &&
        (book->blocks[block] = malloc(LETTER_BLOCK * sizeof **book->blocks)) == NULL)
        return NULL;
    return letter_book_at(book, book->count);
}

void letter_book_release(struct letter_book *book)
{
    for (size_t i = 0; i < book->block_room; i++)
        free(book->blocks[i]);
    for (size_t i = 0; i < book->cause_count; i++) {
        free((char *)book->causes[i].shop);
        free((char *)book->causes[i].text);
    }
    for (size_t i = 0; i < book->note_count; i++) {
        free(book->notes[i].assignee);
        free(book->notes[i].text);
    }
    free(book->blocks);
    free(book->causes);
    free(book->notes);
    table_release(&book->by_key);
    table_release(&book->by_order);
    table_release(&book->by_delivery);
    table_release(&book->by_cause);
    *book = (struct letter_book){.count = 0};
}

/* ---- causes ---- */

/* "01/orders/shopify/uk/5001" → "01/shopify/uk"; "" of what is no such key. */
static void shop_write(const char *natural, char text[static LETTER_KEY_MAX])
{
    int company = 0, type = 0, size = 0;
    text[0] = '\0';
    (void)sscanf(natural, "%*[^/]%n/%*[^/]%n/%*[^/]/%*[^/]%n/", &company, &type, &size);
    if (size > 0)
        (void)snprintf(text, LETTER_KEY_MAX, "%.*s%.*s", company, natural, size - type,
                       natural + type);
}

struct cause_wanted {
    const struct letter_book *book;
    uint64_t id;
};

static bool cause_has_id(const void *item, const void *key)
{
    const struct cause_wanted *wanted = key;
    return wanted->book->causes[(uintptr_t)item - 1].id == wanted->id;
}

static int cause_add(struct letter_book *book, const struct letter_cause *cause)
{
    if (book->cause_count == book->cause_room) {
        const size_t room = book->cause_room > 0 ? 2 * book->cause_room : 64;
        struct letter_cause *more = realloc(book->causes, room * sizeof *more);
        if (more == NULL)
            return -ENOMEM;
        book->causes = more;
        book->cause_room = room;
    }
    struct letter_cause *fresh = &book->causes[book->cause_count];
    *fresh = *cause;
    fresh->shop = strdup(cause->shop);
    fresh->text = strdup(cause->text);
    if (fresh->shop == NULL || fresh->text == NULL ||
        table_add(&book->by_cause, cause->id, (void *)(uintptr_t)(book->cause_count + 1)) != 0) {
        free((char *)fresh->shop);
        free((char *)fresh->text);
        return -ENOMEM;
    }
    book->cause_count++;
    return 0;
}

static int cause_of(struct letter_book *book, const struct dead_letter *letter, uint32_t *ret_cause)
{
    char shop[LETTER_KEY_MAX], text[LETTER_CAUSE_MAX], all[LETTER_KEY_MAX + LETTER_CAUSE_MAX + 90];
    shop_write(letter->natural, shop);
    dead_letter_cause(letter, text);
    const int size =
        snprintf(all, sizeof all, "%s\n%s\n%s\n%s%s", letter->flow->name,
                 pf_error_info(letter->code)->name, shop, text, letter->is_held ? "\nheld" : "");
    const struct letter_cause cause = {.id = book_digest(all, (size_t)size),
                                       .flow = letter->flow,
                                       .code = letter->code,
                                       .is_held = letter->is_held,
                                       .shop = shop,
                                       .text = text};
    const struct cause_wanted wanted = {book, cause.id};
    const void *known = table_find(&book->by_cause, cause.id, cause_has_id, &wanted);
    if (known == NULL && cause_add(book, &cause) != 0)
        return -ENOMEM;
    *ret_cause = (uint32_t)(known != NULL ? (uintptr_t)known - 1 : book->cause_count - 1);
    return 0;
}

/* ---- entering ---- */

static bool has_key(const void *item, const void *key)
{
    return ((const struct letter_case *)item)->key == *(const uint64_t *)key;
}

static bool has_order(const void *item, const void *order)
{
    return ((const struct letter_case *)item)->order == *(const uint64_t *)order;
}

static bool has_delivery(const void *item, const void *delivery)
{
    return ((const struct letter_case *)item)->delivery == *(const uint64_t *)delivery;
}

static uint8_t flow_index(const struct flow *flow)
{
    uint8_t i = 0;
    while (flows[i] != flow)
        i++;
    return i;
}

/* The newest entered of a key stands in the table, and leads to the others. */
static int index_by_key(struct letter_book *book, struct letter_case *c)
{
    c->older = table_find(&book->by_key, c->key, has_key, &c->key);
    if (c->older != NULL)
        table_remove(&book->by_key, c->key, c->older);
    return table_add(&book->by_key, c->key, c);
}

static int index_all(struct letter_book *book, struct letter_case *c)
{
    int rc = index_by_key(book, c);
    if (rc == 0 && table_find(&book->by_order, c->order, has_order, &c->order) == NULL)
        rc = table_add(&book->by_order, c->order, c);
    return rc != 0 ? rc : table_add(&book->by_delivery, c->delivery, c);
}

int letter_book_enter(struct letter_book *book, const struct dead_letter *letter,
                      const void *topic_key, size_t size, struct letter_case **ret_case)
{
    struct letter_case *c = case_new(book);
    char place[LETTER_PLACE_MAX];
    if (c == NULL)
        return -ENOMEM;
    *c = (struct letter_case){.order = topic_key != NULL ? book_digest(topic_key, size) : 0,
                              .parent = letter_digest(letter->parent),
                              .at_ms = letter->at_ms,
                              .offset = letter->offset,
                              .version = letter->version,
                              .partition = letter->partition,
                              .code = (uint16_t)letter->code,
                              .flow = flow_index(letter->flow),
                              .is_held = letter->is_held,
                              .is_cut = letter->is_cut};
    dead_letter_place(letter, place);
    c->key = letter_digest(letter->natural[0] != '\0' ? letter->natural : place); /* its own */
    c->delivery = letter_digest(letter->delivery[0] != '\0' ? letter->delivery : place);
    int rc = cause_of(book, letter, &c->cause);
    if (rc == 0)
        rc = index_all(book, c);
    if (rc != 0)
        return rc;
    book->count++;
    *ret_case = c;
    return 0;
}

bool letter_book_concerns(const struct letter_book *book, const void *topic_key, size_t size)
{
    if (topic_key == NULL)
        return false;
    const uint64_t order = book_digest(topic_key, size);
    return table_find(&book->by_order, order, has_order, &order) != NULL;
}

/* ---- what became of them ---- */

static struct letter_case *newest_of(const struct letter_book *book, const char *natural)
{
    const uint64_t key = letter_digest(natural);
    return table_find(&book->by_key, key, has_key, &key);
}

struct letter_case *letter_book_find(const struct letter_book *book, const char *delivery)
{
    const uint64_t digest = letter_digest(delivery);
    return digest == 0 ? NULL : table_find(&book->by_delivery, digest, has_delivery, &digest);
}

/* About a key that Prima has. */
static bool is_difference(const struct letter_case *c)
{
    return pf_error_info((enum pf_error)c->code)->class == PF_CLASS_CONFLICT;
}

/* A retry of a difference that ended as a duplicate has found nothing new: it stays open. */
void letter_book_result(struct letter_book *book, const struct letter_end *end)
{
    struct letter_case *origin = letter_book_find(book, end->origin),
                       *ended = letter_book_find(book, end->resolves);
    if (ended != NULL)
        ended->state = LETTER_RESOLVED;
    if (origin != NULL && !origin->is_held && !is_difference(origin))
        origin->state = LETTER_RESOLVED;
    else if (origin != NULL)
        origin->is_returned = true;
    for (struct letter_case *c = newest_of(book, end->natural); c != NULL; c = c->older)
        if (!c->is_held && !is_difference(c) && c->at_ms <= end->at_ms)
            c->state = LETTER_RESOLVED;
}

void letter_book_amended(struct letter_book *book, const char *natural, int64_t version)
{
    for (struct letter_case *c = newest_of(book, natural); c != NULL; c = c->older)
        if (is_difference(c) && c->version <= version)
            c->state = LETTER_RESOLVED;
}

struct letter_case *letter_book_find_place(const struct letter_book *book,
                                           const struct letter_place *place)
{
    for (size_t i = 0; i < book->count; i++) {
        struct letter_case *c = letter_book_at(book, i);
        enum topic_role role;
        if (c->offset == place->offset && c->partition == place->partition &&
            flow_topic_role(flows[c->flow], place->topic, &role) &&
            role == (c->is_held ? TOPIC_RESULTS : TOPIC_DEAD_LETTERS))
            return c;
    }
    return NULL;
}

struct letter_note *letter_book_note(struct letter_book *book, struct letter_case *letter)
{
    if (letter->note > 0)
        return &book->notes[letter->note - 1];
    if (book->note_count == book->note_room) {
        const size_t room = book->note_room > 0 ? 2 * book->note_room : 16;
        struct letter_note *more = realloc(book->notes, room * sizeof *more);
        if (more == NULL)
            return NULL;
        book->notes = more;
        book->note_room = room;
    }
    book->notes[book->note_count] = (struct letter_note){.assignee = NULL};
    letter->note = (uint32_t)++book->note_count;
    return &book->notes[letter->note - 1];
}

/* ---- judging ---- */

static bool is_parked(const struct letter_case *c)
{
    return pf_error_info((enum pf_error)c->code)->class == PF_CLASS_PARK;
}

/* The latest first. */
static int compare_times(const void *a_, const void *b_)
{
    const struct letter_case *a = *(struct letter_case *const *)a_,
                             *b = *(struct letter_case *const *)b_;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? 1 : -1;
    return a->offset < b->offset ? 1 : a->offset > b->offset ? -1 : 0;
}

static void replace(struct letter_case *c)
{
    if (c->state == LETTER_OPEN)
        c->state = LETTER_REPLACED;
}

/* Of two that are not in Prima the newer version says what there is to do now, and of two of one
 * version the later one; of two differences the later one, which adds to the earlier. What is parked, or
 * waits behind it, neither replaces nor is replaced. */
static void judge_sorted(struct letter_case *const letters[], size_t count)
{
    int64_t newest[2] = {-1, -1}; /* version among those that came later; of differences */
    for (size_t i = 0; i < count; i++) {
        struct letter_case *c = letters[i];
        if (is_parked(c) || c->is_held)
            continue;
        int64_t *later = &newest[is_difference(c)];
        if (*later >= c->version)
            replace(c);
        else
            *later = c->version;
    }
}

static int judge_key(struct letter_case *newest)
{
    size_t count = 0;
    for (const struct letter_case *c = newest; c != NULL; c = c->older)
        count++;
    if (count == 1)
        return 0;
    struct letter_case **letters = malloc(count * sizeof(struct letter_case *));
    if (letters == NULL)
        return -ENOMEM;
    count = 0;
    for (struct letter_case *c = newest; c != NULL; c = c->older)
        letters[count++] = c;
    qsort(letters, count, sizeof(struct letter_case *), compare_times);
    judge_sorted(letters, count);
    free(letters);
    return 0;
}

/* A retry's letter names the one that was retried. */
static void judge_parent(const struct letter_book *book, const struct letter_case *c)
{
    struct letter_case *parent =
        !c->is_held && c->parent != 0
            ? table_find(&book->by_delivery, c->parent, has_delivery, &c->parent)
            : NULL;
    if (parent != NULL && parent != c && !parent->is_held)
        replace(parent);
}

int letter_book_judge(struct letter_book *book)
{
    size_t at = 0;
    for (size_t i = 0; i < book->count; i++)
        judge_parent(book, letter_book_at(book, i));
    for (struct letter_case *newest; (newest = table_next(&book->by_key, &at)) != NULL;)
        if (judge_key(newest) != 0)
            return -ENOMEM;
    for (size_t i = 0; i < book->count; i++) {
        struct letter_case *c = letter_book_at(book, i);
        if ((c->state == LETTER_OPEN || c->state == LETTER_RETRIED || c->state == LETTER_EXPIRED) &&
            c->is_discarded)
            c->state = LETTER_DISCARDED;
        else if (c->state == LETTER_OPEN && c->is_expired)
            c->state = LETTER_EXPIRED;
        else if (c->state == LETTER_OPEN && c->is_retried && !c->is_returned)
            c->state = LETTER_RETRIED;
    }
    return 0;
}
