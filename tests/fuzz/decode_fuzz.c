/* decode_fuzz.c: any bytes as an answer of a server. Beyond crashes and leaks it looks for answers
 * that decode to something else when they come in other chunks.
 *
 * Input: a byte that gives the size of the chunks and whether rows are wanted, then the answer. */
#include <stdlib.h>

#include "tests/unit/soap/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_good(const struct peri_trace *t)
{
    return t->text.len == 0 || strstr(t->text.data, "the answer ") == NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct peri_vocabulary *v = peri_vocabulary_new(PERI_SCHEMA_CORE);
    struct peri_str bytes = {(const char *)data + 1, size - 1};
    struct peri_trace whole, chunked;
    bool wants_rows = data[0] & 1;
    trace_init(&whole);
    trace_init(&chunked);
    trace_decode(&whole, v, bytes, bytes.len, wants_rows);
    trace_decode(&chunked, v, bytes, (size_t)(data[0] >> 1) + 1, wants_rows);
    if (is_good(&whole) && is_good(&chunked) && strcmp(whole.text.data, chunked.text.data) != 0) {
        fprintf(stderr, "whole:   %s\nchunked: %s\n", whole.text.data, chunked.text.data);
        abort();
    }
    peri_buf_deinit(&whole.text);
    peri_buf_deinit(&chunked.text);
    peri_vocabulary_free(v);
    return 0;
}
