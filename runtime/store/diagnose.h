/* diagnose.h: what SQLite refuses, in words that say what to do. */
#ifndef PERI_DIAGNOSE_H
#define PERI_DIAGNOSE_H

#include "runtime/store/sqlite.h"

/* Fills err for one of SQLite's codes, of the store at path: PERI_E_STORE_…, or PERI_E_ARGUMENT for
 * SQL that is wrong. db has its words and may be NULL; what says what could not be done ("write").
 * Returns false. */
bool peri_diagnose(const struct peri_sqlite *sqlite, sqlite3 *db, int code, const char *path,
                   const char *what, struct peri_error *err);

#endif
