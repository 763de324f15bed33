/* Answers to values: types, lists, faults, rows, chunk boundaries, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/soap/trace.h"

#define XSI "xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\""
#define ENVELOPE(body)                                                                             \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                 \
    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">"                           \
    "<s:Header><x>y</x></s:Header><s:Body>" body "</s:Body></s:Envelope>"
#define RESPONSE(method, values)                                                                   \
    ENVELOPE("<" method "Response xmlns=\"urn:vim25\" " XSI ">" values "</" method "Response>")
#define CONTENT(values) RESPONSE("RetrieveProperties", "<returnval>" values "</returnval>")

static void check(const char *xml, bool rows, const char *expected)
{
    struct peri_vocabulary *v = peri_vocabulary_new(PERI_SCHEMA_CORE);
    struct peri_str bytes = peri_str_of(xml);
    for (size_t chunk = bytes.len; chunk > 0; chunk = chunk > 40 ? 40 : chunk - 1) {
        struct peri_trace t;
        trace_init(&t);
        assert_string_equal(trace_decode(&t, v, bytes, chunk, rows), expected);
        peri_buf_deinit(&t.text);
    }
    peri_vocabulary_free(v);
}

static void decodes(const char *xml, const char *expected)
{
    check(xml, false, expected);
}

/* The message only begins so: what libxml2 says of it may differ. */
static void refuses(const char *xml, const char *words)
{
    struct peri_vocabulary *v = peri_vocabulary_new(PERI_SCHEMA_CORE);
    struct peri_str bytes = peri_str_of(xml);
    for (size_t chunk = 1; chunk <= 64; chunk += 63) {
        struct peri_trace t;
        trace_init(&t);
        const char *text = trace_decode(&t, v, bytes, chunk, false);
        if (strstr(text, words) == NULL)
            fail_msg("wanted \"%s\", got: %s", words, text);
        peri_buf_deinit(&t.text);
    }
    peri_vocabulary_free(v);
}

static void results_have_their_declared_types(void **state)
{
    (void)state;
    decodes(RESPONSE("Logout", ""), "");
    decodes(RESPONSE("CurrentTime", "<returnval>1970-01-01T00:00:01Z</returnval>"), "@1000000");
    decodes(RESPONSE("PowerOnVM_Task", "<returnval type=\"Task\">t-1</returnval>"), "Task:t-1");
    decodes(
        RESPONSE("HasPrivilegeOnEntity", "<returnval>1</returnval><returnval>false</returnval>"),
        "[1:true 2:false]");
    decodes(RESPONSE("FindAllByUuid", ""), "[]");
    decodes(ENVELOPE("<LogoutResponse xmlns=\"urn:vim25\"/>"), "");
}

static void fields_have_their_declared_types(void **state)
{
    (void)state;
    decodes(RESPONSE("QueryPerfCounter",
                     "<returnval><key>1</key><nameInfo><label>a&lt;b</label></nameInfo>"
                     "<associatedCounterId>3</associatedCounterId>"
                     "<associatedCounterId>4</associatedCounterId></returnval>"),
            "[1:{key=1 nameInfo={label=\"a<b\"} associatedCounterId=[1:3 2:4]}]");
}

static void array_fields_may_be_interrupted(void **state)
{
    (void)state;
    decodes(RESPONSE("QueryPerfCounter",
                     "<returnval><associatedCounterId>3</associatedCounterId><key>1</key>"
                     "<associatedCounterId>4</associatedCounterId></returnval>"),
            "[1:{associatedCounterId=[1:3] key=1 associatedCounterId=[1:4]}]");
}

static void xsi_type_overrides_the_declared_one(void **state)
{
    (void)state;
    decodes(CONTENT("<obj type=\"Folder\">f</obj><propSet><name>a</name>"
                    "<val i:type=\"xsd:int\">5</val></propSet>"),
            "[1:{obj=Folder:f propSet=[1:{name=\"a\" val=5}]}]");
    decodes(CONTENT("<propSet><name>a</name><val i:type=\"ArrayOfVirtualDevice\">"
                    "<VirtualDevice i:type=\"VirtualDisk\"><key>1</key></VirtualDevice>"
                    "<VirtualDevice><key>2</key></VirtualDevice></val></propSet>"),
            "[1:{propSet=[1:{name=\"a\" val=[ArrayOfVirtualDevice 1:{VirtualDisk key=1} "
            "2:{key=2}]}]}]");
}

static void a_type_attribute_without_namespace_is_no_xsi_type(void **state)
{
    (void)state;
    decodes(CONTENT("<propSet><name>a</name><val i:type=\"ManagedObjectReference\" "
                    "type=\"HostSystem\">host-1</val></propSet>"),
            "[1:{propSet=[1:{name=\"a\" val=HostSystem:host-1}]}]");
}

