/* sched.c: the scheduler. A turn resumes some of the ready tasks and then lets the loop call back;
 * callbacks only put tasks into the queue, so all Lua runs from here. */
#include "runtime/sched/sched.h"

#include <lauxlib.h>

#include "runtime/sched/raise.h"
#include "runtime/sched/record.h"

enum {
    BATCH = 128,       /* tasks resumed between two looks at the loop */
    DEADLOCKS_MAX = 8, /* in a row, before tasks that swallow the error are given up */
    LISTED_MAX = 10,   /* tasks named by a deadlock's error */
};

static const char SCHED_KEY, HANDLER_KEY; /* in the registry; the table of tasks has the sched */

/* ---- making ---- */

struct peri_sched *peri_sched_new(lua_State *L, struct peri_loop *loop)
{
    struct peri_sched *sched = peri_alloc(sizeof(*sched));
    sched->L = L;
    sched->loop = loop;
    peri_list_init(&sched->ready);
    *(struct peri_task **)lua_getextraspace(L) = NULL; /* no task runs on the main thread */
    lua_pushlightuserdata(L, sched);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &SCHED_KEY);
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, sched);
    return sched;
}

void peri_sched_free(struct peri_sched *sched)
{
    if (sched == NULL)
        return;
    peri_free(sched->slots);
    peri_free(sched->free_slots);
    peri_free(sched);
}

struct peri_sched *peri_sched_of(lua_State *L)
{
    struct peri_task *task = peri_task_current(L);
    if (task != NULL)
        return task->sched;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &SCHED_KEY);
    struct peri_sched *sched = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return sched;
}

struct peri_loop *peri_sched_loop(lua_State *L)
{
    return peri_sched_of(L)->loop;
}

void peri_sched_push_tasks(lua_State *L, struct peri_sched *sched)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, sched);
}

void peri_sched_set_handler(lua_State *L)
{
    lua_rawsetp(L, LUA_REGISTRYINDEX, &HANDLER_KEY);
}

void peri_sched_push_handler(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &HANDLER_KEY);
}

/* ---- running ---- */

void peri_sched_make_ready(struct peri_task *task)
{
    task->is_ready = true;
    task->is_waiting = false;
    if (peri_list_empty(&task->ready))
        peri_list_append(&task->sched->ready, &task->ready);
}

/* Closes a coroutine, its <close> handlers without waiting; leaves false and the error. */
static void settle(lua_State *L)
{
    if (lua_resetthread(L) == LUA_OK) {
        struct peri_error err = {0};
        peri_error_set(&err, PERI_E_TASK_CANCELLED, "closed, as it did not end when cancelled");
        peri_raise_push(L, &err);
    }
    lua_pushboolean(L, 0);
    lua_insert(L, 1);
}

static void resume(struct peri_task *task)
{
    struct peri_sched *sched = task->sched;
    int arguments = task->has_started ? 0 : task->arguments, count;
    task->has_started = true;
    task->is_ready = false;
    sched->running = task->L;
    if (peri_interrupt_is_due(task)) /* it has swallowed the error, or cleans up */
        peri_sched_preempt(sched);
    int status = lua_resume(task->L, sched->L, arguments, &count);
    sched->running = NULL;
    if (status == LUA_YIELD) {
        lua_pop(task->L, count);
        if (!task->is_waiting)
            peri_sched_make_ready(task); /* it only gave way */
        return;
    }
    if (status != LUA_OK)
        settle(task->L); /* the bottom frame failed itself, as when memory is out */
    peri_task_finish(task);
}

/* Runs ready tasks, until root has ended. */
static void run_ready(struct peri_sched *sched, const struct peri_task *root)
{
    for (int i = 0; i < BATCH && !(root != NULL && root->has_ended); i++) {
        struct peri_list *node = peri_list_take(&sched->ready);
        if (node == NULL)
            break;
        struct peri_task *task = PERI_LIST_OWNER(node, struct peri_task, ready);
        if (task->is_ready)
            resume(task);
    }
}

/* ---- deadlock ---- */

/* Adds the line where a task waits to the error. */
static void describe(struct peri_error *err, lua_State *L)
{
    lua_Debug frame;
    for (int level = 0; lua_getstack(L, level, &frame); level++) {
        lua_getinfo(L, "Sl", &frame);
        if (frame.currentline <= 0)
            continue;
        peri_error_detail(err, "a task waits at %s:%d", frame.short_src, frame.currentline);
        return;
    }
}

static void push_deadlock(struct peri_sched *sched)
{
    struct peri_error err = {0};
    peri_error_set(&err, PERI_E_TASK_DEADLOCK, "every task waits for another, so none can go on");
    int listed = 0;
    for (uint32_t slot = 0; slot < sched->slot_count && listed < LISTED_MAX; slot++) {
        if (sched->slots[slot] == NULL)
            continue;
        describe(&err, sched->slots[slot]->L);
        listed++;
    }
    peri_raise_push(sched->L, &err);
}

/* Cancels every task that has not ended with a copy of the value at the top; pops that. */
static void cancel_all(struct peri_sched *sched)
{
    for (uint32_t slot = 0; slot < sched->slot_count; slot++) {
        if (sched->slots[slot] == NULL)
            continue;
        lua_pushvalue(sched->L, -1);
        peri_task_cancel(sched->L, sched->slots[slot], false);
    }
    lua_pop(sched->L, 1);
}

/* Closes every task that has not ended, without running the rest of it. */
static void close_all(struct peri_sched *sched)
{
    for (uint32_t slot = 0; slot < sched->slot_count; slot++) {
        struct peri_task *task = sched->slots[slot];
        if (task == NULL)
            continue;
        peri_task_push(sched->L, task); /* held while its handlers run */
        task->is_closing = true;
        settle(task->L);
        peri_task_finish(task);
        lua_pop(sched->L, 1);
    }
}

/* First the root is told. Where that does not help, as its children do not listen, all are. */
static void break_deadlock(struct peri_sched *sched, struct peri_task *root)
{
    sched->deadlocks++;
    push_deadlock(sched);
    if (root != NULL && sched->deadlocks == 1)
        peri_task_cancel(sched->L, root, false);
    else if (sched->deadlocks < DEADLOCKS_MAX)
        cancel_all(sched);
    else {
        lua_pop(sched->L, 1);
        close_all(sched);
    }
}

bool peri_sched_turn(struct peri_sched *sched, struct peri_task *root)
{
    run_ready(sched, root);
    if (root != NULL ? root->has_ended : sched->live == 0)
        return false;
    bool alive = peri_loop_run(sched->loop, peri_list_empty(&sched->ready));
    if (alive)
        sched->deadlocks = 0;
    else if (peri_list_empty(&sched->ready))
        break_deadlock(sched, root);
    return true;
}

void peri_sched_preempt(struct peri_sched *sched)
{
    lua_State *L = sched->running;
    if (L != NULL)
        lua_sethook(L, peri_task_preempted, LUA_MASKCOUNT, peri_interrupt_every(sched));
}

static void time_is_up(void *arg)
{
    *(bool *)arg = true;
}

void peri_sched_finish(struct peri_sched *sched, uint64_t ms)
{
    bool is_late = false;
    struct peri_error err = {0};
    peri_error_set(&err, PERI_E_TASK_CANCELLED, "the program ends");
    peri_raise_push(sched->L, &err);
    cancel_all(sched);
    struct peri_timer *timer = peri_timer_new(sched->loop, ms, time_is_up, &is_late);
    while (!is_late && peri_sched_turn(sched, NULL))
        ;
    peri_timer_free(timer);
    close_all(sched);
}
