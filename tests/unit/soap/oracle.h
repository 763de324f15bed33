/* oracle.h: the tokens of XML, as text, from our scanner and from libxml2. For tests that compare.
 *
 * (name{uri}type:xsi type'text')   an element: NULLs are "-"; "!" stands for xsi:nil
 * (name{uri}type:xsi type (…))     one with elements in it */
#ifndef PERI_ORACLE_H
#define PERI_ORACLE_H

#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>

#include "bindings/soap/scan.h"
#include "runtime/base/buf.h"

#define XSI "http://www.w3.org/2001/XMLSchema-instance"

struct oracle {
    struct peri_buf text;
    size_t text_at; /* of the open element's text in `text` */
    bool is_open;   /* the innermost element has had no other tag in it so far */
    bool is_refused;
};

static void oracle_add(struct oracle *o, const char *bytes, size_t len)
{
    if (!peri_buf_add(&o->text, bytes, len, NULL))
        abort();
}

static void oracle_puts(struct oracle *o, const char *string)
{
    oracle_add(o, string == NULL ? "-" : string, string == NULL ? 1 : strlen(string));
}

static void oracle_init(struct oracle *o)
{
    *o = (struct oracle){0};
    peri_buf_init(&o->text, 1 << 28);
}

/* ---- ours ---- */

static void oracle_token(struct oracle *o, const struct peri_scan_token *token)
{
    if (token->kind == PERI_SCAN_END) {
        oracle_puts(o, ")");
        return;
    }
    oracle_puts(o, "(");
    oracle_puts(o, token->name);
    oracle_puts(o, "{");
    oracle_puts(o, token->uri);
    oracle_puts(o, "}");
    oracle_puts(o, token->type);
    oracle_puts(o, ":");
    oracle_puts(o, token->xsi_type);
    oracle_puts(o, token->is_nil ? "!" : " ");
    if (token->kind == PERI_SCAN_START)
        return;
    oracle_puts(o, "'");
    oracle_add(o, token->text.data, token->text.len);
    oracle_puts(o, "')");
}

static enum peri_scan_state oracle_drain(struct oracle *o, struct peri_scan *s,
                                         struct peri_error *err)
{
    const struct peri_scan_token *token;
    enum peri_scan_state state;
    while ((state = peri_scan_next(s, &token, err)) == PERI_SCAN_TOKEN)
        oracle_token(o, token);
    return state;
}

/* Scans bytes in chunks of a size; returns the code of the error, or PERI_E_NONE. */
static enum peri_error_code oracle_ours(struct oracle *o, struct peri_str bytes, size_t chunk)
{
    struct peri_vocabulary *v = peri_vocabulary_new(PERI_SCHEMA_CORE);
    struct peri_scan *s = peri_scan_new(v);
    struct peri_error err = {0};
    enum peri_scan_state state = PERI_SCAN_MORE;
    for (size_t at = 0; at < bytes.len && state == PERI_SCAN_MORE; at += chunk) {
        size_t len = bytes.len - at < chunk ? bytes.len - at : chunk;
        peri_scan_feed(s, bytes.data + at, len);
        state = oracle_drain(o, s, &err);
    }
    if (state == PERI_SCAN_MORE) {
        peri_scan_finish(s);
        state = oracle_drain(o, s, &err);
    }
    peri_scan_free(s);
    peri_vocabulary_free(v);
    return state == PERI_SCAN_DONE ? PERI_E_NONE : err.code;
}

/* ---- libxml2's ---- */

static bool oracle_is(const xmlChar *a, const char *b)
{
    return a != NULL && strcmp((const char *)a, b) == 0;
}

/* attribute: local name, prefix, namespace, begin and end of the value */
static const xmlChar **oracle_find(const xmlChar **attributes, int count, const char *name,
                                   const char *uri)
{
    for (int i = 0; i < count; i++, attributes += 5)
        if (oracle_is(attributes[0], name) &&
            (uri == NULL ? attributes[2] == NULL : oracle_is(attributes[2], uri)))
            return attributes;
    return NULL;
}

