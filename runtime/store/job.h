/* job.h: what the store is asked to do, and what came of it.
 *
 * Statements and rows are packed values (datum.h). Asked, for each statement: its text, how many
 * parameters, the parameters. Found, for each statement: how many rows it changed, how many columns
 * it has, their names; then for each row the integer 1 and its values; then the integer 0. */
#ifndef PERI_JOB_H
#define PERI_JOB_H

#include "runtime/base/buf.h"
#include "runtime/base/list.h"

enum peri_job_kind {
    PERI_JOB_OPEN,      /* the file at path, made if need be; the first job of a store */
    PERI_JOB_OPEN_READ, /* the same, for reading only */
    PERI_JOB_TRANSACT,  /* all of the statements, or none */
    PERI_JOB_READ,      /* statements that change nothing, which see one state of the store */
    PERI_JOB_BACKUP,    /* a copy of the store at path, where there must be nothing */
    PERI_JOB_CLOSE,     /* the last job of a store */
};

/* What a job calls once, in a turn of the loop: it is done. It records and wakes. */
typedef void (*peri_job_cb)(void *arg);

struct peri_job {
    struct peri_list node; /* of the store that it was passed to */
    enum peri_job_kind kind;
    char *path;             /* of those that have one */
    struct peri_buf asked;  /* to be filled before it is passed on */
    struct peri_buf found;  /* once it is done */
    struct peri_error *err; /* once it is done: why it failed; NULL if it did not */
    peri_job_cb cb;
    void *arg;
    bool is_submitted;
    bool is_done;
    bool is_abandoned;
};

/* Returns a job, to be passed to peri_store_submit or freed with peri_job_abandon. path is copied
 * and may be NULL; arg is borrowed until the job is done or abandoned. */
struct peri_job *peri_job_new(enum peri_job_kind kind, const char *path, peri_job_cb cb, void *arg);

/* To be called by the owner, whether the job is new, under way or done: nobody is interested any
 * more. It is freed as soon as that can be; what is under way is done all the same, and cb is not
 * called. NULL is fine. */
void peri_job_abandon(struct peri_job *job);

/* For the store: the job has failed with a copy of err. Returns false. */
bool peri_job_fail(struct peri_job *job, const struct peri_error *err);

/* For the store, in a turn of the loop: the job is done. Calls cb, or frees what was abandoned. */
void peri_job_done(struct peri_job *job);

#endif
