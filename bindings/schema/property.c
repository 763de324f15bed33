/* property.c: following property paths through the schema. */
#include "bindings/schema/property.h"

#include <string.h>

static const struct peri_schema_type *base_of(const struct peri_schema_type *type)
{
    return type->base == PERI_SCHEMA_NONE ? NULL : peri_schema_type(type->base);
}

static const struct peri_schema_field *own_or_inherited(const struct peri_schema_type *type,
                                                        uint16_t name)
{
    for (; type != NULL; type = base_of(type))
        for (size_t i = 0; i < type->count; i++)
            if (peri_schema_own(type, i)->name == name)
                return peri_schema_own(type, i);
    return NULL;
}

const struct peri_schema_type *peri_property_subtype(const struct peri_schema_type *base,
                                                     struct peri_str name)
{
    uint16_t number = peri_schema_find_name(name);
    if (number == PERI_SCHEMA_NONE)
        return NULL;
    for (size_t i = PERI_SCHEMA_BUILTINS; i < peri_schema_type_count(); i++) {
        const struct peri_schema_type *type = peri_schema_type((uint16_t)i);
        if (type->kind == base->kind && peri_schema_is(type, base) &&
            own_or_inherited(type, number) != NULL)
            return type;
    }
    return NULL;
}

static bool has_fields(const struct peri_schema_type *type, bool is_first)
{
    return type->kind == PERI_SCHEMA_DATA || (is_first && type->kind == PERI_SCHEMA_MANAGED);
}

/* A value may be of any type that extends the declared one, and have that one's fields. */
static const struct peri_schema_field *find(const struct peri_schema_type *type,
                                            struct peri_str name)
{
    uint16_t number = peri_schema_find_name(name);
    if (number == PERI_SCHEMA_NONE)
        return NULL;
    const struct peri_schema_field *field = own_or_inherited(type, number);
    if (field != NULL)
        return field;
    const struct peri_schema_type *subtype = peri_property_subtype(type, name);
    return subtype == NULL ? NULL : own_or_inherited(subtype, number);
}

/* The length of "[key]" at the start of rest; 0 when there is none, or none that ends. A key in
 * quotes may hold brackets, but no quote. */
static size_t key_length(struct peri_str rest)
{
    if (rest.len < 3 || rest.data[0] != '[')
        return 0;
    size_t i = 1;
    if (rest.data[1] == '"') {
        const char *quote = memchr(rest.data + 2, '"', rest.len - 2);
        if (quote == NULL)
            return 0;
        i = (size_t)(quote - rest.data) + 1;
    }
    const char *close = memchr(rest.data + i, ']', rest.len - i);
    return close == NULL ? 0 : (size_t)(close - rest.data) + 1;
}

static size_t name_length(struct peri_str rest)
{
    size_t n = 0;
    while (n < rest.len && rest.data[n] != '.' && rest.data[n] != '[')
        n++;
    return n;
}

/* Takes one name and its key, if any, off the path. */
static bool step(struct peri_str path, struct peri_property *out)
{
    struct peri_str rest = {path.data + out->good, path.len - out->good};
    struct peri_str name = {rest.data, name_length(rest)};
    const struct peri_schema_field *field = find(out->at, name);
    if (field == NULL)
        return false;
    rest = (struct peri_str){rest.data + name.len, rest.len - name.len};
    size_t key = field->flags & PERI_SCHEMA_ARRAY ? key_length(rest) : 0;
    out->field = field;
    out->type = peri_schema_type(field->type);
    out->flags = key > 0 ? (uint8_t)(field->flags & ~PERI_SCHEMA_ARRAY) : field->flags;
    out->since = field->since > out->since ? field->since : out->since;
    out->good += name.len + key;
    out->at = has_fields(out->type, false) ? out->type : NULL;
    return true;
}

bool peri_property_find(const struct peri_schema_type *type, struct peri_str path,
                        struct peri_property *out)
{
    *out = (struct peri_property){.type = type};
    out->at = has_fields(type, true) ? type : NULL;
    while (out->at != NULL) {
        if (!step(path, out))
            return false;
        if (out->good == path.len)
            return true;
        if (path.data[out->good] != '.' || (out->flags & PERI_SCHEMA_ARRAY) != 0)
            return false;
        if (out->at != NULL)
            out->good++;
    }
    return false;
}
