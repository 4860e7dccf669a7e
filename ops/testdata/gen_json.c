/* What the made events' JSON is put together with; see gen_json.h. */
#include "gen_json.h"

#include <stdarg.h>

void gen_put(json_t *object, const char *name, json_t *value)
{
    (void)json_object_set_new(object, name, value);
}

void gen_put_text(json_t *object, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0')
        gen_put(object, name, json_string(text));
}

void gen_put_format(json_t *object, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    gen_put(object, name, json_vsprintf(format, args));
    va_end(args);
}

json_t *gen_money(struct made_money amount, int money_count)
{
    json_t *json = json_pack("{s:I}", "shop_minor", (json_int_t)amount.minor[0]);
    if (money_count > 1)
        gen_put(json, "presentment_minor", json_integer(amount.minor[1]));
    return json;
}
