/* signal.h: signals that ask the program to end, delivered in a turn of the loop. */
#ifndef PERI_SIGNAL_H
#define PERI_SIGNAL_H

#include "runtime/loop/loop.h"

/* The exit code of a process that SIGINT ended. */
#define PERI_SIGNAL_EXIT 130

struct peri_signal;

/* What is called for a signal; number is SIGINT and so on. */
typedef void (*peri_signal_cb)(void *arg, int number);

/* What is called in the handler; returns whether that was all: the signal counts for nothing then,
 * and the loop only turns. */
typedef bool (*peri_signal_at_once)(void *arg, int number);

/* Watches the signals of the list, which ends with 0, and returns the watcher; NULL and PERI_E_IO
 * when the system refuses. Signals belong to the process, so there is one watcher at a time
 * (asserted). The loop does not wait for signals.
 *
 * at_once(arg, number) runs inside the signal handler, where next to nothing is allowed; it may
 * be NULL. cb(arg, number) runs in a turn of the loop, once for each number that came since. A
 * SIGINT that is not the first signal ends the process right in the handler: whoever asks twice
 * does not want to wait for a loop that is stuck. SIGHUP stays ignored where it was (nohup). */
struct peri_signal *peri_signal_new(struct peri_loop *loop, const int *numbers,
                                    peri_signal_at_once at_once, peri_signal_cb cb, void *arg,
                                    struct peri_error *err);

/* Has the signals that are watched go to cb(arg, number) instead, in a turn of the loop, which now
 * waits for them: for a program that ends in its own time. There must be a watcher, and none that
 * has them already: false then. NULL for cb gives them back. */
bool peri_signal_divert(peri_signal_cb cb, void *arg);

/* Ends the watch: the signals do again what they did before. NULL is fine. */
void peri_signal_free(struct peri_signal *signal);

#endif
