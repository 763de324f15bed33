/* engine.h: one prepared Lua state on a loop of its own, and the task that is the program. */
#ifndef PERI_ENGINE_H
#define PERI_ENGINE_H

#include "runtime/base/error.h"

struct peri_engine;

/* Returns an engine, freed with peri_engine_free; NULL and PERI_E_IO when the system refuses.
 * stdlib, unless NULL, is a directory whose Lua modules stand before the compiled-in ones; it is
 * borrowed until the engine is freed. */
struct peri_engine *peri_engine_new(const char *stdlib, struct peri_error *err);

/* Runs require("perilune.cmd").main(arguments) as the root task and returns the exit code. The
 * first SIGINT, SIGTERM or SIGHUP cancels that task; a SIGINT after it ends the process. */
int peri_engine_run(struct peri_engine *engine, int argc, char **argv);

/* Frees the engine and all that Lua holds; NULL is fine. */
void peri_engine_free(struct peri_engine *engine);

#endif
