/* element.c: values with parts to elements.
 *
 * The source takes the fields out of a table in any order, and refuses what the type lacks; they
 * are written in the order of the type. */
#include "bindings/soap/element.h"

#include <stdio.h>

#include "bindings/schema/near.h"
#include "bindings/schema/property.h"
#include "bindings/soap/leaf.h"

enum { WORD_BITS = 64 };

/* What a table is held against. */
struct fields {
    struct peri_shape shape;
    const char *owner; /* what it is called */
    bool is_open;      /* there may be others, in pairs */
};

static struct fields fields_of(const struct peri_schema_type *type)
{
    return (struct fields){.shape = {.type = type}, .owner = peri_schema_type_name(type)};
}

static bool enter(struct peri_writer *w, const char *name)
{
    if (peri_path_push_name(&w->path, name))
        return true;
    peri_error_set(w->err, PERI_E_LIMIT, "the value is nested too deep; does it contain itself?");
    return peri_writer_fail(w);
}

static bool enter_item(struct peri_writer *w, uint32_t index)
{
    if (peri_path_push_index(&w->path, index))
        return true;
    peri_error_set(w->err, PERI_E_LIMIT, "the value is nested too deep; does it contain itself?");
    return peri_writer_fail(w);
}

/* Nothing of the path is popped when something fails: the error names the place. */
static bool leave(struct peri_writer *w)
{
    peri_path_pop(&w->path);
    return true;
}

static const char *near_field(const struct fields *f, struct peri_str name)
{
    if (f->shape.type != NULL)
        return peri_near_field(f->shape.type, name);
    return f->shape.method != NULL ? peri_near_param(f->shape.method, name) : NULL;
}

/* What to do about a field that a type lacks: another type may be meant, or another field. */
static bool suggest_field(struct peri_writer *w, const struct fields *f, struct peri_str name)
{
    const struct peri_schema_type *subtype =
        f->shape.type == NULL ? NULL : peri_property_subtype(f->shape.type, name);
    if (subtype == NULL)
        return peri_writer_suggest(w, near_field(f, name));
    const char *type = peri_schema_type_name(subtype);
    peri_error_hint(w->err, "%s has it: write _typeName = \"%s\" beside it", type, type);
    return peri_writer_fail(w);
}

static bool unknown_field(struct peri_writer *w, const struct fields *f, struct peri_str name)
{
    char copy[80];
    snprintf(copy, sizeof(copy), "%.*s", name.len > 60 ? 60 : (int)name.len, name.data);
    peri_error_set(w->err, PERI_E_SOAP_FIELD, "%s has no %s \"%s\"", f->owner,
                   f->shape.method != NULL ? "parameter" : "field", copy);
    peri_path_push_name(&w->path, copy);
    if (!f->is_open)
        return suggest_field(w, f, name);
    peri_error_hint(w->err, "write it as a pair, whose place counts: { \"%s\", value }", copy);
    return peri_writer_fail(w);
}

static bool list_for_object(struct peri_writer *w, const struct fields *f)
{
    peri_error_set(w->err, PERI_E_SOAP_TYPE, "%s is expected here, not a list", f->owner);
    return peri_writer_fail(w);
}

static bool missing_field(struct peri_writer *w, const struct fields *f,
                          const struct peri_schema_field *field)
{
    bool is_array = field->flags & PERI_SCHEMA_ARRAY;
    const char *name = peri_schema_name(field->name);
    peri_error_set(w->err, PERI_E_SOAP_REQUIRED, "%s needs \"%s\", %s%s", f->owner, name,
                   is_array ? "a list of at least one " : "",
                   peri_schema_type_name(peri_schema_type(field->type)));
    peri_path_push_name(&w->path, name);
    return peri_writer_fail(w);
}

static bool value_element(struct peri_writer *w, struct peri_str tag,
                          const struct peri_schema_type *declared,
                          const struct peri_source_value *value);

/* ---- lists ---- */

/* The length of a table, which must have the keys of a list and no others. */
static bool check_list(struct peri_writer *w, const struct peri_schema_type *type, int table,
                       uint32_t *length)
{
    if (w->source->is_list(w->source->arg, table, length))
        return true;
    peri_error_set(w->err, PERI_E_SOAP_TYPE, "a list of %s is expected here",
                   peri_schema_type_name(type));
    if (*length == 0)
        peri_error_hint(w->err, "put it in braces: { {...} }");
    return peri_writer_fail(w);
}

