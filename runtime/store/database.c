/* database.c: SQLite with a write-ahead log.
 *
 * A batch is one transaction, and each job a savepoint in it, so that the mistake of one is only
 * its own. Some errors (a full disk) end the whole transaction at once: then all jobs of the batch
 * have failed. The log is never brought into the file by a commit, which would make it slow, but by
 * peri_database_checkpoint; it then starts anew in the same space, which is faster to write than
 * new space. */
#include "runtime/store/database.h"

#include <string.h>

#include "runtime/base/check.h"
#include "runtime/base/limits.h"
#include "runtime/store/datum.h"
#include "runtime/store/diagnose.h"
#include "runtime/store/folder.h"
#include "runtime/store/statements.h"

enum {
    LOG_PAGES = 4096, /* of 4 KiB, in the log before it is due */
    LOG_STEP = 1024,  /* more of them before the next try, where a reader is in the way */
};

/* Statements of our own, which jobs may not use. */
enum own { READ, WRITE, COMMIT, ROLLBACK, SAVE, RELEASE, UNDO, OWN };

static const char *const own_texts[OWN] = {
    [READ] = "BEGIN",           [WRITE] = "BEGIN IMMEDIATE", [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",    [SAVE] = "SAVEPOINT job",    [RELEASE] = "RELEASE job",
    [UNDO] = "ROLLBACK TO job",
};

struct peri_database {
    const struct peri_sqlite *sqlite;
    char *path;
    sqlite3 *db;
    sqlite3_stmt *own[OWN];
    struct peri_statements statements;
    bool is_own;    /* what runs now is ours, and may do what jobs may not */
    bool is_behind; /* something was committed since the last checkpoint that brought in all */
    int log_pages, due_pages;
};

static bool fail(const struct peri_database *database, int code, const char *what,
                 struct peri_error *err)
{
    return peri_diagnose(database->sqlite, database->db, code, database->path, what, err);
}

/* ---- opening and closing ---- */

/* Keeps transactions, and which files there are, out of the jobs' hands. */
static int on_authorize(void *arg, int action, const char *a, const char *b, const char *c,
                        const char *d)
{
    const struct peri_database *database = arg;
    (void)a, (void)b, (void)c, (void)d;
    bool is_ours = action == SQLITE_TRANSACTION || action == SQLITE_SAVEPOINT ||
                   action == SQLITE_ATTACH || action == SQLITE_DETACH;
    return is_ours && !database->is_own ? SQLITE_DENY : SQLITE_OK;
}

static int on_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct peri_database *database = arg;
    (void)db, (void)name;
    database->is_behind = true;
    database->log_pages = pages;
    return SQLITE_OK;
}

