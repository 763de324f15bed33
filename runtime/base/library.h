/* library.h: shared libraries that are loaded when they are first used, not when the program
 * starts. */
#ifndef PERI_LIBRARY_H
#define PERI_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/error.h"

/* Loads a library by the name that the system knows it by ("libcurl.so.4") and puts the addresses
 * of the functions with these names, in their order, into `functions`: a struct, or an array, of
 * count pointers to functions and nothing else. false and PERI_E_IO when the library or one of the
 * functions is not to be had. What was loaded stays until the program ends. */
bool peri_library_load(const char *file, const char *const *names, size_t count, void *functions,
                       struct peri_error *err);

#endif