static bool items(struct peri_writer *w, struct peri_str tag, const struct peri_schema_type *type,
                  int table, uint32_t length)
{
    struct peri_source_value value;
    for (uint32_t i = 1; i <= length; i++) {
        w->source->item(w->source->arg, table, i, &value);
        if (!enter_item(w, i) || !value_element(w, tag, type, &value) || !leave(w))
            return false;
        w->source->leave_item(w->source->arg, &value);
    }
    return true;
}

static bool wrong_list(struct peri_writer *w, const struct peri_schema_type *type,
                       const struct peri_source_value *value)
{
    char expected[160];
    snprintf(expected, sizeof(expected), "a list of %s", peri_schema_type_name(type));
    return peri_writer_wrong(w, expected, value);
}

/* The element repeated. An empty list is nothing, as if the field were absent. */
static bool list_elements(struct peri_writer *w, struct peri_str tag, const struct fields *f,
                          const struct peri_schema_field *field,
                          const struct peri_source_value *value)
{
    const struct peri_schema_type *type = peri_schema_type(field->type);
    uint32_t length;
    if (value->found != PERI_SOURCE_TABLE)
        return wrong_list(w, type, value);
    if (!check_list(w, type, value->table, &length))
        return false;
    if (length == 0 && !(field->flags & PERI_SCHEMA_OPTIONAL)) {
        peri_path_pop(&w->path);
        return missing_field(w, f, field);
    }
    return items(w, tag, type, value->table, length);
}

/* ---- objects ---- */

static bool field_value(struct peri_writer *w, struct peri_str tag, const struct fields *f,
                        const struct peri_schema_field *field,
                        const struct peri_source_value *value)
{
    w->space = field->space;
    if (field->flags & PERI_SCHEMA_ARRAY)
        return list_elements(w, tag, f, field, value);
    return value_element(w, tag, peri_schema_type(field->type), value);
}

static bool field_element(struct peri_writer *w, const struct fields *f,
                          const struct peri_schema_field *field,
                          const struct peri_source_value *value)
{
    struct peri_str name = peri_schema_field_name(field);
    if (!enter(w, name.data))
        return false;
    if (!f->is_open && peri_writer_is_too_new(w, field->service, field->since))
        return peri_writer_too_new(w, PERI_E_SOAP_FIELD, name.data, field->service, field->since);
    return field_value(w, name, f, field, value) && leave(w);
}

/* ---- what the schema lacks ---- */

/* A value where nothing is declared: a list, an object, or a scalar as it is. */
static bool open_value(struct peri_writer *w, struct peri_str tag,
                       const struct peri_source_value *value);

static bool open_list(struct peri_writer *w, struct peri_str tag, int table)
{
    const struct peri_schema_type *any = peri_schema_type(PERI_SCHEMA_ANY);
    struct peri_source_value value;
    uint32_t length;
    if (!check_list(w, any, table, &length))
        return false;
    for (uint32_t i = 1; i <= length; i++) {
        w->source->item(w->source->arg, table, i, &value);
        if (!enter_item(w, i) || !open_value(w, tag, &value) || !leave(w))
            return false;
        w->source->leave_item(w->source->arg, &value);
    }
    return true;
}

/* Whether a table where nothing is declared is a list: it says nothing else, and has items. */
static bool is_open_list(struct peri_writer *w, int table)
{
    struct peri_source_value first;
    struct peri_source_type type;
    struct peri_str text;
    if (w->source->type(w->source->arg, table, w->service, &type) ||
        w->source->mark(w->source->arg, table, &text) != PERI_SOURCE_CHECKED)
        return false;
    w->source->item(w->source->arg, table, 1, &first);
    w->source->leave_item(w->source->arg, &first);
    return first.found != PERI_SOURCE_NOTHING;
}

static bool open_value(struct peri_writer *w, struct peri_str tag,
                       const struct peri_source_value *value)
{
    if (value->found == PERI_SOURCE_TABLE)
        return is_open_list(w, value->table)
                   ? open_list(w, tag, value->table)
                   : value_element(w, tag, peri_schema_type(PERI_SCHEMA_ANY), value);
    if (value->found == PERI_SOURCE_NOTHING || value->scalar.kind == PERI_SCALAR_OTHER)
        return peri_writer_wrong(w, "a value of the API", value);
    return peri_writer_scalar(w, tag, NULL, peri_leaf_type(&value->scalar), value);
}

/* The name at the head of a pair; NULL: it is none for an element. */
static const char *pair_name(struct peri_writer *w, int pair)
{
    struct peri_source_value name;
    w->source->item(w->source->arg, pair, 1, &name);
    w->source->leave_item(w->source->arg, &name);
    if (name.found == PERI_SOURCE_SCALAR && name.scalar.kind == PERI_SCALAR_STRING &&
        peri_writer_is_name(name.scalar.as.string))
        return name.scalar.as.string.data;
    peri_error_set(w->err, PERI_E_SOAP_TYPE, "a pair begins with the name of a field");
    peri_writer_fail(w);
    return NULL;
}

