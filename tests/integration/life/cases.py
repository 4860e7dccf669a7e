"""Situations in the life of an order: what the shop sends, version by version, and what each is to become.

An end is "outcome" or "dead_letter code", and behind ": " what its text must contain.
"""
from shop import Order

SHIRTS = {"id": 11, "sku": "TSHIRT-RED-M", "quantity": 3, "price": 1800}
MUG = {"id": 12, "sku": "SKU00001", "quantity": 2, "price": 1200}
SOCKS = {"id": 13, "sku": "SKU00002", "quantity": 1, "price": 999}


def whole_life():
    o = Order([SHIRTS, MUG], status="authorized")
    yield o.version(), "posted"
    yield o.version(tags="vip"), "duplicate"
    yield o.is_now("paid"), "payment_updated: needs nothing"
    yield o.left_the_house(12), "duplicate"
    yield o.edit_away(11, 1), "dead_letter order_amended: line 11 (SKU TSHIRT-RED-M): units from 3 to 2"
    yield o.version(tags="vip, edited"), "duplicate: Nothing new"
    yield o.pay_back(1800), "payment_updated: captured 63.95 GBP"
    yield o.cancelled(), "dead_letter cancelled_after_posting"


def captured():
    o = Order([MUG], status="authorized", total_outstanding="0.00")
    yield o.version(), "posted"
    yield o.is_now("paid"), "payment_updated"
    yield o.version(), "duplicate"


def captured_with_transactions():
    o = Order([MUG], status="authorized").paid_by(("authorization", "success", 2795))
    yield o.version(), "posted"
    o.paid_by(("authorization", "success", 2795), ("capture", "success", 2795))
    o.payments[1]["parent_id"] = o.payments[0]["id"]
    yield o.is_now("paid"), "payment_updated: needs nothing"


def by_webhook_then_by_export():
    o = Order([MUG])
    yield o.version(), "posted"
    yield o.paid_by(("sale", "success", 2795)).version(), "duplicate"
    o.payments = None
    yield o.version(), "duplicate"


def in_the_rest():
    o = Order([SHIRTS, MUG])
    yield o.version(), "posted"
    yield o.keeps(note="Customer rang: wants it before Friday"), "duplicate"
    o.lines[0]["fields"] = {"product_id": None, "variant_id": None, "product_exists": False}
    yield o.version(), "duplicate"
    o.lines.reverse()
    yield o.version(), "duplicate"
    yield o.keeps(customer=None), "duplicate"
    yield o.keeps(tags="b, a", note_attributes=[{"name": "utm", "value": "x"}]), "duplicate"


def a_line_is_added():
    o = Order([MUG])
    yield o.version(), "posted"
    yield o.add_line(SOCKS), "dead_letter order_amended: line added: SKU SKU00002, 1 x 9.99 GBP"
    yield o.version(), "duplicate: Nothing new"
    o.add_line({"id": 14, "sku": "SKU00003", "quantity": 1, "price": 500})
    yield o.version(), "duplicate: Changed once more"


def taken_back_in_time():
    o = Order([SHIRTS, MUG])
    yield o.version(), "posted"
    yield o.edit_away(11, 1), "dead_letter units_cancelled_after_posting: Line 11 (SKU TSHIRT-RED-M): units from 3 to 2"
    yield o.version(), "duplicate: Nothing new"


def taken_back_before_it_was_posted():
    o = Order([SHIRTS], status="pending", gateway="klarna")
    o.edit_away(11, 1)
    o.status = "paid"
    o.paid_by(("sale", "success", 2 * 1800 + 395))
    yield o.version(), "posted"


def sent_elsewhere():
    o = Order([MUG])
    yield o.version(), "posted"
    there = {"first_name": "Bob", "last_name": "Hidden", "address1": "9 Secret Road", "city": "York", "zip": "YO1 1AA", "country_code": "GB"}
    yield o.keeps(shipping_address=there), "dead_letter order_amended: elivery address differs"


def as_it_was_again():
    o = Order([MUG])
    yield o.version(), "posted"
    o.lines[0]["price"] = 1300
    yield o.version(), "dead_letter order_amended: line 12 (SKU SKU00001): unit price from 12.00 GBP to 13.00 GBP"
    o.lines[0]["price"] = 1200
    yield o.version(), "duplicate: is resolved"
    yield o.version(), "duplicate"


def money_is_lost():
    o = Order([MUG]).paid_by(("sale", "success", 2795))
    yield o.version(), "posted"
    o.payments = [dict(o.payments[0], status="failure")]
    yield o.is_now("voided"), "dead_letter payment_lost"


def older_than_what_is_known():
    o = Order([MUG])
    first = o.version(tags="first")
    yield o.add_line(SOCKS), "posted"
    yield first, "superseded"


def cancelled_after_posting():
    o = Order([MUG])
    yield o.version(), "posted"
    yield o.cancelled(), "dead_letter cancelled_after_posting"
    yield o.cancelled(), "duplicate: Nothing new"


def cancelled_at_once():
    yield Order([MUG]).cancelled(), "cancelled_before_posting"


