/* Strings as the text of XML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bindings/soap/text.h"

static void what_xml_reserves_is_escaped(void **state)
{
    (void)state;
    struct peri_buf out;
    peri_buf_init(&out, 1000);
    assert_true(
        peri_text_write(peri_str_of("a<b>&\"c\"\r\n\t\xc3\xbc\xf0\x9f\x98\x80"), &out, NULL));
    assert_string_equal(out.data, "a&lt;b&gt;&amp;&quot;c&quot;&#13;\n\t\xc3\xbc\xf0\x9f\x98\x80");
    peri_buf_deinit(&out);
}

static void what_xml_cannot_hold_is_refused_by_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {{"ab\0", 3},       {"ab\x1b", 3},         {"ab\x7f\xff", 4},
                 {"ab\xc0\x80", 4}, {"ab\xe0\x80\x80", 5}, {"ab\xed\xa0\x80", 5},
                 {"ab\xc3", 3},     {"ab\xef\xbf\xbf", 5}, {"ab\xf4\x90\x80\x80", 6},
                 {"ab\x80", 3},     {"ab\xe2\x82", 4}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct peri_buf out;
        struct peri_error err = {0};
        peri_buf_init(&out, 1000);
        struct peri_str string = {cases[i].bytes, cases[i].len};
        assert_false(peri_text_write(string, &out, &err));
        assert_int_equal(err.code, PERI_E_SOAP_RANGE);
        assert_non_null(strstr(err.message, i == 2 ? "byte 4" : "byte 3"));
        peri_buf_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_xml_reserves_is_escaped),
        cmocka_unit_test(what_xml_cannot_hold_is_refused_by_its_place),
    };
    return cmocka_run_group_tests_name("soap/text", tests, NULL, NULL);
}