static void empty_elements_are_empty_values(void **state)
{
    (void)state;
    decodes(CONTENT("<propSet><name></name><val i:type=\"xsd:string\"/></propSet>"),
            "[1:{propSet=[1:{name=\"\" val=\"\"}]}]");
    decodes(CONTENT("<propSet><val i:type=\"ArrayOfInt\"/></propSet>"),
            "[1:{propSet=[1:{val=[ArrayOfInt]}]}]");
    decodes(CONTENT("<propSet><val i:type=\"ArrayOfInt\"><int/><int>1</int></val></propSet>"),
            "[1:{propSet=[1:{val=[ArrayOfInt 1:1]}]}]");
    decodes(CONTENT("<propSet><val i:type=\"VirtualDisk\"/></propSet>"),
            "[1:{propSet=[1:{val={VirtualDisk}}]}]");
    decodes(CONTENT("<propSet><name>a</name><val i:nil=\"true\"><x/></val></propSet>"),
            "[1:{propSet=[1:{name=\"a\"}]}]");
}

static void what_the_schema_lacks_is_kept(void **state)
{
    (void)state;
    decodes(CONTENT("<dynamicType>x</dynamicType><dynamicProperty><name>n</name></dynamicProperty>"
                    "<newer>1</newer><newer><a>2</a></newer>"),
            "[1:{newer?=\"1\" newer?={a?=\"2\"}}]");
    decodes(CONTENT("<propSet><val i:type=\"Gizmo\"><spin>up</spin></val></propSet>"),
            "[1:{propSet=[1:{val={Gizmo spin?=\"up\"}}]}]");
    decodes(RESPONSE("Newer", "<returnval type=\"Gadget\">g</returnval>"), "Gadget:g");
}

#define FAULT(type)                                                                                \
    ENVELOPE("<s:Fault><faultcode>c</faultcode><faultstring>no</faultstring><detail>"              \
             "<NotFoundFault xmlns=\"urn:vim25\" " XSI " " type "/></detail></s:Fault>")

static void faults_tell_words_and_type(void **state)
{
    (void)state;
    decodes(FAULT("i:type=\"NotFound\""), "{message=\"no\" fault={NotFound}}fault");
    decodes(FAULT("i:type=\"NotFoundFault\""), "{message=\"no\" fault={NotFound}}fault");
    decodes(FAULT(""), "{message=\"no\" fault={NotFound}}fault");
    decodes(FAULT("i:type=\"StrangeFault\""), "{message=\"no\" fault={StrangeFault}}fault");
    decodes(ENVELOPE("<s:Fault/>"), "{}fault");
}

static void faults_in_data_are_typed(void **state)
{
    (void)state;
    decodes(CONTENT("<missingSet><path>p</path><fault><fault i:type=\"NoPermission\">"
                    "<privilegeId>x</privilegeId></fault><localizedMessage>m</localizedMessage>"
                    "</fault></missingSet>"),
            "[1:{missingSet=[1:{path=\"p\" fault={fault={NoPermission privilegeId=\"x\"} "
            "localizedMessage=\"m\"}}]}]");
}

#define ROWS                                                                                       \
    RESPONSE("RetrievePropertiesEx",                                                               \
             "<returnval><token>7</token><objects><obj type=\"Folder\">f</obj>"                    \
             "<propSet><name>a.b</name><val i:type=\"VirtualDisk\"><key>1</key></val></propSet>"   \
             "<propSet><name>c</name></propSet>"                                                   \
             "<missingSet><path>d</path><fault><fault i:type=\"NoPermission\"/></fault>"           \
             "</missingSet></objects><objects/><objects><obj type=\"Folder\">g</obj></objects>"    \
             "</returnval>")

static void rows_come_when_they_are_complete(void **state)
{
    (void)state;
    check(ROWS, true,
          "{token=\"7\" {ref=Folder:f a.b={VirtualDisk key=1} "
          "missing={d={fault={NoPermission}}}}! {ref=Folder:g}!}");
    check(RESPONSE("RetrievePropertiesEx", ""), true, "");
}

static void texts_are_whole_whatever_they_hold(void **state)
{
    (void)state;
    decodes(RESPONSE("AcquireCloneTicket",
                     "<returnval>a&amp;b&#252;<![CDATA[<c>]]>\xc3\xbc<!-- no -->d</returnval>"),
            "\"a&b\xc3\xbc<c>\xc3\xbc"
            "d\"");
    decodes(RESPONSE("AcquireCloneTicket", "<returnval> a\r\nb </returnval>"), "\" a\nb \"");
}

static void what_is_no_answer_is_refused(void **state)
{
    (void)state;
    refuses("", "the answer is empty");
    refuses("hello", "the answer is not XML");
    refuses("<html><p>x</p></html>", "not SOAP: it begins with <html>");
    refuses("<Envelope><Body/></Envelope>", "not SOAP: it begins with <Envelope>");
    refuses(ENVELOPE(""), "nothing in its body");
    refuses(ENVELOPE("<a></b>"), "not well-formed");
    refuses(ENVELOPE("<a>\xff</a>"), "not well-formed");
    refuses(ENVELOPE("<a>&x;</a>"), "not well-formed");
    refuses(ENVELOPE("<a b='1' b='2'/>"), "not well-formed");
    refuses("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>" ENVELOPE("<a>&b;</a>"),
            "DOCTYPE");
    refuses(RESPONSE("CurrentTime", "<returnval>noon</returnval>"), "\"noon\" in <returnval>");
    refuses(RESPONSE("CurrentTime", "<returnval/><returnval/>"), "several values");
    refuses(RESPONSE("QueryPerfCounter", "<returnval><key>1x</key></returnval>"), "is no int");
}

