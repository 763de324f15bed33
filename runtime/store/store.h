/* store.h: a database in a file, written by a thread of its own.
 *
 * Jobs that wait are done together: each by itself, all or nothing, and then one commit for all of
 * them, which is what takes time. A job is done only once it will survive a power cut. */
#ifndef PERI_STORE_H
#define PERI_STORE_H

#include "runtime/loop/loop.h"
#include "runtime/store/job.h"

struct peri_store;

/* Returns a store with nothing open, and starts its thread; NULL and PERI_E_IO when SQLite is not
 * to be had. */
struct peri_store *peri_store_new(struct peri_loop *loop, struct peri_error *err);

/* Passes a job to the store, after those that were passed to it before. The owner reads it once it
 * is done, and abandons it. */
void peri_store_submit(struct peri_store *store, struct peri_job *job);

/* Frees the store, once the jobs that were submitted are done: waits for them, and calls their
 * callbacks. NULL is fine. */
void peri_store_free(struct peri_store *store);

#endif
