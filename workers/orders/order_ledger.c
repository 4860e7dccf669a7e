/* The ledger entry of a posted order: what can be credited of it; see order_write.h. */
#include "order_write.h"

#include "base/digest.h"
#include "domain/events/ledger_entry.h"
#include "order_bundle.h"
#include "order_key.h"
#include "domain/money/price.h"
#include "order_shares.h"
#include "order_resolve.h"
#include "order_summary.h"
#include "base/text.h"

#include <errno.h>

struct maker {
    const struct order_event *event;
    const struct order_rules *rules;
    const struct channel_rules *channel; /* NULL: not configured any more */
    const struct order_summary *summary;
    struct arena *arena;
    struct sale sale;
    bool no_memory;
};

static void *take(struct maker *m, size_t size)
{
    void *p = arena_alloc(m->arena, size);
    m->no_memory |= p == NULL;
    return p;
}

static struct ledger_tax *copy_taxes(struct maker *m, const struct sale_tax *parts, size_t count,
                                     size_t *ret_count)
{
    struct ledger_tax *taxes = take(m, count * sizeof *taxes);
    m->no_memory |= parts == NULL;
    for (size_t i = 0; !m->no_memory && i < count; i++)
        taxes[i] = (struct ledger_tax){.rate_ppm = parts[i].rate_ppm, .tax_minor = parts[i].minor};
    *ret_count = m->no_memory ? 0 : count;
    return taxes;
}

static struct ledger_tax *split_tax(struct maker *m, const struct tax_line *lines, size_t count,
                                    int64_t tax, size_t *ret_count)
{
    return copy_taxes(m, sale_split_tax(&m->sale, lines, count, tax, m->arena), count, ret_count);
}

static const char **list_matrix(struct maker *m, const struct prima_sku *sku, size_t *ret_count)
{
    const char **codes = take(m, 4 * sizeof *codes);
    for (size_t i = 0; codes != NULL && i < 4; i++) {
        codes[i] = sku->matrix[i] == NULL ? "" : sku->matrix[i];
        if (*codes[i] != '\0')
            *ret_count = i + 1;
    }
    return codes;
}

/* How many lines of the request this one is. A bundle whose mapping has changed since is written
 * whole, but counts what it was then. */
static size_t count_request_lines(struct maker *m, const struct sale_line *line)
{
    struct price_part parts[2];
    for (size_t i = 0; line->component == NULL && i < m->summary->bundle_count; i++)
        if (m->summary->bundles[i].line == line->number)
            return m->summary->bundles[i].request_lines;
    return price_parts(&m->sale.exact, &line->price, line->quantity, m->sale.proof.tax_included,
                       m->summary->vat_inclusive, parts);
}

static void add_lines(struct maker *m, struct ledger_entry *entry)
{
    struct ledger_line *lines = take(m, m->sale.line_count * sizeof *lines);
    size_t number = 1;
    for (size_t i = 0; lines != NULL && i < m->sale.line_count; i++) {
        const struct sale_line *line = &m->sale.lines[i];
        size_t tax_count = 0;
        lines[i] = (struct ledger_line){
            .line_id = line->event->line_id,
            .number = (int32_t)number,
            .product = line->product.product,
            .depot = line->depot,
            .gift_card = line->event->gift_card,
            .quantity = (int32_t)line->quantity,
            .amount_minor = sale_net_of_discount(&m->sale.exact, &line->price),
            .discount_minor = line->price.discount,
            .bundle_line_id = line->bundle_line_id,
            .bundle_quantity = (int32_t)line->bundles,
        };
        lines[i].matrix_codes.items = list_matrix(m, &line->product, &lines[i].matrix_codes.count);
        const struct sale_tax *taxes = sale_taxes(&m->sale, line, m->arena, &tax_count);
        lines[i].taxes.items = copy_taxes(m, taxes, tax_count, &lines[i].taxes.count);
        number += count_request_lines(m, line);
    }
    entry->lines.items = lines;
    entry->lines.count = m->sale.line_count;
}

static void add_charges(struct maker *m, struct ledger_entry *entry)
{
    struct ledger_charge *charges = take(m, m->sale.charge_count * sizeof *charges);
    const char *unmapped = rules_unmapped_charge(m->rules, m->channel);
    for (size_t i = 0; charges != NULL && i < m->sale.charge_count; i++) {
        const struct sale_charge *charge = &m->sale.charges[i];
        const bool is_shipping = charge->shipping != NULL;
        charges[i] = (struct ledger_charge){
            .code = charge->rule != NULL ? charge->rule->charge
                    : unmapped != NULL   ? unmapped
                                         : "",
            .kind = is_shipping ? "shipping" : charge_kind_names[charge->charge->kind],
            .line_id = is_shipping ? charge->shipping->line_id : charge->charge->line_id,
            .amount_minor = sale_net_of_discount(&m->sale.exact, &charge->price),
        };
        charges[i].taxes.items = split_tax(
            m, is_shipping ? charge->shipping->tax_lines.items : charge->charge->tax_lines.items,
            is_shipping ? charge->shipping->tax_lines.count : charge->charge->tax_lines.count,
            charge->price.tax, &charges[i].taxes.count);
    }
    entry->charges.items = charges;
    entry->charges.count = m->sale.charge_count;
}