static void oracle_value(struct oracle *o, const xmlChar **attribute, bool drops_prefix)
{
    if (attribute == NULL) {
        oracle_puts(o, NULL);
        return;
    }
    const char *from = (const char *)attribute[3], *end = (const char *)attribute[4];
    const char *colon = drops_prefix ? memchr(from, ':', (size_t)(end - from)) : NULL;
    for (from = colon == NULL ? from : colon + 1; from < end; from++) {
        oracle_add(o, from, 1);
        if (end - from >= 5 && memcmp(from, "&#38;", 5) == 0)
            from += 4; /* as libxml2 writes an ampersand there */
    }
}

static void oracle_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                         int declared, const xmlChar **declarations, int count, int defaulted,
                         const xmlChar **attributes)
{
    struct oracle *o = user;
    const xmlChar **nil = oracle_find(attributes, count, "nil", XSI);
    (void)prefix, (void)declared, (void)declarations, (void)defaulted;
    if (o->is_open)
        o->text.len = o->text_at; /* what came before this tag is layout */
    oracle_puts(o, "(");
    oracle_puts(o, (const char *)name);
    oracle_puts(o, "{");
    oracle_puts(o, (const char *)uri);
    oracle_puts(o, "}");
    oracle_value(o, oracle_find(attributes, count, "type", NULL), false);
    oracle_puts(o, ":");
    oracle_value(o, oracle_find(attributes, count, "type", XSI), true);
    bool is_nil = nil != NULL && nil[3] != nil[4] && (*nil[3] == 't' || *nil[3] == '1');
    oracle_puts(o, is_nil ? "!" : " ");
    o->text_at = o->text.len;
    o->is_open = true;
    oracle_puts(o, "'");
}

static void oracle_text(void *user, const xmlChar *bytes, int len)
{
    struct oracle *o = user;
    if (o->is_open)
        oracle_add(o, (const char *)bytes, (size_t)len);
}

static void oracle_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct oracle *o = user;
    (void)name, (void)prefix, (void)uri;
    oracle_puts(o, o->is_open ? "')" : ")");
    o->is_open = false;
}

static void oracle_doctype(void *user, const xmlChar *name, const xmlChar *public_id,
                           const xmlChar *system_id)
{
    (void)name, (void)public_id, (void)system_id;
    ((struct oracle *)user)->is_refused = true;
}

static void oracle_instruction(void *user, const xmlChar *target, const xmlChar *data)
{
    (void)target, (void)data;
    ((struct oracle *)user)->is_refused = true;
}

/* A namespace may be called by what is no URI: that is only a warning to the Recommendation. */
static void oracle_problem(void *user, xmlErrorPtr problem)
{
    if (problem->level >= XML_ERR_ERROR && problem->code != XML_WAR_NS_URI)
        ((struct oracle *)user)->is_refused = true;
}

static void oracle_ignore(void *context, const char *format, ...)
{
    (void)context, (void)format;
}

/* Parses bytes as a whole; false when libxml2, or SOAP, refuses them. */
static bool oracle_libxml2(struct oracle *o, struct peri_str bytes)
{
    xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
                         .startElementNs = oracle_start,
                         .endElementNs = oracle_end,
                         .characters = oracle_text,
                         .ignorableWhitespace = oracle_text,
                         .cdataBlock = oracle_text,
                         .internalSubset = oracle_doctype,
                         .processingInstruction = oracle_instruction,
                         .serror = oracle_problem};
    xmlSetGenericErrorFunc(NULL, oracle_ignore);
    xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&sax, o, NULL, 0, NULL);
    xmlCtxtUseOptions(parser, XML_PARSE_IGNORE_ENC | XML_PARSE_NONET);
    xmlParseChunk(parser, bytes.data, (int)bytes.len, 0);
    xmlParseChunk(parser, NULL, 0, 1);
    bool is_good = parser->wellFormed && !parser->disableSAX && !o->is_refused;
    xmlFreeParserCtxt(parser);
    return is_good;
}

#endif
