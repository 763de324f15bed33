/* element.c: values with parts to elements.
 *
 * Objects are encoded in two passes: over the keys of the table, to refuse what the type lacks and
 * to note what is there, then over the fields of the type in their order. */
#include "bindings/soap/element.h"

#include <stdio.h>

#include "bindings/schema/near.h"
#include "bindings/soap/leaf.h"

enum {
    MOST_FIELDS = 256,
    WORD_BITS = 64
}; /* fields of one type: the schema's compiler checks it */

/* The fields of a data type, or the parameters of a method; both NULL: of what the schema lacks. */
struct fields {
    const struct peri_schema_type *type;
    const struct peri_schema_method *method;
    const char *owner; /* what it is called */
    size_t count;
    bool is_open; /* there may be others, in pairs */
};

/* What the keys of a table are checked against, and which of the fields are there. */
struct inventory {
    struct peri_writer *writer;
    const struct fields *fields;
    uint64_t seen[MOST_FIELDS / WORD_BITS];
};

static const struct peri_schema_field *field_at(const struct fields *f, size_t i)
{
    return f->type != NULL ? peri_schema_slot(f->type, i) : peri_schema_param(f->method, i);
}

static int find_field(const struct fields *f, uint16_t name)
{
    if (f->type != NULL)
        return peri_schema_find_slot(f->type, name);
    for (size_t i = 0; i < f->count; i++)
        if (peri_schema_param(f->method, i)->name == name)
            return (int)i;
    return -1;
}

static struct fields fields_of(const struct peri_schema_type *type)
{
    return (struct fields){
        .type = type, .owner = peri_schema_type_name(type), .count = type->slot_count};
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
    if (f->type != NULL)
        return peri_near_field(f->type, name);
    return f->method != NULL ? peri_near_param(f->method, name) : NULL;
}

static bool unknown_field(struct peri_writer *w, const struct fields *f, struct peri_str name)
{
    char copy[80];
    snprintf(copy, sizeof(copy), "%.*s", name.len > 60 ? 60 : (int)name.len, name.data);
    peri_error_set(w->err, PERI_E_SOAP_FIELD, "%s has no %s \"%s\"", f->owner,
                   f->method != NULL ? "parameter" : "field", copy);
    peri_path_push_name(&w->path, copy);
    if (!f->is_open)
        return peri_writer_suggest(w, near_field(f, name));
    peri_error_hint(w->err, "write it as a pair, whose place counts: { \"%s\", value }", copy);
    return peri_writer_fail(w);
}

static bool list_for_object(struct peri_writer *w, const struct fields *f)
{
    peri_error_set(w->err, PERI_E_SOAP_TYPE, "%s is expected here, not a list", f->owner);
    return peri_writer_fail(w);
}

