/* writer.c: elements without parts, and what is wrong with a value. */
#include "bindings/soap/writer.h"

#include <stdio.h>
#include <string.h>

#include "bindings/schema/near.h"
#include "bindings/soap/base64.h"
#include "bindings/soap/stamp.h"
#include "bindings/soap/text.h"

bool peri_writer_fail(struct peri_writer *w)
{
    peri_path_write(&w->path, w->err->path, sizeof(w->err->path));
    return false;
}

static const char *what(const struct peri_source_value *value)
{
    static const char *const names[] = {"nothing",  "a boolean", "an integer", "a number",
                                        "a string", "a time",    "an object"};
    if (value->found != PERI_SOURCE_SCALAR)
        return value->found == PERI_SOURCE_TABLE ? "a table" : "nothing";
    return value->scalar.kind == PERI_SCALAR_OTHER ? value->scalar.as.string.data
                                                   : names[value->scalar.kind];
}

bool peri_writer_wrong(struct peri_writer *w, const char *expected,
                       const struct peri_source_value *value)
{
    peri_error_set(w->err, PERI_E_SOAP_TYPE, "%s is expected here, not %s", expected, what(value));
    return peri_writer_fail(w);
}

bool peri_writer_suggest(struct peri_writer *w, const char *name)
{
    if (name != NULL)
        peri_error_hint(w->err, "did you mean \"%s\"?", name);
    return peri_writer_fail(w);
}

bool peri_writer_is_name(struct peri_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!is_letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return text.len > 0;
}

/* The server's version of a service. Nothing else than its own and the core's is in a request. */
static uint8_t version_of(const struct peri_writer *w, uint8_t service)
{
    return service == w->service ? w->version : w->core_version;
}

bool peri_writer_is_too_new(const struct peri_writer *w, uint8_t service, uint8_t since)
{
    uint8_t version = version_of(w, service);
    return version != 0 && since > version;
}

bool peri_writer_too_new(struct peri_writer *w, enum peri_error_code code, const char *name,
                         uint8_t service, uint8_t since)
{
    peri_error_set(w->err, code, "%s came with API version %s; the server speaks %s", name,
                   peri_schema_version(service, since),
                   peri_schema_version(service, version_of(w, service)));
    return peri_writer_fail(w);
}

/* Copies a string to where another ends, cut where it has no room. Returns its new end. */
static size_t append(char out[PERI_WRITER_TYPE_SIZE], size_t end, const char *string)
{
    size_t len = strnlen(string, PERI_WRITER_TYPE_SIZE - 1 - end);
    memcpy(out + end, string, len);
    out[end + len] = '\0';
    return end + len;
}

void peri_writer_type(const struct peri_writer *w, const struct peri_schema_type *type,
                      bool is_array, char out[PERI_WRITER_TYPE_SIZE])
{
    size_t end = 0;
    if (!is_array && type->kind < PERI_SCHEMA_BUILTINS && type->kind != PERI_SCHEMA_REFERENCE)
        end = append(out, 0, "xsd:");
    else if (type->space != w->space)
        end = append(out, append(out, 0, peri_schema_text(peri_schema_service(type->space)->name)),
                     ":");
    if (is_array)
        peri_schema_array_name(type, out + end, PERI_WRITER_TYPE_SIZE - end);
    else
        append(out, end, peri_schema_type_name(type));
}

bool peri_writer_add(struct peri_writer *w, const char *string)
{
    return peri_buf_puts(w->out, string, w->err) || peri_writer_fail(w);
}

static bool add_text(struct peri_writer *w, struct peri_str text)
{
    return peri_text_write(text, w->out, w->err) || peri_writer_fail(w);
}

/* Appends up to three pieces at once. */
static inline bool add_pieces(struct peri_writer *w, struct peri_str a, struct peri_str b,
                              struct peri_str c)
{
    char *at = peri_buf_extend(w->out, a.len + b.len + c.len, w->err);
    if (at == NULL)
        return peri_writer_fail(w);
    memcpy(at, a.data, a.len);
    memcpy(at + a.len, b.data, b.len);
    memcpy(at + a.len + b.len, c.data, c.len);
    return true;
}

#define PIECE(literal) ((struct peri_str){literal, sizeof(literal) - 1})

/* <tag>text</tag>, where the text stands for itself. */
static bool add_element(struct peri_writer *w, struct peri_str tag, struct peri_str text)
{
    char *at = peri_buf_extend(w->out, 2 * tag.len + text.len + 5, w->err);
    if (at == NULL)
        return peri_writer_fail(w);
    *at++ = '<';
    memcpy(at, tag.data, tag.len);
    at += tag.len;
    *at++ = '>';
    memcpy(at, text.data, text.len);
    at += text.len;
    *at++ = '<';
    *at++ = '/';
    memcpy(at, tag.data, tag.len);
    at[tag.len] = '>';
    return true;
}

