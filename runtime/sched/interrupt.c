/* interrupt.c: SIGINT ends a function that a task runs. The handler counts and sets the hook; the
 * rest happens in the hook and between turns. */
#include "runtime/sched/interrupt.h"

#include <lauxlib.h>

#include "runtime/sched/raise.h"
#include "runtime/sched/record.h"

enum { PATIENCE = 20000 }; /* hooks that code may live through after its error: a second or so */

static void push_error(lua_State *L)
{
    struct peri_error err = {0};
    peri_error_set(&err, PERI_E_SHELL_INTERRUPTED, "interrupted by Ctrl-C");
    peri_raise_push(L, &err);
}

/* ---- taking ---- */

static void forget(struct peri_interrupt *interrupt)
{
    interrupt->count = 0;
    interrupt->told = 0;
    interrupt->is_raised = false;
    interrupt->endured = 0;
}

void peri_interrupt_take(lua_State *L)
{
    struct peri_interrupt *interrupt = &peri_sched_of(L)->interrupt;
    if (interrupt->is_taken)
        peri_raise_code(L, PERI_E_ARGUMENT, "interrupts are taken already");
    forget(interrupt);
    interrupt->is_taken = 1;
}

void peri_interrupt_give_back(lua_State *L)
{
    struct peri_interrupt *interrupt = &peri_sched_of(L)->interrupt;
    interrupt->is_taken = 0;
    forget(interrupt);
}

int peri_interrupt_count(lua_State *L)
{
    return (int)peri_sched_of(L)->interrupt.count;
}

void peri_interrupt_wake(lua_State *L, struct peri_wake wake)
{
    peri_sched_of(L)->interrupt.waiter = wake;
}

/* ---- the signal ---- */

bool peri_interrupt_deliver(struct peri_sched *sched)
{
    struct peri_interrupt *interrupt = &sched->interrupt;
    if (!interrupt->is_taken)
        return false;
    interrupt->count = interrupt->count + 1;
    peri_sched_preempt(sched);
    return true;
}

void peri_interrupt_turn(struct peri_sched *sched)
{
    struct peri_interrupt *interrupt = &sched->interrupt;
    int count = (int)interrupt->count;
    if (count == interrupt->told)
        return;
    interrupt->told = count;
    peri_task_wake(interrupt->waiter);
    if (interrupt->task == NULL || (interrupt->is_raised && count == 1))
        return;
    interrupt->is_raised = true;
    push_error(sched->L);
    peri_task_cancel(sched->L, interrupt->task, false);
}

/* Whether nothing may catch the error any more. */
static bool is_final(const struct peri_interrupt *interrupt)
{
    return interrupt->count > 1 || interrupt->endured > PATIENCE;
}

int peri_interrupt_every(const struct peri_sched *sched)
{
    bool is_now = sched->interrupt.task != NULL && is_final(&sched->interrupt);
    return is_now ? 1 : PREEMPT_EVERY;
}

bool peri_interrupt_is_due(const struct peri_task *task)
{
    const struct peri_interrupt *interrupt = &task->sched->interrupt;
    return interrupt->task == task && interrupt->count > 0;
}

void peri_interrupt_hook(lua_State *L, struct peri_task *task)
{
    struct peri_interrupt *interrupt = &task->sched->interrupt;
    bool is_stuck = interrupt->task != NULL && interrupt->count > 1 && !lua_isyieldable(L);
    if (!peri_interrupt_is_due(task)) {
        if (is_stuck) { /* another task, which lets nobody else run */
            push_error(L);
            lua_error(L);
        }
        return;
    }
    bool is_first = !interrupt->is_raised;
    interrupt->is_raised = true;
    interrupt->endured++;
    if (is_final(interrupt))
        lua_sethook(L, peri_task_preempted, LUA_MASKCOUNT, 1);
    if (is_first || is_final(interrupt)) {
        push_error(L);
        lua_error(L);
    }
}

/* ---- the guard ---- */

/* Leaves the guard: an error that is still pending is none of what follows. Returns whether SIGINT
 * came. */
static bool leave(lua_State *L)
{
    struct peri_interrupt *interrupt = &peri_sched_of(L)->interrupt;
    bool has_come = interrupt->count > 0;
    if (interrupt->is_raised)
        peri_task_forgive(L, PERI_E_SHELL_INTERRUPTED);
    interrupt->task = NULL;
    if (!interrupt->was_taken)
        interrupt->is_taken = 0;
    forget(interrupt);
    lua_sethook(L, NULL, 0, 0);
    return has_come;
}

static int guard_end(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    bool is_final_now = is_final(&peri_sched_of(L)->interrupt);
    bool has_come = leave(L);
    if (status == LUA_OK || status == LUA_YIELD)
        return lua_gettop(L) - 1; /* the handler is at 1 */
    if (has_come && is_final_now)
        push_error(L); /* whatever became of it on the way */
    return lua_error(L);
}

int peri_interrupt_guard(lua_State *L)
{
    struct peri_interrupt *interrupt = &peri_sched_of(L)->interrupt;
    luaL_checktype(L, 1, LUA_TFUNCTION);
    if (peri_task_current(L) == NULL || interrupt->task != NULL)
        return peri_raise_code(L, PERI_E_ARGUMENT, "there is a guarded task already");
    peri_sched_push_handler(L);
    lua_insert(L, 1);
    forget(interrupt);
    interrupt->was_taken = interrupt->is_taken != 0;
    interrupt->task = peri_task_current(L);
    interrupt->is_taken = 1;
    int handler = lua_isnil(L, 1) ? 0 : 1;
    int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, handler, 0, guard_end);
    return guard_end(L, status, 0);
}
