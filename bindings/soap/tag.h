/* tag.h: the start tag of an element, as it stands in the input. */
#ifndef PERI_TAG_H
#define PERI_TAG_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/limits.h"
#include "runtime/base/str.h"

struct peri_tag_attribute {
    struct peri_str name;
    struct peri_str value; /* between the quotes */
    bool is_plain;         /* the value stands for itself: no references, no blanks but spaces */
};

struct peri_tag {
    struct peri_str name;
    struct peri_tag_attribute attributes[PERI_LIMIT_XML_ATTRIBUTES];
    size_t count;
    bool is_empty;   /* it ends its element too */
    const char *end; /* behind it */
};

enum peri_tag_state {
    PERI_TAG_WHOLE,
    PERI_TAG_PART,  /* the input ends before it does */
    PERI_TAG_WRONG, /* *problem says why */
    PERI_TAG_LIMIT  /* it has too many attributes */
};

/* Reads the tag whose '<' is at bytes; bytes[len] is a NUL. All slices are of the input. */
enum peri_tag_state peri_tag_read(const char *bytes, size_t len, struct peri_tag *tag,
                                  const char **problem);

/* Reads what may follow the '<' that bytes begin with when that is "?xml": the declaration, of
 * which nothing is kept; *end is behind it. */
enum peri_tag_state peri_tag_declaration(const char *bytes, size_t len, const char **end,
                                         const char **problem);

/* Writes an attribute's value to out, which has room for as many bytes: references resolved, blanks
 * made spaces. Returns its length. */
size_t peri_tag_value(const struct peri_tag_attribute *attribute, char *out);

#endif