static bool add_attribute(struct peri_writer *w, struct peri_str name, struct peri_str value)
{
    return add_pieces(w, PIECE(" "), name, PIECE("=\"")) && add_text(w, value) &&
           add_pieces(w, PIECE("\""), PIECE(""), PIECE(""));
}

bool peri_writer_end(struct peri_writer *w, struct peri_str name)
{
    return add_pieces(w, PIECE("</"), name, PIECE(">"));
}

/* The default namespace, where it is not the one that is in scope. */
static bool add_space(struct peri_writer *w)
{
    if (w->space == w->scope)
        return true;
    w->scope = w->space;
    const char *urn = peri_schema_text(peri_schema_service(w->space)->urn);
    return add_attribute(w, PIECE("xmlns"), peri_str_of(urn));
}

/* The attributes of an element that is not what is declared, or not where its namespace is. */
static bool add_attributes(struct peri_writer *w, const char *xsi_type)
{
    return add_space(w) && (xsi_type == NULL || add_pieces(w, PIECE(" xsi:type=\""),
                                                           peri_str_of(xsi_type), PIECE("\"")));
}

/* <name xsi:type="…">; xsi_type has its prefix, or is NULL. */
bool peri_writer_begin(struct peri_writer *w, struct peri_str name, const char *xsi_type)
{
    if (w->space == w->scope && xsi_type == NULL)
        return add_pieces(w, PIECE("<"), name, PIECE(">"));
    return add_pieces(w, PIECE("<"), name, PIECE("")) && add_attributes(w, xsi_type) &&
           add_pieces(w, PIECE(">"), PIECE(""), PIECE(""));
}

static bool out_of_range(struct peri_writer *w, const char *type, int64_t value, int64_t from,
                         int64_t to)
{
    peri_error_set(w->err, PERI_E_SOAP_RANGE, "%lld is out of the range of %s, %lld to %lld",
                   (long long)value, type, (long long)from, (long long)to);
    return peri_writer_fail(w);
}

/* Room for the text of a number or time. */
struct digits {
    char
        text[PERI_SCALAR_NUMBER_SIZE > PERI_STAMP_SIZE ? PERI_SCALAR_NUMBER_SIZE : PERI_STAMP_SIZE];
};

static bool integer_text(struct peri_writer *w, const struct peri_schema_type *type, int64_t value,
                         struct digits *digits, struct peri_str *out)
{
    static const int64_t most[] = {[PERI_SCHEMA_BYTE] = INT8_MAX,
                                   [PERI_SCHEMA_SHORT] = INT16_MAX,
                                   [PERI_SCHEMA_INT] = INT32_MAX,
                                   [PERI_SCHEMA_LONG] = INT64_MAX};
    int64_t to = most[type->kind], from = -to - 1;
    if (value < from || value > to)
        return out_of_range(w, peri_schema_type_name(type), value, from, to);
    *out = (struct peri_str){digits->text, peri_scalar_write_integer(value, digits->text)};
    return true;
}

static bool number_text(const struct peri_schema_type *type, const struct peri_scalar *value,
                        struct digits *digits, struct peri_str *out)
{
    double number =
        value->kind == PERI_SCALAR_INTEGER ? (double)value->as.integer : value->as.number;
    size_t len = peri_scalar_write_number(number, type->kind == PERI_SCHEMA_FLOAT, digits->text);
    *out = (struct peri_str){digits->text, len};
    return true;
}

static bool time_text(struct peri_writer *w, int64_t time_us, struct digits *digits,
                      struct peri_str *out)
{
    *out = (struct peri_str){digits->text, peri_stamp_write(time_us, digits->text)};
    if (out->len > 0)
        return true;
    peri_error_set(w->err, PERI_E_SOAP_RANGE, "the time is not in the years 0 to 9999");
    return peri_writer_fail(w);
}

static bool member_text(struct peri_writer *w, const struct peri_schema_type *type,
                        struct peri_str member, struct peri_str *out)
{
    *out = member;
    if (peri_schema_has_member(type, member))
        return true;
    peri_error_set(w->err, PERI_E_SOAP_RANGE, "%s has no member \"%.*s\"",
                   peri_schema_type_name(type), member.len > 60 ? 60 : (int)member.len,
                   member.data);
    return peri_writer_suggest(w, peri_near_member(type, member));
}

