/* element.h: values with parts to elements: the inside of an encoder, over writer.h. */
#ifndef PERI_ELEMENT_H
#define PERI_ELEMENT_H

#include "bindings/soap/writer.h"

/* Appends the arguments of a method, from the root of the writer's source, as elements. The method
 * is NULL where the schema lacks it; is_open: there may be others than the schema knows, in pairs.
 */
bool peri_element_arguments(struct peri_writer *w, const struct peri_schema_method *method,
                            const char *name, bool is_open);

#endif
