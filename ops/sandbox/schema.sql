-- The sandbox's ledger: what Prima would hold, and every request that reached it. Amounts are integers in the currency's minor units.
-- Times are milliseconds since 1970 UTC. `company` is '' for wsomhandler.

CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY,          -- in order of arrival
    arrived_at INTEGER NOT NULL,
    company TEXT NOT NULL,
    type TEXT NOT NULL,              -- RequestType; '' when it could not be read
    natural_key TEXT NOT NULL,       -- OrderNumber, CustomerRef, CreditNumber, ...
    -- not IN (...): for that, SQLite builds a temporary index at every insert, an eighth of all that an order costs outside the kernel
    outcome TEXT NOT NULL CHECK (outcome = 'applied' OR outcome = 'read' OR outcome = 'refused' OR outcome = 'malformed'
        OR outcome = 'not_applied' OR outcome = 'pending'),
    applied INTEGER NOT NULL CHECK (applied IN (0, 1)), -- 1: it wrote to the ledger
    applied_at INTEGER,              -- later than arrived_at after an apply_delay
    fault TEXT,                      -- the hostility used, e.g. 'reset_after#3'; NULL: none
    lossy INTEGER NOT NULL,          -- characters beyond Latin-1 that became '?'
    http_status INTEGER NOT NULL,    -- what was to be answered; 0: nothing was
    request BLOB NOT NULL,           -- the HTTP body, as it came
    reply BLOB NOT NULL              -- the HTTP body made for it, also when it never left or left cut
);

CREATE TABLE IF NOT EXISTS products (
    id INTEGER PRIMARY KEY,
    product TEXT NOT NULL,
    mtrx_code1 TEXT NOT NULL,
    mtrx_code2 TEXT NOT NULL,
    mtrx_code3 TEXT NOT NULL,
    mtrx_code4 TEXT NOT NULL,
    description TEXT NOT NULL,
    UNIQUE (product, mtrx_code1, mtrx_code2, mtrx_code3, mtrx_code4)
);

CREATE TABLE IF NOT EXISTS depots ( -- the first one is where an empty Warehouse goes
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL UNIQUE
);

CREATE TABLE IF NOT EXISTS stock (   -- on hand; `available` below takes what open orders have reserved
    product_id INTEGER NOT NULL REFERENCES products (id),
    depot TEXT NOT NULL REFERENCES depots (code),
    on_hand INTEGER NOT NULL CHECK (on_hand >= 0),
    PRIMARY KEY (product_id, depot)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS customers (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL UNIQUE,
    company TEXT NOT NULL,
    customer_ref TEXT NOT NULL,
    email TEXT NOT NULL,             -- lower case: how Prima is assumed to match
    forename TEXT NOT NULL,
    surname TEXT NOT NULL,
    addr_line1 TEXT NOT NULL,
    addr_line2 TEXT NOT NULL,
    addr_line3 TEXT NOT NULL,
    addr_line4 TEXT NOT NULL,
    addr_line5 TEXT NOT NULL,
    addr_line6 TEXT NOT NULL,
    post_code TEXT NOT NULL,
    country TEXT NOT NULL,
    phone TEXT NOT NULL,
    request_id INTEGER               -- NULL: seeded
);
CREATE INDEX IF NOT EXISTS customers_email ON customers (email, company);

CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY,
    company TEXT NOT NULL,
    order_number TEXT NOT NULL CHECK (order_number <> ''),
    request_id INTEGER,              -- NULL: seeded
    created_at INTEGER NOT NULL,
    account TEXT NOT NULL,
    customer_ref TEXT NOT NULL,
    channel TEXT NOT NULL,
    order_type TEXT NOT NULL,
    order_date TEXT NOT NULL,        -- YYYY-MM-DD or ''
    hold INTEGER NOT NULL CHECK (hold IN (0, 1)),
    hold_narrative TEXT NOT NULL,
    status TEXT NOT NULL,            -- Held, Open, Part Despatched, Despatched, Cancelled
    surname TEXT NOT NULL,
    post_code TEXT NOT NULL,
    country TEXT NOT NULL,
    special_instructions TEXT NOT NULL,
    carrier TEXT NOT NULL,
    payment_terms TEXT NOT NULL,
    currency TEXT NOT NULL,
    vat_inclusive INTEGER NOT NULL CHECK (vat_inclusive IN (0, 1)),
    lines_total INTEGER NOT NULL,    -- sum of quantity x price
    discount_total INTEGER NOT NULL, -- sum of TrDisc + PromotionValue
    tax_total INTEGER NOT NULL,      -- sum of ExtTaxVal; counts when not vat_inclusive
    charge_total INTEGER NOT NULL,
    paid_total INTEGER NOT NULL,
    stated_paid INTEGER,             -- OrderPaid where it is an amount
    outstanding INTEGER NOT NULL,
    difference INTEGER NOT NULL CHECK (difference = lines_total - discount_total + charge_total
        + CASE vat_inclusive WHEN 1 THEN 0 ELSE tax_total END - paid_total - outstanding)
);

