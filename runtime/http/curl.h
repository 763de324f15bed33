/* curl.h: libcurl, which is loaded when it is first used. Its functions are called by the names of
 * its own header. */
#ifndef PERI_CURL_H
#define PERI_CURL_H

#include <stdbool.h>

#include <curl/curl.h>

#include "runtime/base/error.h"

/* Loads libcurl, unless it is loaded; false and PERI_E_IO when it is not to be had. To be called
 * before anything else of it where that can be told; what needs it sooner loads it, or stops the
 * program. */
bool peri_curl_load(struct peri_error *err);

/* curl_url_get, whose own type differs between releases. */
CURLUcode peri_curl_url_get(CURLU *url, CURLUPart part, char **text, unsigned flags);

#endif