/* { "name", value }; what the schema knows by that name is encoded as that. */
static bool pair_element(struct peri_writer *w, const struct fields *f, const char *name, int pair)
{
    struct peri_str tag = peri_str_of(name);
    struct peri_source_value value;
    uint16_t number = peri_schema_find_name(tag);
    int i = number == PERI_SCHEMA_NONE ? -1 : peri_shape_find(&f->shape, number);
    w->source->item(w->source->arg, pair, 2, &value);
    bool is_written = i >= 0
                          ? field_value(w, tag, f, peri_shape_field(&f->shape, (size_t)i), &value)
                          : open_value(w, tag, &value);
    w->source->leave_item(w->source->arg, &value);
    return is_written;
}

static bool pair_elements(struct peri_writer *w, const struct fields *f, int table)
{
    struct peri_source_value pair;
    uint8_t space = f->shape.type != NULL ? f->shape.type->space : w->service;
    for (uint32_t i = 1;; i++) {
        w->source->item(w->source->arg, table, i, &pair);
        if (pair.found == PERI_SOURCE_NOTHING)
            return true;
        w->space = space;
        if (!enter_item(w, i))
            return false;
        if (pair.found != PERI_SOURCE_TABLE)
            return peri_writer_wrong(w, "a pair { name, value }", &pair);
        const char *name = pair_name(w, pair.table);
        if (name == NULL || !leave(w) || !enter(w, name) || !pair_element(w, f, name, pair.table) ||
            !leave(w))
            return false;
        w->source->leave_item(w->source->arg, &pair);
    }
}

/* ---- all fields ---- */

static bool refuse_key(struct peri_writer *w, const struct fields *f,
                       const struct peri_source_key *key)
{
    return key->is_index ? list_for_object(w, f) : unknown_field(w, f, key->name);
}

/* Writes the fields of one word of bits, and refuses the first one that is missing among them. */
static bool write_word(struct peri_writer *w, const struct fields *f,
                       const struct peri_source_fields *found, size_t word)
{
    uint64_t missing = f->is_open ? 0 : found->missing[word];
    for (uint64_t left = found->seen[word] | missing; left != 0; left &= left - 1) {
        size_t i = word * WORD_BITS + (size_t)__builtin_ctzll(left);
        const struct peri_schema_field *field = peri_shape_field(&f->shape, i);
        if (missing & left & -left)
            return missing_field(w, f, field);
        if (!field_element(w, f, field, &w->source->values[found->first + i]))
            return false;
    }
    return true;
}

static bool field_elements(struct peri_writer *w, const struct fields *f, int table)
{
    struct peri_source_fields found;
    struct peri_source_key unknown;
    if (!w->source->fields(w->source->arg, table, &f->shape, f->is_open, &found, &unknown))
        return refuse_key(w, f, &unknown);
    for (size_t i = 0; i < PERI_SHAPE_WORDS; i++)
        if (!write_word(w, f, &found, i))
            return false;
    w->source->leave_fields(w->source->arg, &found);
    return !f->is_open || pair_elements(w, f, table);
}

static bool unknown_type(struct peri_writer *w, const struct peri_schema_type *base,
                         struct peri_str name)
{
    peri_error_set(w->err, PERI_E_SOAP_TYPE, "the API has no type \"%.*s\"",
                   name.len > 60 ? 60 : (int)name.len, name.data);
    const struct peri_schema_type *other = peri_schema_find_type(name);
    if (other == NULL)
        return peri_writer_suggest(w, peri_near_type(w->service, base, name));
    peri_error_hint(w->err, "the service %s has, not the one that is called",
                    peri_schema_text(peri_schema_service(other->service)->name));
    return peri_writer_fail(w);
}

/* The data type that a table says it is of, or the declared one. NULL: failed. */
static const struct peri_schema_type *
object_type(struct peri_writer *w, const struct peri_schema_type *declared, int table)
{
    struct peri_source_type said;
    if (!w->source->type(w->source->arg, table, w->service, &said))
        return declared;
    if (said.type == NULL) {
        unknown_type(w, declared, said.name);
        return NULL;
    }
    if (!peri_schema_is(said.type, declared)) {
        peri_error_set(w->err, PERI_E_SOAP_TYPE, "%s is expected here, not %s",
                       peri_schema_type_name(declared), peri_schema_type_name(said.type));
        peri_writer_fail(w);
        return NULL;
    }
    return said.type;
}

