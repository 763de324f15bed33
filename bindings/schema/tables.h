/* tables.h: the generated tables. A part of schema.h, which alone includes it. */
#ifndef PERI_TABLES_H
#define PERI_TABLES_H

/* How many entries each table has. */
struct peri_tables_counts {
    uint16_t names, types, methods, services;
    uint32_t members, fields, slots, faults, versions;
};

extern const struct peri_tables_counts peri_tables_counts;
extern const char peri_tables_text[];                         /* all names, each with its NUL */
extern const uint32_t peri_tables_names[];                    /* of fields, sorted; offsets */
extern const uint8_t peri_tables_name_sizes[];                /* bytes of each */
extern const struct peri_schema_type peri_tables_types[];     /* sorted by name after the builtin */
extern const uint32_t peri_tables_members[];                  /* of enums; offsets */
extern const struct peri_schema_field peri_tables_fields[];   /* owner by owner */
extern const uint16_t peri_tables_slots[];                    /* fields in wire order */
extern const uint16_t peri_tables_sorted[];                   /* the same, each type's by name */
extern const struct peri_schema_method peri_tables_methods[]; /* owner by owner */
extern const uint16_t peri_tables_by_name[];                  /* methods, sorted by name */
extern const uint16_t peri_tables_faults[];                   /* types */
extern const uint32_t peri_tables_versions[];                 /* service by service; offsets */
extern const struct peri_schema_service peri_tables_services[];

#endif
