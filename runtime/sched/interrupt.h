/* interrupt.h: SIGINT for what a person typed, not for the program.
 *
 * Once it is taken, SIGINT is only counted, and ends the function that a task runs guarded: its
 * wait is cancelled, or a debug hook, set in the signal handler, raises where it runs. Code that
 * swallows the error is met again: after a second SIGINT, or when it goes on running long enough,
 * the hook raises at every instruction, so that no pcall can keep it from the end. Nothing
 * interrupts a function of C. */
#ifndef PERI_INTERRUPT_H
#define PERI_INTERRUPT_H

#include <lua.h>
#include <stdbool.h>

#include "runtime/sched/task.h"

/* Takes SIGINT, or gives it back; what was counted is forgotten. Raises if it is taken already. */
void peri_interrupt_take(lua_State *L);
void peri_interrupt_give_back(lua_State *L);

/* A function of Lua: guard(fn, …) returns what fn(…) returns, and raises what it raises, or
 * shell.interrupted once a SIGINT has come and is not swallowed. SIGINT is taken meanwhile if
 * nobody has. The calling task is the only guarded one; raises if there is another. */
int peri_interrupt_guard(lua_State *L);

/* How often SIGINT has come since the guarded function began or, without one, since it was taken.
 */
int peri_interrupt_count(lua_State *L);

/* Remembers a wait that ends with the next SIGINT. */
void peri_interrupt_wake(lua_State *L, struct peri_wake wake);

/* In the signal handler: counts a SIGINT and stops what runs. Returns false if nobody has taken it.
 */
bool peri_interrupt_deliver(struct peri_sched *sched);

/* Between two turns: tells tasks of the SIGINTs that came. */
void peri_interrupt_turn(struct peri_sched *sched);

#endif
