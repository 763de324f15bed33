/* stamp.h: points in time as XML writes them (ISO 8601). */
#ifndef PERI_STAMP_H
#define PERI_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/str.h"

#define PERI_STAMP_SIZE 40 /* bytes that hold any text written below, and its NUL */

/* Reads 2024-02-29T12:00:00.123456789+01:00 as microseconds since 1970 in UTC. Any number of
 * digits may follow the point, those past the sixth are dropped; without an offset it is UTC.
 * False when the text is no such time. */
bool peri_stamp_read(struct peri_str text, int64_t *time_us);

/* Writes a time in UTC with "Z", with six digits after the point unless they are 0. Returns the
 * length, or 0 when the year is not one of 0000 to 9999. */
size_t peri_stamp_write(int64_t time_us, char out[PERI_STAMP_SIZE]);

#endif
