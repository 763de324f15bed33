/* tag.c: the start tag of an element.
 *
 * A NUL ends the input, so no loop looks at a length: whoever meets what does not belong asks
 * whether it is that NUL. */
#include "bindings/soap/tag.h"

#include <string.h>

#include "bindings/soap/chars.h"

struct reader {
    const char *at, *end;
    const char **problem;
};

static bool is_of(char c, uint8_t flags)
{
    return peri_chars_class[(unsigned char)c] & flags;
}

/* What does not belong is at r->at: is it the end, or wrong? */
static enum peri_tag_state unexpected(const struct reader *r, const char *problem)
{
    *r->problem = problem;
    return r->at == r->end ? PERI_TAG_PART : PERI_TAG_WRONG;
}

static void skip_blanks(struct reader *r)
{
    while (is_of(*r->at, PERI_CHARS_BLANK))
        r->at++;
}

static enum peri_tag_state wide_character(struct reader *r, uint32_t *c)
{
    size_t left = (size_t)(r->end - r->at), len;
    if ((unsigned char)*r->at < 0x80)
        return unexpected(r, "a character that cannot stand in a tag");
    len = peri_chars_decode(r->at, left, c);
    if (len == 0 && left < 4) /* perhaps only not whole */
        return PERI_TAG_PART;
    if (len == 0) {
        *r->problem = "bytes that are no UTF-8";
        return PERI_TAG_WRONG;
    }
    r->at += len;
    return PERI_TAG_WHOLE;
}

/* The rest of a name, from a character over 0x7F on. */
static enum peri_tag_state wide_name(struct reader *r, bool is_first)
{
    uint32_t c = 0;
    while ((unsigned char)*r->at >= 0x80) {
        enum peri_tag_state state = wide_character(r, &c);
        if (state != PERI_TAG_WHOLE)
            return state;
        if (!(is_first ? peri_chars_is_start(c) : peri_chars_is_name(c)))
            return unexpected(r, "a character that cannot stand in a name");
        is_first = false;
        while (is_of(*r->at, PERI_CHARS_NAME))
            r->at++;
    }
    return PERI_TAG_WHOLE;
}

/* prefix:local, and nothing missing on either side */
static bool has_good_colon(struct peri_str name)
{
    const char *colon = memchr(name.data, ':', name.len);
    if (colon == NULL)
        return true;
    size_t before = (size_t)(colon - name.data), after = name.len - before - 1;
    uint32_t c = after == 0 ? 0 : (unsigned char)colon[1];
    if (c >= 0x80)
        peri_chars_decode(colon + 1, after, &c);
    return before > 0 && after > 0 && c != ':' && peri_chars_is_start(c) &&
           memchr(colon + 1, ':', after) == NULL;
}

static enum peri_tag_state read_name(struct reader *r, struct peri_str *name)
{
    const char *start = r->at;
    if (!is_of(*r->at, PERI_CHARS_START) && (unsigned char)*r->at < 0x80)
        return unexpected(r, "what cannot begin a name");
    while (is_of(*r->at, PERI_CHARS_NAME))
        r->at++;
    enum peri_tag_state state = wide_name(r, r->at == start);
    *name = (struct peri_str){start, (size_t)(r->at - start)};
    if (state != PERI_TAG_WHOLE || r->at == r->end)
        return state == PERI_TAG_WHOLE ? PERI_TAG_PART : state;
    if (has_good_colon(*name))
        return PERI_TAG_WHOLE;
    *r->problem = "a name with a wrong colon";
    return PERI_TAG_WRONG;
}

/* A character of a value that is not plain. */
static enum peri_tag_state odd_character(struct reader *r)
{
    uint32_t c;
    if (is_of(*r->at, PERI_CHARS_BLANK)) {
        r->at++;
        return PERI_TAG_WHOLE;
    }
    if (*r->at != '&')
        return wide_character(r, &c);
    size_t left = (size_t)(r->end - r->at), len = peri_chars_reference(r->at, left, &c);
    if (len == 0 && peri_chars_may_be_reference(r->at, left))
        return PERI_TAG_PART;
    *r->problem = "a reference to what is not known";
    r->at += len;
    return len == 0 ? PERI_TAG_WRONG : PERI_TAG_WHOLE;
}

static enum peri_tag_state read_value(struct reader *r, struct peri_tag_attribute *attribute)
{
    char quote = *r->at;
    if (quote != '"' && quote != '\'')
        return unexpected(r, "an attribute's value without quotes");
    attribute->value.data = ++r->at;
    attribute->is_plain = true;
    for (;;) {
        while (is_of(*r->at, PERI_CHARS_VALUE))
            r->at++;
        if (*r->at == quote)
            break;
        if (*r->at == '"' || *r->at == '\'') {
            r->at++;
            continue;
        }
        attribute->is_plain = false;
        enum peri_tag_state state = odd_character(r);
        if (state != PERI_TAG_WHOLE)
            return state;
    }
    attribute->value.len = (size_t)(r->at++ - attribute->value.data);
    return PERI_TAG_WHOLE;
}

