/* Requests: whatever stands in a field, the document is well-formed and gives the field back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "prima/latin1.h"
#include "prima/names.h"
#include "prima/request.h"
#include "prima/xml.h"

static struct config *config;
static struct prima_names names;

static int load_names(void **state)
{
    (void)state;
    struct config_message message;
    return config_load(NULL, NULL, 0, &config, &message) < 0 ||
           prima_names_read(config, &names, &message) < 0;
}

static int free_names(void **state)
{
    (void)state;
    config_free(config);
    return 0;
}

/* Every element with its attributes as "Element@Name=value" lines. */
static void on_open(void *user, const char *name, const struct xml_attribute *attributes,
                    size_t count)
{
    struct buf *seen = user;
    buf_printf(seen, "%s\n", name);
    for (size_t i = 0; i < count; i++)
        buf_printf(seen, "%s@%s=%.*s\n", name, attributes[i].name, (int)attributes[i].size,
                   attributes[i].value);
}

/* What a parser makes of the document. */
static void read_back(const struct buf *document, struct buf *seen)
{
    static const struct xml_events events = {.open = on_open};
    struct xml_reader *reader = xml_reader_new();
    assert_non_null(reader);
    assert_int_equal(xml_read(reader, document->data, document->size, NULL, false, &events, seen),
                     0);
    xml_reader_free(reader);
}

static void assert_has(const struct buf *seen, const char *line)
{
    if (strstr(seen->data, line) == NULL)
        fail_msg("no \"%s\" in:\n%s", line, seen->data);
}

/* An order with the text in each of its fields. The order number is apart: it takes no hostile
 * text. */
static void fill(const char *text, struct prima_order *o, struct prima_order_line *l,
                 struct prima_order_charge *c, struct prima_order_payment *p)
{
    const struct prima_address a = {
        text, text, text, {text, text, text, text, text, text}, text, text, text, text, text};
    *l = (struct prima_order_line){
        text, {text, text, text, text}, text, text, text, text, text, text, text, text, text, text,
        false};
    *c = (struct prima_order_charge){text, text};
    *p = (struct prima_order_payment){text, text, text, text, text, text, text, text};
    *o = (struct prima_order){"2011",
                              text,
                              text,
                              text,
                              text,
                              text,
                              text,
                              .vat_inclusive = true,
                              .hold = true,
                              .hold_narrative = text,
                              .delivery = a,
                              .invoice = a,
                              .special_instructions = text,
                              .shipping_instructions = text,
                              .currency = text,
                              .order_date = text,
                              .carrier = text,
                              .carrier_service = text,
                              .source_media = text,
                              .order_category = text,
                              .brand = text,
                              .season = text,
                              .order_contact = text,
                              .order_paid = text,
                              .lines = l,
                              .line_count = 1,
                              .charges = c,
                              .charge_count = 1,
                              .payments = p,
                              .payment_count = 1};
}

/* Fields that carry a text of ours, by element. */
static const char *const texts[] = {
    "Data@Customer",
    "Data@HoldOrderNarrative",
    "Data@OrderChannel",
    "Data@CustomerTitle",
    "Data@CustomerForename",
    "Data@CustomerSurname",
    "Data@AddrLine1",
    "Data@AddrLine2",
    "Data@AddrLine3",
    "Data@AddrLine4",
    "Data@AddrLine5",
    "Data@AddrLine6",
    "Data@PostCode",
    "Data@Country",
    "Data@CustomerEmail",
    "Data@CustomerPhone",
    "Data@CustomerMobile",
    "Data@CustomerRef",
    "Data@DeliveryFAO",
    "Data@OrderType",
    "Data@PaymentTerms",
    "OrderHeaderData@Brand",
    "OrderHeaderData@SpecialInstructions",
    "OrderHeaderData@ShippingInstructions",
    "OrderHeaderData@SourceMedia",
    "OrderHeaderData@OrderCategory",
    "OrderHeaderData@Carrier",
    "OrderHeaderData@CarrServ",
    "OrderHeaderData@Currency",
    "OrderHeaderData@OrderContact",
    "OrderHeaderData@OrderDate",
    "OrderHeaderData@OrderPaid",
    "OrderHeaderData@Season",
    "OrderInvoiceData@InvoiceTitle",
    "OrderInvoiceData@InvoiceForename",
    "OrderInvoiceData@InvoiceSurname",
    "OrderInvoiceData@InvoiceAddrLine1",
    "OrderInvoiceData@InvoiceAddrLine6",
    "OrderInvoiceData@InvoicePostCode",
    "OrderInvoiceData@InvoiceCountry",
    "OrderInvoiceData@InvoiceEmail",
    "OrderInvoiceData@InvoicePhone",
    "OrderInvoiceData@InvoiceMobile",
    "OrderLineData@Product",
    "OrderLineData@MtrxCode1",
    "OrderLineData@MtrxCode4",
    "OrderLineData@Quantity",
    "OrderLineData@Price",
    "OrderLineData@Warehouse",
    "OrderLineData@ExtTaxVal",
    "OrderLineData@TrDisc",
    "OrderLineData@Promotion",
    "OrderLineData@PromotionValue",
    "OrderLineData@LineNarrative",
    "OrderLineData@LineReference",
    "OrderLineData@Voucher",
    "OrderChargeData@Charge",
    "OrderChargeData@ChargeValue",
    "OrderPaymentData@PayMethod",
    "OrderPaymentData@SubPayMethod",
    "OrderPaymentData@TranAmount",
    "OrderPaymentData@PayProvider",
    "OrderPaymentData@PayAuthRef",
    "OrderPaymentData@PayAuthId",
    "OrderPaymentData@LineRef",
    "OrderPaymentData@TransactionID",
    "OrderPaymentData@VchNumber",
};