def the_countrys_name_alone():
    o = Order([MUG])
    home = {"first_name": "Ada", "last_name": "Example", "address1": "1 Test Street", "city": "Leeds", "zip": "LS1 1AA", "country": "United Kingdom"}
    yield o.version(shipping_address=home, billing_address=home), "posted"


def properties_as_an_object():
    o = Order([dict(MUG, fields={"properties": {}})])
    yield o.version(), "posted"


def a_gateway_that_nobody_mapped():
    yield Order([MUG], gateway="new_wallet").version(), "posted_on_hold payment_unmapped"


def pending_then_paid():
    o = Order([MUG], status="pending", gateway="klarna")
    yield o.version(), "posted_on_hold payment_pending"
    yield o.is_now("paid"), "payment_updated: it may be released"
    yield o.version(), "duplicate"


def a_deposit_then_the_rest():
    o = Order([MUG], status="partially_paid", total_outstanding="17.95").paid_by(("sale", "success", 1000))
    yield o.version(), "posted_on_hold payment_pending"
    o.paid_by(("sale", "success", 1000), ("sale", "success", 1795))
    yield o.is_now("paid", total_outstanding="0.00"), "payment_updated"


def void_before_capture():
    o = Order([MUG], status="authorized").paid_by(("authorization", "success", 2795))
    yield o.version(), "posted"
    o.paid_by(("authorization", "success", 2795), ("void", "success", 2795))
    o.payments[1]["parent_id"] = o.payments[0]["id"]
    yield o.is_now("voided"), "dead_letter payment_lost"
    yield o.version(), "duplicate"


def a_failed_attempt_beside_it():
    o = Order([MUG]).paid_by(("sale", "success", 2795))
    yield o.version(), "posted"
    yield o.paid_by(("sale", "failure", 2795), ("sale", "success", 2795)).version(), "duplicate"


def one_second_two_versions():
    o = Order([MUG], status="authorized")
    yield o.version(), "posted"
    o.minute -= 1
    yield o.is_now("paid"), "payment_updated"


def sent_and_returned():
    o = Order([SHIRTS])
    yield o.version(), "posted"
    yield o.left_the_house(11), "duplicate"
    o.refund(1800, {"id": 791, "line_item_id": 11, "location_id": 1001, "quantity": 1, "restock_type": "return", "subtotal": "18.00", "total_tax": "3.00"},
             **{"return": {"id": 1}})
    o.lines[0]["left"] = 2
    yield o.is_now("partially_refunded"), "duplicate"


def money_back_for_goodwill():
    o = Order([SHIRTS]).paid_by(("sale", "success", 5795))
    yield o.version(), "posted"
    o.refund(500, order_adjustments=[{"id": 1, "amount": "-5.00", "tax_amount": "0.00", "kind": "refund_discrepancy"}])
    yield o.is_now("partially_refunded"), "duplicate"


def another_service():
    o = Order([MUG])
    yield o.version(), "posted"
    o.carriage = 995
    v = o.version()
    v["shipping_lines"][0].update(code="express", title="Express")
    yield v, "dead_letter order_amended: carriage standard: code from standard to express"


def titles_and_mail():
    o = Order([MUG])
    yield o.version(), "posted"
    o.lines[0]["fields"] = {"title": "Another name"}
    yield o.version(), "duplicate"
    yield o.keeps(email="new.address@example.com", phone="+44 7700 900123"), "duplicate"


def more_units():
    o = Order([MUG])
    yield o.version(), "posted"
    o.lines[0]["quantity"] = o.lines[0]["left"] = 3
    yield o.version(), "dead_letter order_amended: units from 2 to 3"


def a_gift_message():
    o = Order([MUG])
    yield o.version(), "posted"
    yield o.keeps(note_attributes=[{"name": "Gift message", "value": "For Bob"}]), "dead_letter order_amended: gift message added"


def two_gateways():
    o = Order([MUG]).paid_by(("sale", "success", 2000), ("sale", "success", 795))
    o.payments[1]["gateway"] = "gift_card"
    yield o.version(), "posted"
    yield o.version(), "duplicate"


def wholly_edited_away():
    o = Order([SHIRTS, MUG])
    yield o.version(), "posted"
    yield o.edit_away(12, 2), "dead_letter units_cancelled_after_posting: units from 2 to 0"
    yield o.edit_away(11, 3), "duplicate: Changed once more"


def at_the_till():
    o = Order([MUG], carriage=0, gateway="cash", source_name="pos", location_id=2001, shipping_address=None, billing_address=None, customer=None, email="")
    v = o.version(shipping_lines=[], fulfillment_status="fulfilled")
    yield v, "posted"
    yield dict(v, note="till 3", updated_at="2026-11-20T09:30:00+00:00"), "duplicate"


def refunded_and_restocked_before_it_left():
    o = Order([SHIRTS])
    yield o.version(), "posted"
    o.take_back(11, 1, 1800)
    yield o.is_now("partially_refunded"), "dead_letter units_cancelled_after_posting: line 11 (SKU TSHIRT-RED-M): units from 3 to 2"
    yield o.version(), "duplicate: Nothing new"


