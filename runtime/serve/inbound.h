/* inbound.h: a request as it comes in: bytes in any pieces become a head and a body, or a refusal.
 *
 * The head is checked by rules stricter than the parser's before that sees it, so that no two
 * programs can read two requests out of the same bytes: each line ends with CR LF, no line is
 * continued, no name has a space behind it, lengths are said once and in one way. */
#ifndef PERI_INBOUND_H
#define PERI_INBOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <llhttp/llhttp.h>

#include "runtime/base/buf.h"
#include "runtime/base/str.h"

struct peri_inbound_limits {
    size_t head;     /* bytes of request line and fields; past them 431 */
    size_t target;   /* bytes of the target; 414 */
    size_t body;     /* bytes of the body, decoded; 413 */
    unsigned fields; /* 431 */
};

struct peri_inbound_field {
    uint32_t name, name_len, value, value_len; /* in the head */
};

enum peri_inbound_state {
    PERI_INBOUND_EMPTY, /* nothing of it has come */
    PERI_INBOUND_HEAD,
    PERI_INBOUND_BODY,
    PERI_INBOUND_WHOLE,
    PERI_INBOUND_BAD, /* status and reason say why */
};

struct peri_inbound {
    const struct peri_inbound_limits *limits;
    enum peri_inbound_state state;
    llhttp_t parser;
    struct peri_buf head, body;
    struct peri_inbound_field *fields;
    unsigned count;
    uint64_t length; /* of the body, where it was said; 0 otherwise */
    struct peri_str method, target;
    const char *reason; /* of a refusal, for people */
    int status;         /* of a refusal */
    bool is_10;         /* HTTP/1.0 */
    bool is_last;       /* the sender wants no other request after it */
    bool has_length, is_chunked, has_host;
    bool is_expecting;  /* the sender waits to be told to go on before it sends the body */
    unsigned skipped;   /* bytes of an empty line before it */
    const char *framed; /* behind what was checked of the bytes at hand */
    size_t framing;     /* bytes between two pieces of the body */
    char before;        /* the last of these; NUL before the first */
};

/* Makes it ready for a request. limits are borrowed. */
void peri_inbound_init(struct peri_inbound *in, const struct peri_inbound_limits *limits);

/* Frees what it holds; it is as after peri_inbound_init. */
void peri_inbound_reset(struct peri_inbound *in);

/* Takes bytes in, up to the end of the request, and returns how many. The state says what is there;
 * a whole or bad request takes none. */
size_t peri_inbound_feed(struct peri_inbound *in, const char *bytes, size_t n);

/* The value of the next field of a name, in any case, from *at on (0 at first), which moves behind
 * it. False when there is none. */
bool peri_inbound_find(const struct peri_inbound *in, struct peri_str name, unsigned *at,
                       struct peri_str *value);

/* The field at a place, below count. */
void peri_inbound_field(const struct peri_inbound *in, unsigned at, struct peri_str *name,
                        struct peri_str *value);

#endif
