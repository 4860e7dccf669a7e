/* The calls about credit that are not one refund's own; see keys.h. */
#include "idempotency/keys_call.h"

void keys_credit_look(struct keyspace *ks, const char *order, int32_t partition, redis_done done,
                      void *user)
{
    struct keys_call c;
    keys_call_begin_at(&c, ks, "o", order);
    keys_call_position(&c, ks, partition);
    keys_call_begin_args(&c, ks);
    redis_run(ks->redis, script_of(SCRIPT_CREDITLOOK), c.args, c.key_count, c.arg_count, done,
              user);
}

void keys_credit_done(struct keyspace *ks, const char *order, int32_t partition,
                      const char *natural, int64_t number, const char *owed_by, int64_t behind,
                      const struct keys_told *told, redis_done done, void *user)
{
    struct keys_call c;
    keys_call_begin(&c, ks, natural);
    keys_call_order(&c, ks, order);
    keys_call_position(&c, ks, partition);
    keys_call_begin_args(&c, ks);
    keys_call_text(&c, natural);
    if (owed_by != NULL)
        keys_call_text(&c, owed_by);
    else
        keys_call_number(&c, number);
    keys_call_number(&c, behind);
    keys_call_text(&c, told != NULL ? told->delivery : "");
    keys_call_add(&c, told != NULL ? told->summary.data : "",
                  told != NULL ? told->summary.size : 0);
    redis_run(ks->redis, script_of(SCRIPT_CREDITDONE), c.args, c.key_count, c.arg_count, done,
              user);
}
