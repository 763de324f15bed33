/* analyzer.h: what clang-tidy cannot see in Lua's headers: these never return. Included for it
 * alone. */
#ifdef __clang_analyzer__
typedef struct lua_State lua_State;
int lua_error(lua_State *L) __attribute__((noreturn));
int luaL_error(lua_State *L, const char *fmt, ...) __attribute__((noreturn));
int luaL_argerror(lua_State *L, int arg, const char *extramsg) __attribute__((noreturn));
int luaL_typeerror(lua_State *L, int arg, const char *tname) __attribute__((noreturn));
#endif
