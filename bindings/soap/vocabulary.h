/* vocabulary.h: the names met in XML, each kept once, so that they are compared by pointer.
 *
 * Decoders share one: it remembers, beside the names, which type each of them is and what the
 * fields of the types met so far are called. Names from outside stay until it is freed, so whoever
 * makes decoders starts a new one when peri_vocabulary_is_full. */
#ifndef PERI_VOCABULARY_H
#define PERI_VOCABULARY_H

#include "bindings/schema/schema.h"
#include "bindings/soap/word.h"

struct peri_vocabulary;

/* What an xsi:type names. */
struct peri_vocabulary_meaning {
    const struct peri_schema_type *type; /* NULL when the schema does not know it */
    bool is_array;                       /* it is ArrayOf that type */
};

/* A kept name, as it stands in a tag. A pointer to local or prefix is that of the same string kept
 * by itself. */
struct peri_vocabulary_name {
    struct peri_vocabulary_name *next; /* used by vocabulary.c, as are the four below */
    uint32_t hash;
    bool is_split, has_meaning;
    struct peri_vocabulary_meaning meaning;
    const char *local;  /* the part after the colon; text, if there is none */
    const char *prefix; /* NULL: there is none */
    size_t len;         /* of text */
    char text[];        /* NUL-terminated */
};

/* Makes an empty one for answers of a service, held once by the caller. */
struct peri_vocabulary *peri_vocabulary_new(uint8_t service);

/* The service it is for: names of types and methods are looked for there. */
uint8_t peri_vocabulary_service(const struct peri_vocabulary *v);

/* Holds it once more; returns it. */
struct peri_vocabulary *peri_vocabulary_hold(struct peri_vocabulary *v);

/* Lets go of it; the last one frees it. NULL is fine. */
void peri_vocabulary_free(struct peri_vocabulary *v);

/* Whether its names take more than half of PERI_LIMIT_XML_NAMES, which they cannot pass. */
bool peri_vocabulary_is_full(const struct peri_vocabulary *v);

/* A name as kept; owned by the vocabulary. NULL when they took too much memory. */
const struct peri_vocabulary_name *peri_vocabulary_name(struct peri_vocabulary *v,
                                                        const char *bytes, size_t len);

/* The text of that: NUL-terminated, the same pointer each time. */
const char *peri_vocabulary_intern(struct peri_vocabulary *v, const char *bytes, size_t len);

/* The kept form of a word of the protocol. */
const char *peri_vocabulary_word(const struct peri_vocabulary *v, enum peri_word word);

/* The kept names of the fields of a data type that were met, in the order of the wire; NULL for the
 * others. Whoever meets one fills it in. */
const char **peri_vocabulary_fields(struct peri_vocabulary *v, const struct peri_schema_type *type);

/* What a kept string, without prefix, means as an xsi:type. A name the schema lacks that ends in
 * "Fault" is taken without it: some servers send the names of their own language's types. */
struct peri_vocabulary_meaning peri_vocabulary_meaning(struct peri_vocabulary *v, const char *kept);

#endif
