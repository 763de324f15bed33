/* frame.c: the values of an answer.
 *
 * An element of a known object is looked for from the last field on: they come in the schema's
 * order. The list of an array field stays open in the sink until an element of another field comes.
 */
#include "bindings/soap/frame.h"

#include "bindings/soap/leaf.h"

const char *peri_frame_word(const struct peri_decode *d, enum peri_word w)
{
    return peri_vocabulary_word(d->words, w);
}

struct peri_frame *peri_frame_top(struct peri_decode *d)
{
    return &d->frames[d->depth - 1];
}

struct peri_frame *peri_frame_push(struct peri_decode *d, enum peri_frame_mode mode)
{
    if (d->depth == d->size) {
        d->size *= 2;
        d->frames = peri_realloc(d->frames, d->size * sizeof(*d->frames));
    }
    struct peri_frame *f = &d->frames[d->depth++];
    *f = (struct peri_frame){
        .mode = mode, .slot = PERI_FRAME_NO_SLOT, .furthest = PERI_FRAME_NO_SLOT};
    return f;
}

bool peri_frame_fail(struct peri_decode *d)
{
    d->has_failed = true;
    return false;
}

/* Begins the value of a frame in the sink. */
void peri_frame_open(struct peri_decode *d, struct peri_frame *f)
{
    f->count = d->sink->open(d->sink->arg, &f->place, &f->shape);
}

static void close_value(struct peri_decode *d, const struct peri_frame *f)
{
    d->sink->close(d->sink->arg, &f->place, &f->shape, f->count);
}

struct peri_sink_place peri_frame_root(void)
{
    return (struct peri_sink_place){.kind = PERI_PLACE_ROOT};
}

struct peri_sink_place peri_frame_named(enum peri_sink_place_kind kind, const char *name)
{
    return (struct peri_sink_place){.kind = kind, .name = peri_str_of(name)};
}

/* ---- one value ---- */

/* What an element is: its declared type, or the one that xsi:type names. */
struct actual {
    const struct peri_schema_type *type; /* NULL: unknown */
    bool is_array;
    struct peri_str name; /* of the type, where it must be told */
};

static struct actual actual_type(struct peri_decode *d, const struct peri_scan_token *token,
                                 const struct peri_schema_type *declared)
{
    bool is_any = declared == NULL || declared->kind == PERI_SCHEMA_ANY;
    struct actual actual = {is_any ? NULL : declared, false, {NULL, 0}};
    if (token->xsi_type == NULL)
        return actual;
    struct peri_vocabulary_meaning meaning = peri_vocabulary_meaning(d->words, token->xsi_type);
    actual.is_array = meaning.is_array;
    if (meaning.type == NULL || meaning.is_array)
        actual.name = peri_str_of(token->xsi_type);
    else if (meaning.type != declared)
        actual.name = peri_str_of(peri_schema_type_name(meaning.type));
    if (meaning.type != NULL)
        actual.type = meaning.type;
    return actual;
}

static bool is_data(const struct peri_schema_type *type)
{
    return type != NULL && type->kind == PERI_SCHEMA_DATA;
}

/* Opens a value with parts, for the elements to come. */
static void begin_value(struct peri_decode *d, const struct actual *actual,
                        const struct peri_sink_place *place)
{
    struct peri_frame *f = peri_frame_push(d, PERI_FRAME_UNKNOWN);
    if (actual->is_array)
        f->mode = PERI_FRAME_LIST;
    else if (is_data(actual->type))
        f->mode = PERI_FRAME_OBJECT;
    if (f->mode == PERI_FRAME_OBJECT)
        f->names = peri_vocabulary_fields(d->words, actual->type);
    f->type = actual->type;
    f->place = *place;
    f->shape = (struct peri_sink_shape){actual->type, actual->name, actual->is_array, false};
    peri_frame_open(d, f);
}

