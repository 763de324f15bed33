/* scan.c: bytes of XML to tokens, over libxml2's push parser.
 *
 * An element is written down when its start tag comes, and is open until it is known whether it is
 * a leaf: the next tag tells. The open one, always the last, is not handed out; with its text it is
 * carried over when the next piece of the input is parsed. */
#include "bindings/soap/scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "runtime/base/buf.h"
#include "runtime/base/limits.h"

enum { PIECE = 16 * 1024, FIRST_TOKENS = 512 };

struct peri_scan {
    struct peri_vocabulary *words;
    xmlParserCtxtPtr parser;
    const char *input; /* what was fed and is not yet parsed */
    size_t input_len;
    struct peri_scan_token *tokens;
    size_t count, size, next; /* tokens: written, room for, to be read */
    struct peri_buf text;     /* of the leaves in tokens */
    size_t depth;
    bool has_root;    /* the first tag came */
    bool is_open;     /* the last token's element has had no other tag in it so far */
    bool has_input;   /* there was a byte */
    bool is_last;     /* peri_scan_finish was called */
    bool is_complete; /* the parser has seen the end */
    bool has_failed;
    struct peri_error error; /* why */
};

/* Ends it, saying why. */
PERI_PRINTF(3, 4)
static void fail(struct peri_scan *s, enum peri_error_code code, const char *format, ...)
{
    char message[PERI_ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    if (!s->has_failed)
        peri_error_set(&s->error, code, "%s", message);
    s->has_failed = true;
    xmlStopParser(s->parser);
}

static const char *kept(struct peri_scan *s, const xmlChar *from, const xmlChar *to)
{
    const char *name = peri_vocabulary_intern(s->words, (const char *)from, (size_t)(to - from));
    if (name != NULL)
        return name;
    fail(s, PERI_E_LIMIT, "the answer has too many different names");
    return "";
}

static const xmlChar *after_prefix(const xmlChar *from, const xmlChar *to)
{
    const xmlChar *colon = memchr(from, ':', (size_t)(to - from));
    return colon == NULL ? from : colon + 1;
}

/* attribute: local name, prefix, namespace, begin and end of the value */
static void read_attribute(struct peri_scan *s, struct peri_scan_token *token,
                           const xmlChar **attribute)
{
    const char *name = (const char *)attribute[0], *uri = (const char *)attribute[2];
    bool is_xsi = uri == peri_vocabulary_word(s->words, PERI_WORD_XSI_URI);
    if (name == peri_vocabulary_word(s->words, PERI_WORD_TYPE)) {
        if (uri == NULL)
            token->type = kept(s, attribute[3], attribute[4]);
        else if (is_xsi)
            token->xsi_type = kept(s, after_prefix(attribute[3], attribute[4]), attribute[4]);
    } else if (is_xsi && name == peri_vocabulary_word(s->words, PERI_WORD_NIL)) {
        token->is_nil =
            attribute[3] != attribute[4] && (*attribute[3] == 't' || *attribute[3] == '1');
    }
}

static struct peri_scan_token *add_token(struct peri_scan *s)
{
    if (s->count == s->size) {
        s->size = s->size == 0 ? FIRST_TOKENS : s->size * 2;
        s->tokens = peri_realloc(s->tokens, s->size * sizeof(*s->tokens));
    }
    return &s->tokens[s->count++];
}

/* Another tag came inside the open element: it is no leaf, and its text so far is only layout. */
static void settle_open(struct peri_scan *s)
{
    if (!s->is_open)
        return;
    struct peri_scan_token *open = &s->tokens[s->count - 1];
    open->kind = PERI_SCAN_START;
    s->text.len = open->text_at;
}

static void on_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int declared, const xmlChar **declarations, int count, int defaulted,
                     const xmlChar **attributes)
{
    struct peri_scan *s = user;
    (void)prefix, (void)declared, (void)declarations, (void)defaulted;
    settle_open(s);
    s->has_root = true;
    if (++s->depth > PERI_LIMIT_XML_DEPTH) {
        fail(s, PERI_E_LIMIT, "the answer has elements over %d deep", PERI_LIMIT_XML_DEPTH);
        return;
    }
    struct peri_scan_token *token = add_token(s);
    *token = (struct peri_scan_token){.kind = PERI_SCAN_LEAF,
                                      .name = (const char *)name,
                                      .uri = (const char *)uri,
                                      .text_at = s->text.len};
    s->is_open = true;
    for (int i = 0; i < count; i++)
        read_attribute(s, token, attributes + (ptrdiff_t)i * 5);
}

static void on_text(void *user, const xmlChar *bytes, int len)
{
    struct peri_scan *s = user;
    if (!s->is_open)
        return;
    if (s->text.len - s->tokens[s->count - 1].text_at + (size_t)len > PERI_LIMIT_XML_TEXT ||
        !peri_buf_add(&s->text, bytes, (size_t)len, NULL))
        fail(s, PERI_E_LIMIT, "the answer has a text of over %lu bytes", PERI_LIMIT_XML_TEXT);
}

static void on_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct peri_scan *s = user;
    (void)name, (void)prefix, (void)uri;
    s->depth--;
    if (s->is_open) {
        struct peri_scan_token *leaf = &s->tokens[s->count - 1];
        leaf->text.len = s->text.len - leaf->text_at;
        s->is_open = false;
    } else {
        *add_token(s) = (struct peri_scan_token){.kind = PERI_SCAN_END};
    }
}

static void on_doctype(void *user, const xmlChar *name, const xmlChar *public_id,
                       const xmlChar *system_id)
{
    (void)name, (void)public_id, (void)system_id;
    fail(user, PERI_E_SOAP_XML, "the answer has a DOCTYPE, which SOAP forbids");
}

