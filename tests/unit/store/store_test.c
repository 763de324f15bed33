/* Jobs that wait are committed together; each is done once, or freed when nobody wants it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/store/datum.h"
#include "runtime/store/store.h"

enum { MANY = 300 };

static char folder[] = "build/tmp/store_test.XXXXXX";
static char path[128], log_path[160];
static struct peri_loop *loop;
static struct peri_store *store;
static int done; /* jobs whose callback was called */

static void note(void *arg)
{
    ++*(int *)arg;
}

static struct peri_job *submit(enum peri_job_kind kind, const char *text)
{
    struct peri_job *job = peri_job_new(kind, path, note, &done);
    if (text != NULL) {
        assert_true(peri_datum_put_text(&job->asked, peri_str_of(text), NULL));
        assert_true(peri_datum_put_integer(&job->asked, 0, NULL));
    }
    peri_store_submit(store, job);
    return job;
}

static void await(const struct peri_job *job)
{
    while (!job->is_done)
        assert_true(peri_loop_run(loop, true) || job->is_done);
}

static void perform(enum peri_job_kind kind, const char *text)
{
    struct peri_job *job = submit(kind, text);
    await(job);
    if (job->err != NULL)
        fail_msg("%s: %s", text, job->err->message);
    peri_job_abandon(job);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/store.db", folder);
    snprintf(log_path, sizeof(log_path), "%s-wal", path);
    loop = peri_loop_new(NULL);
    store = peri_store_new(loop, NULL);
    done = 0;
    perform(PERI_JOB_OPEN, NULL);
    perform(PERI_JOB_TRANSACT, "CREATE TABLE t (x)");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char other[200];
    peri_store_free(store);
    peri_loop_free(loop);
    snprintf(other, sizeof(other), "%s-shm", path);
    unlink(other);
    unlink(log_path);
    unlink(path);
    return rmdir(folder);
}

/* Another program's connection. */
static sqlite3 *connect_other(void)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

static int count_rows(void)
{
    sqlite3 *db = connect_other();
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM t", -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int count = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return count;
}

/* The log has a frame for each page of a commit; the last one of a commit says so. */
static int count_commits(void)
{
    enum { HEAD = 32, FRAME = 24 + 4096 };
    unsigned char frame[FRAME];
    int commits = 0;
    FILE *file = fopen(log_path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(frame, 1, HEAD, file), HEAD);
    while (fread(frame, 1, FRAME, file) == FRAME)
        commits += (frame[4] | frame[5] | frame[6] | frame[7]) != 0;
    fclose(file);
    return commits;
}

static void jobs_that_wait_are_committed_together(void **state)
{
    (void)state;
    struct peri_job *jobs[MANY];
    sqlite3 *other = connect_other();
    int before = count_commits();
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    for (int i = 0; i < MANY; i++)
        jobs[i] = submit(PERI_JOB_TRANSACT, "INSERT INTO t VALUES (1)");
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    await(jobs[MANY - 1]);
    assert_int_equal(done, MANY + 2);
    assert_int_equal(count_rows(), MANY);
    /* those that were taken before the other let go, and all the rest */
    assert_in_range(count_commits() - before, 1, 2);
    for (int i = 0; i < MANY; i++)
        peri_job_abandon(jobs[i]);
    sqlite3_close(other);
}

static void what_is_abandoned_is_done_and_never_heard_of(void **state)
{
    (void)state;
    int before = done;
    for (int i = 0; i < 10; i++)
        peri_job_abandon(submit(PERI_JOB_TRANSACT, "INSERT INTO t VALUES (1)"));
    perform(PERI_JOB_TRANSACT, "INSERT INTO t VALUES (2)");
    assert_int_equal(done, before + 1);
    assert_int_equal(count_rows(), 11);
}