static bool is_known_to_server(struct peri_writer *w, const struct peri_schema_type *type)
{
    return !peri_writer_is_too_new(w, type->service, type->since) ||
           peri_writer_too_new(w, PERI_E_SOAP_TYPE, peri_schema_type_name(type), type->service,
                               type->since);
}

/* An object as an element. */
static bool fields_element(struct peri_writer *w, struct peri_str tag, const char *xsi_type,
                           const struct fields *fields, int table)
{
    uint8_t space = w->space, scope = w->scope;
    if (!peri_writer_begin(w, tag, xsi_type) || !field_elements(w, fields, table) ||
        !peri_writer_end(w, tag))
        return false;
    w->space = space;
    w->scope = scope;
    return true;
}

static bool object_element(struct peri_writer *w, struct peri_str tag, const char *xsi_type,
                           const struct peri_schema_type *type, int table)
{
    struct fields fields = fields_of(type);
    return is_known_to_server(w, type) && fields_element(w, tag, xsi_type, &fields, table);
}

static bool typed_object(struct peri_writer *w, struct peri_str tag,
                         const struct peri_schema_type *type, int table)
{
    char xsi_type[PERI_WRITER_TYPE_SIZE];
    peri_writer_type(w, type, false, xsi_type);
    return object_element(w, tag, xsi_type, type, table);
}

static bool data_element(struct peri_writer *w, struct peri_str tag,
                         const struct peri_schema_type *declared,
                         const struct peri_source_value *value)
{
    if (value->found != PERI_SOURCE_TABLE)
        return peri_writer_wrong(w, peri_schema_type_name(declared), value);
    const struct peri_schema_type *type = object_type(w, declared, value->table);
    if (type == NULL)
        return false;
    return type == declared ? object_element(w, tag, NULL, type, value->table)
                            : typed_object(w, tag, type, value->table);
}

/* ---- anyType ---- */

/* { _typeName = "long", value = 5 } */
static bool explicit_scalar(struct peri_writer *w, struct peri_str tag,
                            const struct peri_schema_type *type, int table)
{
    char xsi_type[PERI_WRITER_TYPE_SIZE];
    struct peri_source_value value;
    if (!is_known_to_server(w, type) || !enter(w, "value"))
        return false;
    peri_writer_type(w, type, false, xsi_type);
    w->source->named(w->source->arg, table, "value", &value);
    if (!peri_writer_scalar(w, tag, xsi_type, type, &value))
        return false;
    w->source->leave_item(w->source->arg, &value);
    return leave(w);
}

/* { _typeName = "ArrayOfString", "a", "b" } */
static bool explicit_list(struct peri_writer *w, struct peri_str tag,
                          const struct peri_schema_type *type, int table)
{
    char xsi_type[PERI_WRITER_TYPE_SIZE];
    struct peri_str item = peri_str_of(peri_schema_type_name(type));
    uint8_t scope = w->scope;
    uint32_t length;
    peri_writer_type(w, type, true, xsi_type);
    if (!is_known_to_server(w, type) || !check_list(w, type, table, &length) ||
        !peri_writer_begin(w, tag, xsi_type) || !items(w, item, type, table, length) ||
        !peri_writer_end(w, tag))
        return false;
    w->scope = scope;
    return true;
}

static bool untyped_table(struct peri_writer *w)
{
    peri_error_set(w->err, PERI_E_SOAP_TYPE, "a table here must tell its type");
    peri_error_hint(w->err, "give it _typeName = \"OptionValue\" or \"ArrayOfString\"");
    return peri_writer_fail(w);
}

static bool any_table(struct peri_writer *w, struct peri_str tag, int table)
{
    struct peri_source_type said;
    if (!w->source->type(w->source->arg, table, w->service, &said))
        return untyped_table(w);
    const struct peri_schema_type *type = said.type;
    const struct peri_schema_type *element =
        type == NULL ? peri_schema_find_array(w->service, said.name) : NULL;
    if (element != NULL && element->kind != PERI_SCHEMA_MANAGED)
        return explicit_list(w, tag, element, table);
    if (type == NULL || type->kind == PERI_SCHEMA_MANAGED || type->kind == PERI_SCHEMA_ANY)
        return unknown_type(w, NULL, said.name);
    if (type->kind != PERI_SCHEMA_DATA)
        return explicit_scalar(w, tag, type, table);
    return typed_object(w, tag, type, table);
}

