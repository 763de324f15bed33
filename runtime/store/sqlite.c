/* sqlite.c: finds SQLite. */
#include "runtime/store/sqlite.h"

#include "runtime/base/library.h"

enum { OLDEST = 3037000 }; /* the first one with strict tables */

static const char *const names[] = {
#define F(name) "sqlite3_" #name,
    PERI_SQLITE_FUNCTIONS(F)
#undef F
};

bool peri_sqlite_load(struct peri_sqlite *sqlite, struct peri_error *err)
{
    if (!peri_library_load("libsqlite3.so.0", names, sizeof(names) / sizeof(*names), sqlite, err))
        return peri_error_hint(err, "install SQLite: on Debian, the package libsqlite3-0");
    if (sqlite->libversion_number() >= OLDEST)
        return true;
    peri_error_set(err, PERI_E_IO, "SQLite %s is too old", sqlite->libversion());
    return peri_error_hint(err, "3.37 is the oldest release that will do");
}
