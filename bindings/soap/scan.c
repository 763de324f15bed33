/* scan.c: bytes of XML to tokens.
 *
 * An element is open from its start tag until the next tag tells whether it is a leaf. Its token is
 * made at the one and handed out at the other. */
#include "bindings/soap/scan.h"

#include <string.h>

#include "bindings/soap/chars.h"
#include "bindings/soap/content.h"
#include "bindings/soap/prefixes.h"
#include "bindings/soap/tag.h"
#include "runtime/base/limits.h"

struct element { /* one that is open */
    const struct peri_vocabulary_name *name;
    size_t prefixes; /* declared around it */
};

struct peri_scan {
    struct peri_content c;
    struct peri_vocabulary *words;
    struct peri_buf value; /* of an attribute that is not plain */
    struct peri_scan_token token;
    struct peri_prefixes prefixes;
    struct peri_tag tag;
    struct element elements[PERI_LIMIT_XML_DEPTH];
    bool is_begun; /* the declaration, if there is one, was read */
    bool is_complete;
};

static enum peri_content_step too_many_names(struct peri_scan *s)
{
    return peri_content_limit(&s->c, "the answer has too many different names");
}

/* ---- start tags ---- */

/* The value of an attribute, valid until the next one is asked for. */
static struct peri_str value_of(struct peri_scan *s, const struct peri_tag_attribute *attribute)
{
    if (attribute->is_plain)
        return attribute->value;
    peri_buf_clear(&s->value);
    if (!peri_buf_add(&s->value, attribute->value.data, attribute->value.len, NULL))
        return (struct peri_str){"", 0}; /* its ceiling is above that of a tag */
    return (struct peri_str){s->value.data, peri_tag_value(attribute, s->value.data)};
}

static const char *word(const struct peri_scan *s, enum peri_word w)
{
    return peri_vocabulary_word(s->words, w);
}

/* Whether an attribute declares a namespace; *prefix is for what, NULL for names without. */
static bool is_declaration(const struct peri_scan *s, const struct peri_vocabulary_name *name,
                           const char **prefix)
{
    *prefix = name->prefix == NULL ? NULL : name->local;
    return name->prefix == NULL ? name->local == word(s, PERI_WORD_XMLNS)
                                : name->prefix == word(s, PERI_WORD_XMLNS);
}

/* Two prefixes are XML's own; one may be declared, as what it is, and none as the same. */
static bool is_declarable(const struct peri_scan *s, const char *prefix, const char *uri)
{
    if (prefix != NULL && prefix == word(s, PERI_WORD_XML))
        return uri == word(s, PERI_WORD_XML_URI);
    return prefix != word(s, PERI_WORD_XMLNS) && uri != word(s, PERI_WORD_XML_URI) &&
           uri != word(s, PERI_WORD_XMLNS_URI) && (prefix == NULL || uri[0] != '\0');
}

static enum peri_content_step
declare(struct peri_scan *s, const struct peri_tag_attribute *attribute, const char *prefix)
{
    struct peri_str value = value_of(s, attribute);
    const char *uri = peri_vocabulary_intern(s->words, value.data, value.len);
    if (uri == NULL)
        return too_many_names(s);
    if (!is_declarable(s, prefix, uri))
        return peri_content_wrong(&s->c, "a namespace that cannot be declared");
    peri_prefixes_add(&s->prefixes, prefix, uri);
    return PERI_CONTENT_GO_ON;
}

/* Finds the namespace of a name; NULL for names that are in none. */
static bool find_uri(const struct peri_scan *s, const char *prefix, const char **uri)
{
    *uri = peri_prefixes_find(&s->prefixes, prefix);
    if (*uri != NULL && **uri == '\0')
        *uri = NULL;
    return prefix == NULL || *uri != NULL;
}

static const char *after_prefix(const char *from, const char *end)
{
    const char *colon = memchr(from, ':', (size_t)(end - from));
    return colon == NULL ? from : colon + 1;
}

