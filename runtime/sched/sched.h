/* sched.h: the scheduler: the tasks of one Lua state on one loop. It alone resumes Lua. */
#ifndef PERI_SCHED_H
#define PERI_SCHED_H

#include <lua.h>

#include "runtime/loop/loop.h"
#include "runtime/sched/task.h"

/* Returns the scheduler of L, a main thread; it borrows both. Freed after lua_close. */
struct peri_sched *peri_sched_new(lua_State *L, struct peri_loop *loop);

/* Frees the scheduler; NULL is fine. */
void peri_sched_free(struct peri_sched *sched);

/* The loop of the scheduler that L belongs to. */
struct peri_loop *peri_sched_loop(lua_State *L);

/* Pops the message handler of the tasks spawned from now on: it is called with an error where it
 * is raised, and what it returns is the error of the task. */
void peri_sched_set_handler(lua_State *L);

/* One turn: runs ready tasks, a bounded number, then the callbacks of what happened; sleeps when
 * there is nothing to do. Returns whether root is still to end. When every task waits and nothing
 * can wake one, root is cancelled with task.deadlock. May raise when memory is out. */
bool peri_sched_turn(struct peri_sched *sched, struct peri_task *root);

/* Makes the task that runs now give way soon, even if it never waits; if it is cancelled
 * meanwhile it raises there. May be called in a signal handler. */
void peri_sched_preempt(struct peri_sched *sched);

/* Cancels all tasks that are left and runs them until they have ended, for ms milliseconds at
 * most; those that have not ended then are closed without waiting. */
void peri_sched_finish(struct peri_sched *sched, uint64_t ms);

#endif
