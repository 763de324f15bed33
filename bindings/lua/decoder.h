/* decoder.h: decoders of perilune.c.soap, as those see them that give them bytes without making Lua
 * strings of them. */
#ifndef PERI_LUA_DECODER_H
#define PERI_LUA_DECODER_H

#include <lua.h>

#include "runtime/base/buf.h"

/* Makes the metatable of decoders. */
void peri_decoder_install(lua_State *L);

/* decoder{ space = space, rows = boolean, service = "pbm", list = boolean }; list: the result of a
 * method that the schema lacks is given as a list. */
int peri_decoder_new(lua_State *L);

/* The empty buffer of the decoder at an index, to be filled; it is the decoder's. Raises when there
 * is no decoder there, or it has input left, or is over. */
struct peri_buf *peri_decoder_begin(lua_State *L, int index);

/* Feeds what was put there to the decoder at index 1. Clears the stack above it. Raises what is
 * wrong with the bytes, unless rows are to be asked for. */
void peri_decoder_feed(lua_State *L);

#endif
