/* validate.h: what validator.go needs of libxml2. */
#ifndef PERI_SCHEMA_VALIDATE_H
#define PERI_SCHEMA_VALIDATE_H

#include <libxml/xmlschemas.h>

/* Returns the compiled schema, or NULL with a message for free() in *problem. */
xmlSchemaPtr peri_schema_compile(const char *text, int length, char **problem);

/* Returns NULL if the only child of the SOAP body of an envelope is valid, else a message for
 * free(). */
char *peri_schema_check(xmlSchemaPtr schema, const char *envelope, int length);

#endif