CREATE TABLE IF NOT EXISTS order_lines (
    order_id INTEGER NOT NULL REFERENCES orders (id),
    position INTEGER NOT NULL,       -- 1.. in the order of the request
    order_line TEXT NOT NULL,
    product_id INTEGER NOT NULL REFERENCES products (id),
    product TEXT NOT NULL,
    mtrx_code1 TEXT NOT NULL,
    mtrx_code2 TEXT NOT NULL,
    mtrx_code3 TEXT NOT NULL,
    mtrx_code4 TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    price INTEGER NOT NULL,          -- as sent: of a unit, or of the line with --price line
    discount INTEGER NOT NULL,
    tax INTEGER NOT NULL,
    depot TEXT NOT NULL,
    narrative TEXT NOT NULL,
    reference TEXT NOT NULL,
    PRIMARY KEY (order_id, position)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS despatches ( -- a parcel that left
    order_id INTEGER NOT NULL REFERENCES orders (id),
    despatch_number TEXT NOT NULL CHECK (despatch_number <> ''),
    despatch_date TEXT NOT NULL,     -- YYYY-MM-DD or ''
    carrier TEXT NOT NULL,
    service TEXT NOT NULL,
    tracking_number TEXT NOT NULL,
    tracking_url TEXT NOT NULL,
    PRIMARY KEY (order_id, despatch_number)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS despatch_lines (
    order_id INTEGER NOT NULL,
    despatch_number TEXT NOT NULL,
    position INTEGER NOT NULL,       -- of the order's line
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, despatch_number, position),
    FOREIGN KEY (order_id, despatch_number) REFERENCES despatches (order_id, despatch_number),
    FOREIGN KEY (order_id, position) REFERENCES order_lines (order_id, position)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS order_charges (
    order_id INTEGER NOT NULL REFERENCES orders (id),
    position INTEGER NOT NULL,
    charge TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (order_id, position)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS order_payments (
    order_id INTEGER NOT NULL REFERENCES orders (id),
    position INTEGER NOT NULL,
    pay_method TEXT NOT NULL,
    sub_pay_method TEXT NOT NULL,
    amount INTEGER NOT NULL,
    provider TEXT NOT NULL,
    auth_ref TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    voucher_number TEXT NOT NULL,
    exchange_number TEXT NOT NULL,   -- ExchCreditNo
    PRIMARY KEY (order_id, position)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS credit_notes (
    id INTEGER PRIMARY KEY,
    company TEXT NOT NULL,
    credit_number TEXT NOT NULL CHECK (credit_number <> ''),
    order_id INTEGER NOT NULL REFERENCES orders (id), -- the order that order_number names
    order_number TEXT NOT NULL,
    request_id INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    refund_date TEXT NOT NULL,       -- YYYY-MM-DD: the day the money went back
    post_date TEXT NOT NULL,         -- YYYY-MM-DD: of the ledger
    reason TEXT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,            -- Posted
    vat_inclusive INTEGER NOT NULL CHECK (vat_inclusive IN (0, 1)),
    lines_total INTEGER NOT NULL,    -- sum of quantity x price, of price alone where quantity is 0
    charge_total INTEGER NOT NULL,
    tax_total INTEGER NOT NULL,      -- of lines and charges; counts when not vat_inclusive
    paid_total INTEGER NOT NULL,     -- what went back
    difference INTEGER NOT NULL CHECK (difference = lines_total + charge_total
        + CASE vat_inclusive WHEN 1 THEN 0 ELSE tax_total END - paid_total)
);

CREATE TABLE IF NOT EXISTS credit_note_lines (
    credit_note_id INTEGER NOT NULL REFERENCES credit_notes (id),
    position INTEGER NOT NULL,       -- 1.. in the order of the request
    order_line TEXT NOT NULL,        -- '': of no line, of the order as a whole
    product TEXT NOT NULL,
    mtrx_code1 TEXT NOT NULL,
    mtrx_code2 TEXT NOT NULL,
    mtrx_code3 TEXT NOT NULL,
    mtrx_code4 TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 0), -- 0: money only, and price is the line's amount
    price INTEGER NOT NULL,          -- of a unit
    tax INTEGER NOT NULL,            -- of the line
    restock INTEGER NOT NULL CHECK (restock IN (0, 1)),
    depot TEXT NOT NULL,             -- '': of no depot
    PRIMARY KEY (credit_note_id, position)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS credit_note_charges (
    credit_note_id INTEGER NOT NULL REFERENCES credit_notes (id),
    position INTEGER NOT NULL,
    charge TEXT NOT NULL,
    value INTEGER NOT NULL,
    tax INTEGER NOT NULL,
    PRIMARY KEY (credit_note_id, position)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS credit_note_payments (
    credit_note_id INTEGER NOT NULL REFERENCES credit_notes (id),
    position INTEGER NOT NULL,
    pay_method TEXT NOT NULL,
    sub_pay_method TEXT NOT NULL,
    amount INTEGER NOT NULL,         -- above 0: it went back
    provider TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    voucher_number TEXT NOT NULL,
    exchange_number TEXT NOT NULL,   -- ExchCreditNo
    PRIMARY KEY (credit_note_id, position)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS adjustments (
    id INTEGER PRIMARY KEY,
    company TEXT NOT NULL,
    adjustment_number TEXT NOT NULL CHECK (adjustment_number <> ''),
    position INTEGER NOT NULL,
    request_id INTEGER,
    created_at INTEGER NOT NULL,
    product_id INTEGER NOT NULL REFERENCES products (id),
    depot TEXT NOT NULL REFERENCES depots (code),
    quantity INTEGER NOT NULL        -- signed: what it changed on_hand by
);

CREATE VIEW IF NOT EXISTS available AS
    SELECT s.product_id, p.product, p.mtrx_code1, p.mtrx_code2, p.mtrx_code3, p.mtrx_code4, s.depot, s.on_hand,
           s.on_hand - coalesce(reserved.quantity, 0) AS quantity
    FROM stock s JOIN products p ON p.id = s.product_id
         LEFT JOIN (SELECT l.product_id, l.depot, sum(l.quantity - coalesce((SELECT sum(d.quantity) FROM despatch_lines d
                                         WHERE d.order_id = l.order_id AND d.position = l.position), 0)) AS quantity
                    FROM order_lines l JOIN orders o ON o.id = l.order_id
                    WHERE o.status IN ('Open', 'Held', 'Part Despatched') GROUP BY l.product_id, l.depot) reserved
         ON reserved.product_id = s.product_id AND reserved.depot = s.depot;
