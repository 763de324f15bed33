/* writer.h: the inside of an encoder: elements without parts, and what is wrong with a value.
 *
 * For encode.c, which knows values with parts. Every function returns false with the error set, its
 * path included, when it fails. */
#ifndef PERI_WRITER_H
#define PERI_WRITER_H

#include "bindings/schema/schema.h"
#include "bindings/soap/path.h"
#include "bindings/soap/source.h"
#include "runtime/base/buf.h"

struct peri_writer {
    const struct peri_source *source;
    struct peri_buf *out;
    struct peri_error *err;
    struct peri_path path; /* of the value being encoded */
    uint8_t service;
    uint8_t version;      /* number of the service's API version; 0: not known */
    uint8_t core_version; /* of the core's, likewise, where the service is another */
    uint8_t space;        /* the service in whose namespace the next element is */
    uint8_t scope;        /* that of the default namespace where it will stand */
};

/* How long the name of a type can become with its prefix. */
enum { PERI_WRITER_TYPE_SIZE = 160 };

/* Writes the name of a type, or of its array, for the xsi:type of the next element. */
void peri_writer_type(const struct peri_writer *w, const struct peri_schema_type *type,
                      bool is_array, char out[PERI_WRITER_TYPE_SIZE]);

/* Whether a text can be the name of something in the API: letters, digits and _. */
bool peri_writer_is_name(struct peri_str text);

/* Whether something came with a version newer than the server's. */
bool peri_writer_is_too_new(const struct peri_writer *w, uint8_t service, uint8_t since);

/* Adds the path to the error that is set. Returns false. */
bool peri_writer_fail(struct peri_writer *w);

/* Fails: a value of another type is expected, in words. */
bool peri_writer_wrong(struct peri_writer *w, const char *expected,
                       const struct peri_source_value *value);

/* Adds path and nearest name (NULL: none) to the error that is set. Returns false. */
bool peri_writer_suggest(struct peri_writer *w, const char *name);

/* Fails: what is named came with that version of a service, newer than the server's. */
bool peri_writer_too_new(struct peri_writer *w, enum peri_error_code code, const char *name,
                         uint8_t service, uint8_t since);

/* Appends a string as it is. */
bool peri_writer_add(struct peri_writer *w, const char *string);

/* Appends a start tag, with xsi:type unless that is NULL, and an end tag. Between the two, scope is
 * the namespace of the element; who writes elements inside another sets it back after that. */
bool peri_writer_begin(struct peri_writer *w, struct peri_str name, const char *xsi_type);
bool peri_writer_end(struct peri_writer *w, struct peri_str name);

/* Appends a reference as an element. */
bool peri_writer_reference(struct peri_writer *w, struct peri_str tag, const char *xsi_type,
                           const struct peri_scalar *value);

/* Appends the element of a value that was declared to be of a type without parts, after checking
 * that it is. */
bool peri_writer_scalar(struct peri_writer *w, struct peri_str tag, const char *xsi_type,
                        const struct peri_schema_type *type, const struct peri_source_value *value);

#endif
