/* encode.c: a call and its arguments to the XML of a request.
 *
 * Objects are encoded in two passes: over the keys of the table, to refuse what the type lacks and
 * to note what is there, then over the fields of the type in their order. */
#include "bindings/soap/encode.h"

#include <stdio.h>

#include "bindings/schema/near.h"
#include "bindings/soap/writer.h"

enum {
    MOST_FIELDS = 256,
    WORD_BITS = 64
}; /* fields of one type: the schema's compiler checks it */

/* The fields of a data type, or the parameters of a method. */
struct fields {
    const struct peri_schema_type *type; /* NULL: a method's */
    const struct peri_schema_method *method;
    size_t count;
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

static const char *owner_name(const struct fields *f)
{
    return f->type != NULL ? peri_schema_type_name(f->type) : peri_schema_text(f->method->name);
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

static bool unknown_field(struct peri_writer *w, const struct fields *f, struct peri_str name)
{
    char copy[80];
    snprintf(copy, sizeof(copy), "%.*s", name.len > 60 ? 60 : (int)name.len, name.data);
    const char *near =
        f->type != NULL ? peri_near_field(f->type, name) : peri_near_param(f->method, name);
    peri_error_set(w->err, PERI_E_SOAP_FIELD, "%s has no %s \"%s\"", owner_name(f),
                   f->type != NULL ? "field" : "parameter", copy);
    peri_path_push_name(&w->path, copy);
    return peri_writer_suggest(w, near);
}

static bool list_for_object(struct peri_writer *w, const struct fields *f)
{
    peri_error_set(w->err, PERI_E_SOAP_TYPE, "%s is expected here, not a list", owner_name(f));
    return peri_writer_fail(w);
}

static bool visit_key(void *context, const struct peri_source_key *key)
{
    struct inventory *inventory = context;
    struct peri_writer *w = inventory->writer;
    if (key->is_index)
        return list_for_object(w, inventory->fields);
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
    peri_error_set(w->err, PERI_E_SOAP_REQUIRED, "%s needs \"%s\", %s%s", owner_name(f), name,
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

static bool field_element(struct peri_writer *w, const struct fields *f,
                          const struct peri_schema_field *field)
{
    const char *name = peri_schema_name(field->name);
    struct peri_scalar value;
    if (!enter(w, name))
        return false;
    if (peri_writer_is_too_new(w, field->service, field->since))
        return peri_writer_too_new(w, PERI_E_SOAP_FIELD, name, field->service, field->since);
    w->space = field->space;
    enum peri_source_found found = w->source->field(w->source->arg, field->name, &value);
    bool is_written = field->flags & PERI_SCHEMA_ARRAY
                          ? list_elements(w, f, field, found, &value)
                          : value_element(w, name, peri_schema_type(field->type), found, &value);
    return is_written && leave(w);
}

static bool field_elements(struct peri_writer *w, const struct fields *f)
{
    struct inventory inventory = {w, f, {0}};
    if (!w->source->keys(w->source->arg, visit_key, &inventory))
        return false;
    for (size_t i = 0; i < f->count; i++) {
        const struct peri_schema_field *field = field_at(f, i);
        bool is_there = inventory.seen[i / WORD_BITS] >> (i % WORD_BITS) & 1;
        if (is_there ? !field_element(w, f, field)
                     : !(field->flags & PERI_SCHEMA_OPTIONAL) && !missing_field(w, f, field))
            return false;
    }
    return true;
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
static bool object_element(struct peri_writer *w, const char *tag, const char *xsi_type,
                           const struct peri_schema_type *type)
{
    struct fields fields = {.type = type, .count = type->slot_count};
    uint8_t space = w->space, scope = w->scope;
    if (!is_known_to_server(w, type) || !peri_writer_begin(w, tag, xsi_type) ||
        !field_elements(w, &fields) || !peri_writer_end(w, tag))
        return false;
    w->space = space;
    w->scope = scope;
    w->source->leave(w->source->arg);
    return true;
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
    const struct peri_schema_type *type = peri_schema_type(type_of_scalar(value));
    peri_writer_type(w, type, false, xsi_type);
    return peri_writer_scalar(w, tag, xsi_type, type, found, value);
}

static bool value_element(struct peri_writer *w, const char *tag,
                          const struct peri_schema_type *declared, enum peri_source_found found,
                          const struct peri_scalar *value)
{
    if (declared->kind == PERI_SCHEMA_ANY)
        return any_element(w, tag, found, value);
    if (declared->kind == PERI_SCHEMA_DATA)
        return data_element(w, tag, declared, found, value);
    return peri_writer_scalar(w, tag, NULL, declared, found, value);
}

/* ---- requests ---- */

static bool check_method(struct peri_writer *w, const struct peri_encode_call *call)
{
    const struct peri_schema_type *owner = peri_schema_type(call->method->owner);
    const struct peri_schema_type *type = peri_schema_find_type(call->self.as.reference.type);
    const char *name = peri_schema_text(call->method->name);
    if (type != NULL && !peri_schema_is(type, owner)) {
        peri_error_set(w->err, PERI_E_SOAP_METHOD, "%s has no method %s; %s has",
                       peri_schema_type_name(type), name, peri_schema_type_name(owner));
        return peri_writer_suggest(w, peri_near_method(type, peri_str_of(name)));
    }
    if (peri_writer_is_too_new(w, w->service, call->method->since))
        return peri_writer_too_new(w, PERI_E_SOAP_METHOD, name, w->service, call->method->since);
    return true;
}

static bool declare_space(struct peri_writer *w, const char *attribute, const char *prefix,
                          const struct peri_schema_service *service)
{
    return peri_writer_add(w, attribute) && peri_writer_add(w, prefix) &&
           peri_writer_add(w, "=\"") && peri_writer_add(w, peri_schema_text(service->urn)) &&
           peri_writer_add(w, "\"");
}

/* The default namespace is the service's. Where types of the core may occur, each has a prefix. */
static bool declare_spaces(struct peri_writer *w)
{
    const struct peri_schema_service *service = peri_schema_service(w->service);
    const struct peri_schema_service *core = peri_schema_service(PERI_SCHEMA_CORE);
    return declare_space(w, " xmlns", "", service) &&
           (service == core ||
            (declare_space(w, " xmlns:", peri_schema_text(service->name), service) &&
             declare_space(w, " xmlns:", peri_schema_text(core->name), core)));
}

static bool begin_call(struct peri_writer *w, const struct peri_encode_call *call)
{
    return peri_writer_add(w, "<") && peri_writer_add(w, peri_schema_text(call->method->name)) &&
           declare_spaces(w) && peri_writer_add(w, ">") &&
           peri_writer_reference(w, "_this", NULL, &call->self);
}

static bool arguments(struct peri_writer *w, const struct peri_encode_call *call)
{
    struct fields fields = {.method = call->method, .count = call->method->param_count};
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
    for (size_t i = 0; i < fields.count; i++)
        if (!(field_at(&fields, i)->flags & PERI_SCHEMA_OPTIONAL))
            return missing_field(w, &fields, field_at(&fields, i));
    return true;
}

bool peri_encode_request(const struct peri_encode_call *call, const struct peri_source *source,
                         struct peri_buf *out, struct peri_error *err)
{
    uint8_t service = peri_schema_type(call->method->owner)->service;
    struct peri_writer w = {.source = source,
                            .out = out,
                            .err = err,
                            .service = service,
                            .version = call->version,
                            .core_version = call->core_version,
                            .space = service,
                            .scope = service};
    return check_method(&w, call) && peri_envelope_begin(&call->envelope, out, err) &&
           begin_call(&w, call) && arguments(&w, call) &&
           peri_writer_end(&w, peri_schema_text(call->method->name)) && peri_envelope_end(out, err);
}
