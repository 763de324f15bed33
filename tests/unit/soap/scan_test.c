/* Our scanner beside libxml2: what one takes, the other does, and they see the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/soap/oracle.h"

#define XSI_DECLARED " xmlns:i='" XSI "'"

static const char *const taken[] = {
    "<a/>",
    "\xEF\xBB\xBF<a></a >\r\n<!-- - -->",
    "<?xml version='1.0'?><a>b</a>",
    "<?xml version=\"1.1\" encoding=\"latin1\" standalone='no' ?>\n<a\n b = 'c' >d</a>",
    "<a>&lt;&gt;&amp;&quot;&apos;&#60;&#x3C;&#x1F600;&#00000000000000000000065;</a>",
    "<a>\r\n\r\r\n\n&#13;]] ]>></a>",
    "<a>x<!--y--> z<![CDATA[<&\n]]]>]]<![CDATA[]]></a>",
    "<a>\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\xEF\xBF\xBD</a>",
    "<\xC3\xA4\xC2\xB7 \xE2\x82\xAC='' x='\t&#10;\"'><b.-_1/></\xC3\xA4\xC2\xB7>",
    "<a:b xmlns:a='u' xmlns='v' type='t&amp;u'><c xmlns=''/><c/><a:c type=\"'\"/></a:b>",
    "<a" XSI_DECLARED
    " i:type='x:T' type=' y '><b i:nil='true'/><b i:nil='1'>c</b><b nil='1'/></a>",
    "<a xml:lang='de' xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
    "<a xmlns:b='u' xmlns:c='u' b:d='1' d='2'> text <b:e> <c:f/> </b:e> text </a>",
};

static const char *const refused[] = {
    "",
    " ",
    "a",
    "<",
    "<a",
    "<a>",
    "<a></b>",
    "<a></aa>",
    "<a></a",
    "</a>",
    "<a/><b/>",
    "<a/>b",
    "<a/><![CDATA[]]>",
    "<a/><!DOCTYPE a>",
    "<!DOCTYPE a><a/>",
    "<a><!ELEMENT b></a>",
    "<?b?><a/>",
    "<a><?b c?></a>",
    " <?xml version='1.0'?><a/>",
    "<?xml?><a/>",
    "<?xml encoding='UTF-8'?><a/>",
    "<?xml version='1.0' standalone='maybe'?><a/>",
    "<?xml version='1.0'encoding='UTF-8'?><a/>",
    "<a>&b;</a>",
    "<a>&;</a>",
    "<a>& b</a>",
    "<a>&#;</a>",
    "<a>&#x;</a>",
    "<a>&#0;</a>",
    "<a>&#xD800;</a>",
    "<a>&#x110000;</a>",
    "<a>&#99999999999999999999;</a>",
    "<a>]]></a>",
    "<a>\x01</a>",
    "<a>\xC0\x80</a>",
    "<a>\xED\xA0\x80</a>",
    "<a>\xF4\x90\x80\x80</a>",
    "<a>\xEF\xBF\xBE</a>",
    "<a>\xC3</a>",
    "<a><!-- -- --></a>",
    "<a><!-- \x02 --></a>",
    "<a b/>",
    "<a b=c/>",
    "<a b='<'/>",
    "<a b='c'd='e'/>",
    "<a b='' b=''/>",
    "<a / >",
    "<a xmlns:b='u' xmlns:c='u' b:d='' c:d=''/>",
    "<b:a/>",
    "<a b:c=''/>",
    "<:a/>",
    "<a:/>",
    "<a:b:c xmlns:a='u'/>",
    "<a:1 xmlns:a='u'/>",
    "<1/>",
    "<\xC2\xB7/>",
    "<a xmlns:xml='u'/>",
    "<a xmlns:xmlns='u'/>",
    "<a xmlns:b=''/>",
    "<a xmlns:b='http://www.w3.org/2000/xmlns/'/>",
    "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
};

/* Scans in chunks of every size; each time it must see what libxml2 sees in the whole. */
static void compare(const char *xml, bool is_taken)
{
    struct peri_str bytes = peri_str_of(xml);
    struct oracle theirs;
    oracle_init(&theirs);
    if (oracle_libxml2(&theirs, bytes) != is_taken)
        fail_msg("libxml2 %s: %s", is_taken ? "refuses" : "takes", xml);
    for (size_t chunk = 1; chunk <= bytes.len + 1; chunk++) {
        struct oracle ours;
        oracle_init(&ours);
        enum peri_error_code code = oracle_ours(&ours, bytes, chunk);
        if ((code == PERI_E_NONE) != is_taken)
            fail_msg("in chunks of %zu ours %s: %s", chunk, is_taken ? "refuses" : "takes", xml);
        if (is_taken)
            assert_string_equal(ours.text.data, theirs.text.data);
        peri_buf_deinit(&ours.text);
    }
    peri_buf_deinit(&theirs.text);
}

static void takes_what_libxml2_takes_and_sees_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
        compare(taken[i], true);
}

static void refuses_what_libxml2_or_soap_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
        compare(refused[i], false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_libxml2_takes_and_sees_the_same),
        cmocka_unit_test(refuses_what_libxml2_or_soap_refuses),
    };
    return cmocka_run_group_tests_name("soap/scan", tests, NULL, NULL);
}
