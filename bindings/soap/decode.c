/* decode.c: the envelope of an answer: a response with its values, or a fault. */
#include "bindings/soap/decode.h"

#include <string.h>

#include "bindings/soap/frame.h"
#include "bindings/soap/leaf.h"
#include "runtime/base/limits.h"

enum { FIRST_FRAMES = 16 };

static bool document_element(struct peri_decode *d, const struct peri_scan_token *token)
{
    if (token->name == peri_frame_word(d, PERI_WORD_ENVELOPE) &&
        token->uri == peri_frame_word(d, PERI_WORD_SOAP_URI)) {
        if (token->kind == PERI_SCAN_START)
            peri_frame_push(d, PERI_FRAME_ENVELOPE);
        return true;
    }
    peri_error_set(&d->error, PERI_E_SOAP_XML, "the answer is not SOAP: it begins with <%s>",
                   token->name);
    peri_error_hint(&d->error, "is this the address of a vCenter's or ESXi's /sdk?");
    return peri_frame_fail(d);
}

static bool envelope_element(struct peri_decode *d, const struct peri_scan_token *token)
{
    if (token->name != peri_frame_word(d, PERI_WORD_BODY) || token->kind == PERI_SCAN_LEAF)
        return peri_frame_skip(d, token);
    peri_frame_push(d, PERI_FRAME_BODY);
    return true;
}

static void begin_fault(struct peri_decode *d)
{
    struct peri_frame *f = peri_frame_push(d, PERI_FRAME_FAULT);
    d->is_fault = true;
    f->place = peri_frame_root();
    peri_frame_open(d, f);
}

/* The method that a response is of; NULL when the schema does not know it. */
static const struct peri_schema_method *method_of(const struct peri_decode *d, const char *response)
{
    static const char suffix[] = "Response";
    size_t len = strlen(response), end = sizeof(suffix) - 1;
    if (len <= end || strcmp(response + len - end, suffix) != 0)
        return NULL;
    return peri_schema_find_method_in(peri_vocabulary_service(d->words),
                                      (struct peri_str){response, len - end});
}

static void begin_response(struct peri_decode *d, const struct peri_scan_token *token)
{
    const struct peri_schema_method *m = method_of(d, token->name);
    struct peri_frame *f = peri_frame_push(d, PERI_FRAME_RESPONSE);
    f->type = m == NULL || m->result == PERI_SCHEMA_NONE ? NULL : peri_schema_type(m->result);
    f->shape.is_list =
        m == NULL ? d->may_be_list : m->result != PERI_SCHEMA_NONE && m->flags & PERI_SCHEMA_ARRAY;
    f->place = peri_frame_root();
    if (f->shape.is_list)
        peri_frame_open(d, f);
}

static bool body_element(struct peri_decode *d, const struct peri_scan_token *token)
{
    if (d->has_content)
        return peri_frame_skip(d, token);
    d->has_content = true;
    if (token->name == peri_frame_word(d, PERI_WORD_FAULT) &&
        token->uri == peri_frame_word(d, PERI_WORD_SOAP_URI))
        begin_fault(d);
    else
        begin_response(d, token);
    if (token->kind == PERI_SCAN_LEAF)
        peri_frame_end(d);
    return true;
}

static bool response_element(struct peri_decode *d, struct peri_frame *f,
                             const struct peri_scan_token *token)
{
    if (token->name != peri_frame_word(d, PERI_WORD_RETURNVAL))
        return peri_frame_skip(d, token);
    if (f->shape.is_list)
        return peri_frame_item(d, f, token);
    if (f->count++ > 0) {
        peri_error_set(&d->error, PERI_E_SOAP_XML,
                       "the answer has several values where one is due");
        return peri_frame_fail(d);
    }
    struct peri_sink_place place = peri_frame_root();
    bool is_any = f->type != NULL && f->type->kind == PERI_SCHEMA_ANY;
    return peri_frame_value(d, token, is_any ? NULL : f->type, &place);
}

static bool fault_element(struct peri_decode *d, struct peri_frame *f,
                          const struct peri_scan_token *token)
{
    struct peri_sink_place place = peri_frame_named(PERI_PLACE_NAME, "message");
    if (token->name == peri_frame_word(d, PERI_WORD_FAULTSTRING) && token->kind == PERI_SCAN_LEAF) {
        f->count++;
        return peri_frame_value(d, token, peri_schema_type(PERI_SCHEMA_STRING), &place);
    }
    if (token->name != peri_frame_word(d, PERI_WORD_DETAIL) || token->kind == PERI_SCAN_LEAF)
        return peri_frame_skip(d, token);
    peri_frame_push(d, PERI_FRAME_DETAIL);
    return true;
}

