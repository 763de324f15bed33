/* trace.h: a sink that writes what it is given down, as text to compare. For tests of the decoder.
 *
 * {VirtualDisk key=2000 capacityInKB=5}   an object and the type it tells, if any
 * [string "a","b"]                        a list and the type of its elements, if it is told
 * "text"  5  1.5  true  @12 (microseconds)  Folder:f-1 */
#ifndef PERI_TRACE_H
#define PERI_TRACE_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bindings/soap/decode.h"
#include "runtime/base/buf.h"

struct peri_trace {
    struct peri_buf text;
    struct peri_sink sink;
};

static void trace_add(struct peri_trace *t, struct peri_str s)
{
    if (!peri_buf_add(&t->text, s.data, s.len, NULL))
        abort();
}

static void trace_puts(struct peri_trace *t, const char *s)
{
    trace_add(t, peri_str_of(s));
}

static void trace_place(struct peri_trace *t, const struct peri_sink_place *place)
{
    char last = t->text.len == 0 ? '{' : t->text.data[t->text.len - 1];
    char index[32];
    if (last != '{' && last != '[')
        trace_puts(t, " ");
    if (place->kind == PERI_PLACE_FIELD)
        trace_puts(t, peri_schema_name((uint16_t)place->number));
    else if (place->kind == PERI_PLACE_NAME || place->kind == PERI_PLACE_EXTRA)
        trace_add(t, place->name);
    snprintf(index, sizeof(index), "%u:", place->number);
    trace_puts(t, place->kind == PERI_PLACE_ITEM    ? index
                  : place->kind == PERI_PLACE_ROOT  ? ""
                  : place->kind == PERI_PLACE_EXTRA ? "?="
                                                    : "=");
}

static void trace_scalar(struct peri_trace *t, const struct peri_scalar *value)
{
    char text[64] = "";
    switch (value->kind) {
    case PERI_SCALAR_BOOLEAN:
        snprintf(text, sizeof(text), "%s", value->as.boolean ? "true" : "false");
        break;
    case PERI_SCALAR_INTEGER:
        snprintf(text, sizeof(text), "%" PRId64, value->as.integer);
        break;
    case PERI_SCALAR_NUMBER:
        snprintf(text, sizeof(text), "%.17g", value->as.number);
        break;
    case PERI_SCALAR_TIME:
        snprintf(text, sizeof(text), "@%" PRId64, value->as.time_us);
        break;
    case PERI_SCALAR_STRING:
        trace_puts(t, "\"");
        trace_add(t, value->as.string);
        trace_puts(t, "\"");
        break;
    case PERI_SCALAR_REFERENCE:
        trace_add(t, value->as.reference.type);
        trace_puts(t, ":");
        trace_add(t, value->as.reference.id);
        break;
    default:
        abort(); /* a sink is never given nothing */
    }
    trace_puts(t, text);
}

static void trace_put(void *arg, const struct peri_sink_place *place,
                      const struct peri_scalar *value)
{
    trace_place(arg, place);
    trace_scalar(arg, value);
}

static uint32_t trace_open(void *arg, const struct peri_sink_place *place,
                           const struct peri_sink_shape *shape)
{
    struct peri_trace *t = arg;
    trace_place(t, place);
    trace_puts(t, shape->is_list ? "[" : "{");
    trace_add(t, shape->type_name.len == 0 ? peri_str_of("") : shape->type_name);
    return 0;
}

static void trace_close(void *arg, const struct peri_sink_place *place,
                        const struct peri_sink_shape *shape, uint32_t count)
{
    (void)place, (void)count;
    trace_puts(arg, shape->is_list ? "]" : "}");
}

static void trace_init(struct peri_trace *t)
{
    peri_buf_init(&t->text, 1 << 26);
    t->sink = (struct peri_sink){t, trace_put, trace_open, trace_close};
    trace_puts(t, "");
}

/* Decodes bytes in chunks of a size, noting rows by "!", and how it ended. Returns the text. */
static const char *trace_decode(struct peri_trace *t, struct peri_vocabulary *v,
                                struct peri_str bytes, size_t chunk, bool wants_rows)
{
    struct peri_decode *d = peri_decode_new(v, wants_rows);
    struct peri_error err = {0};
    enum peri_decode_state state = PERI_DECODE_MORE;
    for (size_t at = 0; at < bytes.len && state == PERI_DECODE_MORE; at += chunk) {
        size_t len = bytes.len - at < chunk ? bytes.len - at : chunk;
        peri_decode_feed(d, bytes.data + at, len);
        while ((state = peri_decode_step(d, &t->sink, &err)) == PERI_DECODE_ROW)
            trace_puts(t, "!");
    }
    if (state == PERI_DECODE_MORE) {
        peri_decode_finish(d);
        state = peri_decode_step(d, &t->sink, &err);
    }
    if (state == PERI_DECODE_ERROR)
        trace_puts(t, err.message);
    else if (peri_decode_is_fault(d))
        trace_puts(t, "fault");
    peri_decode_free(d);
    return t->text.data;
}

#endif
