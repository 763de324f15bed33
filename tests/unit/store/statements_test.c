/* A text is prepared once, and again when too many others came between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "runtime/store/statements.h"

static struct peri_sqlite sqlite;
static struct peri_statements statements;
static sqlite3 *db;

static int set_up(void **state)
{
    (void)state;
    if (!peri_sqlite_load(&sqlite, NULL))
        return -1;
    peri_statements_init(&statements, &sqlite);
    return sqlite.open_v2(":memory:", &db, SQLITE_OPEN_READWRITE, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    peri_statements_clear(&statements);
    return sqlite.close_v2(db);
}

static sqlite3_stmt *get(const char *text)
{
    int code = SQLITE_OK;
    return peri_statements_get(&statements, db, peri_str_of(text), &code);
}

static void a_text_is_prepared_once(void **state)
{
    (void)state;
    sqlite3_stmt *statement = get("SELECT ?");
    assert_non_null(statement);
    assert_ptr_equal(get("SELECT ?"), statement);
    assert_ptr_equal(get("SELECT ?;\n"), statement);
    assert_ptr_not_equal(get("SELECT ?, 1"), statement);
    assert_int_equal(statements.count, 2);
}

static void parameters_of_the_last_time_are_gone(void **state)
{
    (void)state;
    sqlite3_stmt *statement = get("SELECT ?");
    assert_int_equal(sqlite.bind_int64(statement, 1, 7), SQLITE_OK);
    statement = get("SELECT ?");
    assert_int_equal(sqlite.step(statement), SQLITE_ROW);
    assert_int_equal(sqlite.column_type(statement, 0), SQLITE_NULL);
    sqlite.reset(statement);
}

static void their_number_is_bounded(void **state)
{
    (void)state;
    char text[40];
    for (int i = 0; i < 5000; i++) {
        snprintf(text, sizeof(text), "SELECT %d", i);
        sqlite3_stmt *statement = get(text);
        assert_int_equal(sqlite.step(statement), SQLITE_ROW);
        assert_int_equal(sqlite.column_int64(statement, 0), i);
        sqlite.reset(statement);
        assert_in_range(statements.count, 1, PERI_STATEMENTS_PLACES - 1);
    }
}

static void what_is_not_one_statement_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {"", " ; ", "-- a comment", "SELECT 1; SELECT 2"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        int code = SQLITE_OK;
        assert_null(peri_statements_get(&statements, db, peri_str_of(texts[i]), &code));
        assert_int_equal(code, SQLITE_OK);
    }
    assert_null(get("SELECT nothing"));
    assert_int_equal(statements.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_text_is_prepared_once),
        TEST(parameters_of_the_last_time_are_gone),
        TEST(their_number_is_bounded),
        TEST(what_is_not_one_statement_is_none),
    };
    return cmocka_run_group_tests_name("store/statements", tests, NULL, NULL);
}
