/* notice.h: news for the loop from another thread. */
#ifndef PERI_NOTICE_H
#define PERI_NOTICE_H

#include "runtime/loop/loop.h"

struct peri_notice;

/* What a notice calls in a turn of the loop after it was sent; once for all that was sent since. */
typedef void (*peri_notice_cb)(void *arg);

/* Returns a notice, in the background; arg is borrowed until it is freed. NULL and PERI_E_IO when
 * the system gives none. */
struct peri_notice *peri_notice_new(struct peri_loop *loop, peri_notice_cb cb, void *arg,
                                    struct peri_error *err);

/* Has the callback called soon. Any thread may call it, until the notice is freed. */
void peri_notice_send(struct peri_notice *notice);

/* Moves the notice to the background (true), where the loop does not wait for it, or back: to be
 * done while another thread works on something that the loop is to hear of. */
void peri_notice_background(struct peri_notice *notice, bool background);

/* Frees the notice; the callback is never called after this. NULL is fine. Callbacks may call it.
 */
void peri_notice_free(struct peri_notice *notice);

#endif
