/* Reads the names of Prima's wire, and refuses what would make broken XML or a broken header of
 * every request. */
#include "prima/names.h"

#include <errno.h>

static bool is_xml_name(const char *text)
{
    static const char start[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    return text[0] != '\0' && strchr(start, text[0]) != NULL &&
           text[strspn(
               text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789.-")] == '\0';
}

/* Printable ASCII that means nothing in an attribute or between a header's quotes. */
static bool is_plain(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text > '~' || strchr("\"<>&\\", *text) != NULL)
            return false;
    return true;
}

static bool is_acceptable(enum config_key key, const char *text)
{
    switch (key) {
    case CFG_prima_name_namespace:
        return text[0] != '\0' && is_plain(text);
    case CFG_prima_name_soap_action:
        return is_plain(text);
    case CFG_prima_name_echo:
        return text[0] == '\0' || is_xml_name(text);
    default:
        return is_xml_name(text);
    }
}

int prima_names_read(const struct config *config, struct prima_names *ret_names,
                     struct config_message *ret_message)
{
    static const struct {
        enum config_key key;
        const char *name;
    } assumed[] = {
#define PRIMA_KNOWN(id, name, what)
#define PRIMA_ASSUMED(id, name, what) {CFG_prima_name_##id, "prima.name." #id},
#include "prima/names.def"
#undef PRIMA_KNOWN
#undef PRIMA_ASSUMED
    };
    for (size_t i = 0; i < sizeof assumed / sizeof *assumed; i++)
        if (!is_acceptable(assumed[i].key, config_text(config, assumed[i].key))) {
            (void)snprintf(ret_message->text, sizeof ret_message->text,
                           "%s: \"%.100s\" cannot stand in an XML document; use letters, digits, "
                           "'_', '-' and '.'",
                           assumed[i].name, config_text(config, assumed[i].key));
            return -EINVAL;
        }
    *ret_names = (struct prima_names){
#define PRIMA_KNOWN(id, name, what) .id = name,
#define PRIMA_ASSUMED(id, name, what) .id = config_text(config, CFG_prima_name_##id),
#include "prima/names.def"
#undef PRIMA_KNOWN
#undef PRIMA_ASSUMED
        .order_request = config_text(config, CFG_prima_order_request),
        .sends_empty = strcmp(config_text(config, CFG_prima_empty_attributes), "sent") == 0,
    };
    return 0;
}