static void test_hostile_text(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
    } rows[] = {
        {"an end of the attribute", "\" Quantity=\"99"},
        {"an end of the element", "'/><Data OrderNumber='9'/>"},
        {"an end of the envelope", "]]></request></soap:Body>"},
        {"entities", "&amp; &lt; &#65; &e;"},
        {"line breaks", "a\n\r\tb"},
        {"Latin-1", "\u00E9\u00FF\u00A0"},
        {"a comment and a declaration", "<!-- <?xml ?> <!DOCTYPE x>"},
        {"long", "012345678901234567890123456789012345678901234567890123456789012345678901234567890"
                 "1234567890123456789"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct prima_order order;
        struct prima_order_line line;
        struct prima_order_charge charge;
        struct prima_order_payment payment;
        fill(rows[i].text, &order, &line, &charge, &payment);
        struct buf document, seen;
        buf_init(&document, 100000);
        buf_init(&seen, 100000);
        assert_int_equal(prima_request_new_order(&names, &order, &document), 0);
        read_back(&document, &seen);
        for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
            char wanted[300];
            (void)snprintf(wanted, sizeof wanted, "\n%s=%s\n", texts[t], rows[i].text);
            assert_has(&seen, wanted);
        }
        assert_has(&seen, "\nData@TPGUID=2011\nData@OrderNumber=2011\nData@HoldOrder=Yes\n");
        assert_int_equal(seen.failed, false);
        buf_release(&seen);
        buf_release(&document);
    }
}

/* What Latin-1 has not: transliterated for people, spelled where it identifies, the originals in
 * the special instructions. */
static void test_originals(void **state)
{
    (void)state;
    const struct prima_order_line lines[] = {{.product = "P", .quantity = "1", .price = "1"},
                                             {.product = "\u0141", .narrative = "\u20AC 5"}};
    const struct prima_order order = {.order_number = "2011",
                                      .delivery = {.forename = "\u0141ukasz",
                                                   .email = "\u0142@x.pl",
                                                   .lines = {"ul. \u00D3\u015B"}},
                                      .invoice = {.surname = "\u0429"},
                                      .special_instructions = "Hi \U0001F600 \"now\"",
                                      .lines = lines,
                                      .line_count = 2};
    struct buf document, seen;
    buf_init(&document, 100000);
    buf_init(&seen, 100000);
    assert_int_equal(prima_request_new_order(&names, &order, &document), 0);
    read_back(&document, &seen);
    assert_has(&seen, "\nData@CustomerForename=Lukasz\n");
    assert_has(&seen, "\nData@CustomerEmail={U+0142}@x.pl\n");
    assert_has(&seen, "\nData@AddrLine1=ul. \u00D3s\n");
    assert_has(&seen, "\nOrderInvoiceData@InvoiceSurname=Shch\n");
    assert_has(&seen, "\nOrderLineData@Product={U+0141}\n");
    assert_has(&seen, "\nOrderLineData@LineNarrative=EUR 5\n");
    assert_has(&seen, "\nOrderHeaderData@SpecialInstructions=Hi [U+1F600] \"now\" [Original: "
                      "CustomerForename={U+0141}ukasz; AddrLine1=ul. "
                      "\u00D3{U+015B}; "
                      "InvoiceSurname={U+0429}; line 2 LineNarrative={U+20AC} 5]\n");
    buf_release(&seen);
    buf_release(&document);
}

