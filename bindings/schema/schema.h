/* schema.h: the API's types, fields and methods as constant tables, and how to look them up.
 *
 * A service is one API with a namespace and versions of its own; service 0, the core, is vim25,
 * whose types all others use. Names of data types, enums and methods mean something within a
 * service: its own ones, then those of the core. Managed types have a name of their own each, since
 * a reference says no more than that.
 *
 * The tables are generated from the *.schema files beside this one. They refer to each other by
 * index and to names by offset into one string, so they need no relocation and no start-up. All
 * pointers returned here are into those tables: valid for ever, owned by nobody. */
#ifndef PERI_SCHEMA_H
#define PERI_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/check.h"
#include "runtime/base/str.h"

#define PERI_SCHEMA_NONE UINT16_MAX /* no type, no name */
#define PERI_SCHEMA_CORE 0          /* the service under all others */
#define PERI_SCHEMA_ANY_SERVICE UINT8_MAX

/* What a type is. The first ones are those of XML Schema; type number n is of kind n there. */
enum peri_schema_kind {
    PERI_SCHEMA_STRING,
    PERI_SCHEMA_BOOLEAN,
    PERI_SCHEMA_BYTE,
    PERI_SCHEMA_SHORT,
    PERI_SCHEMA_INT,
    PERI_SCHEMA_LONG,
    PERI_SCHEMA_FLOAT,
    PERI_SCHEMA_DOUBLE,
    PERI_SCHEMA_TIME,
    PERI_SCHEMA_BINARY,
    PERI_SCHEMA_ANY,
    PERI_SCHEMA_REFERENCE, /* to a managed object of any type */
    PERI_SCHEMA_BUILTINS,
    PERI_SCHEMA_ENUM = PERI_SCHEMA_BUILTINS,
    PERI_SCHEMA_DATA,
    PERI_SCHEMA_MANAGED
};

enum {
    PERI_SCHEMA_ARRAY = 1,
    PERI_SCHEMA_OPTIONAL = 2,
    PERI_SCHEMA_SECRET = 4,
    PERI_SCHEMA_LINK = 8,      /* the string is the key of another object */
    PERI_SCHEMA_LINKABLE = 16, /* holds what links point to */
    PERI_SCHEMA_TASK = 32      /* of a method: it returns a vSphere task */
};

struct peri_schema_type {
    uint32_t name;         /* offset, as all names but those of fields */
    uint32_t first;        /* of its own members, fields or properties */
    uint32_t slots;        /* of all its fields in the order of the wire */
    uint16_t count;        /* own members, fields or properties */
    uint16_t slot_count;   /* all fields, those of its bases included */
    uint16_t base;         /* type index or PERI_SCHEMA_NONE */
    uint16_t method;       /* the first of its own methods */
    uint16_t method_count; /* own methods */
    uint8_t kind;          /* enum peri_schema_kind */
    uint8_t since;         /* version number; 0 means always */
    uint8_t service;       /* index */
    uint8_t space;         /* the service in whose XML namespace its name is */
};

struct peri_schema_field { /* a field, a property, or a parameter */
    uint32_t privilege;    /* offset; 0 means none is said */
    uint16_t name;         /* number for peri_schema_name */
    uint16_t type;         /* index */
    uint8_t flags;
    uint8_t since;   /* version number */
    uint8_t service; /* of which that is a version */
    uint8_t space;   /* the service in whose XML namespace its element is */
};

struct peri_schema_method {
    uint32_t name;
    uint32_t privilege;
    uint16_t owner; /* the managed type that declares it */
    uint16_t param;
    uint16_t param_count;
    uint16_t result; /* type index, or PERI_SCHEMA_NONE for none */
    uint16_t task_result;
    uint16_t fault;
    uint8_t fault_count;
    uint8_t flags;      /* of the result; PERI_SCHEMA_TASK */
    uint8_t task_flags; /* of the task's result: PERI_SCHEMA_ARRAY */
    uint8_t since;
};

struct peri_schema_service {
    uint32_t name;          /* "vim25" */
    uint32_t urn;           /* the XML namespace */
    uint32_t source;        /* the release it was generated from */
    uint32_t path;          /* where it answers, as "/sdk" */
    uint32_t root, root_id; /* type and id of the object to begin with; 0: there is none */
    uint32_t content;       /* the root's method that returns the others; 0: there is none */
    uint16_t version;
    uint16_t version_count; /* oldest first; version number n is the n-th */
};