static enum peri_content_step note_attribute(struct peri_scan *s,
                                             const struct peri_tag_attribute *attribute,
                                             const char *local, const char *uri)
{
    struct peri_str value;
    bool is_xsi = uri == word(s, PERI_WORD_XSI_URI);
    if (local == word(s, PERI_WORD_TYPE) && (is_xsi || uri == NULL)) {
        value = value_of(s, attribute);
        const char *from = is_xsi ? after_prefix(value.data, value.data + value.len) : value.data;
        const char *kept =
            peri_vocabulary_intern(s->words, from, (size_t)(value.data + value.len - from));
        *(is_xsi ? &s->token.xsi_type : &s->token.type) = kept;
        return kept == NULL ? too_many_names(s) : PERI_CONTENT_GO_ON;
    }
    if (is_xsi && local == word(s, PERI_WORD_NIL)) {
        value = value_of(s, attribute);
        s->token.is_nil = value.len > 0 && (value.data[0] == 't' || value.data[0] == '1');
    }
    return PERI_CONTENT_GO_ON;
}

struct resolved { /* an attribute's name */
    const struct peri_vocabulary_name *name;
    const char *uri;
};

static bool is_twice(const struct resolved *names, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (names[k].name == names[i].name ||
            (names[k].uri != NULL && names[k].uri == names[i].uri &&
             names[k].name->local == names[i].name->local))
            return true;
    return false;
}

/* Keeps the names and declares the namespaces among the attributes. */
static enum peri_content_step declare_all(struct peri_scan *s, struct resolved *names, size_t count)
{
    const char *prefix;
    for (size_t i = 0; i < count; i++) {
        const struct peri_tag_attribute *attribute = &s->tag.attributes[i];
        names[i].uri = NULL;
        names[i].name = peri_vocabulary_name(s->words, attribute->name.data, attribute->name.len);
        if (names[i].name == NULL)
            return too_many_names(s);
        if (is_declaration(s, names[i].name, &prefix) &&
            declare(s, attribute, prefix) != PERI_CONTENT_GO_ON)
            return PERI_CONTENT_STOP;
    }
    return PERI_CONTENT_GO_ON;
}

static enum peri_content_step read_attributes(struct peri_scan *s)
{
    struct resolved names[PERI_LIMIT_XML_ATTRIBUTES];
    const char *prefix;
    size_t count = s->tag.count;
    if (declare_all(s, names, count) != PERI_CONTENT_GO_ON)
        return PERI_CONTENT_STOP;
    for (size_t i = 0; i < count; i++) {
        const struct peri_vocabulary_name *name = names[i].name;
        bool is_declaring = is_declaration(s, name, &prefix);
        if (!is_declaring && name->prefix != NULL && !find_uri(s, name->prefix, &names[i].uri))
            return peri_content_wrong(&s->c, "an attribute with a prefix that was not declared");
        if (is_twice(names, i))
            return peri_content_wrong(&s->c, "an attribute that is there twice");
        if (!is_declaring && note_attribute(s, &s->tag.attributes[i], name->local, names[i].uri) !=
                                 PERI_CONTENT_GO_ON)
            return PERI_CONTENT_STOP;
    }
    return PERI_CONTENT_GO_ON;
}

/* Makes the element of a tag the innermost one, and the token that is being made. */
static enum peri_content_step open_element(struct peri_scan *s,
                                           const struct peri_vocabulary_name *name)
{
    struct element *e = &s->elements[s->c.depth];
    s->token =
        (struct peri_scan_token){.kind = PERI_SCAN_LEAF, .name = name->local, .text = {"", 0}};
    s->c.has_root = true;
    *e = (struct element){name, s->prefixes.count};
    if (s->tag.count > 0 && read_attributes(s) != PERI_CONTENT_GO_ON)
        return PERI_CONTENT_STOP;
    if (!find_uri(s, name->prefix, &s->token.uri))
        return peri_content_wrong(&s->c, "an element with a prefix that was not declared");
    s->c.depth++;
    s->c.is_open = true;
    s->c.run = s->c.at;
    peri_buf_clear(&s->c.text);
    return PERI_CONTENT_GO_ON;
}

static enum peri_content_step close_element(struct peri_scan *s)
{
    s->c.depth--;
    s->prefixes.count = s->elements[s->c.depth].prefixes;
    if (s->c.is_open) {
        s->c.is_open = false;
        return PERI_CONTENT_TOKEN;
    }
    s->token = (struct peri_scan_token){.kind = PERI_SCAN_END};
    return PERI_CONTENT_TOKEN;
}