static bool any_element(struct peri_writer *w, struct peri_str tag,
                        const struct peri_source_value *value)
{
    char xsi_type[PERI_WRITER_TYPE_SIZE];
    if (value->found == PERI_SOURCE_TABLE)
        return any_table(w, tag, value->table);
    if (value->found == PERI_SOURCE_NOTHING || value->scalar.kind == PERI_SCALAR_OTHER)
        return peri_writer_wrong(w, "a value of the API", value);
    const struct peri_schema_type *type = peri_leaf_type(&value->scalar);
    peri_writer_type(w, type, false, xsi_type);
    return peri_writer_scalar(w, tag, xsi_type, type, value);
}

/* ---- unchecked values ---- */

/* The type that a table says it is of; NULL: the schema lacks it. */
static const struct peri_schema_type *unchecked_type(struct peri_writer *w,
                                                     const struct peri_schema_type *declared,
                                                     int table,
                                                     char xsi_type[PERI_WRITER_TYPE_SIZE])
{
    struct peri_source_type said;
    xsi_type[0] = '\0';
    if (!w->source->type(w->source->arg, table, w->service, &said))
        return declared->kind == PERI_SCHEMA_DATA ? declared : NULL;
    if (said.type != NULL)
        peri_writer_type(w, said.type, false, xsi_type);
    else
        snprintf(xsi_type, PERI_WRITER_TYPE_SIZE, "%.*s", (int)said.name.len, said.name.data);
    return said.type != NULL && said.type->kind == PERI_SCHEMA_DATA ? said.type : NULL;
}

static bool unchecked_object(struct peri_writer *w, struct peri_str tag,
                             const struct peri_schema_type *declared, int table)
{
    char xsi_type[PERI_WRITER_TYPE_SIZE];
    const struct peri_schema_type *type = unchecked_type(w, declared, table, xsi_type);
    struct fields fields = {.owner = xsi_type[0] == '\0' ? "what is unchecked" : xsi_type};
    if (type != NULL)
        fields = fields_of(type);
    fields.is_open = true;
    return fields_element(w, tag, type == declared || xsi_type[0] == '\0' ? NULL : xsi_type,
                          &fields, table);
}

/* A text for a value, of an enum as a rule. */
static bool unchecked_text(struct peri_writer *w, struct peri_str tag, int table,
                           struct peri_str text)
{
    char xsi_type[PERI_WRITER_TYPE_SIZE];
    struct peri_source_value value = {.found = PERI_SOURCE_SCALAR};
    value.scalar.kind = PERI_SCALAR_STRING;
    value.scalar.as.string = text;
    const struct peri_schema_type *string = peri_schema_type(PERI_SCHEMA_STRING);
    unchecked_type(w, string, table, xsi_type);
    return peri_writer_scalar(w, tag, xsi_type[0] == '\0' ? NULL : xsi_type, string, &value);
}

static bool value_element(struct peri_writer *w, struct peri_str tag,
                          const struct peri_schema_type *declared,
                          const struct peri_source_value *value)
{
    struct peri_str text;
    enum peri_source_mark mark = value->found == PERI_SOURCE_TABLE
                                     ? w->source->mark(w->source->arg, value->table, &text)
                                     : PERI_SOURCE_CHECKED;
    if (mark == PERI_SOURCE_TEXT)
        return unchecked_text(w, tag, value->table, text);
    if (mark == PERI_SOURCE_UNCHECKED)
        return unchecked_object(w, tag, declared, value->table);
    if (declared->kind == PERI_SCHEMA_ANY)
        return any_element(w, tag, value);
    if (declared->kind == PERI_SCHEMA_DATA)
        return data_element(w, tag, declared, value);
    return peri_writer_scalar(w, tag, NULL, declared, value);
}

/* ---- arguments ---- */

static bool no_arguments(struct peri_writer *w, const struct fields *f)
{
    for (size_t i = 0; i < peri_shape_count(&f->shape) && !f->is_open; i++)
        if (!(peri_shape_field(&f->shape, i)->flags & PERI_SCHEMA_OPTIONAL))
            return missing_field(w, f, peri_shape_field(&f->shape, i));
    return true;
}

bool peri_element_arguments(struct peri_writer *w, const struct peri_schema_method *method,
                            const char *name, bool is_open)
{
    struct fields fields = {.shape = {.method = method}, .owner = name, .is_open = is_open};
    struct peri_source_value value;
    w->source->root(w->source->arg, &value);
    if (value.found == PERI_SOURCE_SCALAR)
        return peri_writer_wrong(w, "a table of arguments", &value);
    return value.found == PERI_SOURCE_TABLE ? field_elements(w, &fields, value.table)
                                            : no_arguments(w, &fields);
}
