"""Orders that `primaflow generate` does not make: one penny moved in each amount in turn, and shapes at the edges of the arithmetic.
An event is JSON for `primaflow produce`; what is to become of it is not said here: the judge finds that out from the bytes."""

import copy


def amounts(node, path=()):
    """[(path, money)]: every place of the event where an amount stands."""
    if isinstance(node, dict):
        if "shop_minor" in node:
            return [(path, node)]
        return [found for name, inner in node.items() for found in amounts(inner, (*path, name))]
    if isinstance(node, list):
        return [found for inner in node for found in amounts(inner, path)]
    return []


def pennies(events):
    """[(which amount, event)]: of the i-th order the i-th amount is one minor unit more, or less."""
    made = []
    for i, event in enumerate(events):
        moved = copy.deepcopy(event)
        places = amounts(moved)
        path, money = places[i % len(places)]
        money["shop_minor"] += 1 if i // len(places) % 2 == 0 and i % 2 == 0 else -1
        made.append((".".join(path), moved))
    return made


def money(amount):
    return {"shop_minor": amount}


def taxed(amount, rate, gross):
    tax = (2 * amount * rate + (1000000 + rate if gross else 1000000)) // (2 * (1000000 + rate if gross else 1000000))
    return [{"title": "VAT", "rate_ppm": rate, "amount": money(tax)}], tax


def order(number, lines, store="uk", channel="shopify", currency="GBP", gross=True, carriage=0):
    """lines: [(ordered, left, unit, discount, rate)] of one product each; right to the minor unit."""
    order_id, made, goods, tax, discounts = str(number), [], 0, 0, 0
    for i, (ordered, left, unit, discount, rate) in enumerate(lines):
        taxes, whole = taxed(ordered * unit - discount, rate, gross)
        share = (2 * discount * left + ordered) // (2 * ordered)
        line = {"line_id": f"{order_id}-{i}", "sku": "TSHIRT-RED-M" if i % 2 else "SKU00001", "title": "Shirt", "quantity": ordered,
                "unit_price": money(unit), "discounts": [{"title": "Sale", "amount": money(discount)}] if discount else [], "tax_lines": taxes,
                "location_id": "1001"}
        if left != ordered:
            line["current_quantity"] = left
        made.append(line)
        goods += left * unit - share
        discounts += share
        tax += (2 * whole * left + ordered) // (2 * ordered)
    shipping, rate = [], 200000
    if carriage:
        taxes, whole = taxed(carriage, rate, gross)
        shipping = [{"code": "standard", "title": "Standard", "price": money(carriage), "tax_lines": taxes}]
        tax += whole
    total = goods + carriage + (0 if gross else tax)
    tenders = [{"kind": "card", "gateway": "paypal", "method": "visa", "amount": money(total), "status": "captured",
                "transaction_id": f"txn_{order_id}"}] if total > 0 else []
    return {"event_id": f"evt-{order_id}", "event_time": 1795000000000, "kind": "created", "source_version": 1, "channel": channel, "store": store,
            "order_id": order_id, "created_at": 1795000000000 + number % 7 * 43200000, "currency": currency, "taxes_included": gross,
            "customer": {"email": f"s{number % 40}@example.com", "forename": "A", "surname": "B"},
            "shipping_address": {"line1": "1 High Street", "country_code": "GB"}, "lines": made, "shipping_lines": shipping, "charges": [],
            "tenders": tenders, "payment_status": "paid",
            "totals": {"subtotal": money(goods), "discounts": money(discounts), "shipping": money(carriage), "charges": money(0),
                       "tax": money(tax), "total": money(total), "outstanding": money(0)}}


def edges(base, count):
    """`count` of each shape, with ids from `base` on."""
    made = []
    for i in range(count):
        number = base + 100 * i
        made += [
            order(number + 1, [(5 + i, 1 + i % 5, 333 + i, 100 + i, 200000), (1, 1, 999, 0, 0)], carriage=395),         # edited
            order(number + 2, [(5 + i, 2 + i % 3, 333, 101 + i, 200000)], gross=False, carriage=395),                   # edited, net
            order(number + 3, [(1, 1, 1000 + i, 1000 + i, 200000)]),                                                    # costs nothing
            order(number + 4, [(1, 1, 37 + i + n, 0, 200000) for n in range(40)]),                                      # many small taxed lines
            order(number + 5, [(1, 1, 37 + i + n, n % 3, 200000) for n in range(40)], gross=False),
            order(number + 6, [(3, 3, 1234 + 7 * i, 10, 200000)], currency="JPY", carriage=500),                        # no decimals
            order(number + 7, [(3, 3, 12345 + 7 * i, 11, 200000)], currency="KWD", carriage=1500),                      # three
            order(number + 8, [(3, 3, 12345 + 7 * i, 11, 200000)], currency="KWD", gross=False, carriage=1500),
            order(number + 9, [(1, 1, 5000, 0, 200000), (1, 1, -(100 + i) * 6, 0, 200000)]),                            # a negative line
            order(number + 10, [(2, 2, 777 + i, 0, 50000)], channel="woocommerce", store="outlet", gross=False, carriage=251),
        ]
    return made
