"""Credit notes in the sandbox: what is stored, what is refused, both kinds of uniqueness, and goods that come back."""

import html
import unittest

from sandbox import WithSandbox, envelope, order

LINE = '<CreditLineData OrderLine="1" Product="SKU00001" Quantity="1" Price="10.00" TaxValue="1.67" Restock="Yes" Warehouse="01"/>'
PAYMENT = '<CreditPaymentData PayMethod="CSH" SubPayMethod="PP" TranAmount="{}" PayProvider="paypal" TransactionID="t1" VchNumber="" ExchCreditNo=""/>'


def credit(number, parts=LINE + PAYMENT.format("10.00"), **attributes):
    values = {"CreditNumber": number, "OrderNumber": "2011", "Currency": "GBP", "VatInclusive": "Yes", "RefundDate": "2026-11-21", "PostDate": "",
              "Reason": "too small", **attributes}
    said = " ".join(f'{k}="{html.escape(v)}"' for k, v in values.items())
    return f'<Request RequestType="NewCreditNote"><Data {said}>{parts}</Data></Request>'


def status_of(number):
    return f'<Request RequestType="CreditNoteStatus"><Data CreditNumber="{number}"/></Request>'


class WithOrder(WithSandbox):
    def setUp(self):
        super().setUp()
        self.assertEqual(self.prima.call(order("2011")).status, "OK")

    def on_hand(self, product, depot):
        return self.prima.sql("SELECT s.on_hand FROM stock s JOIN products p ON p.id = s.product_id WHERE p.product = ? AND p.mtrx_code1 = '' AND s.depot = ?",
                              product, depot)[0][0]

    def notes(self):
        return self.prima.sql("SELECT count(*) FROM credit_notes")[0][0]