static void add_tenders(struct maker *m, struct ledger_entry *entry)
{
    struct ledger_tender *tenders = take(m, m->sale.tender_count * sizeof *tenders);
    for (size_t i = 0; tenders != NULL && i < m->sale.tender_count; i++) {
        const struct sale_tender *tender = &m->sale.tenders[i];
        tenders[i] = (struct ledger_tender){
            .kind = tender_kind_names[tender->event->kind],
            .gateway = tender->event->gateway,
            .method = tender->rule != NULL ? tender->rule->pay_method : NULL,
            .transaction_id = tender->event->transaction_id,
            .amount_minor = tender->amount,
        };
    }
    entry->tenders.items = tenders;
    entry->tenders.count = m->sale.tender_count;
}

static bool was_misc(const struct order_summary *summary, const struct sale_line *line)
{
    if (line->component != NULL)
        for (size_t i = 0; i < summary->bundle_count; i++)
            if (summary->bundles[i].line == line->number)
                return summary->bundles[i].misc >> (line->component_number - 1) & 1;
    for (size_t i = 0; i < summary->misc_count; i++)
        if (summary->misc_lines[i] == line->number)
            return true;
    return false;
}

/* A bundle whose mapping is not the one that was used: of what was posted only the money is known
 * for certain. */
static bool is_whole_bundle(const struct order_summary *summary, const struct sale_line *line)
{
    for (size_t i = 0; line->component == NULL && i < summary->bundle_count; i++)
        if (summary->bundles[i].line == line->number)
            return true;
    return false;
}

/* Bundles as they were posted: those alone that were taken apart then. */
static int rebuild_bundles(struct maker *m)
{
    const struct order_summary *summary = m->summary;
    const char *detail = NULL;
    static const struct sale_bundle none = {0};
    if (!summary->is_taken_apart)
        return 0;
    const int r = sale_fold_parents(&m->sale, m->arena, &detail);
    if (r < 0 || m->channel == NULL)
        return r;
    const struct sale_bundle *bundles = summary->bundle_count == 0 ? &none : summary->bundles;
    return sale_explode(&m->sale, m->rules, m->channel, bundles, summary->bundle_count, m->arena);
}

/* The sale as it was posted: money, tax, bundles and miscellaneous lines by the summary, the rest
 * as the mappings have it. */
static int rebuild_sale(struct maker *m)
{
    const char *detail = NULL;
    int r = sale_read(m->event, m->summary->money, m->arena, &m->sale, &detail);
    if (r < 0)
        return r;
    sale_adopt_tax(&m->sale, m->summary->proof.tax);
    m->channel = rules_channel(m->rules, m->event->channel, m->event->store);
    r = rebuild_bundles(m);
    struct flags flags = {0}; /* raised when it was decided */
    if (r == 0 && m->channel != NULL)
        r = sale_resolve(&m->sale, m->event, m->rules, m->channel, m->arena, &flags);
    if (r < 0)
        return r;
    for (size_t i = 0; i < m->sale.line_count; i++) {
        struct sale_line *line = &m->sale.lines[i];
        const char *misc = rules_misc_item(m->rules, m->channel);
        if (is_whole_bundle(m->summary, line))
            line->product = (struct prima_sku){.product = line->event->sku};
        else if (was_misc(m->summary, line))
            line->product = (struct prima_sku){.product = misc != NULL ? misc : ""};
        else if (line->product.product == NULL) /* not mapped any more */
            line->product =
                (struct prima_sku){.product = line->event->sku != NULL ? line->event->sku : ""};
    }
    return 0;
}

int order_write_ledger(struct codec *codec, const struct flow_settlement *s, const void *event_,
                       const void *rules, struct arena *arena, struct buf *out)
{
    struct order_summary summary;
    struct order_key_parts parts = {0};
    struct maker m = {.event = event_, .rules = rules, .summary = &summary, .arena = arena};
    if (s->summary == NULL)
        return -EBADMSG;
    int r = order_summary_read(s->summary, s->summary_size, arena, &summary);
    if (r == 0)
        r = order_key_split(s->key->natural, arena, &parts);
    if (r == 0)
        r = rebuild_sale(&m);
    char *identity = take(&m, 2 * CODEC_IDENTITY_SIZE + 1),
         *goods = take(&m, 2 * CODEC_PART_SIZE + 1), *money = take(&m, 2 * FLOW_MONEY_SIZE + 1);
    const char *date = text_date(arena, summary.date);
    if (r < 0 || m.no_memory || date == NULL)
        return r < 0 ? r : -ENOMEM;
    const struct sale_proof *p = &summary.proof;
    struct ledger_entry entry = {
        .key = s->key->natural,
        .company = parts.company,
        .channel = parts.channel,
        .store = parts.store,
        .order_id = parts.order_id,
        .order_number = s->key->document,
        .document = s->key->document,
        .account = *summary.account == '\0' ? NULL : summary.account,
        .version = 1,
        .currency = summary.currency->code,
        .money = summary.money,
        .tax_included = p->tax_included,
        .identity = digest_hex(s->identity, CODEC_IDENTITY_SIZE, identity),
        .goods = digest_hex(s->goods, CODEC_PART_SIZE, goods),
        .payment = digest_hex(s->money, FLOW_MONEY_SIZE, money),
        .source_version = m.event->source_version,
        .event_time = m.event->event_time,
        .order_date = date,
        .posted_at = s->posted_ms,
        .total_minor = p->lines - p->discounts + p->charges + (p->tax_included ? 0 : p->tax),
        .tax_minor = p->tax,
        .outstanding_minor = p->outstanding,
    };
    add_lines(&m, &entry);
    add_charges(&m, &entry);
    add_tenders(&m, &entry);
    return m.no_memory ? -ENOMEM : codec_encode(codec, &ledger_entry_record, &entry, out);
}
