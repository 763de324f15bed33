/* poll.h: readiness of a descriptor that another library (libcurl) or the system owns. */
#ifndef PERI_POLL_H
#define PERI_POLL_H

#include "runtime/loop/loop.h"

enum {
    PERI_POLL_IN = 1,    /* it can be read, or has ended */
    PERI_POLL_OUT = 2,   /* it can be written */
    PERI_POLL_ERROR = 4, /* it is broken; only reported, never asked for */
};

struct peri_poll;

/* What a poll calls with the PERI_POLL_… that hold now. It is called again each turn for as long
 * as they hold and are asked for. It may set or free the poll. After PERI_POLL_ERROR the poll is
 * disarmed. */
typedef void (*peri_poll_cb)(void *arg, unsigned events);

/* Returns a poll of fd, not armed yet, which asks for nothing; arg and fd are borrowed until it is
 * freed. fd's flags stay as they are. NULL and PERI_E_IO if fd cannot be polled (a regular file,
 * which is always ready) or has a poll already. */
struct peri_poll *peri_poll_new(struct peri_loop *loop, int fd, peri_poll_cb cb, void *arg,
                                struct peri_error *err);

/* Arms the poll for events (PERI_POLL_IN, _OUT, both), or disarms it with 0. Costs nothing when
 * nothing changes; so a connection that is used again is best left armed. Callbacks may call it. */
void peri_poll_set(struct peri_poll *poll, unsigned events);

/* Moves the poll to the background (true) or back: there it works as before, but the loop no
 * longer waits for it, as for a connection that is idle and kept. New polls are in front. */
void peri_poll_background(struct peri_poll *poll, bool background);

/* Frees the poll; the callback is never called after this. NULL is fine. fd may be closed right
 * after, not before. Callbacks may call it. */
void peri_poll_free(struct peri_poll *poll);

#endif