/* The tables themselves, for what follows and for schema.c. */
#include "bindings/schema/tables.h"

/* The string at an offset, NUL-terminated. */
static inline const char *peri_schema_text(uint32_t offset)
{
    return peri_tables_text + offset;
}

/* A field's name by its number; numbers are below peri_schema_name_count. */
static inline const char *peri_schema_name(uint16_t number)
{
    peri_assert(number < peri_tables_counts.names);
    return peri_tables_text + peri_tables_names[number];
}

/* A field's name; a NUL follows it. */
static inline struct peri_str peri_schema_field_name(const struct peri_schema_field *field)
{
    return (struct peri_str){peri_schema_name(field->name), peri_tables_name_sizes[field->name]};
}
size_t peri_schema_name_count(void);

/* The number of a field's name, or PERI_SCHEMA_NONE. */
uint16_t peri_schema_find_name(struct peri_str name);

/* A type by its index, which must be one; there are peri_schema_type_count of them, sorted by name
 * after the builtin ones. */
static inline const struct peri_schema_type *peri_schema_type(uint16_t index)
{
    peri_assert(index < peri_tables_counts.types);
    return &peri_tables_types[index];
}
size_t peri_schema_type_count(void);
uint16_t peri_schema_index(const struct peri_schema_type *type);

/* A type by its name, builtin ones included; NULL when there is none. Where several services have
 * it, that of the core, or else of the first. */
const struct peri_schema_type *peri_schema_find_type(struct peri_str name);

/* What a type's name means in a service. */
const struct peri_schema_type *peri_schema_find_type_in(uint8_t service, struct peri_str name);

/* The type whose array is called by that name in a service, as "ArrayOfString"; NULL when there is
 * none. */
const struct peri_schema_type *peri_schema_find_array(uint8_t service, struct peri_str name);

/* A type's name, and that of its array. The latter is written to out, cut at size. */
static inline const char *peri_schema_type_name(const struct peri_schema_type *type)
{
    return peri_tables_text + type->name;
}
void peri_schema_array_name(const struct peri_schema_type *type, char *out, size_t size);

/* Whether a type is, or extends, another. A reference of any type is the base of all managed ones.
 */
bool peri_schema_is(const struct peri_schema_type *type, const struct peri_schema_type *base);

/* The i-th of all fields of a data type, in the order of the wire; i < type->slot_count. */
static inline const struct peri_schema_field *peri_schema_slot(const struct peri_schema_type *type,
                                                               size_t i)
{
    return &peri_tables_fields[peri_tables_slots[type->slots + i]];
}

/* The place of a name among a data type's fields, or -1. */
int peri_schema_find_slot(const struct peri_schema_type *type, uint16_t name);

/* The i-th own field, property (or of a method: parameter). */
const struct peri_schema_field *peri_schema_own(const struct peri_schema_type *type, size_t i);
static inline const struct peri_schema_field *peri_schema_param(const struct peri_schema_method *m,
                                                                size_t i)
{
    return &peri_tables_fields[m->param + i];
}

/* The i-th member of an enum, and whether a string is one. */
const char *peri_schema_member(const struct peri_schema_type *type, size_t i);
bool peri_schema_has_member(const struct peri_schema_type *type, struct peri_str value);

/* A method by its index (sorted by owner), or by its name, which no other type of the service has;
 * without a service: that of the core, or else of the first. */
const struct peri_schema_method *peri_schema_method(uint16_t index);
size_t peri_schema_method_count(void);
const struct peri_schema_method *peri_schema_find_method(struct peri_str name);
const struct peri_schema_method *peri_schema_find_method_in(uint8_t service, struct peri_str name);

/* The type of the i-th declared fault of a method. */
const struct peri_schema_type *peri_schema_fault(const struct peri_schema_method *m, size_t i);

/* Services, by index, or by name; NULL when there is none. */
const struct peri_schema_service *peri_schema_service(uint8_t index);
size_t peri_schema_service_count(void);
const struct peri_schema_service *peri_schema_find_service(struct peri_str name);
uint8_t peri_schema_service_index(const struct peri_schema_service *service);

/* The name of a service's version number; "" for 0. */
const char *peri_schema_version(uint8_t service, uint8_t number);

/* The number of the newest version that is not newer than the one named; a name that is not listed
 * is compared by its numbers. 0 when it cannot be read as a version. */
uint8_t peri_schema_find_version(uint8_t service, struct peri_str name);

#endif
