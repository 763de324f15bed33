/* leaf.c: the text of an element to a value without parts. */
#include "bindings/soap/leaf.h"

#include "bindings/soap/base64.h"
#include "bindings/soap/stamp.h"

static bool read_binary(struct peri_str text, struct peri_buf *binary, struct peri_scalar *out,
                        struct peri_error *err)
{
    peri_buf_clear(binary);
    if (!peri_base64_decode(text, binary, err))
        return false;
    out->kind = PERI_SCALAR_STRING;
    out->as.string = (struct peri_str){binary->len == 0 ? "" : binary->data, binary->len};
    return true;
}

/* Reads a text as the number, truth or time that a kind of type asks for; false if it is none. */
static bool read_text(uint8_t kind, struct peri_str text, struct peri_scalar *out)
{
    switch (kind) {
    case PERI_SCHEMA_BOOLEAN:
        out->kind = PERI_SCALAR_BOOLEAN;
        return peri_scalar_read_boolean(text, &out->as.boolean);
    case PERI_SCHEMA_BYTE:
    case PERI_SCHEMA_SHORT:
    case PERI_SCHEMA_INT:
    case PERI_SCHEMA_LONG:
        out->kind = PERI_SCALAR_INTEGER;
        return peri_scalar_read_integer(text, &out->as.integer);
    case PERI_SCHEMA_FLOAT:
    case PERI_SCHEMA_DOUBLE:
        out->kind = PERI_SCALAR_NUMBER;
        return peri_scalar_read_number(text, &out->as.number);
    default:
        out->kind = PERI_SCALAR_TIME;
        return peri_stamp_read(text, &out->as.time_us);
    }
}

static void read_reference(const struct peri_scan_token *token, const struct peri_schema_type *type,
                           struct peri_scalar *out)
{
    const char *name = token->type;
    if (name == NULL && type != NULL && type->kind == PERI_SCHEMA_MANAGED)
        name = peri_schema_type_name(type);
    if (name == NULL || token->text.len == 0) {
        out->kind = PERI_SCALAR_NONE;
        return;
    }
    out->kind = PERI_SCALAR_REFERENCE;
    out->as.reference.type = peri_str_of(name);
    out->as.reference.id = token->text;
}

static bool is_reference(const struct peri_scan_token *token, const struct peri_schema_type *type)
{
    if (type == NULL)
        return token->type != NULL;
    return type->kind == PERI_SCHEMA_REFERENCE || type->kind == PERI_SCHEMA_MANAGED;
}

static bool bad_text(const struct peri_scan_token *token, const struct peri_schema_type *type,
                     struct peri_error *err)
{
    int len = token->text.len > 60 ? 60 : (int)token->text.len;
    return peri_error_set(err, PERI_E_SOAP_XML, "the answer has \"%.*s\" in <%s>, which is no %s",
                          len, token->text.data, token->name, peri_schema_type_name(type));
}

bool peri_leaf_read(const struct peri_scan_token *token, const struct peri_schema_type *type,
                    struct peri_buf *binary, struct peri_scalar *out, struct peri_error *err)
{
    if (is_reference(token, type)) {
        read_reference(token, type, out);
        return true;
    }
    if (type == NULL || type->kind == PERI_SCHEMA_STRING || type->kind == PERI_SCHEMA_ENUM) {
        out->kind = PERI_SCALAR_STRING;
        out->as.string = token->text;
        return true;
    }
    if (type->kind == PERI_SCHEMA_BINARY)
        return read_binary(token->text, binary, out, err);
    if (token->text.len == 0) {
        out->kind = PERI_SCALAR_NONE;
        return true;
    }
    return read_text(type->kind, token->text, out) || bad_text(token, type, err);
}

static uint16_t type_of_scalar(const struct peri_scalar *value)
{
    switch (value->kind) {
    case PERI_SCALAR_BOOLEAN:
        return PERI_SCHEMA_BOOLEAN;
    case PERI_SCALAR_INTEGER:
        return value->as.integer >= INT32_MIN && value->as.integer <= INT32_MAX ? PERI_SCHEMA_INT
                                                                                : PERI_SCHEMA_LONG;
    case PERI_SCALAR_NUMBER:
        return PERI_SCHEMA_DOUBLE;
    case PERI_SCALAR_TIME:
        return PERI_SCHEMA_TIME;
    case PERI_SCALAR_REFERENCE:
        return PERI_SCHEMA_REFERENCE;
    default:
        return PERI_SCHEMA_STRING;
    }
}

const struct peri_schema_type *peri_leaf_type(const struct peri_scalar *value)
{
    return peri_schema_type(type_of_scalar(value));
}
