/* What SQLite refuses has a code of ours, its own words, and what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/store/diagnose.h"

static struct peri_sqlite sqlite;

static void each_kind_of_failure_has_a_code_and_words(void **state)
{
    (void)state;
    static const struct {
        int code;
        enum peri_error_code ours;
        const char *words, *hint;
    } cases[] = {
        {SQLITE_FULL, PERI_E_STORE_FULL, "full", "free space"},
        {SQLITE_READONLY_DIRECTORY, PERI_E_STORE_READONLY, "readonly", "writable"},
        {SQLITE_CANTOPEN, PERI_E_STORE_IO, "unable to open", "folder must exist"},
        {SQLITE_IOERR_FSYNC, PERI_E_STORE_IO, "I/O error", "disk's errors"},
        {SQLITE_CORRUPT_INDEX, PERI_E_STORE_CORRUPT, "malformed", ".recover"},
        {SQLITE_NOTADB, PERI_E_STORE_CORRUPT, "not a database", "something else"},
        {SQLITE_BUSY_RECOVERY, PERI_E_STORE_BUSY, "locked", "another program"},
        {SQLITE_CONSTRAINT_UNIQUE, PERI_E_STORE_CONSTRAINT, "constraint", ""},
        {SQLITE_TOOBIG, PERI_E_LIMIT, "too big", "1 GB"},
        {SQLITE_ERROR, PERI_E_ARGUMENT, "SQL logic error", ""},
        {SQLITE_AUTH, PERI_E_ARGUMENT, "authorization denied", "transactions"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct peri_error err = {0};
        assert_false(peri_diagnose(&sqlite, NULL, cases[i].code, "/x/store.db", "write", &err));
        assert_int_equal(err.code, cases[i].ours);
        assert_non_null(strstr(err.message, "cannot write the store /x/store.db: "));
        assert_non_null(strstr(err.message, cases[i].words));
        assert_non_null(strstr(err.hint, cases[i].hint));
    }
}

static void the_systems_words_are_told_too(void **state)
{
    (void)state;
    struct peri_error err = {0};
    sqlite3 *db = NULL;
    int code = sqlite.open_v2("/nowhere/at/all.db", &db, SQLITE_OPEN_READWRITE, NULL);
    assert_false(peri_diagnose(&sqlite, db, code, "/nowhere/at/all.db", "open", &err));
    assert_int_equal(err.code, PERI_E_STORE_IO);
    assert_non_null(strstr(err.message, "No such file or directory"));
    sqlite.close_v2(db);
}

static int set_up(void **state)
{
    (void)state;
    return peri_sqlite_load(&sqlite, NULL) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_failure_has_a_code_and_words),
        cmocka_unit_test(the_systems_words_are_told_too),
    };
    return cmocka_run_group_tests_name("store/diagnose", tests, set_up, NULL);
}