/* name = "value" */
static enum peri_tag_state read_attribute(struct reader *r, struct peri_tag_attribute *attribute)
{
    enum peri_tag_state state = read_name(r, &attribute->name);
    if (state != PERI_TAG_WHOLE)
        return state;
    skip_blanks(r);
    if (*r->at != '=')
        return unexpected(r, "an attribute without a value");
    r->at++;
    skip_blanks(r);
    return read_value(r, attribute);
}

static enum peri_tag_state read_attributes(struct reader *r, struct peri_tag *tag)
{
    for (;;) {
        const char *before = r->at;
        skip_blanks(r);
        if (*r->at == '>' || *r->at == '/')
            return PERI_TAG_WHOLE;
        if (r->at == before)
            return unexpected(r, "no blank before an attribute");
        if (tag->count == PERI_LIMIT_XML_ATTRIBUTES)
            return PERI_TAG_LIMIT;
        enum peri_tag_state state = read_attribute(r, &tag->attributes[tag->count]);
        if (state != PERI_TAG_WHOLE)
            return state;
        tag->count++;
    }
}

enum peri_tag_state peri_tag_read(const char *bytes, size_t len, struct peri_tag *tag,
                                  const char **problem)
{
    struct reader r = {bytes + 1, bytes + len, problem};
    tag->count = 0;
    enum peri_tag_state state = read_name(&r, &tag->name);
    if (state == PERI_TAG_WHOLE && *r.at != '>')
        state = read_attributes(&r, tag);
    if (state != PERI_TAG_WHOLE)
        return state;
    tag->is_empty = *r.at == '/';
    if (tag->is_empty)
        r.at++;
    if (*r.at != '>')
        return unexpected(&r, "a slash inside a tag");
    tag->end = r.at + 1;
    return PERI_TAG_WHOLE;
}

size_t peri_tag_value(const struct peri_tag_attribute *attribute, char *out)
{
    const char *at = attribute->value.data, *end = at + attribute->value.len;
    size_t len = 0;
    while (at < end) {
        uint32_t c;
        if (*at == '&') {
            at += peri_chars_reference(at, (size_t)(end - at), &c);
            len += peri_chars_encode(c, out + len);
            continue;
        }
        if (*at == '\r' && at + 1 < end && at[1] == '\n')
            at++; /* one line end, one space */
        out[len++] = is_of(*at, PERI_CHARS_BLANK) ? ' ' : *at;
        at++;
    }
    return len;
}

/* ---- the declaration ---- */

static bool is_version(struct peri_str value)
{
    if (value.len < 3 || memcmp(value.data, "1.", 2) != 0)
        return false;
    for (size_t i = 2; i < value.len; i++)
        if (value.data[i] < '0' || value.data[i] > '9')
            return false;
    return true;
}

static bool is_encoding(struct peri_str value)
{
    char first = value.len == 0 ? '0' : value.data[0];
    if (!is_of(first, PERI_CHARS_START) || first == '_' || first == ':')
        return false;
    for (size_t i = 1; i < value.len; i++)
        if (!is_of(value.data[i], PERI_CHARS_NAME) || value.data[i] == ':')
            return false;
    return true;
}

static bool is_choice(struct peri_str value)
{
    return peri_str_equal(value, peri_str_of("yes")) || peri_str_equal(value, peri_str_of("no"));
}

static const struct {
    const char *name;
    bool (*is_good)(struct peri_str value);
} declared[] = {{"version", is_version}, {"encoding", is_encoding}, {"standalone", is_choice}};

enum { DECLARED = sizeof(declared) / sizeof(*declared) };

/* The attributes come in their order, the first one always. */
static bool is_declared(const struct peri_tag_attribute *attribute, size_t *next)
{
    for (size_t i = *next; i < DECLARED && (*next > 0 || i == 0); i++) {
        if (!peri_str_equal(attribute->name, peri_str_of(declared[i].name)))
            continue;
        *next = i + 1;
        return declared[i].is_good(attribute->value);
    }
    return false;
}

enum peri_tag_state peri_tag_declaration(const char *bytes, size_t len, const char **end,
                                         const char **problem)
{
    struct reader r = {bytes + 5, bytes + len, problem}; /* behind "<?xml" */
    struct peri_tag_attribute attribute;
    size_t next = 0;
    for (;;) {
        const char *before = r.at;
        skip_blanks(&r);
        if (*r.at == '?' && next > 0)
            break;
        if (r.at == before)
            return unexpected(&r, "a declaration that is wrong");
        enum peri_tag_state state = read_attribute(&r, &attribute);
        if (state != PERI_TAG_WHOLE)
            return state;
        if (!is_declared(&attribute, &next))
            return unexpected(&r, "a declaration that is wrong");
    }
    if (*++r.at != '>')
        return unexpected(&r, "a declaration that is wrong");
    *end = r.at + 1;
    return PERI_TAG_WHOLE;
}