/* An element without a value leaves no hole in a list. */
static void uncount(struct peri_decode *d, const struct peri_sink_place *place)
{
    struct peri_frame *f = peri_frame_top(d);
    if (place->kind != PERI_PLACE_ITEM)
        return;
    if (f->mode == PERI_FRAME_OBJECT)
        f->items--;
    else
        f->count--;
}

/* { _typeName = "long", value = 5 } */
static void put_typed(struct peri_decode *d, const struct peri_scalar *scalar,
                      const struct peri_schema_type *type, const struct peri_sink_place *place)
{
    struct peri_sink_shape shape = {.type_name = peri_str_of(peri_schema_type_name(type))};
    struct peri_sink_place inside = {.kind = PERI_PLACE_FIELD,
                                     .number = peri_schema_find_name(peri_str_of("value"))};
    d->sink->open(d->sink->arg, place, &shape);
    d->sink->put(d->sink->arg, &inside, scalar);
    d->sink->close(d->sink->arg, place, &shape, 1);
}

/* tells_type: the value must be what encodes as the same type again. */
static bool scalar_value(struct peri_decode *d, const struct peri_scan_token *token,
                         const struct peri_schema_type *type, const struct peri_sink_place *place,
                         bool tells_type)
{
    struct peri_scalar scalar;
    if (!peri_leaf_read(token, type, &d->binary, &scalar, &d->error))
        return peri_frame_fail(d);
    if (scalar.kind == PERI_SCALAR_NONE)
        uncount(d, place);
    else if (tells_type && peri_leaf_type(&scalar) != type)
        put_typed(d, &scalar, type, place);
    else
        d->sink->put(d->sink->arg, place, &scalar);
    return true;
}

/* A leaf whose type has parts is an object with nothing set, or an empty list. */
static bool leaf_value(struct peri_decode *d, const struct peri_scan_token *token,
                       const struct actual *actual, const struct peri_sink_place *place,
                       bool tells_type)
{
    bool is_unknown = actual->type == NULL && actual->name.len > 0;
    bool is_empty_object = is_data(actual->type) || (is_unknown && token->text.len == 0);
    if (!actual->is_array && !is_empty_object)
        return scalar_value(d, token, actual->type, place, tells_type && actual->type != NULL);
    begin_value(d, actual, place);
    close_value(d, peri_frame_top(d));
    d->depth--;
    return true;
}

bool peri_frame_skip(struct peri_decode *d, const struct peri_scan_token *token)
{
    if (token->kind == PERI_SCAN_START)
        peri_frame_push(d, PERI_FRAME_SKIP);
    return true;
}

bool peri_frame_value(struct peri_decode *d, const struct peri_scan_token *token,
                      const struct peri_schema_type *declared, const struct peri_sink_place *place)
{
    if (token->is_nil) {
        uncount(d, place);
        return peri_frame_skip(d, token);
    }
    if (token->kind == PERI_SCAN_LEAF && token->xsi_type == NULL && declared != NULL &&
        declared->kind != PERI_SCHEMA_ANY && declared->kind != PERI_SCHEMA_DATA)
        return scalar_value(d, token, declared, place, false);
    struct actual actual = actual_type(d, token, declared);
    if (actual.type != NULL && actual.type->kind == PERI_SCHEMA_ANY && !actual.is_array)
        actual = (struct actual){0};
    if (token->kind == PERI_SCAN_LEAF)
        return leaf_value(d, token, &actual, place,
                          declared != NULL && declared->kind == PERI_SCHEMA_ANY);
    begin_value(d, &actual, place);
    return true;
}

/* ---- elements of objects ---- */

/* The field of a name that was not met before in this type. */
static int learn_slot(const struct peri_frame *f, const char *name)
{
    uint16_t number = peri_schema_find_name(peri_str_of(name));
    int slot = number == PERI_SCHEMA_NONE ? -1 : peri_schema_find_slot(f->type, number);
    if (slot < 0)
        return PERI_FRAME_NO_SLOT;
    f->names[slot] = name;
    return slot;
}