def refunded_and_restocked_before_the_first_import():
    o = Order([SHIRTS]).paid_by(("sale", "success", 5795))
    o.take_back(11, 1, 1800)
    yield o.is_now("partially_refunded"), "posted"


def taken_back_whole_before_the_first_import():
    o = Order([SHIRTS, MUG])
    o.take_back(11, 3, 5400)
    o.take_back(12, 2, 2795)
    o.refunds[-1]["refund_shipping_lines"] = [{"id": 1, "shipping_line_id": 31, "subtotal_amount_set": {}}]
    yield o.is_now("refunded"), "cancelled_before_posting"
    yield o.version(tags="sorry"), "cancelled_before_posting"
    o.status, o.refunds, o.lines[1]["left"] = "paid", o.refunds[:1], 2
    o.paid_by(("sale", "success", 8195))
    o.fields["financial_status"] = "partially_refunded"
    yield o.version(), "posted"


def taken_back_whole_after_it_was_posted():
    o = Order([SHIRTS])
    yield o.version(), "posted"
    o.take_back(11, 3, 5795)
    o.refunds[-1]["refund_shipping_lines"] = [{"id": 1, "shipping_line_id": 31, "subtotal_amount_set": {}}]
    yield o.is_now("refunded"), "dead_letter units_cancelled_after_posting: line 11 (SKU TSHIRT-RED-M): units from 3 to 0"


def paid_against_an_outstanding_total():
    o = Order([MUG])
    yield o.version(total_outstanding="27.95", payment_gateway_names=[]), "posted_on_hold payment_contradicts: 27.95 outstanding"


def typed_in_by_staff_of_a_shop():
    o = Order([MUG])
    yield o.version(location_id=2001, source_name="shopify_draft_order"), "posted"


def the_channel_owes_the_tax():
    o = Order([MUG])
    v = o.version()
    for x in v["line_items"] + v["shipping_lines"]:
        for tax in x["tax_lines"]:
            tax["channel_liable"] = True
    yield v, "dead_letter tax_not_ours"


def nothing_of_the_address_is_latin():
    o = Order([MUG])
    there = {"first_name": "\u592a\u90ce", "last_name": "\u5c71\u7530", "address1": "\u6e0b\u8c37\u4e00\u4e8c", "city": "\u6771\u4eac", "zip": "LS1 1AA",
             "country_code": "GB"}
    yield o.version(shipping_address=there, billing_address=there), "posted_on_hold address_illegible"


def an_exempt_customer():
    o = Order([MUG])
    yield o.version(), "posted"
    yield o.keeps(tax_exempt=True), "dead_letter order_amended: tax exempt from no to yes"


CASES = [
    ("LC1 a whole life", whole_life),
    ("LC3 authorised, captured", captured),
    ("LC4 the same, with transactions", captured_with_transactions),
    ("LC8 by webhook, then by export", by_webhook_then_by_export),
    ("LC10, LC18 notes, erased products and customers, tags, order of lines", in_the_rest),
    ("LC15 an app adds a line", a_line_is_added),
    ("units taken back before anything left", taken_back_in_time),
    ("units taken back before it was posted", taken_back_before_it_was_posted),
    ("sent elsewhere", sent_elsewhere),
    ("edited and back again", as_it_was_again),
    ("money is lost", money_is_lost),
    ("an older version comes late", older_than_what_is_known),
    ("cancelled after posting", cancelled_after_posting),
    ("cancelled at once", cancelled_at_once),
    ("S32 the country's name alone", the_countrys_name_alone),
    ("S35c properties as an object", properties_as_an_object),
    ("a gateway that nobody mapped", a_gateway_that_nobody_mapped),
    ("pending then paid", pending_then_paid),
    ("a deposit then the rest", a_deposit_then_the_rest),
    ("void before capture", void_before_capture),
    ("a failed attempt beside it", a_failed_attempt_beside_it),
    ("one second two versions", one_second_two_versions),
    ("sent and returned", sent_and_returned),
    ("money back for goodwill", money_back_for_goodwill),
    ("another service", another_service),
    ("titles and mail", titles_and_mail),
    ("more units", more_units),
    ("a gift message", a_gift_message),
    ("two gateways", two_gateways),
    ("wholly edited away", wholly_edited_away),
    ("at the till", at_the_till),
    ("an exempt customer", an_exempt_customer),
    ("S47 paid, against an outstanding total", paid_against_an_outstanding_total),
    ("S41 typed in by staff of a shop", typed_in_by_staff_of_a_shop),
    ("S48 the tax is the channel's to pay", the_channel_owes_the_tax),
    ("S13b nothing of the address is Latin", nothing_of_the_address_is_latin),
    ("LC22 refunded and restocked before it left", refunded_and_restocked_before_it_left),
    ("S14c, S16 refunded and restocked before the first import", refunded_and_restocked_before_the_first_import),
    ("taken back whole before the first import", taken_back_whole_before_the_first_import),
    ("taken back whole after it was posted", taken_back_whole_after_it_was_posted),
]

# What Prima's document must have: units of each product line.
UNITS = {"S14c, S16 refunded and restocked before the first import": [2], "units taken back before it was posted": [2]}
