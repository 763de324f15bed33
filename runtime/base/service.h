/* service.h: what systemd and we say to each other: sd_notify(3) and sd_listen_fds(3).
 *
 * The protocol is a datagram and a number: not worth a library. */
#ifndef PERI_SERVICE_H
#define PERI_SERVICE_H

#include <stdbool.h>

/* Sends a state ("READY=1") to a socket, by its path, or "@name" in the abstract namespace. False
 * when it could not be sent. */
bool peri_service_notify(const char *address, const char *state);

/* The first of the sockets that are passed on. */
enum { PERI_SERVICE_FIRST = 3 };

/* Takes over count sockets from PERI_SERVICE_FIRST on: they are closed in programs that we start.
 * False when they are not open. */
bool peri_service_adopt(int count);

#endif