/* The most frequent tag by far is a name alone. */
static enum peri_tag_state read_tag(struct peri_scan *s, const char **problem)
{
    const char *from = s->c.window + s->c.at, *at = from + 1;
    if (peri_chars_class[(unsigned char)*at] & PERI_CHARS_START) {
        while (*at != ':' && peri_chars_class[(unsigned char)*at] & PERI_CHARS_NAME)
            at++;
        if (*at == '>') {
            s->tag.name = (struct peri_str){from + 1, (size_t)(at - from) - 1};
            s->tag.count = 0;
            s->tag.is_empty = false;
            s->tag.end = at + 1;
            return PERI_TAG_WHOLE;
        }
    }
    return peri_tag_read(from, s->c.len - s->c.at, &s->tag, problem);
}

static enum peri_content_step begin_element(struct peri_scan *s)
{
    const char *problem;
    switch (read_tag(s, &problem)) {
    case PERI_TAG_PART:
        return PERI_CONTENT_NEED;
    case PERI_TAG_WRONG:
        return peri_content_wrong(&s->c, problem);
    case PERI_TAG_LIMIT:
        return peri_content_limit(&s->c, "the answer has a tag of over %d attributes",
                                  PERI_LIMIT_XML_ATTRIBUTES);
    case PERI_TAG_WHOLE:
        break;
    }
    if (s->c.depth == PERI_LIMIT_XML_DEPTH)
        return peri_content_limit(&s->c, "the answer has elements over %d deep",
                                  PERI_LIMIT_XML_DEPTH);
    const struct peri_vocabulary_name *name =
        peri_vocabulary_name(s->words, s->tag.name.data, s->tag.name.len);
    if (name == NULL)
        return too_many_names(s);
    if (s->c.depth == 0 && s->c.has_root)
        return peri_content_wrong(&s->c, "a second root element");
    s->c.at = (size_t)(s->tag.end - s->c.window);
    if (open_element(s, name) != PERI_CONTENT_GO_ON)
        return PERI_CONTENT_STOP;
    return s->tag.is_empty ? close_element(s) : PERI_CONTENT_GO_ON;
}

/* ---- end tags ---- */

static enum peri_content_step end_element(struct peri_scan *s)
{
    if (s->c.depth == 0)
        return peri_content_wrong(&s->c, "an end tag without a start tag");
    const struct peri_vocabulary_name *name = s->elements[s->c.depth - 1].name;
    const char *from = s->c.window + s->c.at + 2, *end = s->c.window + s->c.len;
    size_t left = (size_t)(end - from);
    if (memcmp(from, name->text, left < name->len ? left : name->len) != 0)
        return peri_content_wrong(&s->c, "an end tag of another element");
    if (left <= name->len)
        return PERI_CONTENT_NEED;
    from += name->len;
    while (peri_chars_class[(unsigned char)*from] & PERI_CHARS_BLANK)
        from++;
    if (*from != '>')
        return from == end ? PERI_CONTENT_NEED
                           : peri_content_wrong(&s->c, "an end tag of another element");
    if (s->c.is_open && peri_content_text(&s->c, &s->token.text) != PERI_CONTENT_GO_ON)
        return PERI_CONTENT_STOP;
    s->c.at = (size_t)(from - s->c.window) + 1;
    return close_element(s);
}

/* ---- the whole ---- */

/* Before anything else: a byte order mark and the declaration. */
static enum peri_content_step read_beginning(struct peri_scan *s)
{
    const char *end, *problem;
    enum peri_content_step step = peri_content_expect(&s->c, "\xEF\xBB\xBF");
    if (step == PERI_CONTENT_GO_ON && s->c.before + s->c.at == 0)
        s->c.at += 3;
    else if (step == PERI_CONTENT_NEED)
        return PERI_CONTENT_NEED;
    step = peri_content_expect(&s->c, "<?xml");
    if (step == PERI_CONTENT_NEED || (step == PERI_CONTENT_GO_ON && s->c.at + 5 == s->c.len))
        return PERI_CONTENT_NEED;
    if (step == PERI_CONTENT_STOP ||
        !(peri_chars_class[(unsigned char)s->c.window[s->c.at + 5]] & PERI_CHARS_BLANK)) {
        s->is_begun = true;
        return PERI_CONTENT_GO_ON;
    }
    switch (peri_tag_declaration(s->c.window + s->c.at, s->c.len - s->c.at, &end, &problem)) {
    case PERI_TAG_WHOLE:
        s->c.at = (size_t)(end - s->c.window);
        s->is_begun = true;
        return PERI_CONTENT_GO_ON;
    case PERI_TAG_PART:
        return PERI_CONTENT_NEED;
    default:
        return peri_content_wrong(&s->c, problem);
    }
}

