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

static const char *what(enum peri_source_found found, const struct peri_scalar *value)
{
    static const char *const names[] = {"nothing",  "a boolean", "an integer", "a number",
                                        "a string", "a time",    "an object"};
    if (found == PERI_SOURCE_TABLE)
        return "a table";
    return value->kind == PERI_SCALAR_OTHER ? value->as.string.data : names[value->kind];
}

bool peri_writer_wrong(struct peri_writer *w, const char *expected, enum peri_source_found found,
                       const struct peri_scalar *value)
{
    peri_error_set(w->err, PERI_E_SOAP_TYPE, "%s is expected here, not %s", expected,
                   what(found, value));
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

/* Copies a type's name, cut where it has no room. */
static void copy_name(const char *name, char out[PERI_WRITER_TYPE_SIZE])
{
    size_t len = strnlen(name, PERI_WRITER_TYPE_SIZE - 1);
    memcpy(out, name, len);
    out[len] = '\0';
}

void peri_writer_type(const struct peri_writer *w, const struct peri_schema_type *type,
                      bool is_array, char out[PERI_WRITER_TYPE_SIZE])
{
    char array[PERI_WRITER_TYPE_SIZE - 32];
    const char *name = peri_schema_type_name(type), *prefix = "";
    if (is_array) {
        peri_schema_array_name(type, array, sizeof(array));
        name = array;
    }
    if (!is_array && type->kind < PERI_SCHEMA_BUILTINS && type->kind != PERI_SCHEMA_REFERENCE)
        prefix = "xsd";
    else if (type->space != w->space)
        prefix = peri_schema_text(peri_schema_service(type->space)->name);
    if (prefix[0] != '\0')
        snprintf(out, PERI_WRITER_TYPE_SIZE, "%s:%s", prefix, name);
    else
        copy_name(name, out);
}

bool peri_writer_add(struct peri_writer *w, const char *string)
{
    return peri_buf_puts(w->out, string, w->err) || peri_writer_fail(w);
}

static bool add_text(struct peri_writer *w, struct peri_str text)
{
    return peri_text_write(text, w->out, w->err) || peri_writer_fail(w);
}

static bool add_attribute(struct peri_writer *w, const char *name, struct peri_str value)
{
    return peri_writer_add(w, " ") && peri_writer_add(w, name) && peri_writer_add(w, "=\"") &&
           add_text(w, value) && peri_writer_add(w, "\"");
}

bool peri_writer_end(struct peri_writer *w, const char *name)
{
    struct peri_str bytes = peri_str_of(name);
    char *at = peri_buf_extend(w->out, bytes.len + 3, w->err);
    if (at == NULL)
        return peri_writer_fail(w);
    at[0] = '<';
    at[1] = '/';
    memcpy(at + 2, bytes.data, bytes.len);
    at[bytes.len + 2] = '>';
    return true;
}

/* The default namespace, where it is not the one that is in scope. */
static bool add_space(struct peri_writer *w)
{
    if (w->space == w->scope)
        return true;
    w->scope = w->space;
    const char *urn = peri_schema_text(peri_schema_service(w->space)->urn);
    return add_attribute(w, "xmlns", peri_str_of(urn));
}

/* <name xsi:type="…">; xsi_type has its prefix, or is NULL. */
bool peri_writer_begin(struct peri_writer *w, const char *name, const char *xsi_type)
{
    struct peri_str bytes = peri_str_of(name);
    char *at = peri_buf_extend(w->out, bytes.len + 1, w->err);
    if (at == NULL)
        return peri_writer_fail(w);
    at[0] = '<';
    memcpy(at + 1, bytes.data, bytes.len);
    return add_space(w) &&
           (xsi_type == NULL || add_attribute(w, "xsi:type", peri_str_of(xsi_type))) &&
           peri_writer_add(w, ">");
}

static bool out_of_range(struct peri_writer *w, const char *type, int64_t value, int64_t from,
                         int64_t to)
{
    peri_error_set(w->err, PERI_E_SOAP_RANGE, "%lld is out of the range of %s, %lld to %lld",
                   (long long)value, type, (long long)from, (long long)to);
    return peri_writer_fail(w);
}

static bool add_integer(struct peri_writer *w, const struct peri_schema_type *type, int64_t value)
{
    static const int64_t most[] = {[PERI_SCHEMA_BYTE] = INT8_MAX,
                                   [PERI_SCHEMA_SHORT] = INT16_MAX,
                                   [PERI_SCHEMA_INT] = INT32_MAX,
                                   [PERI_SCHEMA_LONG] = INT64_MAX};
    char digits[PERI_SCALAR_NUMBER_SIZE];
    int64_t to = most[type->kind], from = -to - 1;
    if (value < from || value > to)
        return out_of_range(w, peri_schema_type_name(type), value, from, to);
    peri_scalar_write_integer(value, digits);
    return peri_writer_add(w, digits);
}

static bool add_number(struct peri_writer *w, const struct peri_schema_type *type,
                       const struct peri_scalar *value)
{
    char digits[PERI_SCALAR_NUMBER_SIZE];
    double number =
        value->kind == PERI_SCALAR_INTEGER ? (double)value->as.integer : value->as.number;
    peri_scalar_write_number(number, type->kind == PERI_SCHEMA_FLOAT, digits);
    return peri_writer_add(w, digits);
}

static bool add_time(struct peri_writer *w, int64_t time_us)
{
    char text[PERI_STAMP_SIZE];
    if (peri_stamp_write(time_us, text) > 0)
        return peri_writer_add(w, text);
    peri_error_set(w->err, PERI_E_SOAP_RANGE, "the time is not in the years 0 to 9999");
    return peri_writer_fail(w);
}

static bool add_member(struct peri_writer *w, const struct peri_schema_type *type,
                       struct peri_str member)
{
    if (peri_schema_has_member(type, member))
        return add_text(w, member);
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
                         enum peri_source_found found, const struct peri_scalar *value)
{
    char expected[160];
    bool is_enum = type->kind == PERI_SCHEMA_ENUM;
    snprintf(expected, sizeof(expected), is_enum ? "a string of %s" : "%s",
             peri_schema_type_name(type));
    peri_writer_wrong(w, expected, found, value);
    if (found == PERI_SOURCE_SCALAR && value->kind == PERI_SCALAR_NUMBER)
        peri_error_hint(w->err, "%.14g is a float: use // to divide, or math.tointeger",
                        value->as.number);
    return false;
}

static bool add_scalar(struct peri_writer *w, const struct peri_schema_type *type,
                       const struct peri_scalar *value)
{
    switch (type->kind) {
    case PERI_SCHEMA_BOOLEAN:
        return peri_writer_add(w, value->as.boolean ? "true" : "false");
    case PERI_SCHEMA_BYTE:
    case PERI_SCHEMA_SHORT:
    case PERI_SCHEMA_INT:
    case PERI_SCHEMA_LONG:
        return add_integer(w, type, value->as.integer);
    case PERI_SCHEMA_FLOAT:
    case PERI_SCHEMA_DOUBLE:
        return add_number(w, type, value);
    case PERI_SCHEMA_TIME:
        return add_time(w, value->as.time_us);
    case PERI_SCHEMA_BINARY:
        return peri_base64_encode(value->as.string, w->out, w->err) || peri_writer_fail(w);
    case PERI_SCHEMA_ENUM:
        return add_member(w, type, value->as.string);
    default:
        return add_text(w, value->as.string);
    }
}

/* An object must be of the declared type, unless the schema does not know what it is of. */
static bool check_reference(struct peri_writer *w, const struct peri_schema_type *declared,
                            const struct peri_scalar *value)
{
    const struct peri_schema_type *type = peri_schema_find_type(value->as.reference.type);
    if (type == NULL || peri_schema_is(type, declared))
        return true;
    peri_error_set(w->err, PERI_E_SOAP_TYPE, "%s is expected here, not %s",
                   peri_schema_type_name(declared), peri_schema_type_name(type));
    return peri_writer_fail(w);
}

bool peri_writer_reference(struct peri_writer *w, const char *tag, const char *xsi_type,
                           const struct peri_scalar *value)
{
    return peri_writer_add(w, "<") && peri_writer_add(w, tag) && add_space(w) &&
           (xsi_type == NULL || add_attribute(w, "xsi:type", peri_str_of(xsi_type))) &&
           add_attribute(w, "type", value->as.reference.type) && peri_writer_add(w, ">") &&
           add_text(w, value->as.reference.id) && peri_writer_end(w, tag);
}

bool peri_writer_scalar(struct peri_writer *w, const char *tag, const char *xsi_type,
                        const struct peri_schema_type *type, enum peri_source_found found,
                        const struct peri_scalar *value)
{
    uint8_t outer = w->scope;
    if (found != PERI_SOURCE_SCALAR || value->kind != kind_for(type, value))
        return wrong_scalar(w, type, found, value);
    bool is_written =
        value->kind == PERI_SCALAR_REFERENCE
            ? check_reference(w, type, value) && peri_writer_reference(w, tag, xsi_type, value)
            : peri_writer_begin(w, tag, xsi_type) && add_scalar(w, type, value) &&
                  peri_writer_end(w, tag);
    w->scope = outer;
    return is_written;
}
