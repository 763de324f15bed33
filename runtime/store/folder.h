/* folder.h: files and folders that only their owner can read. */
#ifndef PERI_FOLDER_H
#define PERI_FOLDER_H

#include <stdbool.h>

#include "runtime/base/error.h"

/* Makes an empty file at path unless there is one, and the folders it is in. PERI_E_STORE_IO. */
PERI_MUST_USE bool peri_folder_make_file(const char *path, struct peri_error *err);

/* Makes an empty file at path, where there must be none. PERI_E_STORE_IO. */
PERI_MUST_USE bool peri_folder_new_file(const char *path, struct peri_error *err);

/* Makes a file, and its name in its folder, survive a power cut. PERI_E_STORE_IO. */
PERI_MUST_USE bool peri_folder_sync(const char *path, struct peri_error *err);

#endif
