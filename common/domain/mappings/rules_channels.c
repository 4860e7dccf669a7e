/* channels.yaml: which company a channel's store belongs to, and how its orders are read. */
#include "domain/mappings/rules_parts.h"

#include "domain/events/ledger_entry.h"

#include <ctype.h>
#include <errno.h>

static const char *const rounding_names[] = {"line", "invoice", NULL};
static const char *const guests_names[] = {"match", "account", NULL};
static const char *const order_location_names[] = {"handed_over", "always", NULL};
static const char *const liable_names[] = {"person", "own", NULL};
static const char *const till_stock_names[] = {"netted", "in_prima", NULL};
static const char *const fulfilled_by_names[] = {"prima", "third_party", NULL};
static const char *const store_credit_names[] = {"credit_note", "person", "without_tax", NULL};
static const char *const adjustment_tax_names[] = {"by_order", "by_channel", NULL};
/* The first of enum rules_action. */
const char *const rules_pending_names[] = {"post",        "hold",        "wait",
                                           "dead_letter", "outstanding", NULL};
const char *const rules_authorized_names[] = {"post",        "hold",   "wait", "dead_letter",
                                              "outstanding", "tender", NULL};

struct channel_row { /* as the file has it: nested maps are read in a second step */
    struct channel_rules channel;
    const struct yaml_node *tolerance, *unpaid, *accounts;
};

#define CHANNEL_FIELD(key_, member, kind_)                                                         \
    .key = (key_), .kind = (kind_), .offset = offsetof(struct channel_row, channel.member)
static const struct rules_field channel_fields[] = {
    {CHANNEL_FIELD("channel", channel, RULES_TEXT), .required = true},
    {CHANNEL_FIELD("store", store, RULES_TEXT), .required = true},
    {CHANNEL_FIELD("company", company, RULES_TEXT), .required = true},
    {CHANNEL_FIELD("prefix", prefix, RULES_TEXT), .required = true},
    {CHANNEL_FIELD("country", country, RULES_TEXT)},
    {CHANNEL_FIELD("money", money, RULES_CHOICE), .choices = money_chosen_names},
    {CHANNEL_FIELD("rounding", rounding, RULES_CHOICE), .choices = rounding_names},
    {CHANNEL_FIELD("guests", guests, RULES_CHOICE), .choices = guests_names},
    {CHANNEL_FIELD("pos_sources", pos_sources, RULES_TEXTS)},
    {CHANNEL_FIELD("test_gateways", test_gateways, RULES_TEXTS)},
    {CHANNEL_FIELD("order_location", order_location, RULES_CHOICE),
     .choices = order_location_names},
    {CHANNEL_FIELD("channel_liable", channel_liable, RULES_CHOICE), .choices = liable_names},
    {CHANNEL_FIELD("location_required", location_required, RULES_BOOL)},
    {CHANNEL_FIELD("misc_item", misc_item, RULES_TEXT)},
    {CHANNEL_FIELD("gift_card", gift_card, RULES_TEXT)},
    {CHANNEL_FIELD("unmapped_charge", unmapped_charge, RULES_TEXT)},
    {CHANNEL_FIELD("order_channel", order_channel, RULES_TEXT)},
    {CHANNEL_FIELD("order_type", order_type, RULES_TEXT)},
    {CHANNEL_FIELD("order_type_pos", order_type_pos, RULES_TEXT)},
    {CHANNEL_FIELD("order_type_business", order_type_business, RULES_TEXT)},
    {CHANNEL_FIELD("source_media", source_media, RULES_TEXT)},
    {CHANNEL_FIELD("brand", brand, RULES_TEXT)},
    {CHANNEL_FIELD("season", season, RULES_TEXT)},
    {CHANNEL_FIELD("order_category", order_category, RULES_TEXT)},
    {CHANNEL_FIELD("store_credit", store_credit, RULES_CHOICE), .choices = store_credit_names},
    {CHANNEL_FIELD("adjustment_tax", adjustment_tax, RULES_CHOICE),
     .choices = adjustment_tax_names},
    {CHANNEL_FIELD("online_depot", online_depot, RULES_TEXT)},
    {CHANNEL_FIELD("till_stock", till_stock, RULES_CHOICE), .choices = till_stock_names},
    {CHANNEL_FIELD("fulfilled_by", fulfilled_by, RULES_CHOICE), .choices = fulfilled_by_names},
    {RULES_FIELD(struct channel_row, tolerance, RULES_NODE)},
    {RULES_FIELD(struct channel_row, unpaid, RULES_NODE)},
    {RULES_FIELD(struct channel_row, accounts, RULES_NODE)},
};

#define CHANNEL_PART(key_, member, kind_)                                                          \
    .key = (key_), .kind = (kind_), .offset = offsetof(struct channel_rules, member)
static const struct rules_field tolerance_fields[] = {
    {CHANNEL_PART("per_line", tolerance_per_line, RULES_INT), .min = 0, .max = 100},
    {CHANNEL_PART("cap", tolerance_cap, RULES_INT), .min = 0, .max = 10000},
    {CHANNEL_PART("total", tolerate_total, RULES_BOOL)},
};
static const struct rules_field unpaid_fields[] = {
    {CHANNEL_PART("pending", unpaid_pending, RULES_CHOICE), .choices = rules_pending_names},
    {CHANNEL_PART("authorized", unpaid_authorized, RULES_CHOICE),
     .choices = rules_authorized_names},
    {CHANNEL_PART("on_account", unpaid_on_account, RULES_CHOICE), .choices = rules_pending_names},
};
static const struct rules_field account_fields[] = {
    {CHANNEL_PART("guest", account_guest, RULES_TEXT)},
    {CHANNEL_PART("pos", account_pos, RULES_TEXT)},
    {CHANNEL_PART("unresolved", account_unresolved, RULES_TEXT)},
};