static void a_store_is_freed_once_all_is_done(void **state)
{
    (void)state;
    struct peri_job *jobs[MANY];
    for (int i = 0; i < MANY; i++)
        jobs[i] = submit(PERI_JOB_TRANSACT, "INSERT INTO t VALUES (1)");
    peri_store_free(store);
    store = NULL;
    for (int i = 0; i < MANY; i++) {
        assert_true(jobs[i]->is_done);
        assert_null(jobs[i]->err);
        peri_job_abandon(jobs[i]);
    }
    assert_int_equal(count_rows(), MANY);
}

static void a_store_with_nothing_to_do_is_no_reason_to_wait(void **state)
{
    (void)state;
    while (peri_loop_run(loop, false))
        continue;
    assert_false(peri_loop_run(loop, true));
}

static void another_program_that_keeps_the_file_is_named_in_time(void **state)
{
    (void)state;
    sqlite3 *other = connect_other();
    perform(PERI_JOB_TRANSACT, "PRAGMA busy_timeout = 1");
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    struct peri_job *job = submit(PERI_JOB_TRANSACT, "INSERT INTO t VALUES (1)");
    await(job);
    assert_non_null(job->err);
    assert_int_equal(job->err->code, PERI_E_STORE_BUSY);
    assert_non_null(strstr(job->err->hint, "another program"));
    peri_job_abandon(job);
    struct peri_job *read = submit(PERI_JOB_READ, "SELECT * FROM t");
    await(read);
    assert_null(read->err); /* readers are in nobody's way */
    peri_job_abandon(read);
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    perform(PERI_JOB_TRANSACT, "INSERT INTO t VALUES (1)");
    sqlite3_close(other);
}

static void the_log_is_brought_into_the_file_and_used_again(void **state)
{
    (void)state;
    struct stat found;
    for (int i = 0; i < 40; i++) /* 2 MB each */
        perform(PERI_JOB_TRANSACT, "INSERT INTO t VALUES (zeroblob(2000000))");
    assert_int_equal(stat(log_path, &found), 0);
    assert_in_range(found.st_size, 16000000, 24000000);
    assert_int_equal(stat(path, &found), 0);
    assert_in_range(found.st_size, 50000000, 90000000);
}

static void a_commit_is_on_the_disk(void **state)
{
    (void)state;
    static const char *const texts[] = {"PRAGMA synchronous", "PRAGMA journal_mode"};
    for (size_t i = 0; i < 2; i++) {
        struct peri_job *job = submit(PERI_JOB_TRANSACT, texts[i]);
        await(job);
        struct peri_str found = {job->found.data, job->found.len};
        for (int skipped = 0; skipped < 4; skipped++) /* changes, columns, a name, a row */
            peri_datum_take(&found);
        struct peri_datum datum = peri_datum_take(&found);
        if (i == 0)
            assert_int_equal(datum.integer, 2); /* FULL */
        else
            assert_true(peri_str_equal(datum.bytes, peri_str_of("wal")));
        peri_job_abandon(job);
    }
}

static void before_it_is_opened_and_after_it_is_closed_nothing_can_be_asked(void **state)
{
    (void)state;
    perform(PERI_JOB_CLOSE, NULL);
    struct peri_job *job = submit(PERI_JOB_READ, "SELECT 1");
    await(job);
    assert_int_equal(job->err->code, PERI_E_STORE_CLOSED);
    peri_job_abandon(job);
    assert_int_not_equal(access(log_path, F_OK), 0); /* all is in the file */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(jobs_that_wait_are_committed_together),
        TEST(what_is_abandoned_is_done_and_never_heard_of),
        TEST(a_store_is_freed_once_all_is_done),
        TEST(a_store_with_nothing_to_do_is_no_reason_to_wait),
        TEST(another_program_that_keeps_the_file_is_named_in_time),
        TEST(the_log_is_brought_into_the_file_and_used_again),
        TEST(a_commit_is_on_the_disk),
        TEST(before_it_is_opened_and_after_it_is_closed_nothing_can_be_asked),
    };
    return cmocka_run_group_tests_name("store/store", tests, NULL, NULL);
}
