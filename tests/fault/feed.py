"""Small orders of our own making: every value that matters is chosen here, so that the checker can say what should have come of it."""

import json
import time
import zlib

CHANNELS = {"uk": ("01", "201"), "eu": ("01", "202"), "jp": ("02", "301")}  # store: company, prefix of Prima's order number (ops/deploy/mappings)
# Words that stand in personal fields and nowhere else.
SURNAME, FORENAME, STREET, MAIL_HOST, PHONE = "Quixotegrave", "Zbigniewa", "Confidential Mews", "private-mail.example", "+44 7700 999"
PERSONAL = (SURNAME, FORENAME, STREET, MAIL_HOST, PHONE)
UNKNOWN_SKU = "NOSUCH"
GONE = set()  # products that a case has deleted in Prima, before any order of them was posted
BASE_MS = 1795000000000  # a date in an open period


def order(number, version=1, kind="created", price=600, quantity=1, sku="SKU00001", customer=None, event=None, store="uk", till=False):
    """One order event. `price` is a multiple of 6 pence, so that 20 % of VAT are whole. customer: who; the same customer for all by default.
    till: sold in a shop to nobody known, so that no account is looked for: a new worker asks for the product, then sends."""
    order_id = str(number)
    total = price * quantity
    tax = total // 6
    who = "1" if customer is None else str(customer)
    money = lambda amount: {"shop_minor": amount}
    address = {"forename": FORENAME, "surname": SURNAME, "line1": f"{who} {STREET}", "city": "Leeds", "postcode": "LS1 4AP", "country_code": "GB",
               "phone": PHONE + who}
    made = {
        "event_id": event or f"evt-{order_id}-{version}-{kind}", "event_time": BASE_MS + version, "kind": kind, "source_version": version,
        "channel": "shopify", "store": store, "order_id": order_id, "order_name": f"#{order_id}", "source_name": "web", "test": False,
        "created_at": BASE_MS, "currency": "GBP", "taxes_included": True,
        "customer": {"customer_id": f"7{who}", "email": f"z.q.{who}@{MAIL_HOST}", "title": "Ms", "forename": FORENAME, "surname": SURNAME},
        "billing_address": address, "shipping_address": address,
        "lines": [{"line_id": f"{order_id}-1", "sku": sku, "product_id": "8001", "title": "Thing", "quantity": quantity,
                   "unit_price": money(price), "discounts": [],
                   "tax_lines": [{"title": "GB VAT", "rate_ppm": 200000, "amount": money(tax)}], "location_id": "1001"}],
        "shipping_lines": [], "charges": [],
        "tenders": [{"kind": "card", "gateway": "shopify_payments", "method": "visa", "amount": money(total), "status": "captured",
                     "processed_at": BASE_MS, "transaction_id": f"txn_{order_id}", "authorization": "A1"}],
        "payment_status": "paid",
        "totals": {"subtotal": money(total), "discounts": money(0), "shipping": money(0), "charges": money(0), "tax": money(tax),
                   "total": money(total), "outstanding": money(0)},
        "fulfilment_state": "unfulfilled",
    }
    return {**made, "source_name": "pos", "customer": None} if till else made


def natural(event):
    return f"{CHANNELS[event['store']][0]}/orders/{event['channel']}/{event['store']}/{event['order_id']}"


def topic_key(event):
    return f"{CHANNELS[event['store']][0]}/{event['channel']}/{event['store']}/{event['order_id']}"


def order_number(event):
    return CHANNELS[event["store"]][1] + event["order_id"]


def content(event):
    """What of an event must be found again in Prima's document: lines and money. Not the product's idea of identity: ours."""
    lines = sorted(("MISC" if line["sku"].startswith(UNKNOWN_SKU) or line["sku"] in GONE else line["sku"], line["quantity"], line["unit_price"]["shop_minor"])
                   for line in event["lines"])
    paid = sum(t["amount"]["shop_minor"] for t in event["tenders"] if t["status"] == "captured")
    return json.dumps([lines, paid])


class Numbers:
    """Order ids that no other case has: ten digits, the first six of the case."""

    def __init__(self, case, turn):
        self.base = 900000000 + (zlib.crc32(f"{case}/{turn}".encode()) % 900000) * 1000
        self.used = 0

    def __call__(self):
        self.used += 1
        return self.base + self.used

    @property
    def glob(self):
        """Matches Prima's numbers of all of them, for a fault's `key`."""
        return f"*{str(self.base)[:-3]}*"

    def has(self, order_id):
        return str(order_id).isdigit() and self.base < int(order_id) <= self.base + 999


class ManyNumbers(Numbers):
    """For a case of thousands of orders: eleven digits, so that no other case has them either."""

    def __init__(self, case, turn):
        super().__init__(case, turn)
        self.base = 20000000000 + zlib.crc32(f"{case}/{turn}/{time.time_ns()}".encode()) % 80000 * 100000

    @property
    def glob(self):
        return f"*{str(self.base)[:-5]}*"

    def has(self, order_id):
        return str(order_id).isdigit() and self.base < int(order_id) <= self.base + 99999