/* Part of keys, paths and order numbers. */
static int check_plain(const struct rules_reader *reader, const struct yaml_node *map,
                       const char *key)
{
    const struct yaml_node *node = yaml_get(map, key);
    const char *text = yaml_text(node);
    for (const char *p = text; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && *p != '-')
            return yaml_complain(reader->tree, node, reader->message,
                                 "%s: '%.40s' may have letters, digits and '-' only", key, text);
    return strlen(text) <= 20 ? 0
                              : yaml_complain(reader->tree, node, reader->message,
                                              "%s: at most 20 characters", key);
}

/* Prefix "20" with order 15 and prefix "201" with order 5 would be the same number: neither may
 * begin the other, whatever the case. */
static bool prefixes_meet(const char *a, const char *b)
{
    const size_t size = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
    return strncasecmp(a, b, size) == 0;
}

static int check_against_earlier(const struct rules_reader *reader, const struct yaml_node *node,
                                 const struct channel_rules *channels, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (strcmp(channels[i].channel, channels[j].channel) == 0 &&
            strcmp(channels[i].store, channels[j].store) == 0)
            return yaml_complain(reader->tree, node, reader->message,
                                 "channel %.40s, store %.40s is here twice; delete one",
                                 channels[i].channel, channels[i].store);
        if (strcmp(channels[i].company, channels[j].company) == 0 &&
            prefixes_meet(channels[i].prefix, channels[j].prefix))
            return yaml_complain(reader->tree, node, reader->message,
                                 "prefix: '%.20s' and '%.20s' of company %.20s could give two "
                                 "orders one number; choose prefixes of which none begins "
                                 "another",
                                 channels[i].prefix, channels[j].prefix, channels[i].company);
    }
    return 0;
}

static int read_nested(const struct rules_reader *reader, const struct channel_row *row,
                       struct channel_rules *channel)
{
    int r = 0;
    if (row->tolerance != NULL)
        r = rules_read_map(reader, row->tolerance, tolerance_fields, RULES_COUNT(tolerance_fields),
                           channel);
    if (r == 0 && row->unpaid != NULL)
        r = rules_read_map(reader, row->unpaid, unpaid_fields, RULES_COUNT(unpaid_fields), channel);
    if (r == 0 && row->accounts != NULL)
        r = rules_read_map(reader, row->accounts, account_fields, RULES_COUNT(account_fields),
                           channel);
    const char *const accounts[] = {channel->account_guest, channel->account_pos,
                                    channel->account_unresolved};
    for (size_t i = 0; i < sizeof accounts / sizeof *accounts && r == 0; i++)
        if (accounts[i] != NULL && strlen(accounts[i]) > ACCOUNT_BYTES_MAX)
            r = yaml_complain(reader->tree, row->accounts, reader->message,
                              "accounts: an account's code has at most %d bytes",
                              ACCOUNT_BYTES_MAX);
    return r;
}

int rules_read_channels(const struct rules_reader *reader, const struct yaml_node *root,
                        struct order_rules *rules)
{
    static const struct rules_field file_fields[] = {
        {.key = "channels", .kind = RULES_NODE, .required = true}};
    static const struct channel_row defaults = {
        .channel = {.tolerance_per_line = 1,
                    .tolerance_cap = 5,
                    .unpaid_pending = ACTION_HOLD,
                    .unpaid_authorized = -1,
                    .unpaid_on_account = ACTION_HOLD,
                    .store_credit = STORE_CREDIT_UNDECIDED},
    };
    const struct yaml_node *list = NULL;
    void *items = NULL;
    int r = rules_read_map(reader, root, file_fields, RULES_COUNT(file_fields), &list);
    if (r == 0)
        r = rules_read_list(reader, list, channel_fields, RULES_COUNT(channel_fields), &defaults,
                            sizeof defaults, &items, &rules->channel_count);
    if (r != 0)
        return r;
    const struct channel_row *rows = items;
    rules->channels = arena_alloc(reader->arena, rules->channel_count * sizeof *rules->channels);
    if (rules->channels == NULL || rules->channel_count == 0)
        return yaml_complain(reader->tree, root, reader->message,
                             "channels: at least one channel is needed");
    for (size_t i = 0; i < rules->channel_count; i++) {
        const struct yaml_node *node = yaml_item(list, i);
        struct channel_rules *channel = &rules->channels[i];
        *channel = rows[i].channel;
        r = read_nested(reader, &rows[i], channel);
        rules_say_post(&channel->unpaid_pending);
        rules_say_post(&channel->unpaid_authorized);
        rules_say_post(&channel->unpaid_on_account);
        if (r == 0)
            r = check_plain(reader, node, "prefix");
        if (r == 0)
            r = check_plain(reader, node, "company");
        if (r == 0)
            r = check_against_earlier(reader, node, rules->channels, i);
        if (r < 0)
            return r;
    }
    return 0;
}

const struct channel_rules *rules_channel(const struct order_rules *rules, const char *channel,
                                          const char *store)
{
    for (size_t i = 0; i < rules->channel_count; i++)
        if (strcmp(rules->channels[i].channel, channel) == 0 &&
            strcmp(rules->channels[i].store, store) == 0)
            return &rules->channels[i];
    return NULL;
}

const struct channel_rules *rules_channel_at(const struct order_rules *rules, size_t index)
{
    return index < rules->channel_count ? &rules->channels[index] : NULL;
}

bool rules_row_fits(const char *row_channel, const char *row_store,
                    const struct channel_rules *channel)
{
    return (row_channel == NULL || strcmp(row_channel, channel->channel) == 0) &&
           (row_store == NULL || strcmp(row_store, channel->store) == 0);
}