/* Before and after the root element there are blanks and comments. */
static enum peri_content_step skip_outside(struct peri_scan *s)
{
    while (peri_chars_class[(unsigned char)s->c.window[s->c.at]] & PERI_CHARS_BLANK)
        s->c.at++;
    if (s->c.window[s->c.at] == '<')
        return PERI_CONTENT_GO_ON;
    return s->c.at == s->c.len ? PERI_CONTENT_NEED
                               : peri_content_wrong(&s->c, "text outside of the root element");
}

/* A tag comes inside the open element: it is no leaf, and its text so far is only layout. */
static enum peri_content_step settle_open(struct peri_scan *s)
{
    s->c.is_open = false;
    s->token.kind = PERI_SCAN_START;
    return PERI_CONTENT_TOKEN;
}

static enum peri_content_step read_markup(struct peri_scan *s)
{
    switch (s->c.window[s->c.at + 1]) {
    case '/':
        return end_element(s);
    case '!':
    case '?':
        return peri_content_special(&s->c);
    default:
        if (s->c.at + 1 == s->c.len)
            return PERI_CONTENT_NEED;
        return s->c.is_open ? settle_open(s) : begin_element(s);
    }
}

static enum peri_content_step read_some(struct peri_scan *s)
{
    enum peri_content_step step;
    if (!s->is_begun) {
        step = read_beginning(s);
        if (step != PERI_CONTENT_GO_ON)
            return step;
    }
    step = s->c.depth == 0 ? skip_outside(s) : peri_content_read(&s->c);
    return step == PERI_CONTENT_GO_ON ? read_markup(s) : step;
}

struct peri_scan *peri_scan_new(struct peri_vocabulary *v)
{
    struct peri_scan *s = peri_alloc(sizeof(*s));
    peri_content_init(&s->c);
    s->words = peri_vocabulary_hold(v);
    peri_buf_init(&s->value, 2 * PERI_LIMIT_XML_TAG);
    peri_prefixes_add(&s->prefixes, word(s, PERI_WORD_XML), word(s, PERI_WORD_XML_URI));
    return s;
}

void peri_scan_free(struct peri_scan *s)
{
    if (s == NULL)
        return;
    peri_vocabulary_free(s->words);
    peri_prefixes_deinit(&s->prefixes);
    peri_content_deinit(&s->c);
    peri_buf_deinit(&s->value);
    peri_free(s);
}

void peri_scan_feed(struct peri_scan *s, const char *bytes, size_t len)
{
    s->c.input = bytes;
    s->c.input_len = len;
}

void peri_scan_finish(struct peri_scan *s)
{
    s->c.is_last = true;
}

/* The window is read to its end, or to what needs more. */
static enum peri_scan_state need_more(struct peri_scan *s)
{
    if (s->c.input_len > 0)
        return peri_content_refill(&s->c) == PERI_CONTENT_GO_ON ? PERI_SCAN_TOKEN : PERI_SCAN_ERROR;
    if (!s->c.is_last)
        return PERI_SCAN_MORE;
    if (!s->c.has_root || s->c.depth > 0 || s->c.at < s->c.len)
        return peri_content_cut_off(&s->c), PERI_SCAN_ERROR;
    s->is_complete = true;
    return PERI_SCAN_DONE;
}

enum peri_scan_state peri_scan_next(struct peri_scan *s, const struct peri_scan_token **out,
                                    struct peri_error *err)
{
    enum peri_scan_state state = s->is_complete ? PERI_SCAN_DONE : PERI_SCAN_TOKEN;
    *out = &s->token;
    while (state == PERI_SCAN_TOKEN && !s->c.has_failed) {
        enum peri_content_step step = s->c.window == NULL ? PERI_CONTENT_NEED : read_some(s);
        if (step == PERI_CONTENT_TOKEN)
            return PERI_SCAN_TOKEN;
        if (step == PERI_CONTENT_NEED)
            state = need_more(s);
    }
    if (s->c.has_failed) {
        *err = s->c.error;
        return PERI_SCAN_ERROR;
    }
    return state;
}