static int find_slot(const struct peri_frame *f, const char *name)
{
    int count = f->type->slot_count, start = f->slot == PERI_FRAME_NO_SLOT ? 0 : f->slot;
    for (int i = start; i < count; i++)
        if (f->names[i] == name)
            return i;
    for (int i = 0; i < start; i++)
        if (f->names[i] == name)
            return i;
    return learn_slot(f, name);
}

/* The list of an array field, while it is being filled. */
static struct peri_sink_place list_place(const struct peri_schema_field *field)
{
    return (struct peri_sink_place){.kind = PERI_PLACE_FIELD, .number = field->name};
}

static struct peri_sink_shape list_shape(const struct peri_frame *f,
                                         const struct peri_schema_field *field)
{
    bool is_again = f->slot <= f->furthest;
    return (struct peri_sink_shape){peri_schema_type(field->type), {NULL, 0}, true, is_again};
}

static void end_list(struct peri_decode *d, struct peri_frame *f)
{
    if (!f->is_list_open)
        return;
    const struct peri_schema_field *field = peri_schema_slot(f->type, (size_t)f->slot);
    struct peri_sink_place place = list_place(field);
    struct peri_sink_shape shape = list_shape(f, field);
    d->sink->close(d->sink->arg, &place, &shape, f->items);
    f->is_list_open = false;
}

static void begin_list(struct peri_decode *d, struct peri_frame *f,
                       const struct peri_schema_field *field)
{
    struct peri_sink_place place = list_place(field);
    struct peri_sink_shape shape = list_shape(f, field);
    f->items = d->sink->open(d->sink->arg, &place, &shape);
    f->is_list_open = true;
}

/* Goes to the field that an element is of; returns where its value belongs. */
static struct peri_sink_place enter_slot(struct peri_decode *d, struct peri_frame *f, int slot,
                                         const struct peri_schema_field *field)
{
    bool is_array = field->flags & PERI_SCHEMA_ARRAY;
    if (slot != f->slot || !is_array) {
        end_list(d, f);
        f->slot = slot;
        f->count++;
    }
    if (!is_array)
        return list_place(field);
    if (!f->is_list_open)
        begin_list(d, f, field);
    if (slot > f->furthest)
        f->furthest = slot;
    return (struct peri_sink_place){.kind = PERI_PLACE_ITEM, .number = ++f->items};
}

static bool extra_element(struct peri_decode *d, struct peri_frame *f,
                          const struct peri_scan_token *token)
{
    if (token->name == peri_frame_word(d, PERI_WORD_DYNAMIC_TYPE) ||
        token->name == peri_frame_word(d, PERI_WORD_DYNAMIC_PROPERTY))
        return peri_frame_skip(d, token);
    struct peri_sink_place place = peri_frame_named(PERI_PLACE_EXTRA, token->name);
    end_list(d, f);
    f->count++;
    return peri_frame_value(d, token, NULL, &place);
}

static bool begin_row(struct peri_decode *d, const struct peri_scan_token *token)
{
    if (token->kind == PERI_SCAN_LEAF)
        return true;
    struct peri_frame *f = peri_frame_push(d, PERI_FRAME_ROW);
    f->place = peri_frame_root();
    peri_frame_open(d, f);
    return true;
}

static bool object_element(struct peri_decode *d, struct peri_frame *f,
                           const struct peri_scan_token *token)
{
    int slot = find_slot(f, token->name);
    if (slot == PERI_FRAME_NO_SLOT)
        return extra_element(d, f, token);
    const struct peri_schema_field *field = peri_schema_slot(f->type, (size_t)slot);
    if (f->type == d->rows_type && field->name == d->rows_field)
        return begin_row(d, token);
    struct peri_sink_place place = enter_slot(d, f, slot, field);
    const struct peri_schema_type *declared = peri_schema_type(field->type);
    bool is_property = f->type == d->property_types[0] || f->type == d->property_types[1];
    if (is_property && declared->kind == PERI_SCHEMA_ANY)
        declared = NULL;
    return peri_frame_value(d, token, declared, &place);
}