/* The kind of value that a kind of type takes; an integer will do as a number. */
static enum peri_scalar_kind kind_for(const struct peri_schema_type *type,
                                      const struct peri_scalar *value)
{
    switch (type->kind) {
    case PERI_SCHEMA_BOOLEAN:
        return PERI_SCALAR_BOOLEAN;
    case PERI_SCHEMA_BYTE:
    case PERI_SCHEMA_SHORT:
    case PERI_SCHEMA_INT:
    case PERI_SCHEMA_LONG:
        return PERI_SCALAR_INTEGER;
    case PERI_SCHEMA_FLOAT:
    case PERI_SCHEMA_DOUBLE:
        return value->kind == PERI_SCALAR_INTEGER ? PERI_SCALAR_INTEGER : PERI_SCALAR_NUMBER;
    case PERI_SCHEMA_TIME:
        return PERI_SCALAR_TIME;
    case PERI_SCHEMA_REFERENCE:
    case PERI_SCHEMA_MANAGED:
        return PERI_SCALAR_REFERENCE;
    default:
        return PERI_SCALAR_STRING;
    }
}

static bool wrong_scalar(struct peri_writer *w, const struct peri_schema_type *type,
                         const struct peri_source_value *value)
{
    char expected[160];
    bool is_enum = type->kind == PERI_SCHEMA_ENUM;
    snprintf(expected, sizeof(expected), is_enum ? "a string of %s" : "%s",
             peri_schema_type_name(type));
    peri_writer_wrong(w, expected, value);
    if (value->found == PERI_SOURCE_SCALAR && value->scalar.kind == PERI_SCALAR_NUMBER)
        peri_error_hint(w->err, "%.14g is a float: use // to divide, or math.tointeger",
                        value->scalar.as.number);
    return false;
}

/* The text of a scalar, but for binary; of strings before anything in it is escaped. */
static bool scalar_text(struct peri_writer *w, const struct peri_schema_type *type,
                        const struct peri_scalar *value, struct digits *digits,
                        struct peri_str *out)
{
    switch (type->kind) {
    case PERI_SCHEMA_BOOLEAN:
        *out = value->as.boolean ? PIECE("true") : PIECE("false");
        return true;
    case PERI_SCHEMA_BYTE:
    case PERI_SCHEMA_SHORT:
    case PERI_SCHEMA_INT:
    case PERI_SCHEMA_LONG:
        return integer_text(w, type, value->as.integer, digits, out);
    case PERI_SCHEMA_FLOAT:
    case PERI_SCHEMA_DOUBLE:
        return number_text(type, value, digits, out);
    case PERI_SCHEMA_TIME:
        return time_text(w, value->as.time_us, digits, out);
    case PERI_SCHEMA_ENUM:
        return member_text(w, type, value->as.string, out);
    default:
        *out = value->as.string;
        return true;
    }
}

static bool scalar_element(struct peri_writer *w, struct peri_str tag, const char *xsi_type,
                           const struct peri_schema_type *type, const struct peri_scalar *value)
{
    struct digits digits;
    struct peri_str text;
    if (type->kind == PERI_SCHEMA_BINARY)
        return peri_writer_begin(w, tag, xsi_type) &&
               (peri_base64_encode(value->as.string, w->out, w->err) || peri_writer_fail(w)) &&
               peri_writer_end(w, tag);
    if (!scalar_text(w, type, value, &digits, &text))
        return false;
    if (w->space == w->scope && xsi_type == NULL && peri_text_plain(text) == text.len)
        return add_element(w, tag, text);
    return peri_writer_begin(w, tag, xsi_type) && add_text(w, text) && peri_writer_end(w, tag);
}

/* An object must be of the declared type, unless the schema does not know what it is of. */
static bool check_reference(struct peri_writer *w, const struct peri_schema_type *declared,
                            const struct peri_scalar *value)
{
    const struct peri_schema_type *type = value->as.reference.known;
    if (type == NULL || peri_schema_is(type, declared))
        return true;
    peri_error_set(w->err, PERI_E_SOAP_TYPE, "%s is expected here, not %s",
                   peri_schema_type_name(declared), peri_schema_type_name(type));
    return peri_writer_fail(w);
}

bool peri_writer_reference(struct peri_writer *w, struct peri_str tag, const char *xsi_type,
                           const struct peri_scalar *value)
{
    return add_pieces(w, PIECE("<"), tag, PIECE("")) && add_attributes(w, xsi_type) &&
           add_attribute(w, PIECE("type"), value->as.reference.type) &&
           add_pieces(w, PIECE(">"), PIECE(""), PIECE("")) && add_text(w, value->as.reference.id) &&
           peri_writer_end(w, tag);
}

bool peri_writer_scalar(struct peri_writer *w, struct peri_str tag, const char *xsi_type,
                        const struct peri_schema_type *type, const struct peri_source_value *value)
{
    const struct peri_scalar *scalar = &value->scalar;
    uint8_t outer = w->scope;
    if (value->found != PERI_SOURCE_SCALAR || scalar->kind != kind_for(type, scalar))
        return wrong_scalar(w, type, value);
    bool is_written =
        scalar->kind == PERI_SCALAR_REFERENCE
            ? check_reference(w, type, scalar) && peri_writer_reference(w, tag, xsi_type, scalar)
            : scalar_element(w, tag, xsi_type, type, scalar);
    w->scope = outer;
    return is_written;
}
