/* statements.h: statements of SQL that were prepared, by their text. */
#ifndef PERI_STATEMENTS_H
#define PERI_STATEMENTS_H

#include <stdint.h>

#include "runtime/base/str.h"
#include "runtime/store/sqlite.h"

enum { PERI_STATEMENTS_PLACES = 256 };

struct peri_statements {
    const struct peri_sqlite *sqlite; /* borrowed */
    size_t count;
    struct peri_statements_entry {
        uint64_t hash;
        sqlite3_stmt *statement; /* NULL: nothing here */
    } entries[PERI_STATEMENTS_PLACES];
};

/* Makes it empty. */
void peri_statements_init(struct peri_statements *statements, const struct peri_sqlite *sqlite);

/* Finalizes all of them. Those that were handed out must not be used any more. */
void peri_statements_clear(struct peri_statements *statements);

/* Returns the statement for a text, reset and without parameters; it is valid until the next call.
 * NULL: SQLite's code for why it could not be prepared is in *code, SQLITE_OK if the text is not
 * exactly one statement. */
sqlite3_stmt *peri_statements_get(struct peri_statements *statements, sqlite3 *db,
                                  struct peri_str text, int *code);

#endif
