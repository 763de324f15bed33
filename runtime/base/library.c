/* library.c: shared libraries that are loaded when they are first used. */
#include "runtime/base/library.h"

#include <dlfcn.h>
#include <string.h>

static bool fail(struct peri_error *err, const char *file)
{
    peri_error_set(err, PERI_E_IO, "cannot load %s, which is needed here", file);
    return peri_error_detail(err, "%s", dlerror());
}

bool peri_library_load(const char *file, const char *const *names, size_t count, void *functions,
                       struct peri_error *err)
{
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return fail(err, file);
    for (size_t i = 0; i < count; i++) {
        void *address = dlsym(library, names[i]);
        if (address == NULL) {
            fail(err, file);
            dlclose(library);
            return false;
        }
        memcpy((unsigned char *)functions + i * sizeof(address), &address, sizeof(address));
    }
    return true;
}
