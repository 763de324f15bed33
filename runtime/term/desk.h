/* desk.h: where the loop's thread and the thread that edits leave things for each other; private to
 * the folder. Everything is under the lock but what is said to be otherwise. */
#ifndef PERI_DESK_H
#define PERI_DESK_H

#include <pthread.h>

#include "runtime/base/buf.h"
#include "runtime/term/editor.h"

struct peri_desk {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* is_wanted, is_closing, is_busy */
    int wake[2];            /* a pipe: the thread has something to look at; never changes */
    int news[2];            /* a pipe: an event came, or the thread is idle; never changes */

    bool is_wanted;  /* a line is to be edited */
    bool is_stopped; /* and is to be given up */
    bool is_closing; /* the thread is to end */
    bool is_busy;    /* the terminal is the thread's */
    char *prompt, *first;
    char *mode;                        /* to change to, or NULL */
    struct peri_buf remembered;        /* NUL-terminated texts for the history */
    struct peri_buf above;             /* whole lines to print above the prompt */
    struct peri_editor_answer *answer; /* to the event PERI_EDITOR_COMPLETE; NULL before */
    struct peri_editor_event event;    /* its text is owned by the desk */
};

/* Makes the desk; PERI_E_IO when there are no descriptors. */
PERI_MUST_USE bool peri_desk_init(struct peri_desk *desk, struct peri_error *err);

/* Frees all that lies there; no thread may use it any more. */
void peri_desk_deinit(struct peri_desk *desk);

/* Writes to one of the pipes so that who polls it wakes. Signal handlers may call it. */
void peri_desk_ring(const int *pipe);

/* Empties the pipe. */
void peri_desk_hear(const int *pipe);

/* Puts a copy of an event there, whose text the desk owns from now on, and rings. */
void peri_desk_put(struct peri_desk *desk, const struct peri_editor_event *event);

/* Frees an answer; NULL is fine. */
void peri_desk_drop(struct peri_editor_answer *answer);

#endif
