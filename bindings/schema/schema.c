/* schema.c: lookups in the generated tables. */
#include "bindings/schema/schema.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/check.h"

size_t peri_schema_name_count(void)
{
    return peri_tables_counts.names;
}

/* As strcmp, of a slice and a NUL-terminated name. */
static int compare(struct peri_str a, const char *b)
{
    int order = strncmp(a.data, b, a.len);
    return order != 0 ? order : (b[a.len] == '\0' ? 0 : -1);
}

/* Binary search among count names; name(i) is the i-th. Returns its place, or count. */
static size_t search(struct peri_str name, size_t count, const char *(*name_at)(size_t))
{
    size_t low = 0, high = count;
    if (memchr(name.data, '\0', name.len) != NULL)
        return count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(name, name_at(middle));
        if (order == 0)
            return middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return count;
}

static const char *field_name_at(size_t i)
{
    return peri_tables_text + peri_tables_names[i];
}

static const char *type_name_at(size_t i)
{
    return peri_tables_text + peri_tables_types[PERI_SCHEMA_BUILTINS + i].name;
}

static const char *method_name_at(size_t i)
{
    return peri_tables_text + peri_tables_methods[peri_tables_by_name[i]].name;
}

static uint8_t type_service_at(size_t i)
{
    return peri_tables_types[PERI_SCHEMA_BUILTINS + i].service;
}

static uint8_t method_service_at(size_t i)
{
    return peri_tables_types[peri_tables_methods[peri_tables_by_name[i]].owner].service;
}

/* How to find a thing by its name and service; things of one name stand in the order of their
 * services, so the core's is the first of them. */
struct sorted {
    size_t count;
    const char *(*name_at)(size_t i);
    uint8_t (*service_at)(size_t i);
};

/* What a name means in a service: its place, or count. */
static size_t search_in(uint8_t service, struct peri_str name, const struct sorted *s)
{
    size_t i = search(name, s->count, s->name_at);
    if (i == s->count)
        return i;
    while (i > 0 && compare(name, s->name_at(i - 1)) == 0)
        i--;
    if (service == PERI_SCHEMA_ANY_SERVICE)
        return i;
    for (size_t k = i; k < s->count && compare(name, s->name_at(k)) == 0; k++)
        if (s->service_at(k) == service)
            return k;
    return s->service_at(i) == PERI_SCHEMA_CORE ? i : s->count;
}

uint16_t peri_schema_find_name(struct peri_str name)
{
    size_t i = search(name, peri_tables_counts.names, field_name_at);
    return i < peri_tables_counts.names ? (uint16_t)i : PERI_SCHEMA_NONE;
}

size_t peri_schema_type_count(void)
{
    return peri_tables_counts.types;
}

uint16_t peri_schema_index(const struct peri_schema_type *type)
{
    return (uint16_t)(type - peri_tables_types);
}

const struct peri_schema_type *peri_schema_find_type_in(uint8_t service, struct peri_str name)
{
    const struct sorted types = {(size_t)(peri_tables_counts.types - PERI_SCHEMA_BUILTINS),
                                 type_name_at, type_service_at};
    size_t i = search_in(service, name, &types);
    if (i < types.count)
        return &peri_tables_types[PERI_SCHEMA_BUILTINS + i];
    for (i = 0; i < PERI_SCHEMA_BUILTINS; i++)
        if (peri_str_equal(name, peri_str_of(peri_tables_text + peri_tables_types[i].name)))
            return &peri_tables_types[i];
    return NULL;
}

const struct peri_schema_type *peri_schema_find_type(struct peri_str name)
{
    return peri_schema_find_type_in(PERI_SCHEMA_ANY_SERVICE, name);
}

static const char array_prefix[] = "ArrayOf";

const struct peri_schema_type *peri_schema_find_array(uint8_t service, struct peri_str name)
{
    size_t prefix = sizeof(array_prefix) - 1;
    char element[128];
    if (name.len <= prefix || name.len - prefix >= sizeof(element) ||
        memcmp(name.data, array_prefix, prefix) != 0)
        return NULL;
    struct peri_str rest = {name.data + prefix, name.len - prefix};
    const struct peri_schema_type *type = peri_schema_find_type_in(service, rest);
    if (type != NULL)
        return type;
    memcpy(element, rest.data, rest.len); /* ArrayOfInt is of int */
    if (element[0] >= 'A' && element[0] <= 'Z')
        element[0] = (char)(element[0] + ('a' - 'A'));
    return peri_schema_find_type_in(service, (struct peri_str){element, rest.len});
}

void peri_schema_array_name(const struct peri_schema_type *type, char *out, size_t size)
{
    const char *name = peri_schema_type_name(type);
    char first = name[0];
    if (type->kind < PERI_SCHEMA_BUILTINS && first >= 'a' && first <= 'z')
        first = (char)(first - ('a' - 'A'));
    snprintf(out, size, "%s%c%s", array_prefix, first, name + 1);
}

