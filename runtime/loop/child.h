/* child.h: another program that runs beside us: fed, listened to while it runs, and ended.
 *
 * process.h runs a command for its output; this is for programs that live longer. */
#ifndef PERI_CHILD_H
#define PERI_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

/* What it writes to: its descriptors 1 and 2, and 3 where that was asked for. */
enum peri_child_stream {
    PERI_CHILD_STDOUT,
    PERI_CHILD_STDERR,
    PERI_CHILD_RECORDS,
    PERI_CHILD_STREAMS,
};

/* Bytes of one stream that wait to be consumed before no more is read: the program waits then. */
enum { PERI_CHILD_UNREAD = 64 * 1024 };

struct peri_child;

/* What a child calls when bytes came, a stream or the program has ended. It only records or wakes.
 */
typedef void (*peri_child_cb)(void *arg);

/* Borrowed until peri_child_new returns; input is copied. */
struct peri_child_settings {
    const char *const *argv; /* argv[0] is sought in PATH; NULL at the end */
    const char *const *env;  /* "NAME=value", NULL at the end; NULL: our own */
    const char *cwd;         /* NULL: our own */
    struct peri_str input;   /* written to its standard input, which is closed then */
    bool has_records;        /* it has a descriptor 3 */
};

/* Starts a program, in a session of its own, so that a signal can reach all it starts. arg is
 * borrowed until the child is freed. NULL and PERI_E_IO when it cannot be started. */
struct peri_child *peri_child_new(struct peri_loop *loop,
                                  const struct peri_child_settings *settings, peri_child_cb cb,
                                  void *arg, struct peri_error *err);

/* Its process id; it is reaped by the loop. */
int peri_child_pid(const struct peri_child *child);

/* Bytes of a stream that were not consumed; valid until they are, or the loop turns. */
struct peri_str peri_child_unread(const struct peri_child *child, enum peri_child_stream stream);

/* Forgets these bytes; more may come then. */
void peri_child_consume(struct peri_child *child, enum peri_child_stream stream);

/* Whether all streams have ended; whoever inherited one keeps it open. */
bool peri_child_is_silent(const struct peri_child *child);

/* Whether the program has ended: then its exit code, or 0 and the number of the signal that ended
 * it. */
bool peri_child_result(const struct peri_child *child, int *code, int *number);

/* Sends a signal to the program and all it started; false when nothing is left of them. SIGKILL for
 * what outlives the program ends its streams, whoever still holds them. */
bool peri_child_kill(struct peri_child *child, int number);

/* Frees the child; kills what runs. The callback is never called after this. NULL is fine. */
void peri_child_free(struct peri_child *child);

#endif
