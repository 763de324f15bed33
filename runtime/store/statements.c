/* statements.c: a table of places, each text near the place that its hash names. When many are
 * taken all are freed: a program has few texts, and whoever makes them up has none worth keeping.
 */
#include "runtime/store/statements.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

enum { FULL = PERI_STATEMENTS_PLACES * 3 / 4 };

static uint64_t hash_of(struct peri_str text)
{
    uint64_t hash = 14695981039346656037U; /* FNV-1a */
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * 1099511628211U;
    return hash;
}

void peri_statements_init(struct peri_statements *statements, const struct peri_sqlite *sqlite)
{
    *statements = (struct peri_statements){.sqlite = sqlite};
}

void peri_statements_clear(struct peri_statements *statements)
{
    for (size_t i = 0; i < PERI_STATEMENTS_PLACES; i++)
        if (statements->entries[i].statement != NULL)
            statements->sqlite->finalize(statements->entries[i].statement);
    peri_statements_init(statements, statements->sqlite);
}

static bool is_for(const struct peri_statements *statements,
                   const struct peri_statements_entry *entry, uint64_t hash, struct peri_str text)
{
    if (entry->hash != hash)
        return false;
    const char *sql = statements->sqlite->sql(entry->statement);
    return strlen(sql) == text.len && memcmp(sql, text.data, text.len) == 0;
}

/* The place of a text, or the free one where it belongs. */
static struct peri_statements_entry *place_of(struct peri_statements *statements, uint64_t hash,
                                              struct peri_str text)
{
    size_t at = hash % PERI_STATEMENTS_PLACES;
    while (statements->entries[at].statement != NULL &&
           !is_for(statements, &statements->entries[at], hash, text))
        at = (at + 1) % PERI_STATEMENTS_PLACES;
    return &statements->entries[at];
}

static bool is_filling(char c)
{
    return isspace((unsigned char)c) || c == ';';
}

static bool is_blank(const char *from, const char *to)
{
    while (from < to && is_filling(*from))
        from++;
    return from == to;
}

static sqlite3_stmt *prepare(const struct peri_sqlite *sqlite, sqlite3 *db, struct peri_str text,
                             int *code)
{
    sqlite3_stmt *statement = NULL;
    const char *rest = NULL;
    if (text.len >= INT_MAX) {
        *code = SQLITE_TOOBIG;
        return NULL;
    }
    *code = sqlite->prepare_v3(db, text.data, (int)text.len, SQLITE_PREPARE_PERSISTENT, &statement,
                               &rest);
    if (*code != SQLITE_OK || statement == NULL)
        return NULL;
    if (is_blank(rest, text.data + text.len))
        return statement;
    sqlite->finalize(statement);
    return NULL;
}

sqlite3_stmt *peri_statements_get(struct peri_statements *statements, sqlite3 *db,
                                  struct peri_str text, int *code)
{
    while (text.len > 0 && is_filling(text.data[text.len - 1]))
        text.len--; /* as SQLite keeps it */
    uint64_t hash = hash_of(text);
    struct peri_statements_entry *entry = place_of(statements, hash, text);
    if (entry->statement != NULL) {
        statements->sqlite->clear_bindings(entry->statement);
        return entry->statement;
    }
    sqlite3_stmt *statement = prepare(statements->sqlite, db, text, code);
    if (statement == NULL)
        return NULL;
    if (statements->count == FULL) {
        peri_statements_clear(statements);
        entry = place_of(statements, hash, text);
    }
    statements->count++;
    *entry = (struct peri_statements_entry){hash, statement};
    return statement;
}