class Credits(WithOrder):
    def test_a_note_is_in_all_its_tables(self):
        reply = self.prima.call(credit(
            "C1", LINE + '<CreditLineData OrderLine="2" Product="TSHIRT" MtrxCode1="RED" MtrxCode2="M" Quantity="0" Price="3.00" TaxValue="0.50" Restock="No"/>'
            '<CreditChargeData Charge="POST" ChargeValue="3.95" TaxValue="0.66"/>' + PAYMENT.format("16.95"), PostDate="2026-12-01"))
        self.assertEqual((reply.status, reply.error, reply.rows("Data")), ("OK", "", [{"CreditNumber": "C1"}]))
        self.assertEqual(
            self.prima.sql("SELECT company, credit_number, order_number, refund_date, post_date, reason, currency, status, vat_inclusive, lines_total,"
                           " charge_total, tax_total, paid_total, difference FROM credit_notes"),
            [("01", "C1", "2011", "2026-11-21", "2026-12-01", "too small", "GBP", "Posted", 1, 1300, 395, 283, 1695, 0)])
        self.assertEqual(self.prima.sql("SELECT position, order_line, product, mtrx_code1, quantity, price, tax, restock, depot FROM credit_note_lines"),
                         [(1, "1", "SKU00001", "", 1, 1000, 167, 1, "01"), (2, "2", "TSHIRT", "RED", 0, 300, 50, 0, "")])
        self.assertEqual(self.prima.sql("SELECT charge, value, tax FROM credit_note_charges"), [("POST", 395, 66)])
        self.assertEqual(self.prima.sql("SELECT pay_method, sub_pay_method, amount, provider, transaction_id FROM credit_note_payments"),
                         [("CSH", "PP", 1695, "paypal", "t1")])

    def test_status(self):
        reply = self.prima.call(status_of("C1"))
        self.assertEqual((reply.status, reply.error), ("ERROR", "Credit note C1 not found"))
        self.prima.call(credit("C1"))
        reply = self.prima.call(status_of("C1"))
        self.assertEqual((reply.status, reply.rows("Data")), ("OK", [{"CreditNumber": "C1", "CreditStatus": "Posted"}]))
        self.assertEqual(self.prima.call(status_of("C1"), company="02").status, "ERROR")  # numbers are a company's own

    def test_a_second_note_of_a_number_is_refused(self):
        self.assertEqual(self.prima.call(credit("C1")).status, "OK")
        reply = self.prima.call(credit("C1"))
        self.assertEqual((reply.status, reply.error), ("ERROR", "Credit note C1 already exists"))
        self.assertEqual((self.notes(), self.prima.stats()["duplicates_refused"]), (1, 1))

    def test_refusals_name_what_is_wrong_and_write_nothing(self):
        on_hand = self.on_hand("SKU00001", "01")
        for name, document, error in (
                ("no number", credit(""), "Invalid CreditNumber"),
                ("no such order", credit("C1", OrderNumber="2999"), "Order 2999 not found"),
                ("no date", credit("C1", RefundDate=""), "Invalid RefundDate"),
                ("a bad post date", credit("C1", PostDate="1/12/2026"), "Invalid PostDate"),
                ("currency", credit("C1", Currency="XXX"), "Invalid Currency"),
                ("nothing", credit("C1", ""), "Invalid credit note: no lines and no charges"),
                ("product", credit("C1", LINE.replace("SKU00001", "NOPE")), "Unknown product NOPE"),
                ("depot", credit("C1", LINE.replace('Warehouse="01"', 'Warehouse="ZZ"')), "Unknown warehouse ZZ"),
                ("quantity", credit("C1", LINE.replace('Quantity="1"', 'Quantity="-1"')), "Invalid Quantity"),
                ("amount", credit("C1", LINE + PAYMENT.format("10,00")), "Invalid TranAmount"),
                ("charge", credit("C1", '<CreditChargeData Charge="POST" ChargeValue=""/>'), "Invalid ChargeValue")):
            with self.subTest(name):
                reply = self.prima.call(document)
                self.assertEqual((reply.status, reply.error), ("ERROR", error))
                self.assertEqual(self.last_request()["outcome"], "refused")
        self.assertEqual((self.notes(), self.on_hand("SKU00001", "01")), (0, on_hand))

    def test_a_closed_period_is_told_by_the_post_date(self):
        self.prima.admin("POST", "/period", {"closed_until": "2026-11-30"})
        reply = self.prima.call(credit("C1"))
        self.assertEqual((reply.status, reply.error), ("ERROR", "Accounting period of 2026-11-21 is closed"))
        self.assertEqual(self.prima.call(credit("C1", PostDate="2026-12-01")).status, "OK")

    def test_what_is_off_is_stored_with_its_difference(self):
        self.assertEqual(self.prima.call(credit("C1", LINE + PAYMENT.format("10.01"))).status, "OK")
        self.assertEqual(self.prima.sql("SELECT credit_number, difference FROM credit_notes WHERE difference <> 0"), [("C1", -1)])

    def test_goods_come_back_with_restock_alone(self):
        before = self.on_hand("SKU00001", "01"), self.on_hand("SKU00001", "02")
        self.prima.call(credit("C1", LINE.replace('Restock="Yes"', 'Restock="No"') + PAYMENT.format("10.00")))
        self.assertEqual(self.on_hand("SKU00001", "01"), before[0])
        self.prima.call(credit("C2", LINE.replace('Quantity="1"', 'Quantity="3"').replace('Warehouse="01"', 'Warehouse="02"') + PAYMENT.format("30.00")))
        self.assertEqual((self.on_hand("SKU00001", "01"), self.on_hand("SKU00001", "02")), (before[0], before[1] + 3))
        row = self.prima.call('<Request RequestType="ProductAvailableToSell"><Data ProductFrom="SKU00001" ProductTo="SKU00001" Warehouse="02"/></Request>')
        self.assertEqual(row.rows("sku")[0]["AvailableQuantity"], str(before[1] + 3))

    def test_hostilities_and_counts_are_for_notes_too(self):
        self.prima.fault({"kind": "reset_after"}, type="NewCreditNote", key="C1")
        self.assertEqual(self.prima.raw(envelope(credit("C1")))[1], "reset")
        self.assertEqual(self.notes(), 1)  # it was applied, and nobody was told
        self.assertEqual(self.prima.sql("SELECT type, natural_key, fault IS NOT NULL FROM requests ORDER BY id DESC LIMIT 1"), [("NewCreditNote", "C1", 1)])
        self.assertEqual(self.prima.stats()["types"]["NewCreditNote"]["applied"], 1)

    def test_reset_forgets_notes(self):
        self.prima.call(credit("C1"))
        self.prima.admin("POST", "/reset", {})
        self.assertEqual(self.notes(), 0)


class NotUnique(WithOrder):
    options = ("--unique", "off", "--restocks", "off")

    def test_a_second_note_of_a_number_is_taken(self):
        before = self.on_hand("SKU00001", "01")
        for _ in range(2):
            self.assertEqual(self.prima.call(credit("C1")).status, "OK")
        self.assertEqual((self.notes(), self.prima.stats()["second_documents"]), (2, 1))
        self.assertEqual(self.on_hand("SKU00001", "01"), before)  # --restocks off: the warehouse's receipt moves it


class Strict(WithOrder):
    options = ("--balance", "refuse")

    def test_what_is_off_is_refused(self):
        reply = self.prima.call(credit("C1", LINE + PAYMENT.format("9.00")))
        self.assertEqual((reply.status, self.notes()), ("ERROR", 0))
        self.assertIn("1.00", reply.error)


if __name__ == "__main__":
    unittest.main()
