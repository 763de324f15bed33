/* content.h: the inside of a scanner: the window on the input, and all that is no tag.
 *
 * For scan.c, which knows the tags. The input goes piece by piece into a window that ends in a NUL,
 * which XML does not have: so the loops over it need look at no length. What the end of the window
 * cuts (a tag, a reference, a character) is read again from its beginning when the next piece has
 * come; of a text, what came so far is put aside. */
#ifndef PERI_CONTENT_H
#define PERI_CONTENT_H

#include "runtime/base/buf.h"
#include "runtime/base/str.h"

/* What reading a bit of the window came to. */
enum peri_content_step {
    PERI_CONTENT_GO_ON, /* it was read */
    PERI_CONTENT_TOKEN, /* and is a token */
    PERI_CONTENT_NEED,  /* it may go on behind the window */
    PERI_CONTENT_STOP   /* it is wrong, and error says why */
};

struct peri_content {
    const char *input; /* what was fed and is not yet in the window */
    size_t input_len;
    char *window;
    size_t len, size; /* of the window: bytes, room */
    size_t at;        /* what was read of it */
    size_t run;       /* where the part of the open element's text begins that is not in `text` */
    size_t before;    /* bytes of the input before the window */
    struct peri_buf text; /* of the open element, as far as it is not in the window as it is */
    size_t depth;         /* elements that have begun and not ended */
    bool has_root;        /* the first of them came */
    bool is_open;         /* the innermost has had no other tag in it so far */
    bool is_cdata;        /* in a CDATA section */
    bool is_last;         /* there is no more input than that */
    bool has_failed;
    struct peri_error error; /* why */
};

/* Makes one without input; deinit frees what it holds. */
void peri_content_init(struct peri_content *c);
void peri_content_deinit(struct peri_content *c);

/* Each of these fails, for good, and returns PERI_CONTENT_STOP: for what is not well-formed, past a
 * limit, for input that ends too early. */
enum peri_content_step peri_content_wrong(struct peri_content *c, const char *problem);
enum peri_content_step peri_content_limit(struct peri_content *c, const char *format, ...)
    PERI_PRINTF(2, 3);
enum peri_content_step peri_content_cut_off(struct peri_content *c);

/* Moves what is not read yet to the front of the window and the next piece behind it. */
enum peri_content_step peri_content_refill(struct peri_content *c);

/* Whether the window has these bytes at the place that is read; NEED: it may have them. */
enum peri_content_step peri_content_expect(const struct peri_content *c, const char *bytes);

/* Reads text up to the next '<', which may be there. */
enum peri_content_step peri_content_read(struct peri_content *c);

/* Reads what begins with "<!" or "<?". */
enum peri_content_step peri_content_special(struct peri_content *c);

/* The text of the open element, which ends here; valid until the window is filled again. */
enum peri_content_step peri_content_text(struct peri_content *c, struct peri_str *out);

#endif
