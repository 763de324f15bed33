/* scan_fuzz.c: any bytes as XML. Our scanner must take what libxml2 takes, see the same in it, and
 * refuse all else; and that in chunks of any size.
 *
 * Input: a byte that gives the size of the chunks, then the document. */
#define _GNU_SOURCE /* memmem */
#include <stdio.h>

#include "tests/unit/soap/oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libxml2 guesses other encodings from the first bytes, which ours does not know. */
static bool is_maybe_utf8(struct peri_str bytes)
{
    return memchr(bytes.data, '\0', bytes.len) == NULL &&
           (bytes.len < 4 ||
            (memcmp(bytes.data, "\xFF\xFE", 2) != 0 && memcmp(bytes.data, "\xFE\xFF", 2) != 0 &&
             memcmp(bytes.data, "\x4C\x6F\xA7\x94", 4) != 0));
}

static const char *text_of(const struct oracle *o)
{
    return o->text.len == 0 ? "" : o->text.data;
}

static void compare(struct peri_str bytes, size_t chunk)
{
    struct oracle ours, theirs;
    oracle_init(&ours);
    oracle_init(&theirs);
    enum peri_error_code code = oracle_ours(&ours, bytes, chunk);
    bool is_theirs = oracle_libxml2(&theirs, bytes);
    bool is_same = (code == PERI_E_NONE) == is_theirs &&
                   (!is_theirs || (ours.text.len == theirs.text.len &&
                                   memcmp(text_of(&ours), text_of(&theirs), ours.text.len) == 0));
    if (!is_same && code != PERI_E_LIMIT) {
        fprintf(stderr, "ours %s: %s\nlibxml2 %s: %s\n", code == PERI_E_NONE ? "takes" : "refuses",
                text_of(&ours), is_theirs ? "takes" : "refuses", text_of(&theirs));
        abort();
    }
    peri_buf_deinit(&ours.text);
    peri_buf_deinit(&theirs.text);
}

/* libxml2 leaves CR LF in CDATA sections as it is; the Recommendation makes it a newline. */
static bool has_known_difference(struct peri_str bytes)
{
    return memchr(bytes.data, '\r', bytes.len) != NULL &&
           memmem(bytes.data, bytes.len, "<![CDATA[", 9) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct peri_str bytes = {(const char *)data + 1, size - 1};
    if (size < 2 || !is_maybe_utf8(bytes) || has_known_difference(bytes))
        return 0;
    compare(bytes, bytes.len);
    compare(bytes, data[0] == 0 ? 1 : data[0]);
    return 0;
}
