/* record.h: what task.c and sched.c share; private to this folder. */
#ifndef PERI_RECORD_H
#define PERI_RECORD_H

#include <signal.h>

#include "runtime/base/list.h"
#include "runtime/loop/timer.h"
#include "runtime/sched/sched.h"

struct peri_task { /* lives in a userdata */
    struct peri_sched *sched;
    lua_State *L;             /* its coroutine, held by the user value TASK_THREAD */
    uint64_t generation;      /* of its latest wait */
    struct peri_timer *timer; /* of peri_task_wake_after; NULL before the first */
    struct peri_list ready;   /* in the scheduler's queue */
    struct peri_list joining; /* in joiners of the task that it waits for */
    struct peri_list joiners;
    uint32_t slot;
    int arguments; /* for its first resume */
    bool has_started, has_ended;
    bool is_waiting;   /* a wait was begun and not woken */
    bool is_ready;     /* to be resumed */
    bool is_cancelled; /* an error is pending, in the user value TASK_CANCEL */
    bool is_weak;      /* and another may replace it */
    bool is_parked, has_permit;
    bool timed_out;
    bool is_closing; /* its handlers run, without waiting */
    bool is_seen;    /* somebody got its results */
};

enum { TASK_THREAD = 1, TASK_CANCEL, TASK_CONTEXT, TASK_ON_END, TASK_VALUES = TASK_ON_END };

struct peri_interrupt {                    /* of a scheduler; see interrupt.h */
    volatile sig_atomic_t is_taken, count; /* written by a signal handler */
    int told;                              /* of count, seen between turns */
    struct peri_task *volatile task;       /* the guarded one, or NULL */
    struct peri_wake waiter;
    bool was_taken; /* before the guard */
    bool is_raised; /* in the guarded task, once */
    int endured;    /* hooks since */
};

enum { PREEMPT_EVERY = 1000 }; /* instructions between two breaks of a preempted task */

struct peri_sched {
    lua_State *L;
    struct peri_loop *loop;
    const void *metatable; /* of tasks; NULL before the first one */
    struct peri_list ready;
    lua_State *volatile running; /* read by a signal handler */
    uint64_t generation;         /* of the latest wait of any task */
    struct peri_task **slots;    /* NULL where free */
    uint32_t *free_slots;
    uint32_t slot_count, free_count, slot_size;
    uint32_t live;      /* tasks that have not ended */
    unsigned deadlocks; /* found in a row */
    struct peri_interrupt interrupt;
};

/* Puts the task at the end of the ready queue, unless it is there. */
void peri_sched_make_ready(struct peri_task *task);

/* Notes that the task's coroutine has ended, its results on its stack. */
void peri_task_finish(struct peri_task *task);

/* Pushes the table of the tasks that have not ended: index slot + 1. */
void peri_sched_push_tasks(lua_State *L, struct peri_sched *sched);

/* The scheduler that L belongs to. */
struct peri_sched *peri_sched_of(lua_State *L);

/* Pushes the message handler of tasks, or nil. */
void peri_sched_push_handler(lua_State *L);

/* Instructions between two hooks of what is preempted. Signal handlers may call it. */
int peri_interrupt_every(const struct peri_sched *sched);

/* Whether a SIGINT has come for the task. */
bool peri_interrupt_is_due(const struct peri_task *task);

/* What the debug hook does for SIGINT: raises in the guarded task, or returns. */
void peri_interrupt_hook(lua_State *L, struct peri_task *task);

/* Drops the pending cancellation of the task that runs on L, if its error has the code. */
void peri_task_forgive(lua_State *L, enum peri_error_code code);

/* The debug hook of a task that was asked to give way. */
void peri_task_preempted(lua_State *L, lua_Debug *frame);

#endif