/* The live client's shape, all attributes in its order: a change here is a change of what Prima
 * gets. */
static void test_shape(void **state)
{
    (void)state;
    const struct prima_order_line line = {.product = "SKU1",
                                          .matrix = {"RED", "M"},
                                          .quantity = "2",
                                          .price = "10.00",
                                          .warehouse = "D1",
                                          .reserve = true};
    const struct prima_order_charge charge = {"RM24", "3.95"};
    const struct prima_order_payment payment = {.method = "CSH",
                                                .sub_method = "PAYPAL",
                                                .amount = "23.95",
                                                .auth_ref = "2011",
                                                .transaction_id = "tx"};
    const struct prima_order order = {.order_number = "2011",
                                      .order_channel = "Web",
                                      .vat_inclusive = true,
                                      .lines = &line,
                                      .line_count = 1,
                                      .charges = &charge,
                                      .charge_count = 1,
                                      .payments = &payment,
                                      .payment_count = 1};
    struct buf document;
    buf_init(&document, 100000);
    assert_int_equal(prima_request_new_order(&names, &order, &document), 0);
    static const char whole[] =
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Request "
        "RequestType=\"MultiNewOrder\"><Data UniqueId=\"2011\" CustDef=\"\" "
        "Customer=\"\""
        " TPGUID=\"2011\" OrderNumber=\"2011\" HoldOrder=\"No\" HoldOrderNarrative=\"\" "
        "OrderChannel=\"Web\" CustomerTitle=\"\" "
        "CustomerForename=\"\""
        " CustomerSurname=\"\" AddrLine1=\"\" AddrLine2=\"\" AddrLine3=\"\" AddrLine4=\"\" "
        "AddrLine5=\"\" AddrLine6=\"\" PostCode=\"\" "
        "Country=\"\""
        " CustomerEmail=\"\" CustomerPhone=\"\" CustomerMobile=\"\" CustomerFax=\"\" "
        "CustomerRef=\"\" VatInclusive=\"Yes\" Gender=\"\""
        " ReceiveMail=\"No\" ReceiveEmail=\"No\" ReceiveText=\"No\" ReceivePhone=\"No\" "
        "ReceiveMobile=\"No\" RentDetails=\"No\" "
        "DateOfBirth=\"\""
        " DelivAddrNo=\"\" DeliveryFAO=\"\" EntitlementCheck=\"\" InvcAddrNo=\"\" OrderType=\"\" "
        "PaymentTerms=\"\" Salesman=\"\""
        " SeasonDDValidation=\"\" Wardrobe=\"\" WorksNo=\"\" WREmpCode=\"\" WREmpDept=\"\" "
        "WREmpRef1=\"\" WREmpRef2=\"\" WREmpRole=\"\""
        " WROrdRef1=\"\" WROrdRef2=\"\" WROrdRef3=\"\" WROrdRef4=\"\">"
        "<OrderHeaderData B2B=\"\" Brand=\"\" SpecialInstructions=\"\" ShippingInstructions=\"\" "
        "SourceMedia=\"\" OrderCategory=\"\" "
        "OrderStatus=\"\""
        " Carrier=\"\" CarrServ=\"\" Currency=\"\" OrderContact=\"\" OrderDate=\"\" "
        "OrderEmail=\"\" OrderPaid=\"\" PaymentOnOrder=\"\" "
        "ProdConv=\"\""
        " Proforma=\"\" Season=\"\" SendToApproval=\"\"/>"
        "<OrderInvoiceData InvoiceTitle=\"\" InvoiceForename=\"\" InvoiceSurname=\"\" "
        "InvoiceAddrLine1=\"\" InvoiceAddrLine2=\"\""
        " InvoiceAddrLine3=\"\" InvoiceAddrLine4=\"\" InvoiceAddrLine5=\"\" InvoiceAddrLine6=\"\" "
        "InvoicePostCode=\"\" InvoiceCountry=\"\""
        " InvoiceEmail=\"\" InvoicePhone=\"\" InvoiceMobile=\"\" InvoiceFax=\"\" InvoiceFAO=\"\"/>"
        "<OrderLineData DueDate=\"\" EnhancementToLine=\"\" ExtTaxVal=\"\" FIPSCode1=\"\" "
        "FIPSCode2=\"\" FIPSCode3=\"\" FIPSCode4=\"\" "
        "FIPSCode5=\"\""
        " FIPSCode6=\"\" FIPSValue1=\"\" FIPSValue2=\"\" FIPSValue3=\"\" FIPSValue4=\"\" "
        "FIPSValue5=\"\" FIPSValue6=\"\" Inventory=\"\""
        " LineSalesman=\"\" Reserve=\"Yes\" TrDisc=\"\" VchGreetMessage=\"\" VchPostCode=\"\" "
        "Warehouse=\"D1\" WorksNo=\"\" OrderLine=\"1\""
        " Product=\"SKU1\" MtrxCode1=\"RED\" MtrxCode2=\"M\" MtrxCode3=\"\" MtrxCode4=\"\" "
        "Quantity=\"2\" Price=\"10.00\" Promotion=\"\""
        " PromotionValue=\"\" WebPrmCode=\"\" LineNarrative=\"\" LineReference=\"\" Voucher=\"No\" "
        "VchMethod=\"\" VchGreetcard=\"\" "
        "VchMessage=\"\""
        " VchName=\"\" VchAddrLine1=\"\" VchAddrLine2=\"\" VchAddrLine3=\"\" VchAddrLine4=\"\" "
        "VchAddrLine5=\"\" VchAddrLine6=\"\" "
        "VchCntry=\"\""
        " VchEmail=\"\"/><OrderChargeData Charge=\"RM24\" ChargeValue=\"3.95\"/>"
        "<OrderPaymentData PayMethod=\"CSH\" SubPayMethod=\"PAYPAL\" AuthRef=\"\" AuthDate=\"\" "
        "AuthTime=\"\" TranAmount=\"23.95\" "
        "BankSort=\"\""
        " BankAccount=\"\" ChequeNum=\"\" PayProvider=\"NONE\" PayProviderStatus=\"\" "
        "PayAuthRef=\"2011\" PayAuthId=\"2011\" "
        "LineRef=\"2011\""
        " TokenID=\"\" CAVV=\"\" ECI=\"\" ATSData=\"\" TransactionID=\"tx\" "
        "AuthenticationStatus=\"\" VchNumber=\"\" FailureCount=\"\""
        " ExchCreditNo=\"\"/></Data></Request>";
    assert_string_equal(document.data, whole);
    buf_clear(&document);
    struct prima_names lean = names;
    lean.sends_empty = false;
    lean.order_request = "NewOrder";
    assert_int_equal(prima_request_new_order(&lean, &order, &document), 0);
    static const char without_empty[] =
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Request RequestType=\"NewOrder\"><Data "
        "UniqueId=\"2011\" TPGUID=\"2011\" "
        "OrderNumber=\"2011\""
        " HoldOrder=\"No\" OrderChannel=\"Web\" VatInclusive=\"Yes\" ReceiveMail=\"No\" "
        "ReceiveEmail=\"No\" ReceiveText=\"No\" "
        "ReceivePhone=\"No\""
        " ReceiveMobile=\"No\" "
        "RentDetails=\"No\"><OrderHeaderData/><OrderInvoiceData/><OrderLineData Reserve=\"Yes\" "
        "Warehouse=\"D1\" "
        "OrderLine=\"1\""
        " Product=\"SKU1\" MtrxCode1=\"RED\" MtrxCode2=\"M\" Quantity=\"2\" Price=\"10.00\" "
        "Voucher=\"No\"/><OrderChargeData "
        "Charge=\"RM24\""
        " ChargeValue=\"3.95\"/><OrderPaymentData PayMethod=\"CSH\" SubPayMethod=\"PAYPAL\" "
        "TranAmount=\"23.95\" PayProvider=\"NONE\""
        " PayAuthRef=\"2011\" PayAuthId=\"2011\" LineRef=\"2011\" "
        "TransactionID=\"tx\"/></Data></Request>";
    assert_string_equal(document.data, without_empty);
    buf_release(&document);
}

