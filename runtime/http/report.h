/* report.h: a failed transfer in words; private to this folder. */
#ifndef PERI_REPORT_H
#define PERI_REPORT_H

#include "runtime/http/inside.h"

/* Fills request->error with what libcurl's result means for a request of which something was sent
 * or nothing, and what to do. Its easy handle still tells of the transfer. */
void peri_report(struct peri_request *request, CURLcode result, bool is_sent);

/* Ends a request whose answer cannot be used: "the answer of HOST " and words say why. For a write
 * that is PERI_E_HTTP_UNKNOWN, whatever the code. Its easy handle is not needed. */
void peri_report_answer(struct peri_request *request, enum peri_error_code code, const char *words);

/* Ends a request with an error of ours, which for a write that may have reached the server is the
 * reason why its outcome is unknown. */
void peri_report_end(struct peri_request *request, const struct peri_error *err);

#endif
