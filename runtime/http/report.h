/* report.h: a failed transfer in words; private to this folder. */
#ifndef PERI_REPORT_H
#define PERI_REPORT_H

#include "runtime/http/inside.h"

/* Fills request->error with what libcurl's result means for a request of which something was sent
 * or nothing, and what to do. Its easy handle still tells of the transfer. */
void peri_report(struct peri_request *request, CURLcode result, bool is_sent);

#endif