static void test_small_requests(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 10000);
#define XML "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>"
    assert_int_equal(prima_request_order_status("201-1", &out), 0);
    assert_string_equal(
        out.data,
        XML "<Request RequestType=\"OrderStatus\"><Data OrderNumber=\"201-1\"/></Request>");
    buf_clear(&out);
    assert_int_equal(prima_request_customer_search(&names, NULL, "\u0142&@x", &out), 0);
    assert_string_equal(out.data,
                        XML "<Request RequestType=\"CustomerSearch\"><Data CustomerRef=\"\" "
                            "CustomerEmail=\"{U+0142}&amp;@x\"/></Request>");
    buf_clear(&out);
    assert_int_equal(prima_request_customer_search(&names, "", NULL, &out), -EINVAL);
    assert_int_equal(prima_request_product_read(NULL, 0, &out), -EINVAL);
    assert_string_equal(out.data, "");
    const struct prima_sku skus[] = {{.product = "A"}, {.product = "B", .matrix = {"x"}}};
    assert_int_equal(prima_request_product_read(skus, 2, &out), 0);
    assert_string_equal(
        out.data,
        XML "<Request RequestType=\"MultiAvailableToSell\"><Data>"
            "<sku Product=\"A\" MtrxCode1=\"\" MtrxCode2=\"\" MtrxCode3=\"\" MtrxCode4=\"\"/>"
            "<sku Product=\"B\" MtrxCode1=\"x\" MtrxCode2=\"\" MtrxCode3=\"\" "
            "MtrxCode4=\"\"/></Data></Request>");
    buf_clear(&out);
    assert_int_equal(prima_request_stock_of(&names, NULL, 0, "01", &out), -EINVAL);
    assert_string_equal(out.data, "");
    assert_int_equal(prima_request_stock_of(&names, &skus[1], 1, "0&1", &out), 0);
    assert_string_equal(out.data,
                        XML "<Request RequestType=\"MultiAvailableToSell\"><Data "
                            "Warehouse=\"0&amp;1\"><sku Product=\"B\" MtrxCode1=\"x\" "
                            "MtrxCode2=\"\" MtrxCode3=\"\" MtrxCode4=\"\"/></Data></Request>");
    buf_clear(&out);
    assert_int_equal(prima_request_stock_read(&names, NULL, "M\"", NULL, &out), 0);
    assert_string_equal(out.data, XML "<Request RequestType=\"ProductAvailableToSell\"><Data "
                                      "ProductFrom=\"\" ProductTo=\"M&quot;\"/></Request>");
    buf_clear(&out);
    assert_int_equal(prima_request_stock_read(&names, "A", "", "01", &out), 0);
    assert_string_equal(out.data, XML "<Request RequestType=\"ProductAvailableToSell\"><Data "
                                      "ProductFrom=\"A\" ProductTo=\"\" "
                                      "Warehouse=\"01\"/></Request>");
    buf_clear(&out);
    const struct prima_search search = {"2026-11-01", "2026-11-30", 2, 100};
    assert_int_equal(prima_request_order_search(&names, &search, &out), 0);
    assert_string_equal(out.data, XML "<Request RequestType=\"OrderSearch\"><Data "
                                      "DateFrom=\"2026-11-01\" DateTo=\"2026-11-30\" Page=\"2\" "
                                      "PageSize=\"100\"/></Request>");
    buf_clear(&out);
    const struct prima_customer customer = {"r1", {.forename = "\u0141", .email = "a@b"}};
    assert_int_equal(prima_request_new_customer(&names, &customer, &out), 0);
    assert_non_null(strstr(out.data,
                           "<Request RequestType=\"NewCustomer\"><Data CustomerRef=\"r1\" "
                           "CustomerTitle=\"\" CustomerForename=\"L\""));
    assert_non_null(strstr(out.data, " CustomerEmail=\"a@b\""));
    buf_release(&out);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *name, *number;
        int result;
    } rows[] = {
        {"digits", "201123", 0},
        {"what channels use", "201-#A_9.1/2:x", 0},
        {"empty", "", -EINVAL},
        {"NULL", NULL, -EINVAL},
        {"a blank", "20 1", -EINVAL},
        {"a quote", "20\"1", -EINVAL},
        {"an entity", "20&1", -EINVAL},
        {"beyond ASCII", "20\u00E9", -EINVAL},
        {"a line break", "20\n", -EINVAL},
        {"fifty characters", "01234567890123456789012345678901234567890123456789", 0},
        {"one more", "012345678901234567890123456789012345678901234567890", -EINVAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct buf out;
        buf_init(&out, 100000);
        const struct prima_order_line line = {.product = "P"};
        const struct prima_order order = {
            .order_number = rows[i].number, .lines = &line, .line_count = 1};
        assert_int_equal(prima_request_order_status(rows[i].number, &out), rows[i].result);
        assert_int_equal(prima_request_new_order(&names, &order, &out), rows[i].result);
        buf_release(&out);
    }
    struct buf small;
    buf_init(&small, 1000);
    const struct prima_order_line line = {.product = "P"};
    assert_int_equal(
        prima_request_new_order(&names, &(const struct prima_order){.order_number = "1"}, &small),
        -EINVAL); /* no line */
    assert_int_equal(
        prima_request_new_order(
            &names,
            &(const struct prima_order){.order_number = "1", .lines = &line, .line_count = 1},
            &small),
        -ENOMEM);
    buf_release(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_text), cmocka_unit_test(test_originals),
        cmocka_unit_test(test_shape),        cmocka_unit_test(test_small_requests),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests_name("prima.request", tests, load_names, free_names);
}
