/* content.c: the window on the input, and all that is no tag. */
#include "bindings/soap/content.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bindings/soap/chars.h"
#include "runtime/base/limits.h"

enum { PIECE = 16 * 1024 };

/* ---- what is wrong ---- */

static enum peri_content_step stop(struct peri_content *c)
{
    c->has_failed = true;
    return PERI_CONTENT_STOP;
}

enum peri_content_step peri_content_limit(struct peri_content *c, const char *format, ...)
{
    char message[PERI_ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    peri_error_set(&c->error, PERI_E_LIMIT, "%s", message);
    return stop(c);
}

enum peri_content_step peri_content_wrong(struct peri_content *c, const char *problem)
{
    if (c->has_root)
        peri_error_set(&c->error, PERI_E_SOAP_XML,
                       "the answer is not well-formed XML, byte %zu: %s", c->before + c->at + 1,
                       problem);
    else
        peri_error_set(&c->error, PERI_E_SOAP_XML, "the answer is not XML");
    return stop(c);
}

enum peri_content_step peri_content_cut_off(struct peri_content *c)
{
    bool is_empty = c->before + c->len == 0;
    peri_error_set(&c->error, PERI_E_SOAP_XML,
                   is_empty ? "the answer is empty" : "the answer ends in the middle");
    peri_error_hint(&c->error, "the connection, or something in between, cut it off");
    return stop(c);
}

/* ---- the window ---- */

/* Puts the text that is in the window, up to a place, aside. */
static bool put_aside(struct peri_content *c, size_t end)
{
    size_t from = c->run;
    c->run = end;
    if (!c->is_open || from == end)
        return true;
    if (peri_buf_add(&c->text, c->window + from, end - from, NULL))
        return true;
    peri_content_limit(c, "the answer has a text of over %lu bytes", PERI_LIMIT_XML_TEXT);
    return false;
}

/* Moves what is not read yet to the front of the window and the next piece behind it. */
enum peri_content_step peri_content_refill(struct peri_content *c)
{
    size_t left = c->len - c->at, len = c->input_len < PIECE ? c->input_len : PIECE;
    if (left > PERI_LIMIT_XML_TAG)
        return peri_content_limit(c, "the answer has a tag of over %lu bytes", PERI_LIMIT_XML_TAG);
    if (!put_aside(c, c->at))
        return PERI_CONTENT_STOP;
    if (left + len >= c->size) {
        c->size = left + len + 1;
        c->window = peri_realloc(c->window, c->size);
    }
    if (left > 0)
        memmove(c->window, c->window + c->at, left);
    memcpy(c->window + left, c->input, len);
    c->before += c->at;
    c->len = left + len;
    c->at = c->run = 0;
    c->window[c->len] = '\0';
    c->input += len;
    c->input_len -= len;
    return PERI_CONTENT_GO_ON;
}

/* ---- text ---- */

/* A reference, of which the text is what it stands for. */
static enum peri_content_step reference(struct peri_content *c)
{
    uint32_t character;
    char bytes[4];
    const char *from = c->window + c->at;
    size_t left = c->len - c->at, len = peri_chars_reference(from, left, &character);
    if (len == 0 && peri_chars_may_be_reference(from, left))
        return PERI_CONTENT_NEED;
    if (len == 0)
        return peri_content_wrong(c, "a reference to what is not known");
    if (!put_aside(c, c->at))
        return PERI_CONTENT_STOP;
    c->at += len;
    c->run = c->at;
    if (c->is_open && !peri_buf_add(&c->text, bytes, peri_chars_encode(character, bytes), NULL))
        return peri_content_limit(c, "the answer has a text of over %lu bytes",
                                  PERI_LIMIT_XML_TEXT);
    return PERI_CONTENT_GO_ON;
}

/* The end of a line may be CR LF or CR, and is always a newline in the text. */
static enum peri_content_step carriage_return(struct peri_content *c)
{
    if (c->at + 1 == c->len && !(c->is_last && c->input_len == 0))
        return PERI_CONTENT_NEED;
    if (!put_aside(c, c->at))
        return PERI_CONTENT_STOP;
    if (c->window[c->at + 1] != '\n')
        c->window[c->at] = '\n';
    else
        c->at++;
    c->run = c->at++;
    return PERI_CONTENT_GO_ON;
}

static enum peri_content_step wide_character(struct peri_content *c)
{
    uint32_t character;
    size_t left = c->len - c->at, len = peri_chars_decode(c->window + c->at, left, &character);
    c->at += len;
    if (len > 0)
        return PERI_CONTENT_GO_ON;
    return left < 4 ? PERI_CONTENT_NEED : peri_content_wrong(c, "bytes that are no UTF-8");
}

/* A character of a text that is not plain, and not '<'. */
static enum peri_content_step odd_character(struct peri_content *c)
{
    const char *from = c->window + c->at;
    size_t left = c->len - c->at;
    if (left == 0)
        return PERI_CONTENT_NEED;
    if ((unsigned char)*from >= 0x80)
        return wide_character(c);
    switch (*from) {
    case '&':
        if (!c->is_cdata)
            return reference(c);
        c->at++;
        return PERI_CONTENT_GO_ON;
    case '\r':
        return carriage_return(c);
    case ']':
        if (memcmp(from, "]]>", left < 3 ? left : 3) == 0) {
            if (left < 3)
                return PERI_CONTENT_NEED;
            return peri_content_wrong(c, "]]> outside of a CDATA section");
        }
        c->at++;
        return PERI_CONTENT_GO_ON;
    default:
        return peri_content_wrong(c, "a character that XML does not have");
    }
}

static void skip_plain(struct peri_content *c)
{
    const char *at = c->window + c->at;
    while (peri_chars_class[(unsigned char)*at] & PERI_CHARS_TEXT)
        at++;
    c->at = (size_t)(at - c->window);
}

/* Between the brackets of a CDATA section, to behind its end. */
static enum peri_content_step read_cdata(struct peri_content *c)
{
    for (;;) {
        enum peri_content_step step = PERI_CONTENT_GO_ON;
        skip_plain(c);
        const char *at = c->window + c->at;
        size_t left = c->len - c->at;
        if (left > 2 && memcmp(at, "]]>", 3) == 0)
            break;
        if (*at == '<' || (*at == ']' && left > 2))
            c->at++;
        else
            step = odd_character(c);
        if (step != PERI_CONTENT_GO_ON)
            return step;
    }
    if (!put_aside(c, c->at))
        return PERI_CONTENT_STOP;
    c->at += 3;
    c->run = c->at;
    c->is_cdata = false;
    return PERI_CONTENT_GO_ON;
}

enum peri_content_step peri_content_read(struct peri_content *c)
{
    if (c->is_cdata && read_cdata(c) != PERI_CONTENT_GO_ON)
        return c->has_failed ? PERI_CONTENT_STOP : PERI_CONTENT_NEED;
    for (;;) {
        skip_plain(c);
        if (c->window[c->at] == '<')
            return PERI_CONTENT_GO_ON;
        enum peri_content_step step = odd_character(c);
        if (step != PERI_CONTENT_GO_ON)
            return step;
    }
}

/* ---- what begins with "<!" or "<?" ---- */

/* Whether the window has these bytes at the place that is read; PERI_CONTENT_NEED: it may have
 * them. */
enum peri_content_step peri_content_expect(const struct peri_content *c, const char *bytes)
{
    size_t len = strlen(bytes), left = c->len - c->at;
    if (memcmp(c->window + c->at, bytes, left < len ? left : len) != 0)
        return PERI_CONTENT_STOP;
    return left < len ? PERI_CONTENT_NEED : PERI_CONTENT_GO_ON;
}

/* Moves at to the two hyphens that end what a comment says: characters of XML. */
static enum peri_content_step skip_comment(struct peri_content *c, size_t *at)
{
    for (;;) {
        const char *from = c->window + *at;
        unsigned char first = (unsigned char)*from;
        uint32_t wide;
        size_t left = c->len - *at;
        if (first == '-' && left > 1 && from[1] == '-')
            return PERI_CONTENT_GO_ON;
        size_t len = first < 0x80 ? peri_chars_is_xml(first) : peri_chars_decode(from, left, &wide);
        if (len == 0)
            return left < 4 && (left == 0 || first >= 0x80)
                       ? PERI_CONTENT_NEED
                       : peri_content_wrong(c, "a comment with a wrong character");
        *at += len;
    }
}

static enum peri_content_step read_comment(struct peri_content *c)
{
    size_t start = c->at, at = start + 4;
    enum peri_content_step step = skip_comment(c, &at);
    if (step != PERI_CONTENT_GO_ON)
        return step;
    if (at + 2 == c->len)
        return PERI_CONTENT_NEED;
    if (c->window[at + 2] != '>')
        return peri_content_wrong(c, "-- inside a comment");
    if (!put_aside(c, start))
        return PERI_CONTENT_STOP;
    c->at = c->run = at + 3;
    return PERI_CONTENT_GO_ON;
}

static enum peri_content_step begin_cdata(struct peri_content *c)
{
    if (c->depth == 0)
        return peri_content_wrong(c, "text outside of the root element");
    if (!put_aside(c, c->at))
        return PERI_CONTENT_STOP;
    c->at += strlen("<![CDATA[");
    c->run = c->at;
    c->is_cdata = true;
    return PERI_CONTENT_GO_ON;
}

static enum peri_content_step processing_instruction(struct peri_content *c)
{
    peri_error_set(&c->error, PERI_E_SOAP_XML,
                   "the answer has a processing instruction, which SOAP forbids");
    return stop(c);
}

enum peri_content_step peri_content_special(struct peri_content *c)
{
    static const struct {
        const char *bytes;
        enum peri_content_step (*read)(struct peri_content *c);
    } known[] = {{"<!--", read_comment}, {"<![CDATA[", begin_cdata}};
    if (c->window[c->at + 1] == '?')
        return processing_instruction(c);
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        enum peri_content_step step = peri_content_expect(c, known[i].bytes);
        if (step != PERI_CONTENT_STOP)
            return step == PERI_CONTENT_GO_ON ? known[i].read(c) : PERI_CONTENT_NEED;
    }
    enum peri_content_step step =
        c->has_root ? PERI_CONTENT_STOP : peri_content_expect(c, "<!DOCTYPE");
    if (step != PERI_CONTENT_GO_ON)
        return step == PERI_CONTENT_NEED ? PERI_CONTENT_NEED
                                         : peri_content_wrong(c, "<! before what is not known");
    peri_error_set(&c->error, PERI_E_SOAP_XML, "the answer has a DOCTYPE, which SOAP forbids");
    return stop(c);
}

enum peri_content_step peri_content_text(struct peri_content *c, struct peri_str *out)
{
    if (c->text.len == 0) {
        *out = (struct peri_str){c->window + c->run, c->at - c->run};
        return PERI_CONTENT_GO_ON;
    }
    if (!put_aside(c, c->at))
        return PERI_CONTENT_STOP;
    *out = (struct peri_str){c->text.data, c->text.len};
    return PERI_CONTENT_GO_ON;
}

void peri_content_init(struct peri_content *c)
{
    *c = (struct peri_content){0};
    peri_buf_init(&c->text, PERI_LIMIT_XML_TEXT);
}

void peri_content_deinit(struct peri_content *c)
{
    peri_buf_deinit(&c->text);
    peri_free(c->window);
}