#define OPEN "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>"
#define CLOSE "</s:Body></s:Envelope>"

/* Each of these once made libxml2 drop what came after, without an error on the parser. */
static void broken_encodings_cut_nothing_off(void **state)
{
    (void)state;
#define LONG                                                                                       \
    "<a>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</a>"
    refuses("<?xml version=\"1.0\" encoding=\"UT.F-8\"?>" OPEN LONG "<b>\xd1X</b>" LONG CLOSE,
            "the answer is not");
    refuses("<?xml version=\"1.0\" encoding=\"latin1\"?>" OPEN LONG "<b>\xfc</b>" LONG CLOSE,
            "the answer is not");
}

/* UTF-16 with half a surrogate pair where the text has a '#'. */
static void broken_wide_characters_are_refused(void **state)
{
    (void)state;
    static const char narrow[] =
        ENVELOPE("<AcquireCloneTicketResponse><returnval>#</returnval>" LONG LONG LONG LONG
                 "</AcquireCloneTicketResponse>");
    char wide[2 * sizeof(narrow)] = "\xff\xfe";
    size_t len = 2;
    for (const char *c = strchr(narrow, '>') + 1; *c != '\0'; c++) {
        wide[len++] = *c == '#' ? '\0' : *c;
        wide[len++] = *c == '#' ? '\xd8' : '\0';
    }
    for (size_t chunk = 1; chunk <= len; chunk += 7) {
        struct peri_vocabulary *v = peri_vocabulary_new(PERI_SCHEMA_CORE);
        struct peri_trace t;
        trace_init(&t);
        assert_non_null(
            strstr(trace_decode(&t, v, (struct peri_str){wide, len}, chunk, false), "the answer "));
        peri_buf_deinit(&t.text);
        peri_vocabulary_free(v);
    }
}

static void every_cut_is_told(void **state)
{
    (void)state;
    struct peri_vocabulary *v = peri_vocabulary_new(PERI_SCHEMA_CORE);
    size_t whole = strlen(ROWS) - strlen(">");
    for (size_t len = 1; len <= whole; len++) {
        struct peri_trace t;
        trace_init(&t);
        struct peri_str cut = {ROWS, len};
        assert_non_null(strstr(trace_decode(&t, v, cut, 64, true), "the answer "));
        peri_buf_deinit(&t.text);
    }
    peri_vocabulary_free(v);
}

static char *repeat(const char *before, const char *what, size_t times, const char *after)
{
    size_t len = strlen(what);
    char *text = test_malloc(strlen(before) + len * times + strlen(after) + 1);
    char *end = text + strlen(before);
    memcpy(text, before, strlen(before));
    for (size_t i = 0; i < times; i++, end += len)
        memcpy(end, what, len);
    memcpy(end, after, strlen(after) + 1);
    return text;
}

static void refuses_repeated(const char *before, const char *what, size_t times, const char *after,
                             const char *words)
{
    char *xml = repeat(before, what, times, after);
    struct peri_vocabulary *v = peri_vocabulary_new(PERI_SCHEMA_CORE);
    struct peri_trace t;
    trace_init(&t);
    assert_non_null(strstr(trace_decode(&t, v, peri_str_of(xml), 4096, false), words));
    peri_buf_deinit(&t.text);
    peri_vocabulary_free(v);
    test_free(xml);
}

static void ceilings_hold(void **state)
{
    (void)state;
    refuses_repeated(OPEN, "<a>", 300, "", "deep");
    refuses_repeated(OPEN "<a ", "b", 100000, "", "tag of over");
    refuses_repeated(OPEN "<a ", "b='1' ", 20000, "/>", "tag of over");
    refuses_repeated(OPEN "<!--", "b", 100000, "", "tag of over");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_have_their_declared_types),
        cmocka_unit_test(fields_have_their_declared_types),
        cmocka_unit_test(array_fields_may_be_interrupted),
        cmocka_unit_test(xsi_type_overrides_the_declared_one),
        cmocka_unit_test(a_type_attribute_without_namespace_is_no_xsi_type),
        cmocka_unit_test(empty_elements_are_empty_values),
        cmocka_unit_test(what_the_schema_lacks_is_kept),
        cmocka_unit_test(faults_tell_words_and_type),
        cmocka_unit_test(faults_in_data_are_typed),
        cmocka_unit_test(rows_come_when_they_are_complete),
        cmocka_unit_test(texts_are_whole_whatever_they_hold),
        cmocka_unit_test(what_is_no_answer_is_refused),
        cmocka_unit_test(broken_encodings_cut_nothing_off),
        cmocka_unit_test(broken_wide_characters_are_refused),
        cmocka_unit_test(every_cut_is_told),
        cmocka_unit_test(ceilings_hold),
    };
    return cmocka_run_group_tests_name("soap/decode", tests, NULL, NULL);
}