/* Runs a statement of our own, to its end. Returns SQLite's code. */
static int step(struct peri_database *database, sqlite3_stmt *statement)
{
    int code;
    database->is_own = true;
    do
        code = database->sqlite->step(statement);
    while (code == SQLITE_ROW);
    database->sqlite->reset(statement);
    database->is_own = false;
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int execute(struct peri_database *database, const char *text)
{
    sqlite3_stmt *statement = NULL;
    int code = database->sqlite->prepare_v3(database->db, text, -1, 0, &statement, NULL);
    if (code == SQLITE_OK)
        code = step(database, statement);
    database->sqlite->finalize(statement);
    return code;
}

static bool configure(struct peri_database *database, bool is_readonly, struct peri_error *err)
{
    static const char *const texts[] = {
        "PRAGMA journal_mode = WAL", /* the first one: the others read nothing of the file */
        "PRAGMA synchronous = FULL",     "PRAGMA foreign_keys = ON",
        "PRAGMA wal_autocheckpoint = 0", "PRAGMA journal_size_limit = 67108864",
        "PRAGMA temp_store = MEMORY",    "PRAGMA cache_size = -16384",
        "PRAGMA trusted_schema = OFF",   "SELECT count(*) FROM sqlite_schema",
    };
    database->sqlite->busy_timeout(database->db, PERI_LIMIT_STORE_BUSY_MS);
    for (size_t i = is_readonly ? 1 : 0; i < sizeof(texts) / sizeof(*texts); i++) {
        int code = execute(database, texts[i]);
        if (code != SQLITE_OK)
            return fail(database, code, "open", err);
    }
    return true;
}

static bool prepare_own(struct peri_database *database, struct peri_error *err)
{
    for (int i = 0; i < OWN; i++) {
        int code = database->sqlite->prepare_v3(database->db, own_texts[i], -1,
                                                SQLITE_PREPARE_PERSISTENT, &database->own[i], NULL);
        if (code != SQLITE_OK)
            return fail(database, code, "open", err);
    }
    return true;
}

static bool start(struct peri_database *database, bool is_readonly, struct peri_error *err)
{
    const struct peri_sqlite *sqlite = database->sqlite;
    int flags = (is_readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
    int code = sqlite->open_v2(database->path, &database->db, flags, NULL);
    if (code != SQLITE_OK)
        return fail(database, code, "open", err);
    if (!configure(database, is_readonly, err) || !prepare_own(database, err))
        return false;
    sqlite->set_authorizer(database->db, on_authorize, database);
    sqlite->wal_hook(database->db, on_commit, database);
    return true;
}

struct peri_database *peri_database_open(const struct peri_sqlite *sqlite, const char *path,
                                         bool is_readonly, struct peri_error *err)
{
    if (!is_readonly && !peri_folder_make_file(path, err))
        return NULL;
    struct peri_database *database = peri_alloc(sizeof(*database));
    database->sqlite = sqlite;
    database->path = peri_strdup(path);
    database->due_pages = LOG_PAGES;
    peri_statements_init(&database->statements, sqlite);
    if (start(database, is_readonly, err))
        return database;
    peri_database_close(database);
    return NULL;
}

void peri_database_close(struct peri_database *database)
{
    if (database == NULL)
        return;
    peri_statements_clear(&database->statements);
    for (int i = 0; i < OWN; i++)
        database->sqlite->finalize(database->own[i]);
    if (database->db != NULL)
        database->sqlite->close_v2(database->db);
    peri_free(database->path);
    peri_free(database);
}

/* ---- one job ---- */

static int bind(const struct peri_sqlite *sqlite, sqlite3_stmt *statement, int at,
                const struct peri_datum *datum)
{
    int len = (int)datum->bytes.len; /* below PERI_LIMIT_STORE_JOB */
    switch (datum->kind) {
    case PERI_DATUM_INTEGER:
        return sqlite->bind_int64(statement, at, datum->integer);
    case PERI_DATUM_FLOAT:
        return sqlite->bind_double(statement, at, datum->number);
    case PERI_DATUM_TEXT:
        return sqlite->bind_text(statement, at, datum->bytes.data, len, SQLITE_STATIC);
    case PERI_DATUM_BLOB:
        return sqlite->bind_blob(statement, at, datum->bytes.data, len, SQLITE_STATIC);
    case PERI_DATUM_NULL:
        break;
    }
    return sqlite->bind_null(statement, at);
}

static bool bind_all(struct peri_database *database, sqlite3_stmt *statement,
                     struct peri_str *asked, struct peri_error *err)
{
    const struct peri_sqlite *sqlite = database->sqlite;
    int64_t count = peri_datum_take(asked).integer;
    int wanted = sqlite->bind_parameter_count(statement);
    if (count != wanted) {
        peri_error_set(err, PERI_E_ARGUMENT, "a statement with %d parameters was given %lld",
                       wanted, (long long)count);
        return peri_error_detail(err, "%s", sqlite->sql(statement));
    }
    for (int at = 1; at <= wanted; at++) {
        struct peri_datum datum = peri_datum_take(asked);
        int code = bind(sqlite, statement, at, &datum);
        if (code != SQLITE_OK)
            return fail(database, code, "write", err);
    }
    return true;
}

static struct peri_datum column(const struct peri_sqlite *sqlite, sqlite3_stmt *statement, int at)
{
    struct peri_datum datum = {.kind = PERI_DATUM_NULL};
    switch (sqlite->column_type(statement, at)) {
    case SQLITE_INTEGER:
        datum.kind = PERI_DATUM_INTEGER;
        datum.integer = sqlite->column_int64(statement, at);
        break;
    case SQLITE_FLOAT:
        datum.kind = PERI_DATUM_FLOAT;
        datum.number = sqlite->column_double(statement, at);
        break;
    case SQLITE_TEXT:
    case SQLITE_BLOB:
        datum.kind =
            sqlite->column_type(statement, at) == SQLITE_TEXT ? PERI_DATUM_TEXT : PERI_DATUM_BLOB;
        datum.bytes.data = sqlite->column_blob(statement, at);
        datum.bytes.len = (size_t)sqlite->column_bytes(statement, at);
        break;
    default:
        break;
    }
    return datum;
}

static bool keep_row(const struct peri_sqlite *sqlite, sqlite3_stmt *statement, int columns,
                     struct peri_buf *found, struct peri_error *err)
{
    if (!peri_datum_put_integer(found, 1, err))
        return false;
    for (int i = 0; i < columns; i++) {
        struct peri_datum datum = column(sqlite, statement, i);
        if (!peri_datum_put(found, &datum, err))
            return false;
    }
    return true;
}

/* What stands before the rows. The number of changes, which is first, is only known after them. */
static bool keep_head(const struct peri_sqlite *sqlite, sqlite3_stmt *statement, int columns,
                      struct peri_buf *found, struct peri_error *err)
{
    if (!peri_datum_put_integer(found, 0, err) || !peri_datum_put_integer(found, columns, err))
        return false;
    for (int i = 0; i < columns; i++)
        if (!peri_datum_put_text(found, peri_str_of(sqlite->column_name(statement, i)), err))
            return false;
    return true;
}

static bool step_all(struct peri_database *database, sqlite3_stmt *statement,
                     struct peri_buf *found, struct peri_error *err)
{
    const struct peri_sqlite *sqlite = database->sqlite;
    size_t place = found->len;
    int code = sqlite->step(statement);
    int columns = sqlite->column_count(statement); /* a new schema may have changed it */
    if (!keep_head(sqlite, statement, columns, found, err))
        return false;
    for (; code == SQLITE_ROW; code = sqlite->step(statement))
        if (!keep_row(sqlite, statement, columns, found, err))
            return false;
    if (code != SQLITE_DONE) {
        fail(database, code, sqlite->stmt_readonly(statement) ? "read" : "write", err);
        return peri_error_detail(err, "%s", sqlite->sql(statement));
    }
    if (!sqlite->stmt_readonly(statement))
        peri_datum_set_integer(found, place, sqlite->changes(database->db));
    return peri_datum_put_integer(found, 0, err);
}

static bool refuse_text(const struct peri_database *database, int code, struct peri_str text,
                        struct peri_error *err)
{
    if (code == SQLITE_OK)
        peri_error_set(err, PERI_E_ARGUMENT, "one statement of SQL at a time is expected");
    else
        fail(database, code, "ask", err);
    return peri_error_detail(err, "%.*s", (int)text.len, text.data);
}

/* Takes the next statement off asked and runs it. */
static bool run_statement(struct peri_database *database, bool is_read, struct peri_str *asked,
                          struct peri_buf *found, struct peri_error *err)
{
    int code = SQLITE_OK;
    struct peri_str text = peri_datum_take(asked).bytes;
    sqlite3_stmt *statement = peri_statements_get(&database->statements, database->db, text, &code);
    if (statement == NULL)
        return refuse_text(database, code, text, err);
    if (is_read && !database->sqlite->stmt_readonly(statement)) {
        peri_error_set(err, PERI_E_ARGUMENT,
                       "a statement that writes, where only reading is meant");
        return peri_error_detail(err, "%s", database->sqlite->sql(statement));
    }
    bool ok =
        bind_all(database, statement, asked, err) && step_all(database, statement, found, err);
    database->sqlite->reset(statement);
    return ok;
}

static bool run_statements(struct peri_database *database, struct peri_job *job,
                           struct peri_error *err)
{
    struct peri_str asked = {job->asked.data, job->asked.len};
    while (asked.len > 0)
        if (!run_statement(database, job->kind == PERI_JOB_READ, &asked, &job->found, err))
            return false;
    return true;
}

static bool has_ended(const struct peri_database *database)
{
    return database->sqlite->get_autocommit(database->db) != 0;
}

/* All of a job or nothing of it. false: the transaction has ended, and err says why. */
static bool run_job(struct peri_database *database, struct peri_job *job, struct peri_error *err)
{
    int code = step(database, database->own[SAVE]);
    if (code != SQLITE_OK)
        return fail(database, code, "write", err);
    if (!run_statements(database, job, err)) {
        peri_job_fail(job, err);
        if (has_ended(database))
            return false;
        code = step(database, database->own[UNDO]);
    }
    if (code == SQLITE_OK)
        code = step(database, database->own[RELEASE]);
    return code == SQLITE_OK || fail(database, code, "write", err);
}

/* ---- a batch ---- */

static bool is_write(struct peri_job *const *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (jobs[i]->kind == PERI_JOB_TRANSACT)
            return true;
    return false;
}

/* Where somebody took the file away, what is committed would be lost with the last who holds it. */
static bool is_in_place(const struct peri_database *database, struct peri_error *err)
{
    int has_moved = 0;
    database->sqlite->file_control(database->db, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
    if (!has_moved)
        return true;
    peri_error_set(err, PERI_E_STORE_IO, "the store %s was moved or removed while it is in use",
                   database->path);
    return peri_error_hint(err, "put it back, with its -wal, and start again");
}

static bool begin(struct peri_database *database, bool is_writing, struct peri_error *err)
{
    if (is_writing && !is_in_place(database, err))
        return false;
    int code = step(database, database->own[is_writing ? WRITE : READ]);
    return code == SQLITE_OK || fail(database, code, is_writing ? "write" : "read", err);
}

static bool run_all(struct peri_database *database, struct peri_job *const *jobs, size_t count,
                    struct peri_error *err)
{
    if (!begin(database, is_write(jobs, count), err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!run_job(database, jobs[i], err))
            return false;
    int code = step(database, database->own[COMMIT]);
    return code == SQLITE_OK || fail(database, code, "write", err);
}

void peri_database_run(struct peri_database *database, struct peri_job *const *jobs, size_t count)
{
    struct peri_error err;
    if (run_all(database, jobs, count, &err))
        return;
    if (!has_ended(database))
        step(database, database->own[ROLLBACK]);
    for (size_t i = 0; i < count; i++)
        if (jobs[i]->err == NULL) /* else it failed by itself */
            peri_job_fail(jobs[i], &err);
}

/* ---- the log, and copies ---- */

bool peri_database_backup(struct peri_database *database, const char *path, struct peri_error *err)
{
    const struct peri_sqlite *sqlite = database->sqlite;
    sqlite3_stmt *statement = NULL;
    if (!peri_folder_new_file(path, err))
        return false;
    database->is_own = true; /* it attaches the new file */
    int code = sqlite->prepare_v3(database->db, "VACUUM INTO ?", -1, 0, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite->bind_text(statement, 1, path, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = step(database, statement);
    database->is_own = false;
    if (code != SQLITE_OK)
        fail(database, code, "copy", err);
    sqlite->finalize(statement);
    return code == SQLITE_OK && peri_folder_sync(path, err);
}

bool peri_database_is_due(const struct peri_database *database)
{
    return database->is_behind && database->log_pages >= database->due_pages;
}

bool peri_database_is_behind(const struct peri_database *database)
{
    return database->is_behind;
}

void peri_database_checkpoint(struct peri_database *database)
{
    int pages = 0, done = 0;
    int code = database->sqlite->wal_checkpoint_v2(database->db, NULL, SQLITE_CHECKPOINT_PASSIVE,
                                                   &pages, &done);
    /* With a reader in the way, or an error, the log goes on: it holds all, so nothing is lost. */
    bool is_complete = code == SQLITE_OK && done == pages;
    database->is_behind = false;
    database->due_pages = is_complete ? LOG_PAGES : database->log_pages + LOG_STEP;
}