bool peri_schema_is(const struct peri_schema_type *type, const struct peri_schema_type *base)
{
    if (base->kind == PERI_SCHEMA_REFERENCE && type->kind == PERI_SCHEMA_MANAGED)
        return true;
    while (type != base) {
        if (type->base == PERI_SCHEMA_NONE)
            return false;
        type = &peri_tables_types[type->base];
    }
    return true;
}

int peri_schema_find_slot(const struct peri_schema_type *type, uint16_t name)
{
    size_t low = 0, high = type->slot_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint16_t slot = peri_tables_sorted[type->slots + middle];
        uint16_t found = peri_schema_slot(type, slot)->name;
        if (found == name)
            return slot;
        if (name < found)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

const struct peri_schema_field *peri_schema_own(const struct peri_schema_type *type, size_t i)
{
    return &peri_tables_fields[type->first + i];
}

const char *peri_schema_member(const struct peri_schema_type *type, size_t i)
{
    return peri_tables_text + peri_tables_members[type->first + i];
}

bool peri_schema_has_member(const struct peri_schema_type *type, struct peri_str value)
{
    for (size_t i = 0; i < type->count; i++)
        if (peri_str_equal(value, peri_str_of(peri_schema_member(type, i))))
            return true;
    return false;
}

const struct peri_schema_method *peri_schema_method(uint16_t index)
{
    peri_assert(index < peri_tables_counts.methods);
    return &peri_tables_methods[index];
}

size_t peri_schema_method_count(void)
{
    return peri_tables_counts.methods;
}

const struct peri_schema_method *peri_schema_find_method_in(uint8_t service, struct peri_str name)
{
    const struct sorted methods = {peri_tables_counts.methods, method_name_at, method_service_at};
    size_t i = search_in(service, name, &methods);
    return i < methods.count ? &peri_tables_methods[peri_tables_by_name[i]] : NULL;
}

const struct peri_schema_method *peri_schema_find_method(struct peri_str name)
{
    return peri_schema_find_method_in(PERI_SCHEMA_ANY_SERVICE, name);
}

const struct peri_schema_type *peri_schema_fault(const struct peri_schema_method *m, size_t i)
{
    return &peri_tables_types[peri_tables_faults[m->fault + i]];
}

const struct peri_schema_service *peri_schema_service(uint8_t index)
{
    peri_assert(index < peri_tables_counts.services);
    return &peri_tables_services[index];
}

size_t peri_schema_service_count(void)
{
    return peri_tables_counts.services;
}

const struct peri_schema_service *peri_schema_find_service(struct peri_str name)
{
    for (size_t i = 0; i < peri_tables_counts.services; i++)
        if (peri_str_equal(name, peri_str_of(peri_tables_text + peri_tables_services[i].name)))
            return &peri_tables_services[i];
    return NULL;
}

uint8_t peri_schema_service_index(const struct peri_schema_service *service)
{
    return (uint8_t)(service - peri_tables_services);
}

const char *peri_schema_version(uint8_t service, uint8_t number)
{
    const struct peri_schema_service *s = peri_schema_service(service);
    if (number == 0 || number > s->version_count)
        return "";
    return peri_tables_text + peri_tables_versions[s->version + number - 1U];
}

enum { VERSION_PARTS = 4 };

/* Reads 8.0.2.1 into numbers; missing ones are 0. Letters end it: 2.5u2 is 2.5. */
static bool read_version(struct peri_str name, unsigned parts[VERSION_PARTS])
{
    size_t part = 0;
    memset(parts, 0, VERSION_PARTS * sizeof(*parts));
    for (size_t i = 0; i < name.len && part < VERSION_PARTS; i++) {
        char c = name.data[i];
        if (c >= '0' && c <= '9' && parts[part] < 100000)
            parts[part] = parts[part] * 10 + (unsigned)(c - '0');
        else if (c == '.')
            part++;
        else
            return i > 0;
    }
    return name.len > 0;
}

static bool is_not_newer(const unsigned a[VERSION_PARTS], const unsigned b[VERSION_PARTS])
{
    for (size_t i = 0; i < VERSION_PARTS; i++)
        if (a[i] != b[i])
            return a[i] < b[i];
    return true;
}

uint8_t peri_schema_find_version(uint8_t service, struct peri_str name)
{
    uint16_t count = peri_schema_service(service)->version_count;
    unsigned wanted[VERSION_PARTS], listed[VERSION_PARTS];
    uint8_t best = 0;
    if (name.len == 0)
        return 0;
    for (uint16_t i = 1; i <= count; i++)
        if (peri_str_equal(name, peri_str_of(peri_schema_version(service, (uint8_t)i))))
            return (uint8_t)i;
    if (!read_version(name, wanted))
        return 0;
    for (uint16_t i = 1; i <= count; i++)
        if (read_version(peri_str_of(peri_schema_version(service, (uint8_t)i)), listed) &&
            is_not_newer(listed, wanted))
            best = (uint8_t)i;
    return best;
}
