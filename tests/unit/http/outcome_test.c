/* Whether a request that failed was carried out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/http/outcome.h"

static enum peri_error_code judge(CURLcode result, bool is_idempotent, bool is_sent)
{
    struct peri_outcome outcome = {
        .result = result, .is_idempotent = is_idempotent, .is_sent = is_sent};
    return peri_outcome_code(&outcome);
}

static void success_is_no_error(void **state)
{
    (void)state;
    assert_int_equal(judge(CURLE_OK, false, true), PERI_E_NONE);
    assert_int_equal(judge(CURLE_OK, true, false), PERI_E_NONE);
}

static void every_failure_of_a_write_that_was_sent_is_unknown(void **state)
{
    (void)state;
    for (int result = CURLE_OK + 1; result < CURL_LAST; result++)
        assert_int_equal(judge((CURLcode)result, false, true), PERI_E_HTTP_UNKNOWN);
}

static void no_failure_of_a_write_that_was_not_sent_is_unknown(void **state)
{
    (void)state;
    for (int result = CURLE_OK + 1; result < CURL_LAST; result++)
        assert_int_not_equal(judge((CURLcode)result, false, false), PERI_E_HTTP_UNKNOWN);
}

static void no_failure_of_an_idempotent_request_is_unknown(void **state)
{
    (void)state;
    for (int result = CURLE_OK + 1; result < CURL_LAST; result++) {
        assert_int_not_equal(judge((CURLcode)result, true, true), PERI_E_HTTP_UNKNOWN);
        assert_int_not_equal(judge((CURLcode)result, true, false), PERI_E_HTTP_UNKNOWN);
    }
}

static void a_client_certificate_refused_after_sending_proves_that_nothing_was_done(void **state)
{
    (void)state;
    struct peri_outcome outcome = {.result = CURLE_RECV_ERROR, .is_sent = true, .is_refused = true};
    assert_int_equal(peri_outcome_code(&outcome), PERI_E_TLS_HANDSHAKE);
}

static void names_what_failed(void **state)
{
    (void)state;
    assert_int_equal(judge(CURLE_COULDNT_RESOLVE_HOST, false, false), PERI_E_HTTP_RESOLVE);
    assert_int_equal(judge(CURLE_COULDNT_CONNECT, false, false), PERI_E_HTTP_CONNECT);
    assert_int_equal(judge(CURLE_RECV_ERROR, true, false), PERI_E_HTTP_CONNECT);
    assert_int_equal(judge(CURLE_RECV_ERROR, true, true), PERI_E_HTTP_CUT);
    assert_int_equal(judge(CURLE_PARTIAL_FILE, true, true), PERI_E_HTTP_CUT);
    assert_int_equal(judge(CURLE_GOT_NOTHING, true, true), PERI_E_HTTP_CUT);
    assert_int_equal(judge(CURLE_OPERATION_TIMEDOUT, true, true), PERI_E_HTTP_TIMEOUT);
    assert_int_equal(judge(CURLE_OPERATION_TIMEDOUT, false, false), PERI_E_HTTP_TIMEOUT);
    assert_int_equal(judge(CURLE_PEER_FAILED_VERIFICATION, false, false), PERI_E_TLS_HANDSHAKE);
    assert_int_equal(judge(CURLE_UNSUPPORTED_PROTOCOL, true, true), PERI_E_HTTP_PROTOCOL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_is_no_error),
        cmocka_unit_test(every_failure_of_a_write_that_was_sent_is_unknown),
        cmocka_unit_test(no_failure_of_a_write_that_was_not_sent_is_unknown),
        cmocka_unit_test(no_failure_of_an_idempotent_request_is_unknown),
        cmocka_unit_test(a_client_certificate_refused_after_sending_proves_that_nothing_was_done),
        cmocka_unit_test(names_what_failed),
    };
    return cmocka_run_group_tests_name("http/outcome", tests, NULL, NULL);
}
