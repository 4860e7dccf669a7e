"""Orders as a shop sends them, as JSON of Shopify's REST API: made up, and right to the penny in every version."""
import copy
import itertools

IDS = itertools.count(5900000000001)


def money(minor, currency="GBP"):
    amount = "%s%d.%02d" % ("-" if minor < 0 else "", abs(minor) // 100, abs(minor) % 100)
    return amount, {"shop_money": {"amount": amount, "currency_code": currency}, "presentment_money": {"amount": amount, "currency_code": currency}}


def tax_in(gross, ppm):
    """What of a gross amount is tax, rounded half up."""
    return (2 * gross * ppm + (1000000 + ppm)) // (2 * (1000000 + ppm))


def tax_line(minor, ppm, **more):
    amount, as_set = money(minor)
    return dict({"title": "GB VAT", "rate": ppm / 1000000, "price": amount, "price_set": as_set}, **more)


class Order:
    """One order, and its versions: each call changes it as the shop would, version() is what a webhook then says."""

    def __init__(self, lines, carriage=395, status="paid", gateway="shopify_payments", **fields):
        self.id = next(IDS)
        self.minute = 0
        self.status, self.gateway, self.fields = status, gateway, fields
        self.carriage, self.payments, self.refunds, self.fulfillments = carriage, None, [], []
        self.lines = [dict({"ppm": 200000, "left": line["quantity"]}, **line) for line in lines]

    def line_json(self, line):
        price, price_set = money(line["price"])
        tax = tax_in(line["price"] * line["quantity"], line["ppm"])
        made = {"id": line["id"], "sku": line["sku"], "title": line["sku"], "quantity": line["quantity"], "current_quantity": line["left"], "price": price,
                "price_set": price_set, "taxable": True, "requires_shipping": True, "gift_card": False, "product_id": 70 + line["id"],
                "variant_id": 80 + line["id"], "properties": [], "discount_allocations": [], "duties": [], "tax_lines": [tax_line(tax, line["ppm"])]}
        return dict(made, **line.get("fields", {}))

    def amounts(self, units):
        goods = sum(line["price"] * line[units] for line in self.lines)
        tax = sum(tax_in(line["price"] * line[units], line["ppm"]) for line in self.lines) + tax_in(self.carriage, 200000)
        return goods, tax, goods + self.carriage

    def version(self, **fields):
        self.minute += 1
        goods, tax, total = self.amounts("quantity")
        left, left_tax, left_total = self.amounts("left")
        home = {"first_name": "Ada", "last_name": "Example", "address1": "1 Test Street", "city": "Leeds", "zip": "LS1 1AA", "country": "United Kingdom",
                "country_code": "GB"}
        o = {"id": self.id, "name": "#%d" % (self.id % 10000), "order_number": self.id % 10000, "created_at": "2026-11-20T09:00:00+00:00",
             "processed_at": "2026-11-20T09:00:00+00:00", "updated_at": "2026-11-20T09:%02d:00+00:00" % self.minute, "currency": "GBP",
             "presentment_currency": "GBP", "taxes_included": True, "tax_exempt": False, "test": False, "source_name": "web", "cancelled_at": None,
             "email": "ada%d@example.com" % self.id, "financial_status": self.status, "fulfillment_status": None, "payment_gateway_names": [self.gateway],
             "customer": {"id": self.id % 1000000, "email": "ada%d@example.com" % self.id, "first_name": "Ada", "last_name": "Example"},
             "billing_address": home, "shipping_address": dict(home), "note": None, "tags": "", "refunds": self.refunds, "fulfillments": self.fulfillments,
             "line_items": [self.line_json(line) for line in self.lines], "total_discounts": "0.00", "total_tip_received": "0.00",
             "total_outstanding": money(left_total if self.status in ("authorized", "pending") else 0)[0]}
        shipping, shipping_set = money(self.carriage)
        o["shipping_lines"] = [{"id": 31, "code": "standard", "title": "Standard", "price": shipping, "price_set": shipping_set, "discount_allocations": [],
                                "tax_lines": [tax_line(tax_in(self.carriage, 200000), 200000)]}]
        for name, minor in (("subtotal_price", goods), ("total_tax", tax), ("total_price", total), ("current_subtotal_price", left),
                            ("current_total_tax", left_tax), ("current_total_price", left_total), ("current_total_discounts", 0)):
            o[name], o[name + "_set"] = money(minor)
        o["total_shipping_price_set"] = shipping_set
        if self.payments is not None:
            o["transactions"] = self.payments
        o.update(self.fields)
        o.update(fields)
        return copy.deepcopy(o)

    # ---- what happens to it ----

    def keeps(self, **fields):
        """Fields that every later version has, too."""
        self.fields.update(fields)
        return self.version()

    def is_now(self, status, **fields):
        self.status = status
        return self.version(**fields)

    def refund(self, minor, *items, **fields):
        """An entry of refunds[]; 0: without money, as an edit makes one."""
        number = len(self.refunds)
        back = {"id": 9900 + number, "kind": "refund", "status": "success", "amount": money(minor)[0], "currency": "GBP", "gateway": self.gateway}
        self.refunds.append(dict({"id": 700 + number, "created_at": "2026-11-20T10:00:00+00:00", "order_adjustments": [], "duties": [],
                                  "refund_shipping_lines": [], "return": None, "refund_line_items": list(items), "transactions": [back] if minor else []},
                                 **fields))

    def take_back(self, line_id, units, paid_back=0):
        """Before anything left: an edit, or with money a refund that restocks as cancelled."""
        line = next(x for x in self.lines if x["id"] == line_id)
        line["left"] -= units
        subtotal, subtotal_set = money(line["price"] * units)
        tax, tax_set = money(tax_in(line["price"] * units, line["ppm"]))
        self.refund(paid_back, {"id": 7000 + len(self.refunds), "line_item_id": line_id, "location_id": None, "quantity": units, "restock_type": "cancel",
                                "subtotal": subtotal, "subtotal_set": subtotal_set, "total_tax": tax, "total_tax_set": tax_set})

    def edit_away(self, line_id, units):
        self.take_back(line_id, units)
        return self.version()

    def pay_back(self, minor):
        self.refund(minor)
        return self.is_now("partially_refunded")

    def add_line(self, line):
        self.lines.append(dict({"ppm": 200000, "left": line["quantity"]}, **line))
        return self.version()

    def paid_by(self, *payments):
        """kind, status, minor: as /orders/ID/transactions.json has them."""
        self.payments = [{"id": 9000 + i, "kind": kind, "status": status, "amount": money(minor)[0], "currency": "GBP", "gateway": self.gateway,
                          "test": False} for i, (kind, status, minor) in enumerate(payments)]
        return self

    def left_the_house(self, *line_ids):
        self.fulfillments.append({"id": 500 + len(self.fulfillments), "status": "success", "location_id": 1001,
                                  "line_items": [{"id": i, "quantity": 1} for i in line_ids]})
        self.fields["fulfillment_status"] = "fulfilled" if len(line_ids) == len(self.lines) else "partial"
        return self.version()

    def cancelled(self):
        return self.version(cancelled_at="2026-11-20T12:00:00+00:00", cancel_reason="customer")
