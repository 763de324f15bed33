/* store.c: the thread of a store and the two lists between it and the loop: of what is asked for,
 * and of what is done. All of the first list is taken at once: while one batch is committed the
 * next one gathers. */
#include "runtime/store/store.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "runtime/base/check.h"
#include "runtime/loop/notice.h"
#include "runtime/store/database.h"

enum {
    BATCH = 512,    /* jobs of one commit at most: they all wait for its end */
    QUIET_MS = 300, /* without work, before the log is brought into the file */
};

struct peri_store {
    struct peri_sqlite sqlite;
    struct peri_notice *notice;
    size_t pending; /* jobs that the loop has not yet heard of; the loop's own */
    pthread_t thread;
    struct peri_database *database; /* the thread's own */
    pthread_mutex_t lock;           /* for all below */
    pthread_cond_t changed;
    struct peri_list asked, done;
    bool is_ending;
};

/* ---- the thread ---- */

static struct peri_job *first_of(const struct peri_list *list)
{
    return PERI_LIST_OWNER(list->next, struct peri_job, node);
}

static bool is_for_batch(const struct peri_job *job)
{
    return job->kind == PERI_JOB_TRANSACT || job->kind == PERI_JOB_READ;
}

static void pass_on(struct peri_store *store, struct peri_job *const *jobs, size_t count)
{
    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; i < count; i++)
        peri_list_append(&store->done, &jobs[i]->node);
    pthread_mutex_unlock(&store->lock);
    peri_notice_send(store->notice);
}

static void close_database(struct peri_store *store)
{
    peri_database_close(store->database);
    store->database = NULL;
}

static bool open_database(struct peri_store *store, const struct peri_job *job,
                          struct peri_error *err)
{
    peri_assert(store->database == NULL);
    store->database =
        peri_database_open(&store->sqlite, job->path, job->kind == PERI_JOB_OPEN_READ, err);
    return store->database != NULL;
}

/* Jobs that are done by themselves. */
static void run_alone(struct peri_store *store, struct peri_job *job)
{
    struct peri_error err;
    bool ok = true;
    if (job->kind == PERI_JOB_CLOSE)
        close_database(store);
    else if (job->kind != PERI_JOB_BACKUP)
        ok = open_database(store, job, &err);
    else
        ok = peri_database_backup(store->database, job->path, &err);
    if (!ok)
        peri_job_fail(job, &err);
    pass_on(store, &job, 1);
}

/* What comes before a store is open, or after it is closed. */
static void refuse(struct peri_store *store, struct peri_job *job)
{
    struct peri_error err;
    peri_error_set(&err, PERI_E_STORE_CLOSED, "the store was closed");
    peri_job_fail(job, &err);
    pass_on(store, &job, 1);
}

static void run_batch(struct peri_store *store, struct peri_list *taken)
{
    struct peri_job *jobs[BATCH];
    size_t count = 0;
    while (count < BATCH && !peri_list_empty(taken) && is_for_batch(first_of(taken))) {
        jobs[count++] = first_of(taken);
        peri_list_remove(taken->next);
    }
    peri_database_run(store->database, jobs, count);
    pass_on(store, jobs, count);
    if (peri_database_is_due(store->database))
        peri_database_checkpoint(store->database);
}

static void run_taken(struct peri_store *store, struct peri_list *taken)
{
    while (!peri_list_empty(taken)) {
        struct peri_job *job = first_of(taken);
        bool needs_open = job->kind == PERI_JOB_BACKUP || is_for_batch(job);
        if (is_for_batch(job) && store->database != NULL) {
            run_batch(store, taken);
            continue;
        }
        peri_list_remove(&job->node);
        if (needs_open && store->database == NULL)
            refuse(store, job);
        else
            run_alone(store, job);
    }
}

