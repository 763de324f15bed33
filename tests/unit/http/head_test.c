/* The head of an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/base/limits.h"
#include "runtime/http/head.h"

static void add(struct peri_head *head, const char *line)
{
    assert_true(peri_head_add(head, line, strlen(line), NULL));
}

static void expect(const struct peri_head *head, const char *name, size_t *at, const char *value)
{
    struct peri_str found;
    assert_true(peri_head_find(head, name, at, &found));
    assert_int_equal(found.len, strlen(value));
    assert_memory_equal(found.data, value, found.len);
}

static void is_complete_at_the_empty_line(void **state)
{
    (void)state;
    struct peri_head head;
    peri_head_init(&head);
    add(&head, "HTTP/1.1 404 Not Found\r\n");
    add(&head, "Content-Type: text/xml\r\n");
    assert_false(head.is_complete);
    add(&head, "\r\n");
    assert_true(head.is_complete);
    assert_int_equal(head.status, 404);
    peri_head_deinit(&head);
}

static void forgets_interim_answers(void **state)
{
    (void)state;
    struct peri_head head;
    struct peri_str value;
    size_t at = 0;
    peri_head_init(&head);
    add(&head, "HTTP/1.1 103 Early Hints\r\n");
    add(&head, "Link: <a>\r\n");
    add(&head, "\r\n");
    assert_false(head.is_complete);
    add(&head, "HTTP/1.1 200 OK\r\n");
    add(&head, "\r\n");
    assert_int_equal(head.status, 200);
    assert_false(peri_head_find(&head, "Link", &at, &value));
    peri_head_deinit(&head);
}

static void finds_every_field_of_a_name_in_any_case_and_trims_it(void **state)
{
    (void)state;
    struct peri_head head;
    struct peri_str value;
    size_t at = 0;
    peri_head_init(&head);
    add(&head, "HTTP/1.1 200 OK\r\n");
    add(&head, "Set-Cookie:\t a=1 \r\n");
    add(&head, "Set-Cookie2: no\r\n");
    add(&head, "X: Set-Cookie: no\r\n");
    add(&head, "set-cookie:\r\n");
    add(&head, "SET-COOKIE:b=2\n");
    add(&head, "\r\n");
    expect(&head, "Set-Cookie", &at, "a=1");
    expect(&head, "Set-Cookie", &at, "");
    expect(&head, "Set-Cookie", &at, "b=2");
    assert_false(peri_head_find(&head, "Set-Cookie", &at, &value));
    peri_head_deinit(&head);
}

static void keeps_trailers_out(void **state)
{
    (void)state;
    struct peri_head head;
    struct peri_str value;
    size_t at = 0;
    peri_head_init(&head);
    add(&head, "HTTP/1.1 200 OK\r\n");
    add(&head, "\r\n");
    add(&head, "X-Late: 1\r\n");
    assert_false(peri_head_find(&head, "X-Late", &at, &value));
    assert_true(head.is_complete);
    peri_head_deinit(&head);
}

static void refuses_endless_heads_even_in_interim_answers(void **state)
{
    (void)state;
    struct peri_head head;
    struct peri_error err;
    char line[4096];
    memset(line, 'a', sizeof(line));
    peri_head_init(&head);
    for (size_t n = 0; n + sizeof(line) <= PERI_LIMIT_HEADERS; n += sizeof(line)) {
        memcpy(line, "HTTP/1.1 100 ", strlen("HTTP/1.1 100 "));
        assert_true(peri_head_add(&head, line, sizeof(line), NULL));
    }
    assert_false(peri_head_add(&head, line, sizeof(line), &err));
    assert_int_equal(err.code, PERI_E_LIMIT);
    peri_head_deinit(&head);
}

static void reads_no_status_out_of_nonsense(void **state)
{
    (void)state;
    const char *lines[] = {"HTTP/", "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 xx\r\n", "ICY 200 OK\r\n"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct peri_head head;
        peri_head_init(&head);
        add(&head, lines[i]);
        assert_int_equal(head.status, 0);
        peri_head_deinit(&head);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_complete_at_the_empty_line),
        cmocka_unit_test(forgets_interim_answers),
        cmocka_unit_test(finds_every_field_of_a_name_in_any_case_and_trims_it),
        cmocka_unit_test(keeps_trailers_out),
        cmocka_unit_test(refuses_endless_heads_even_in_interim_answers),
        cmocka_unit_test(reads_no_status_out_of_nonsense),
    };
    return cmocka_run_group_tests_name("http/head", tests, NULL, NULL);
}
