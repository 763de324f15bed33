/* main.c: the program. What it does begins in stdlib/perilune/cmd/init.lua. */
#include <stdio.h>
#include <stdlib.h>

#include "runtime/engine/engine.h"

int main(int argc, char **argv)
{
    struct peri_error err = {0};
    struct peri_engine *engine = peri_engine_new(getenv("PERILUNE_STDLIB"), &err);
    if (engine == NULL) {
        fprintf(stderr, "perilune: %s\n", err.message);
        return EXIT_FAILURE;
    }
    int code = peri_engine_run(engine, argc, argv);
    peri_engine_free(engine);
    return code;
}