/* Waits for work. false: there was none for a while, and the log is not in the file. */
static bool wait_for_work(struct peri_store *store)
{
    bool is_behind = store->database != NULL && peri_database_is_behind(store->database);
    struct timespec until;
    int status = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += QUIET_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    while (peri_list_empty(&store->asked) && !store->is_ending && status == 0)
        status = is_behind ? pthread_cond_timedwait(&store->changed, &store->lock, &until)
                           : pthread_cond_wait(&store->changed, &store->lock);
    return status != ETIMEDOUT;
}

static void take_all(struct peri_list *from, struct peri_list *to)
{
    for (struct peri_list *node; (node = peri_list_take(from)) != NULL;)
        peri_list_append(to, node);
}

/* One round of the thread; false at the end. */
static bool work(struct peri_store *store)
{
    struct peri_list taken;
    peri_list_init(&taken);
    pthread_mutex_lock(&store->lock);
    bool is_quiet = !wait_for_work(store);
    take_all(&store->asked, &taken);
    bool is_end = store->is_ending && peri_list_empty(&taken);
    pthread_mutex_unlock(&store->lock);
    if (is_quiet)
        peri_database_checkpoint(store->database);
    run_taken(store, &taken);
    return !is_end;
}

static void *store_main(void *arg)
{
    struct peri_store *store = arg;
    while (work(store))
        continue;
    close_database(store);
    return NULL;
}

/* ---- the loop ---- */

static void on_done(void *arg)
{
    struct peri_store *store = arg;
    struct peri_list done;
    peri_list_init(&done);
    pthread_mutex_lock(&store->lock);
    take_all(&store->done, &done);
    pthread_mutex_unlock(&store->lock);
    for (struct peri_list *node; (node = peri_list_take(&done)) != NULL; store->pending--)
        peri_job_done(PERI_LIST_OWNER(node, struct peri_job, node));
    if (store->pending == 0)
        peri_notice_background(store->notice, true);
}

/* Signals are for the thread of the loop. */
static int start_thread(struct peri_store *store)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&store->thread, NULL, store_main, store);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return number;
}

static void destroy(struct peri_store *store)
{
    peri_notice_free(store->notice);
    pthread_mutex_destroy(&store->lock);
    pthread_cond_destroy(&store->changed);
    peri_free(store);
}

struct peri_store *peri_store_new(struct peri_loop *loop, struct peri_error *err)
{
    struct peri_sqlite sqlite;
    if (!peri_sqlite_load(&sqlite, err))
        return NULL;
    struct peri_store *store = peri_alloc(sizeof(*store));
    store->sqlite = sqlite;
    peri_list_init(&store->asked);
    peri_list_init(&store->done);
    peri_assert(pthread_mutex_init(&store->lock, NULL) == 0);
    peri_assert(pthread_cond_init(&store->changed, NULL) == 0);
    store->notice = peri_notice_new(loop, on_done, store, err);
    int number = store->notice == NULL ? 0 : start_thread(store);
    if (number != 0)
        peri_error_errno(err, number, "cannot start a thread for the store");
    if (store->notice != NULL && number == 0)
        return store;
    destroy(store);
    return NULL;
}

void peri_store_submit(struct peri_store *store, struct peri_job *job)
{
    job->is_submitted = true;
    if (store->pending++ == 0)
        peri_notice_background(store->notice, false);
    pthread_mutex_lock(&store->lock);
    bool was_empty = peri_list_empty(&store->asked);
    peri_list_append(&store->asked, &job->node);
    pthread_mutex_unlock(&store->lock);
    if (was_empty)
        pthread_cond_signal(&store->changed);
}

void peri_store_free(struct peri_store *store)
{
    if (store == NULL)
        return;
    pthread_mutex_lock(&store->lock);
    store->is_ending = true;
    pthread_mutex_unlock(&store->lock);
    pthread_cond_signal(&store->changed);
    pthread_join(store->thread, NULL);
    for (struct peri_list *node; (node = peri_list_take(&store->done)) != NULL;)
        peri_job_done(PERI_LIST_OWNER(node, struct peri_job, node));
    destroy(store);
}
