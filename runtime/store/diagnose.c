/* diagnose.c: a table of SQLite's codes: ours, and what to do. */
#include "runtime/store/diagnose.h"

#include <stdio.h>

struct advice {
    int code; /* SQLite's primary code */
    enum peri_error_code ours;
    const char *hint; /* or NULL */
};

#define SAFE "; what was committed before is safe"

static const struct advice advices[] = {
    {SQLITE_FULL, PERI_E_STORE_FULL, "free space on its file system" SAFE},
    {SQLITE_READONLY, PERI_E_STORE_READONLY,
     "the file and its folder must be writable by the user who runs this, and their file system "
     "not mounted read-only"},
    {SQLITE_CANTOPEN, PERI_E_STORE_IO,
     "the folder must exist, and be writable by the user who runs this"},
    {SQLITE_PERM, PERI_E_STORE_IO, "the user who runs this must be allowed to read and write it"},
    {SQLITE_AUTH, PERI_E_ARGUMENT, "transactions are the store's own, and there is one file"},
    {SQLITE_IOERR, PERI_E_STORE_IO, "look for the disk's errors in the system's log" SAFE},
    {SQLITE_CORRUPT, PERI_E_STORE_CORRUPT,
     "stop what uses it, keep a copy of the file and of its -wal, and try: sqlite3 FILE .recover; "
     "or put a backup in its place"},
    {SQLITE_NOTADB, PERI_E_STORE_CORRUPT,
     "the file is something else, or damaged: name another one, or put a backup in its place"},
    {SQLITE_BUSY, PERI_E_STORE_BUSY,
     "another program (a backup, a second server, sqlite3) holds it: end that, or try again"},
    {SQLITE_LOCKED, PERI_E_STORE_BUSY, NULL},
    {SQLITE_PROTOCOL, PERI_E_STORE_BUSY, "try again; network file systems cannot hold a store"},
    {SQLITE_NOLFS, PERI_E_STORE_FULL, "the file system has no files as large as this"},
    {SQLITE_CONSTRAINT, PERI_E_STORE_CONSTRAINT, NULL},
    {SQLITE_MISMATCH, PERI_E_STORE_CONSTRAINT, NULL},
    {SQLITE_TOOBIG, PERI_E_LIMIT, "SQLite has no values over 1 GB"},
    {SQLITE_NOMEM, PERI_E_LIMIT, NULL},
};

static const struct advice *find(int code)
{
    static const struct advice other = {SQLITE_ERROR, PERI_E_ARGUMENT, NULL};
    for (size_t i = 0; i < sizeof(advices) / sizeof(*advices); i++)
        if (advices[i].code == (code & 0xff))
            return &advices[i];
    return &other;
}

bool peri_diagnose(const struct peri_sqlite *sqlite, sqlite3 *db, int code, const char *path,
                   const char *what, struct peri_error *err)
{
    const struct advice *advice = find(code);
    const char *words = db == NULL ? sqlite->errstr(code) : sqlite->errmsg(db);
    int number = db == NULL ? 0 : sqlite->system_errno(db);
    bool is_system = advice->ours == PERI_E_STORE_IO && number != 0;
    if (is_system) {
        peri_error_errno(err, number, "cannot %s the store %s: %s", what, path, words);
        err->code = advice->ours;
    } else {
        peri_error_set(err, advice->ours, "cannot %s the store %s: %s", what, path, words);
    }
    if (advice->hint != NULL)
        peri_error_hint(err, "%s", advice->hint);
    return peri_error_detail(err, "SQLite's code is %d", code);
}