static bool visit_key(void *context, const struct peri_source_key *key)
{
    struct inventory *inventory = context;
    struct peri_writer *w = inventory->writer;
    if (key->is_index)
        return inventory->fields->is_open || list_for_object(w, inventory->fields);
    int i = key->number == PERI_SCHEMA_NONE ? -1 : find_field(inventory->fields, key->number);
    if (i < 0)
        return unknown_field(w, inventory->fields, key->name);
    inventory->seen[i / WORD_BITS] |= UINT64_C(1) << (i % WORD_BITS);
    return true;
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

static bool value_element(struct peri_writer *w, const char *tag,
                          const struct peri_schema_type *declared, enum peri_source_found found,
                          const struct peri_scalar *value);

/* ---- lists ---- */

static bool visit_index(void *context, const struct peri_source_key *key)
{
    uint32_t *count = context;
    ++*count;
    return key->is_index;
}

/* The length of the table the source is at, which must have the keys of a list and no others. */
static bool check_list(struct peri_writer *w, const struct peri_schema_type *type, uint32_t *length)
{
    uint32_t count = 0;
    *length = w->source->length(w->source->arg);
    if (w->source->keys(w->source->arg, visit_index, &count) && count == *length)
        return true;
    peri_error_set(w->err, PERI_E_SOAP_TYPE, "a list of %s is expected here",
                   peri_schema_type_name(type));
    if (*length == 0)
        peri_error_hint(w->err, "put it in braces: { {...} }");
    return peri_writer_fail(w);
}

static bool items(struct peri_writer *w, const char *tag, const struct peri_schema_type *type,
                  uint32_t length)
{
    struct peri_scalar value;
    for (uint32_t i = 1; i <= length; i++) {
        enum peri_source_found found = w->source->item(w->source->arg, i, &value);
        if (!enter_item(w, i) || !value_element(w, tag, type, found, &value) || !leave(w))
            return false;
    }
    return true;
}

/* The element repeated. An empty list is nothing, as if the field were absent. */
static bool list_elements(struct peri_writer *w, const struct fields *f,
                          const struct peri_schema_field *field, enum peri_source_found found,
                          const struct peri_scalar *value)
{
    const struct peri_schema_type *type = peri_schema_type(field->type);
    char expected[160];
    uint32_t length;
    if (found != PERI_SOURCE_TABLE) {
        snprintf(expected, sizeof(expected), "a list of %s", peri_schema_type_name(type));
        return peri_writer_wrong(w, expected, found, value);
    }
    if (!check_list(w, type, &length))
        return false;
    if (length == 0 && !(field->flags & PERI_SCHEMA_OPTIONAL)) {
        peri_path_pop(&w->path);
        return missing_field(w, f, field);
    }
    if (!items(w, peri_schema_name(field->name), type, length))
        return false;
    w->source->leave(w->source->arg);
    return true;
}

/* ---- objects ---- */

static bool field_value(struct peri_writer *w, const struct fields *f,
                        const struct peri_schema_field *field, enum peri_source_found found,
                        const struct peri_scalar *value)
{
    w->space = field->space;
    if (field->flags & PERI_SCHEMA_ARRAY)
        return list_elements(w, f, field, found, value);
    return value_element(w, peri_schema_name(field->name), peri_schema_type(field->type), found,
                         value);
}

static bool field_element(struct peri_writer *w, const struct fields *f,
                          const struct peri_schema_field *field)
{
    const char *name = peri_schema_name(field->name);
    struct peri_scalar value;
    if (!enter(w, name))
        return false;
    if (!f->is_open && peri_writer_is_too_new(w, field->service, field->since))
        return peri_writer_too_new(w, PERI_E_SOAP_FIELD, name, field->service, field->since);
    enum peri_source_found found = w->source->field(w->source->arg, field->name, &value);
    return field_value(w, f, field, found, &value) && leave(w);
}

/* ---- what the schema lacks ---- */

/* A value where nothing is declared: a list, an object, or a scalar as it is. */
static bool open_value(struct peri_writer *w, const char *tag, enum peri_source_found found,
                       const struct peri_scalar *value);

static bool open_list(struct peri_writer *w, const char *tag)
{
    const struct peri_schema_type *any = peri_schema_type(PERI_SCHEMA_ANY);
    struct peri_scalar value;
    uint32_t length;
    if (!check_list(w, any, &length))
        return false;
    for (uint32_t i = 1; i <= length; i++) {
        enum peri_source_found found = w->source->item(w->source->arg, i, &value);
        if (!enter_item(w, i) || !open_value(w, tag, found, &value) || !leave(w))
            return false;
    }
    w->source->leave(w->source->arg);
    return true;
}

static bool open_value(struct peri_writer *w, const char *tag, enum peri_source_found found,
                       const struct peri_scalar *value)
{
    struct peri_str ignored;
    if (found == PERI_SOURCE_TABLE) {
        bool is_typed = w->source->type_name(w->source->arg, &ignored) ||
                        w->source->mark(w->source->arg, &ignored) != PERI_SOURCE_CHECKED ||
                        w->source->length(w->source->arg) == 0;
        return is_typed ? value_element(w, tag, peri_schema_type(PERI_SCHEMA_ANY), found, value)
                        : open_list(w, tag);
    }
    if (found == PERI_SOURCE_NOTHING || value->kind == PERI_SCALAR_OTHER)
        return peri_writer_wrong(w, "a value of the API", found, value);
    return peri_writer_scalar(w, tag, NULL, peri_leaf_type(value), found, value);
}

/* The name at the head of the pair that the source is at; NULL: it is none for an element. */
static const char *pair_name(struct peri_writer *w)
{
    struct peri_scalar name;
    if (w->source->item(w->source->arg, 1, &name) == PERI_SOURCE_SCALAR &&
        name.kind == PERI_SCALAR_STRING && peri_writer_is_name(name.as.string))
        return name.as.string.data;
    peri_error_set(w->err, PERI_E_SOAP_TYPE, "a pair begins with the name of a field");
    peri_writer_fail(w);
    return NULL;
}

/* { "name", value }; what the schema knows by that name is encoded as that. */
static bool pair_element(struct peri_writer *w, const struct fields *f, const char *name)
{
    struct peri_scalar value;
    uint16_t number = peri_schema_find_name(peri_str_of(name));
    int i = number == PERI_SCHEMA_NONE ? -1 : find_field(f, number);
    enum peri_source_found found = w->source->item(w->source->arg, 2, &value);
    bool is_written = i >= 0 ? field_value(w, f, field_at(f, (size_t)i), found, &value)
                             : open_value(w, name, found, &value);
    return is_written;
}

static bool pair_elements(struct peri_writer *w, const struct fields *f)
{
    struct peri_scalar value;
    uint32_t length = w->source->length(w->source->arg);
    uint8_t space = f->type != NULL ? f->type->space : w->service;
    for (uint32_t i = 1; i <= length; i++) {
        enum peri_source_found found = w->source->item(w->source->arg, i, &value);
        w->space = space;
        if (!enter_item(w, i))
            return false;
        if (found != PERI_SOURCE_TABLE)
            return peri_writer_wrong(w, "a pair { name, value }", found, &value);
        const char *name = pair_name(w);
        if (name == NULL || !leave(w) || !enter(w, name) || !pair_element(w, f, name) || !leave(w))
            return false;
        w->source->leave(w->source->arg);
    }
    return true;
}

/* ---- all fields ---- */

static bool field_elements(struct peri_writer *w, const struct fields *f)
{
    struct inventory inventory = {w, f, {0}};
    if (!w->source->keys(w->source->arg, visit_key, &inventory))
        return false;
    for (size_t i = 0; i < f->count; i++) {
        const struct peri_schema_field *field = field_at(f, i);
        bool is_there = inventory.seen[i / WORD_BITS] >> (i % WORD_BITS) & 1;
        bool is_needed = !f->is_open && !(field->flags & PERI_SCHEMA_OPTIONAL);
        if (is_there ? !field_element(w, f, field) : is_needed && !missing_field(w, f, field))
            return false;
    }
    return !f->is_open || pair_elements(w, f);
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

/* The data type that the table the source is at says it is of, or the declared one. NULL: failed.
 */
static const struct peri_schema_type *object_type(struct peri_writer *w,
                                                  const struct peri_schema_type *declared)
{
    struct peri_str name;
    if (!w->source->type_name(w->source->arg, &name))
        return declared;
    const struct peri_schema_type *type = peri_schema_find_type_in(w->service, name);
    if (type == NULL) {
        unknown_type(w, declared, name);
        return NULL;
    }
    if (!peri_schema_is(type, declared)) {
        peri_error_set(w->err, PERI_E_SOAP_TYPE, "%s is expected here, not %s",
                       peri_schema_type_name(declared), peri_schema_type_name(type));
        peri_writer_fail(w);
        return NULL;
    }
    return type;
}

static bool is_known_to_server(struct peri_writer *w, const struct peri_schema_type *type)
{
    return !peri_writer_is_too_new(w, type->service, type->since) ||
           peri_writer_too_new(w, PERI_E_SOAP_TYPE, peri_schema_type_name(type), type->service,
                               type->since);
}

/* The object that the source is at, as an element; then the source leaves it. */
static bool fields_element(struct peri_writer *w, const char *tag, const char *xsi_type,
                           const struct fields *fields)
{
    uint8_t space = w->space, scope = w->scope;
    if (!peri_writer_begin(w, tag, xsi_type) || !field_elements(w, fields) ||
        !peri_writer_end(w, tag))
        return false;
    w->space = space;
    w->scope = scope;
    w->source->leave(w->source->arg);
    return true;
}

static bool object_element(struct peri_writer *w, const char *tag, const char *xsi_type,
                           const struct peri_schema_type *type)
{
    struct fields fields = fields_of(type);
    return is_known_to_server(w, type) && fields_element(w, tag, xsi_type, &fields);
}

static bool data_element(struct peri_writer *w, const char *tag,
                         const struct peri_schema_type *declared, enum peri_source_found found,
                         const struct peri_scalar *value)
{
    if (found != PERI_SOURCE_TABLE)
        return peri_writer_wrong(w, peri_schema_type_name(declared), found, value);
    const struct peri_schema_type *type = object_type(w, declared);
    char xsi_type[PERI_WRITER_TYPE_SIZE];
    if (type == NULL)
        return false;
    peri_writer_type(w, type, false, xsi_type);
    return object_element(w, tag, type == declared ? NULL : xsi_type, type);
}

/* ---- anyType ---- */

/* { _typeName = "long", value = 5 } */
static bool explicit_scalar(struct peri_writer *w, const char *tag,
                            const struct peri_schema_type *type)
{
    char xsi_type[PERI_WRITER_TYPE_SIZE];
    struct peri_scalar value;
    uint16_t name = peri_schema_find_name(peri_str_of("value"));
    if (!is_known_to_server(w, type) || !enter(w, "value"))
        return false;
    peri_writer_type(w, type, false, xsi_type);
    enum peri_source_found found = w->source->field(w->source->arg, name, &value);
    if (!peri_writer_scalar(w, tag, xsi_type, type, found, &value))
        return false;
    w->source->leave(w->source->arg);
    return leave(w);
}

/* { _typeName = "ArrayOfString", "a", "b" } */
static bool explicit_list(struct peri_writer *w, const char *tag,
                          const struct peri_schema_type *type)
{
    char xsi_type[PERI_WRITER_TYPE_SIZE];
    uint8_t scope = w->scope;
    uint32_t length;
    peri_writer_type(w, type, true, xsi_type);
    if (!is_known_to_server(w, type) || !check_list(w, type, &length) ||
        !peri_writer_begin(w, tag, xsi_type) ||
        !items(w, peri_schema_type_name(type), type, length) || !peri_writer_end(w, tag))
        return false;
    w->scope = scope;
    w->source->leave(w->source->arg);
    return true;
}

static bool any_table(struct peri_writer *w, const char *tag)
{
    struct peri_str name;
    if (!w->source->type_name(w->source->arg, &name)) {
        peri_error_set(w->err, PERI_E_SOAP_TYPE, "a table here must tell its type");
        peri_error_hint(w->err, "give it _typeName = \"OptionValue\" or \"ArrayOfString\"");
        return peri_writer_fail(w);
    }
    char xsi_type[PERI_WRITER_TYPE_SIZE];
    const struct peri_schema_type *type = peri_schema_find_type_in(w->service, name);
    const struct peri_schema_type *element = peri_schema_find_array(w->service, name);
    if (type == NULL && element != NULL && element->kind != PERI_SCHEMA_MANAGED)
        return explicit_list(w, tag, element);
    if (type == NULL || type->kind == PERI_SCHEMA_MANAGED || type->kind == PERI_SCHEMA_ANY)
        return unknown_type(w, NULL, name);
    if (type->kind != PERI_SCHEMA_DATA)
        return explicit_scalar(w, tag, type);
    peri_writer_type(w, type, false, xsi_type);
    return object_element(w, tag, xsi_type, type);
}

static bool any_element(struct peri_writer *w, const char *tag, enum peri_source_found found,
                        const struct peri_scalar *value)
{
    char xsi_type[PERI_WRITER_TYPE_SIZE];
    if (found == PERI_SOURCE_TABLE)
        return any_table(w, tag);
    if (found == PERI_SOURCE_NOTHING || value->kind == PERI_SCALAR_OTHER)
        return peri_writer_wrong(w, "a value of the API", found, value);
    const struct peri_schema_type *type = peri_leaf_type(value);
    peri_writer_type(w, type, false, xsi_type);
    return peri_writer_scalar(w, tag, xsi_type, type, found, value);
}

/* ---- unchecked values ---- */

/* The type that the table the source is at says it is of; NULL: the schema lacks it. */
static const struct peri_schema_type *unchecked_type(struct peri_writer *w,
                                                     const struct peri_schema_type *declared,
                                                     char xsi_type[PERI_WRITER_TYPE_SIZE])
{
    struct peri_str name;
    xsi_type[0] = '\0';
    if (!w->source->type_name(w->source->arg, &name))
        return declared->kind == PERI_SCHEMA_DATA ? declared : NULL;
    const struct peri_schema_type *type = peri_schema_find_type_in(w->service, name);
    if (type != NULL)
        peri_writer_type(w, type, false, xsi_type);
    else
        snprintf(xsi_type, PERI_WRITER_TYPE_SIZE, "%.*s", (int)name.len, name.data);
    return type != NULL && type->kind == PERI_SCHEMA_DATA ? type : NULL;
}

static bool unchecked_object(struct peri_writer *w, const char *tag,
                             const struct peri_schema_type *declared)
{
    char xsi_type[PERI_WRITER_TYPE_SIZE];
    const struct peri_schema_type *type = unchecked_type(w, declared, xsi_type);
    struct fields fields = {.owner = xsi_type[0] == '\0' ? "what is unchecked" : xsi_type};
    if (type != NULL)
        fields = fields_of(type);
    fields.is_open = true;
    return fields_element(w, tag, type == declared || xsi_type[0] == '\0' ? NULL : xsi_type,
                          &fields);
}

/* A text for a value, of an enum as a rule. */
static bool unchecked_text(struct peri_writer *w, const char *tag, struct peri_str text)
{
    char xsi_type[PERI_WRITER_TYPE_SIZE];
    struct peri_scalar value = {.kind = PERI_SCALAR_STRING, .as.string = text};
    const struct peri_schema_type *string = peri_schema_type(PERI_SCHEMA_STRING);
    unchecked_type(w, string, xsi_type);
    if (!peri_writer_scalar(w, tag, xsi_type[0] == '\0' ? NULL : xsi_type, string,
                            PERI_SOURCE_SCALAR, &value))
        return false;
    w->source->leave(w->source->arg);
    return true;
}

static bool value_element(struct peri_writer *w, const char *tag,
                          const struct peri_schema_type *declared, enum peri_source_found found,
                          const struct peri_scalar *value)
{
    struct peri_str text;
    enum peri_source_mark mark =
        found == PERI_SOURCE_TABLE ? w->source->mark(w->source->arg, &text) : PERI_SOURCE_CHECKED;
    if (mark == PERI_SOURCE_TEXT)
        return unchecked_text(w, tag, text);
    if (mark == PERI_SOURCE_UNCHECKED)
        return unchecked_object(w, tag, declared);
    if (declared->kind == PERI_SCHEMA_ANY)
        return any_element(w, tag, found, value);
    if (declared->kind == PERI_SCHEMA_DATA)
        return data_element(w, tag, declared, found, value);
    return peri_writer_scalar(w, tag, NULL, declared, found, value);
}

/* ---- arguments ---- */

bool peri_element_arguments(struct peri_writer *w, const struct peri_schema_method *method,
                            const char *name, bool is_open)
{
    struct fields fields = {.method = method,
                            .owner = name,
                            .count = method == NULL ? 0 : method->param_count,
                            .is_open = is_open};
    struct peri_scalar value;
    enum peri_source_found found = w->source->root(w->source->arg, &value);
    if (found == PERI_SOURCE_SCALAR)
        return peri_writer_wrong(w, "a table of arguments", found, &value);
    if (found == PERI_SOURCE_TABLE) {
        if (!field_elements(w, &fields))
            return false;
        w->source->leave(w->source->arg);
        return true;
    }
    for (size_t i = 0; i < fields.count && !fields.is_open; i++)
        if (!(field_at(&fields, i)->flags & PERI_SCHEMA_OPTIONAL))
            return missing_field(w, &fields, field_at(&fields, i));
    return true;
}
