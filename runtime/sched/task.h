/* task.h: tasks: coroutines that wait.
 *
 * A C function that waits:
 *   1. pins what it will hold: a userdata with __close, lua_toclose;
 *   2. wake = peri_task_wait(L), and gives wake to whoever will call peri_task_wake;
 *   3. return lua_yieldk(L, 0, context, continuation);
 *   4. the continuation calls peri_task_check(L) first, which raises if the task was cancelled.
 * It is resumed once, by the wake or by a cancellation, whichever comes first. */
#ifndef PERI_TASK_H
#define PERI_TASK_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

struct peri_sched;
struct peri_task;

/* Names one wait of one task; plain data, and harmless when that wait is over. */
struct peri_wake {
    struct peri_sched *sched; /* NULL: names nothing */
    uint32_t slot;
    uint64_t generation;
};

/* Pops a function and count arguments and pushes a new task that will call it. Its context is
 * the context of the task that runs on L, if one does. The task is kept until it has ended. */
struct peri_task *peri_task_spawn(lua_State *L, int count);

/* Pushes the metatable of tasks, for their methods. */
void peri_task_push_metatable(lua_State *L);

/* The task at an index of the stack; raises when there is something else. */
struct peri_task *peri_task_at(lua_State *L, int index);

/* The task that runs on L; NULL outside of tasks, and in a coroutine that a task made. */
struct peri_task *peri_task_current(lua_State *L);

/* Lets a coroutine that the code on L resumes wait as the task, which then has to yield when it
 * does (bindings/lua/coroutine.c), and be interrupted as it; NULL takes that back. */
void peri_task_lend(lua_State *L, lua_State *co, struct peri_task *task);

/* Pushes the task as Lua knows it; nil once it has ended and was forgotten. */
void peri_task_push(lua_State *L, const struct peri_task *task);

/* Begins a wait of the task that runs on L. Raises a pending cancellation, or
 * task.not_yieldable where Lua cannot wait. */
struct peri_wake peri_task_wait(lua_State *L);

/* Ends the wait that wake names; nothing happens when it is over. Callbacks may call it. */
void peri_task_wake(struct peri_wake wake);

/* To be called by each continuation: leaves the wait, and raises if the task was cancelled. */
void peri_task_check(lua_State *L);

/* Between peri_task_wait and the yield: the wait ends by itself after ms milliseconds. */
void peri_task_wake_after(lua_State *L, uint64_t ms);

/* In a continuation: whether the wait ended because of peri_task_wake_after. */
bool peri_task_timed_out(lua_State *L);

/* Between peri_task_wait and the yield: the wait ends when the other task has ended. */
void peri_task_wake_with(lua_State *L, struct peri_task *other);

/* Pops an error value, which is raised in the task, once, at its present or next wait. A task
 * that has ended, or has a cancellation pending, is left alone; returns whether it was not. A weak
 * cancellation that is pending is replaced by one that is not. */
bool peri_task_cancel(lua_State *L, struct peri_task *task, bool is_weak);

/* Whether the task has ended. */
bool peri_task_ended(const struct peri_task *task);

/* Whether the task is waiting for something. */
bool peri_task_waiting(const struct peri_task *task);

/* Pushes what an ended task left: true and its results, or false and its error. Returns how many
 * values. From now on the error counts as seen; one that nobody saw becomes a warning. */
int peri_task_results(lua_State *L, struct peri_task *task);

/* Pops a function that is called once when the task at an index ends, as f(task, true, results…) or
 * f(task, false, error), in that task. It must not wait. It sees the error (peri_task_results). */
void peri_task_on_end(lua_State *L, int index);

/* Pushes the context of the task at an index: any Lua value, nil at first. */
void peri_task_push_context(lua_State *L, int index);

/* Pops a value, the context of the task at an index from now on. */
void peri_task_set_context(lua_State *L, int index);

/* park: if the task was unparked since its last park, forgets that and returns true, and there is
 * nothing to wait for; else the wait that was begun also ends with peri_task_unpark. */
bool peri_task_park(lua_State *L);

/* Ends the park of a task, or the next one if it is not parked. */
void peri_task_unpark(struct peri_task *task);

#endif
