/* detour.h: what went wrong on the way through a proxy, in words; private to this folder. */
#ifndef PERI_DETOUR_H
#define PERI_DETOUR_H

#include "runtime/http/inside.h"

/* Whether the request failed between us and the host, at its proxy. If so, fills request->error: it
 * names the proxy and where its setting came from, and says that nothing was sent. */
bool peri_detour_report(struct peri_request *request, CURLcode result, const char *words);

/* Appends to the detail of request->error that the host was reached through a proxy, if it was:
 * whoever shows another certificate than the host's may be that proxy. */
void peri_detour_note(struct peri_request *request);

#endif