/* libxml2's message ends in a newline. */
static void on_error(void *user, xmlErrorPtr problem)
{
    struct peri_scan *s = user;
    if (s->has_failed || problem->level != XML_ERR_FATAL)
        return;
    int len = problem->message == NULL ? 0 : (int)strcspn(problem->message, "\n");
    s->has_failed = true;
    if (problem->code == XML_ERR_NO_MEMORY) /* as its dictionary says that the limit is reached */
        peri_error_set(&s->error, PERI_E_LIMIT, "the answer has too many different names");
    else if (!s->has_root)
        peri_error_set(&s->error, PERI_E_SOAP_XML, "the answer is not XML");
    else
        peri_error_set(&s->error, PERI_E_SOAP_XML,
                       "the answer is not well-formed XML, line %d: %.*s", problem->line, len,
                       len == 0 ? "" : problem->message);
}

static xmlSAXHandler handlers(void)
{
    return (xmlSAXHandler){
        .initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .internalSubset = on_doctype,
        .serror = on_error,
    };
}

/* What libxml2 cannot lay to a parser it prints; parse() sees that something was wrong. */
static void ignore(void *context, const char *format, ...)
{
    (void)context, (void)format;
}

struct peri_scan *peri_scan_new(struct peri_vocabulary *v)
{
    struct peri_scan *s = peri_alloc(sizeof(*s));
    xmlSAXHandler sax = handlers();
    s->words = peri_vocabulary_hold(v);
    peri_buf_init(&s->text, PERI_LIMIT_XML_TEXT + PIECE);
    xmlSetGenericErrorFunc(NULL, ignore);
    s->parser = xmlCreatePushParserCtxt(&sax, s, NULL, 0, NULL);
    xmlCtxtUseOptions(s->parser, XML_PARSE_IGNORE_ENC | XML_PARSE_NONET);
    xmlDictFree(s->parser->dict);
    s->parser->dict = peri_vocabulary_dict(v);
    xmlDictReference(s->parser->dict);
    return s;
}

void peri_scan_free(struct peri_scan *s)
{
    if (s == NULL)
        return;
    xmlFreeParserCtxt(s->parser);
    peri_vocabulary_free(s->words);
    peri_buf_deinit(&s->text);
    peri_free(s->tokens);
    peri_free(s);
}

void peri_scan_feed(struct peri_scan *s, const char *bytes, size_t len)
{
    s->input = bytes;
    s->input_len = len;
}

void peri_scan_finish(struct peri_scan *s)
{
    s->is_last = true;
}

/* Forgets the tokens that were read, but carries the open one and its text to the front. */
static void make_room(struct peri_scan *s)
{
    s->next = 0;
    if (!s->is_open) {
        s->count = 0;
        peri_buf_clear(&s->text);
        return;
    }
    struct peri_scan_token open = s->tokens[s->count - 1];
    s->text.len -= open.text_at;
    if (s->text.len > 0)
        memmove(s->text.data, s->text.data + open.text_at, s->text.len);
    open.text_at = 0;
    s->tokens[0] = open;
    s->count = 1;
}

/* A tag that does not end keeps the parser from consuming its input. */
static void check_waiting(struct peri_scan *s)
{
    xmlParserInputPtr input = s->parser->input;
    if (input == NULL || (size_t)(input->end - input->cur) <= PERI_LIMIT_XML_TAG)
        return;
    fail(s, PERI_E_LIMIT, "the answer has a tag of over %lu bytes", PERI_LIMIT_XML_TAG);
}

/* What is wrong with a document that is over; libxml2 only says what it missed. */
static void check_end(struct peri_scan *s, bool had_failed)
{
    if (had_failed || s->parser->wellFormed)
        return;
    s->has_failed = true;
    if (!s->has_input)
        peri_error_set(&s->error, PERI_E_SOAP_XML, "the answer is empty");
    else if (s->depth > 0 || s->error.code == PERI_E_NONE)
        peri_error_set(&s->error, PERI_E_SOAP_XML, "the answer ends in the middle");
    else
        return;
    peri_error_hint(&s->error, "the connection, or something in between, cut it off");
}

/* Parses the next piece of the input, or its end. */
static void parse(struct peri_scan *s)
{
    size_t len = s->input_len < PIECE ? s->input_len : PIECE;
    bool had_failed = s->has_failed;
    make_room(s);
    s->is_complete = len == 0;
    s->has_input = s->has_input || len > 0;
    xmlParseChunk(s->parser, s->input, (int)len, s->is_complete);
    s->input += len;
    s->input_len -= len;
    if (s->is_complete)
        check_end(s, had_failed);
    else if (!s->has_failed && s->parser->disableSAX)
        fail(s, PERI_E_SOAP_XML, "the answer is not in UTF-8");
    else if (!s->has_failed)
        check_waiting(s);
}

static enum peri_scan_state state_without_token(struct peri_scan *s, struct peri_error *err)
{
    if (s->has_failed) {
        *err = s->error;
        return PERI_SCAN_ERROR;
    }
    return s->is_complete ? PERI_SCAN_DONE : PERI_SCAN_MORE;
}

enum peri_scan_state peri_scan_next(struct peri_scan *s, const struct peri_scan_token **out,
                                    struct peri_error *err)
{
    while (s->next + (s->is_open ? 1 : 0) >= s->count) {
        bool has_input = s->input_len > 0 || (s->is_last && !s->is_complete);
        if (s->has_failed || !has_input)
            return state_without_token(s, err);
        parse(s);
    }
    struct peri_scan_token *token = &s->tokens[s->next++];
    token->text.data = s->text.len == 0 ? "" : s->text.data + token->text_at;
    *out = token;
    return PERI_SCAN_TOKEN;
}

const char *peri_scan_release(void)
{
    return LIBXML_DOTTED_VERSION;
}
