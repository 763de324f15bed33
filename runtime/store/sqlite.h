/* sqlite.h: SQLite, which is loaded when it is first used: commands without a store do not pay for
 * it. Its functions are the members of a struct, by the names of its own header. */
#ifndef PERI_SQLITE_H
#define PERI_SQLITE_H

#include <sqlite3.h>

#include "runtime/base/error.h"

#define PERI_SQLITE_FUNCTIONS(F)                                                                   \
    F(bind_blob)                                                                                   \
    F(bind_double)                                                                                 \
    F(bind_int64)                                                                                  \
    F(bind_null)                                                                                   \
    F(bind_parameter_count)                                                                        \
    F(bind_text)                                                                                   \
    F(busy_timeout)                                                                                \
    F(changes)                                                                                     \
    F(clear_bindings)                                                                              \
    F(close_v2)                                                                                    \
    F(column_blob)                                                                                 \
    F(column_bytes)                                                                                \
    F(column_count)                                                                                \
    F(column_double)                                                                               \
    F(column_int64)                                                                                \
    F(column_name)                                                                                 \
    F(column_type)                                                                                 \
    F(errmsg)                                                                                      \
    F(errstr)                                                                                      \
    F(file_control)                                                                                \
    F(finalize)                                                                                    \
    F(get_autocommit)                                                                              \
    F(libversion)                                                                                  \
    F(libversion_number)                                                                           \
    F(open_v2)                                                                                     \
    F(prepare_v3)                                                                                  \
    F(reset)                                                                                       \
    F(set_authorizer)                                                                              \
    F(sql)                                                                                         \
    F(step)                                                                                        \
    F(stmt_readonly)                                                                               \
    F(system_errno)                                                                                \
    F(wal_checkpoint_v2)                                                                           \
    F(wal_hook)

struct peri_sqlite {
#define PERI_SQLITE_MEMBER(name) __typeof__(sqlite3_##name) *(name);
    PERI_SQLITE_FUNCTIONS(PERI_SQLITE_MEMBER)
#undef PERI_SQLITE_MEMBER
};

/* Fills sqlite with the library's functions, loading it; false and PERI_E_IO when it, or a release
 * that is new enough, is not to be had. */
PERI_MUST_USE bool peri_sqlite_load(struct peri_sqlite *sqlite, struct peri_error *err);

#endif
