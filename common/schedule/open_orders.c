/* Calls of scripts/openorders.lua; see open_orders.h. */
#include "schedule/open_orders.h"

#include "idempotency/keys_call.h"
#include "schedule/schedule_calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PLACE_MAX = 200 };

static void orders_call(struct keys_call *c, const struct open_orders *set, const char *what,
                        const char *key)
{
    const struct keyspace ks = {.prefix = set->prefix};
    static const char *const kinds[] = {"ordersdue", "ordersabout", "orderslast", "ordersclosed",
                                        "ordersread"};
    *c = (struct keys_call){0};
    keys_call_key(c, &ks, "lease", set->lease);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        keys_call_key(c, &ks, kinds[i], set->company);
    keys_call_text(c, what);
    keys_call_number(c, set->token);
    keys_call_text(c, key);
}

static const char *text_of(const struct redis_item *item)
{
    return item->text != NULL ? item->text : "";
}

static int judge(struct open_orders *set, const struct redis_reply *r)
{
    if (r->error != NULL || r->count == 0 || r->items[0].text == NULL)
        return -EIO;
    set->added += strcmp(r->items[0].text, "added") == 0;
    return strcmp(r->items[0].text, "lost") == 0 ? -ECANCELED : 0;
}

int open_orders_settle(struct open_orders *set)
{
    int result = 0;
    for (; set->given > 0; set->given--) {
        struct redis_reply r;
        const int taken = redis_once_take(set->redis, &r);
        if (taken < 0) { /* the connection is gone, and with it the others' answers */
            set->given = 0;
            return taken;
        }
        const int one = judge(set, &r);
        result = result == 0 ? one : result;
    }
    return result;
}

static int orders_give(struct open_orders *set, const struct keys_call *c)
{
    if (redis_once_give(set->redis, schedule_script_open_orders(), c->args, c->key_count,
                        c->arg_count) < 0)
        return -EIO;
    return ++set->given < OPEN_ORDERS_GIVEN_MAX ? 0 : open_orders_settle(set);
}

static int orders_ask(struct open_orders *set, const struct keys_call *c, struct redis_reply *r)
{
    const int settled = open_orders_settle(set);
    if (settled < 0)
        return settled;
    if (redis_once_run(set->redis, schedule_script_open_orders(), c->args, c->key_count,
                       c->arg_count, r) < 0)
        return -EIO;
    return judge(set, r);
}

int open_orders_begin(struct open_orders *set)
{
    set->given = 0;
    return redis_once_load(set->redis, schedule_script_open_orders());
}

int open_orders_add(struct open_orders *set, const char *key, const char *facts, int64_t due_ms)
{
    struct keys_call c;
    orders_call(&c, set, "add", key);
    keys_call_text(&c, facts);
    keys_call_number(&c, due_ms);
    return orders_give(set, &c);
}

int open_orders_mark(struct open_orders *set, const char *key, const char *letter)
{
    struct keys_call c;
    orders_call(&c, set, "mark", key);
    keys_call_text(&c, letter);
    return orders_give(set, &c);
}

int open_orders_wait(struct open_orders *set, const char *key, int64_t due_ms)
{
    struct keys_call c;
    orders_call(&c, set, "wait", key);
    keys_call_number(&c, due_ms);
    return orders_give(set, &c);
}

int open_orders_tell(struct open_orders *set, const struct open_orders_told *told)
{
    struct keys_call c;
    orders_call(&c, set, "told", told->key);
    keys_call_number(&c, told->version);
    keys_call_add(&c, told->record, told->record_size);
    keys_call_text(&c, told->facts);
    if (told->due_ms > 0) {
        keys_call_number(&c, told->due_ms);
    } else {
        keys_call_text(&c, "");
        keys_call_number(&c, told->forget_ms);
    }
    return orders_give(set, &c);
}

static const char *place_name(const char *topic, int32_t partition, char text[static PLACE_MAX])
{
    (void)snprintf(text, PLACE_MAX, "%s/%d", topic, (int)partition);
    return text;
}

int open_orders_place(struct open_orders *set, const char *topic, int32_t partition, int64_t offset)
{
    char place[PLACE_MAX];
    struct keys_call c;
    orders_call(&c, set, "place", place_name(topic, partition, place));
    keys_call_number(&c, offset);
    return orders_give(set, &c);
}

/* ---- what is asked ---- */

int open_orders_due(struct open_orders *set, size_t max, struct open_orders_due *ret_due)
{
    struct keys_call c;
    struct redis_reply r;
    char count[24];
    (void)snprintf(count, sizeof count, "%zu",
                   max < OPEN_ORDERS_DUE_MAX ? max : OPEN_ORDERS_DUE_MAX);
    orders_call(&c, set, "due", count);
    const int result = orders_ask(set, &c, &r);
    if (result < 0)
        return result;
    if (r.count < 2)
        return -EIO;
    *ret_due = (struct open_orders_due){.now_ms = r.items[1].number, .count = r.count - 2};
    for (size_t i = 0; i < ret_due->count; i++)
        ret_due->keys[i] = text_of(&r.items[i + 2]);
    return 0;
}

int open_orders_look(struct open_orders *set, const char *key, struct open_orders_one *ret_one)
{
    struct keys_call c;
    struct redis_reply r;
    orders_call(&c, set, "look", key);
    const int result = orders_ask(set, &c, &r);
    if (result < 0)
        return result;
    if (r.count != 3)
        return -EIO;
    *ret_one = (struct open_orders_one){.facts = text_of(&r.items[1]),
                                        .last = text_of(&r.items[2]),
                                        .last_size = r.items[2].text != NULL ? r.items[2].size : 0};
    return 0;
}

int open_orders_where(struct open_orders *set, const char *topic, int32_t partition,
                      int64_t *ret_offset)
{
    char place[PLACE_MAX], *end;
    struct keys_call c;
    struct redis_reply r;
    orders_call(&c, set, "where", place_name(topic, partition, place));
    const int result = orders_ask(set, &c, &r);
    if (result < 0)
        return result;
    if (r.count != 2)
        return -EIO;
    const char *text = text_of(&r.items[1]);
    const long long offset = strtoll(text, &end, 10);
    *ret_offset = end == text || *end != '\0' ? -1 : offset;
    return 0;
}

int open_orders_count(struct open_orders *set, struct open_orders_sums *ret_sums)
{
    struct keys_call c;
    struct redis_reply r;
    orders_call(&c, set, "sums", "");
    const int result = orders_ask(set, &c, &r);
    if (result < 0)
        return result;
    if (r.count != 5)
        return -EIO;
    *ret_sums = (struct open_orders_sums){.now_ms = r.items[1].number,
                                          .open = r.items[2].number,
                                          .first_due_ms = r.items[3].number,
                                          .closed = r.items[4].number};
    return 0;
}