/* The type is told by xsi:type; where a server leaves that out, the element is called after it. */
static bool detail_element(struct peri_decode *d, struct peri_frame *f,
                           const struct peri_scan_token *token)
{
    struct peri_sink_place place = peri_frame_named(PERI_PLACE_NAME, "fault");
    struct peri_scan_token typed = *token;
    if (f->count++ > 0)
        return peri_frame_skip(d, token);
    if (typed.xsi_type == NULL)
        typed.xsi_type = peri_vocabulary_intern(d->words, token->name, strlen(token->name));
    return peri_frame_value(d, &typed, NULL, &place);
}

static bool begin_element(struct peri_decode *d, const struct peri_scan_token *token)
{
    struct peri_frame *f = peri_frame_top(d);
    switch (f->mode) {
    case PERI_FRAME_RESPONSE:
        return response_element(d, f, token);
    case PERI_FRAME_FAULT:
        return fault_element(d, f, token);
    case PERI_FRAME_DETAIL:
        return detail_element(d, f, token);
    case PERI_FRAME_BODY:
        return body_element(d, token);
    case PERI_FRAME_ENVELOPE:
        return envelope_element(d, token);
    case PERI_FRAME_DOCUMENT:
        return document_element(d, token);
    default:
        return peri_frame_element(d, f, token);
    }
}

struct peri_decode *peri_decode_new(struct peri_vocabulary *v, bool wants_rows)
{
    struct peri_decode *d = peri_alloc(sizeof(*d));
    d->words = peri_vocabulary_hold(v);
    d->scan = peri_scan_new(v);
    d->size = FIRST_FRAMES;
    d->frames = peri_alloc_array(d->size, sizeof(*d->frames));
    peri_buf_init(&d->binary, PERI_LIMIT_XML_TEXT);
    peri_buf_init(&d->path, PERI_LIMIT_XML_TEXT);
    peri_frame_push(d, PERI_FRAME_DOCUMENT);
    d->property_types[0] = peri_schema_find_type(peri_str_of("DynamicProperty"));
    d->property_types[1] = peri_schema_find_type(peri_str_of("PropertyChange"));
    if (wants_rows) {
        d->rows_type = peri_schema_find_type(peri_str_of("RetrieveResult"));
        d->rows_field = peri_schema_find_name(peri_str_of("objects"));
    }
    return d;
}

void peri_decode_take_list(struct peri_decode *d)
{
    d->may_be_list = true;
}

void peri_decode_free(struct peri_decode *d)
{
    if (d == NULL)
        return;
    peri_scan_free(d->scan);
    peri_vocabulary_free(d->words);
    peri_buf_deinit(&d->binary);
    peri_buf_deinit(&d->path);
    peri_free(d->frames);
    peri_free(d);
}

void peri_decode_feed(struct peri_decode *d, const char *bytes, size_t len)
{
    peri_scan_feed(d->scan, bytes, len);
}

void peri_decode_finish(struct peri_decode *d)
{
    peri_scan_finish(d->scan);
}

static enum peri_decode_state done(struct peri_decode *d, struct peri_error *err)
{
    if (d->has_content)
        return PERI_DECODE_DONE;
    peri_error_set(err, PERI_E_SOAP_XML, "the answer is a SOAP envelope with nothing in its body");
    return PERI_DECODE_ERROR;
}

/* Decodes tokens until there are none, or a row is complete, or one is wrong. */
static enum peri_scan_state decode_tokens(struct peri_decode *d)
{
    const struct peri_scan_token *token;
    enum peri_scan_state state = PERI_SCAN_TOKEN;
    while (!d->has_failed && !d->has_row) {
        state = peri_scan_next(d->scan, &token, &d->error);
        if (state != PERI_SCAN_TOKEN)
            return state;
        if (token->kind == PERI_SCAN_END)
            peri_frame_end(d);
        else
            begin_element(d, token);
    }
    return d->has_failed ? PERI_SCAN_ERROR : state;
}

enum peri_decode_state peri_decode_step(struct peri_decode *d, const struct peri_sink *sink,
                                        struct peri_error *err)
{
    d->sink = sink;
    d->has_row = false;
    switch (decode_tokens(d)) {
    case PERI_SCAN_TOKEN:
        return PERI_DECODE_ROW;
    case PERI_SCAN_MORE:
        return PERI_DECODE_MORE;
    case PERI_SCAN_DONE:
        return done(d, err);
    case PERI_SCAN_ERROR:
        break;
    }
    d->has_failed = true;
    *err = d->error;
    return PERI_DECODE_ERROR;
}

bool peri_decode_is_fault(const struct peri_decode *d)
{
    return d->is_fault;
}
