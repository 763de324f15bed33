/* chars.h: what XML says of characters, in UTF-8. */
#ifndef PERI_CHARS_H
#define PERI_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a byte of ASCII is; of the others, and of NUL, nothing is said. */
enum {
    PERI_CHARS_BLANK = 1,
    PERI_CHARS_START = 2, /* a name may begin with it */
    PERI_CHARS_NAME = 4,  /* or go on with it */
    PERI_CHARS_TEXT = 8,  /* stands for itself between tags and means nothing else: not < & ] CR */
    PERI_CHARS_VALUE = 16 /* likewise in an attribute: not < & quotes and blanks but the space */
};

/* By byte: the flags above. */
extern const uint8_t peri_chars_class[256];

/* Reads the character that begins at a byte over 0x7F: its length, or 0 when it is not UTF-8, or
 * not whole, or none of those that XML allows. */
size_t peri_chars_decode(const char *bytes, size_t len, uint32_t *out);

/* Writes a character; returns its length, at most 4. */
size_t peri_chars_encode(uint32_t c, char *out);

/* Whether XML allows a character at all; a name to begin with it; a name to go on with it. */
bool peri_chars_is_xml(uint32_t c);
bool peri_chars_is_start(uint32_t c);
bool peri_chars_is_name(uint32_t c);

/* Reads "&amp;", "&#38;" or "&#x26;": its length, or 0 when it is none of those, or not whole. */
size_t peri_chars_reference(const char *bytes, size_t len, uint32_t *out);

/* Whether that may become one when more bytes come. */
bool peri_chars_may_be_reference(const char *bytes, size_t len);

#endif
