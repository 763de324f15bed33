/* frame.h: the inside of a decoder: the elements that are open, and the values they build.
 *
 * For decode.c, which knows the envelope around the values, and frame.c, which knows the values. A
 * frame's mode says what an element inside it means. */
#ifndef PERI_FRAME_H
#define PERI_FRAME_H

#include "bindings/soap/scan.h"
#include "bindings/soap/sink.h"
#include "runtime/base/buf.h"

enum peri_frame_mode {
    PERI_FRAME_DOCUMENT, /* outside of the envelope */
    PERI_FRAME_ENVELOPE,
    PERI_FRAME_BODY,
    PERI_FRAME_RESPONSE,
    PERI_FRAME_FAULT,
    PERI_FRAME_DETAIL,
    PERI_FRAME_OBJECT,   /* of a known type */
    PERI_FRAME_UNKNOWN,  /* an object of an unknown one */
    PERI_FRAME_LIST,     /* ArrayOf…: each element is an item */
    PERI_FRAME_ROW,      /* ObjectContent, in rows mode */
    PERI_FRAME_PROPERTY, /* DynamicProperty, likewise */
    PERI_FRAME_MISSING,  /* MissingProperty, likewise */
    PERI_FRAME_SKIP
};

#define PERI_FRAME_NO_SLOT (-1)

struct peri_frame {
    enum peri_frame_mode mode;
    bool is_list_open;            /* an array field is being filled: its list is open in the sink */
    struct peri_sink_place place; /* of the value this frame builds */
    struct peri_sink_shape shape; /* of that value */
    const struct peri_schema_type *type;
    const char **names; /* PERI_FRAME_OBJECT: of the fields of type */
    int slot;           /* the last field seen, or NO_SLOT */
    int furthest;       /* the furthest field seen */
    uint32_t count;     /* fields or items put */
    uint32_t items;     /* in the open list */
};

struct peri_decode {
    struct peri_vocabulary *words;
    struct peri_scan *scan;
    const struct peri_sink *sink; /* of the present step */
    struct peri_frame *frames;
    size_t depth, size;                       /* frames open, room for */
    struct peri_buf binary;                   /* bytes of the last base64 */
    struct peri_buf path;                     /* the property that a row's next value is of */
    const struct peri_schema_type *rows_type; /* RetrieveResult in rows mode, else NULL */
    const struct peri_schema_type *property_types[2]; /* whose values are read, never sent */
    uint16_t rows_field;                              /* its `objects` */
    bool may_be_list;                                 /* the result of an unknown method */
    bool has_row;                                     /* the last token closed a row */
    bool has_content;                                 /* the body's first element came */
    bool is_fault;
    bool has_failed;
    struct peri_error error;
};

/* A word of the protocol, to compare a token's name with. */
const char *peri_frame_word(const struct peri_decode *d, enum peri_word w);

/* The innermost frame, and a new one inside it; valid until the next push. */
struct peri_frame *peri_frame_top(struct peri_decode *d);
struct peri_frame *peri_frame_push(struct peri_decode *d, enum peri_frame_mode mode);

/* Opens the frame's value in the sink, as its place and shape say. */
void peri_frame_open(struct peri_decode *d, struct peri_frame *f);

/* Ends the innermost frame, and its value if it builds one. */
void peri_frame_end(struct peri_decode *d);

/* Where a root value, or one under a name, belongs. */
struct peri_sink_place peri_frame_root(void);
struct peri_sink_place peri_frame_named(enum peri_sink_place_kind kind, const char *name);

/* An element whose content is dropped. Returns true. */
bool peri_frame_skip(struct peri_decode *d, const struct peri_scan_token *token);

/* The value of an element declared to be of a type, or NULL: of any. In what was declared to be of
 * anyType a scalar tells its type, unless it is the one that such a scalar is encoded as. Like all
 * that follow, false with d->error set when the element is wrong. */
bool peri_frame_value(struct peri_decode *d, const struct peri_scan_token *token,
                      const struct peri_schema_type *declared, const struct peri_sink_place *place);

/* The next item of a frame that is a list. */
bool peri_frame_item(struct peri_decode *d, struct peri_frame *f,
                     const struct peri_scan_token *token);

/* An element in a frame of one of the modes that are values. */
bool peri_frame_element(struct peri_decode *d, struct peri_frame *f,
                        const struct peri_scan_token *token);

/* Notes that d->error is set; returns false. */
bool peri_frame_fail(struct peri_decode *d);

#endif
