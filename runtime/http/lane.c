/* lane.c: the queue of a host. */
#include "runtime/http/lane.h"

#include <string.h>

#include "runtime/base/check.h"
#include "runtime/http/inside.h"

struct peri_lane *peri_lane_find(struct peri_lane *list, const char *where, bool is_secure)
{
    while (list != NULL && (list->is_secure != is_secure || strcmp(list->where, where) != 0))
        list = list->next;
    return list;
}

/* A copy without the brackets of an IPv6 address. */
static char *bare(const char *host)
{
    char *copy = peri_strdup(host);
    size_t n = strlen(copy);
    if (n > 1 && copy[0] == '[' && copy[n - 1] == ']') {
        memmove(copy, copy + 1, n - 2);
        copy[n - 2] = '\0';
    }
    return copy;
}

struct peri_lane *peri_lane_new(const char *host, const char *where, bool is_secure)
{
    struct peri_lane *lane = peri_alloc(sizeof(*lane));
    lane->host = bare(host);
    lane->where = peri_strdup(where);
    lane->is_secure = is_secure;
    return lane;
}

void peri_lane_free(struct peri_lane *lane)
{
    peri_assert(lane->first == NULL);
    peri_free(lane->host);
    peri_free(lane->where);
    peri_proxy_deinit(&lane->proxy);
    peri_free(lane);
}

void peri_lane_push(struct peri_request *request)
{
    struct peri_lane *lane = request->lane;
    if (request->is_urgent && lane->first != NULL) {
        request->next_waiting = lane->first;
        lane->first = request;
        return;
    }
    if (lane->last == NULL)
        lane->first = request;
    else
        lane->last->next_waiting = request;
    lane->last = request;
}

struct peri_request *peri_lane_pop(struct peri_lane *lane)
{
    struct peri_request *request = lane->first;
    if (request != NULL)
        peri_lane_drop(request);
    return request;
}

void peri_lane_drop(struct peri_request *request)
{
    struct peri_lane *lane = request->lane;
    struct peri_request **link = &lane->first, *before = NULL;
    while (*link != request) {
        before = *link;
        link = &before->next_waiting;
    }
    *link = request->next_waiting;
    request->next_waiting = NULL;
    if (lane->last == request)
        lane->last = before;
}