bool peri_frame_item(struct peri_decode *d, struct peri_frame *f,
                     const struct peri_scan_token *token)
{
    struct peri_sink_place place = {.kind = PERI_PLACE_ITEM, .number = ++f->count};
    return peri_frame_value(d, token, f->type, &place);
}

/* ---- rows ---- */

static bool row_element(struct peri_decode *d, struct peri_frame *f,
                        const struct peri_scan_token *token)
{
    if (token->name == peri_frame_word(d, PERI_WORD_OBJ)) {
        struct peri_sink_place place = peri_frame_named(PERI_PLACE_NAME, "ref");
        f->count++;
        return peri_frame_value(d, token, peri_schema_type(PERI_SCHEMA_REFERENCE), &place);
    }
    bool is_missing = token->name == peri_frame_word(d, PERI_WORD_MISSING_SET);
    if (token->kind == PERI_SCAN_LEAF ||
        (!is_missing && token->name != peri_frame_word(d, PERI_WORD_PROP_SET)))
        return peri_frame_skip(d, token);
    peri_buf_clear(&d->path);
    f->count++;
    f = peri_frame_push(d, is_missing ? PERI_FRAME_MISSING : PERI_FRAME_PROPERTY);
    if (is_missing) {
        f->place = peri_frame_named(PERI_PLACE_NAME, "missing");
        f->shape.is_again = true;
        peri_frame_open(d, f);
    }
    return true;
}

/* An element of what says a path first and then what is there, or why it could not be read. */
static bool path_element(struct peri_decode *d, const struct peri_scan_token *token,
                         enum peri_word path, enum peri_word what, const char *type)
{
    if (token->name == peri_frame_word(d, path)) {
        peri_buf_clear(&d->path);
        return peri_buf_add(&d->path, token->text.data, token->text.len, &d->error) ||
               peri_frame_fail(d);
    }
    if (token->name != peri_frame_word(d, what) || d->path.len == 0)
        return peri_frame_skip(d, token);
    struct peri_sink_place place = {.kind = PERI_PLACE_NAME, .name = {d->path.data, d->path.len}};
    return peri_frame_value(d, token,
                            type == NULL ? NULL : peri_schema_find_type(peri_str_of(type)), &place);
}

bool peri_frame_element(struct peri_decode *d, struct peri_frame *f,
                        const struct peri_scan_token *token)
{
    switch (f->mode) {
    case PERI_FRAME_OBJECT:
        return object_element(d, f, token);
    case PERI_FRAME_LIST:
        return peri_frame_item(d, f, token);
    case PERI_FRAME_UNKNOWN:
        return extra_element(d, f, token);
    case PERI_FRAME_ROW:
        return row_element(d, f, token);
    case PERI_FRAME_PROPERTY:
        return path_element(d, token, PERI_WORD_NAME, PERI_WORD_VAL, NULL);
    case PERI_FRAME_MISSING:
        return path_element(d, token, PERI_WORD_PATH, PERI_WORD_FAULT_FIELD,
                            "LocalizedMethodFault");
    default:
        return peri_frame_skip(d, token);
    }
}

static bool builds_value(const struct peri_frame *f)
{
    switch (f->mode) {
    case PERI_FRAME_RESPONSE:
        return f->shape.is_list;
    case PERI_FRAME_OBJECT:
    case PERI_FRAME_UNKNOWN:
    case PERI_FRAME_LIST:
    case PERI_FRAME_ROW:
    case PERI_FRAME_MISSING:
    case PERI_FRAME_FAULT:
        return true;
    default:
        return false;
    }
}

void peri_frame_end(struct peri_decode *d)
{
    struct peri_frame *f = peri_frame_top(d);
    if (f->mode == PERI_FRAME_OBJECT)
        end_list(d, f);
    if (builds_value(f))
        close_value(d, f);
    d->has_row = f->mode == PERI_FRAME_ROW;
    d->depth--;
}
