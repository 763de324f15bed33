/* job.c: jobs. */
#include "runtime/store/job.h"

#include "runtime/base/limits.h"

struct peri_job *peri_job_new(enum peri_job_kind kind, const char *path, peri_job_cb cb, void *arg)
{
    struct peri_job *job = peri_alloc(sizeof(*job));
    peri_list_init(&job->node);
    job->kind = kind;
    job->path = peri_strdup(path);
    peri_buf_init(&job->asked, PERI_LIMIT_STORE_JOB);
    peri_buf_init(&job->found, PERI_LIMIT_STORE_JOB);
    job->cb = cb;
    job->arg = arg;
    return job;
}

static void destroy(struct peri_job *job)
{
    peri_buf_deinit(&job->asked);
    peri_buf_deinit(&job->found);
    peri_free(job->path);
    peri_free(job->err);
    peri_free(job);
}

void peri_job_abandon(struct peri_job *job)
{
    if (job == NULL)
        return;
    job->is_abandoned = true;
    if (job->is_done || !job->is_submitted)
        destroy(job);
}

bool peri_job_fail(struct peri_job *job, const struct peri_error *err)
{
    if (job->err == NULL)
        job->err = peri_alloc(sizeof(*job->err));
    *job->err = *err;
    peri_buf_clear(&job->found);
    return false;
}

void peri_job_done(struct peri_job *job)
{
    job->is_done = true;
    if (job->is_abandoned)
        destroy(job);
    else
        job->cb(job->arg);
}
