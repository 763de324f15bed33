/* lane.h: the requests to one host: those that run and those that wait for a connection; private
 * to this folder. */
#ifndef PERI_LANE_H
#define PERI_LANE_H

#include <stdbool.h>

#include "runtime/http/proxy.h"

struct peri_request;

struct peri_lane {
    struct peri_lane *next;
    char *host;  /* as in the URL */
    char *where; /* "host:port" */
    bool is_secure;
    struct peri_proxy proxy; /* on the way to it */
    unsigned running;
    struct peri_request *first, *last; /* waiting, by their next_waiting */
};

/* Finds the lane of a host in a list; NULL when there is none. */
struct peri_lane *peri_lane_find(struct peri_lane *list, const char *where, bool is_secure);

/* Returns a new lane, freed with peri_lane_free. where is host:port. */
struct peri_lane *peri_lane_new(const char *host, const char *where, bool is_secure);

/* Frees a lane in which nobody waits. */
void peri_lane_free(struct peri_lane *lane);

/* Puts request at the end of its lane; an urgent one at the front. */
void peri_lane_push(struct peri_request *request);

/* Takes the first one that waits; NULL when nobody does. */
struct peri_request *peri_lane_pop(struct peri_lane *lane);

/* Takes out one that waits. */
void peri_lane_drop(struct peri_request *request);

#endif
