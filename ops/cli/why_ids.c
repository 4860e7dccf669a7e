/* From what people have in hand (an order id, Prima's number, a key) to natural keys. */
#include "why.h"

#include "config/yaml.h"
#include "order_rules.h"

#include <errno.h>

static void id_fill(struct why_id *id, const char *company, const char *prefix, const char *channel, const char *store,
                    const char *order_id)
{
    *id = (struct why_id){.company = ""};
    (void)snprintf(id->natural, sizeof id->natural, "%s/orders/%s/%s/%s", company, channel, store, order_id);
    (void)snprintf(id->kafka, sizeof id->kafka, "%s/%s/%s/%s", company, channel, store, order_id);
    if (prefix == NULL)
        return;
    (void)snprintf(id->company, sizeof id->company, "%s", company);
    (void)snprintf(id->order_number, sizeof id->order_number, "%s%s", prefix, order_id);
}

/* company/[orders/]channel/store/order-id. */
static int id_of_key(const struct order_rules *rules, const char *text, struct why_id *ret_id)
{
    char copy[WHY_KEY_MAX], *rest = copy, *parts[6];
    size_t count = 0;
    if (strlen(text) >= sizeof copy)
        return -EINVAL;
    memcpy(copy, text, strlen(text) + 1);
    while (rest != NULL && count < 6)
        parts[count++] = strsep(&rest, "/");
    if (count == 5 && strcmp(parts[1], "orders") == 0)
        memmove(parts + 1, parts + 2, 3 * sizeof *parts), count = 4;
    if (count != 4 || parts[0][0] == '\0' || parts[3][0] == '\0')
        return -EINVAL;
    const struct channel_rules *channel = rules_channel(rules, parts[1], parts[2]);
    id_fill(ret_id, parts[0], channel != NULL ? channel->prefix : NULL, parts[1], parts[2], parts[3]);
    return 0;
}

/* An order id in any channel, or an order number in the channel whose prefix it begins with. */
static size_t ids_of_channel(const struct channel_rules *c, const char *text, struct why_id ids[], size_t count)
{
    size_t prefix = strlen(c->prefix);
    if (count < WHY_ORDERS_MAX)
        id_fill(&ids[count++], c->company, c->prefix, c->channel, c->store, text);
    if (count < WHY_ORDERS_MAX && prefix > 0 && strncmp(text, c->prefix, prefix) == 0 && text[prefix] != '\0')
        id_fill(&ids[count++], c->company, c->prefix, c->channel, c->store, text + prefix);
    return count;
}

static int ids_of_channels(const struct cli *cli, const struct order_rules *rules, const char *text, struct why_id ids[], size_t *ret_count)
{
    char path[1100];
    struct config_message wrong;
    struct yaml_tree *tree = NULL;
    (void)snprintf(path, sizeof path, "%s/channels.yaml", config_text(cli->config, CFG_orders_mappings));
    if (yaml_load(path, &tree, &wrong) != 0)
        return cli_fail(CLI_CONFIG, "%s", wrong.text);
    const struct yaml_node *list = yaml_get(yaml_root(tree), "channels");
    for (size_t i = 0; i < yaml_count(list); i++) { /* the file was checked whole when the rules were loaded */
        const struct yaml_node *row = yaml_item(list, i);
        const struct channel_rules *channel = rules_channel(rules, yaml_text(yaml_get(row, "channel")), yaml_text(yaml_get(row, "store")));
        *ret_count = ids_of_channel(channel, text, ids, *ret_count);
    }
    yaml_unload(tree);
    return CLI_DONE;
}

int why_ids(const struct cli *cli, const char *text, struct why_id ids[static WHY_ORDERS_MAX], size_t *ret_count)
{
    struct config_message wrong;
    void *rules = NULL;
    int code = CLI_DONE;
    if (order_rules_load(cli->config, &rules, &wrong) != 0)
        return cli_fail(CLI_CONFIG, "%s", wrong.text);
    *ret_count = 0;
    if (strchr(text, '/') == NULL)
        code = ids_of_channels(cli, rules, text, ids, ret_count);
    else if (id_of_key(rules, text, &ids[0]) == 0)
        *ret_count = 1;
    else
        code = cli_fail(CLI_USAGE, "why: '%s' is neither an id nor company/orders/channel/store/order-id", text);
    order_rules_free(rules);
    return code;
}
