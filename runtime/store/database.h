/* database.h: the file of a store, and jobs carried out on it. Belongs to the store's thread. */
#ifndef PERI_DATABASE_H
#define PERI_DATABASE_H

#include "runtime/store/job.h"
#include "runtime/store/sqlite.h"

struct peri_database;

/* Opens the file, made with its folders if need be, readable by nobody else; NULL and
 * PERI_E_STORE_…. It borrows sqlite. */
struct peri_database *peri_database_open(const struct peri_sqlite *sqlite, const char *path,
                                         bool is_readonly, struct peri_error *err);

/* Closes it; NULL is fine. The last program that does brings all of the log into the file. */
void peri_database_close(struct peri_database *database);

/* Carries out jobs that transact or read, each all or nothing; then commits once for all of them,
 * so that they survive a power cut. What becomes of each is in the job. */
void peri_database_run(struct peri_database *database, struct peri_job *const *jobs, size_t count);

/* Writes a copy of what is there to a new file. PERI_E_IO, PERI_E_STORE_…. */
PERI_MUST_USE bool peri_database_backup(struct peri_database *database, const char *path,
                                        struct peri_error *err);

/* Whether the log should be brought into the file now though there is work, as it has grown. */
bool peri_database_is_due(const struct peri_database *database);

/* Whether there is something in the log that was not yet brought into the file. */
bool peri_database_is_behind(const struct peri_database *database);

/* Brings into the file what nobody needs in the log any more; the log then starts anew. */
void peri_database_checkpoint(struct peri_database *database);

#endif
