/* file.c: perilune.c.file, files that tasks read and write without holding up the others.
 *
 * A file is a userdata, pinned before anything is started; one task at a time waits for it. */
#include "runtime/loop/file.h"

#include <errno.h>
#include <lauxlib.h>
#include <string.h>

#include "bindings/lua/modules.h"
#include "bindings/lua/raise.h"
#include "runtime/sched/sched.h"
#include "runtime/sched/task.h"

static const char FILE_TYPE[] = "perilune.file";

struct handle {             /* lives in a userdata, whose user value is the path, for messages */
    struct peri_file *file; /* NULL once closed */
    struct peri_wake wake;  /* of the task that waits for it */
    uint64_t at;            /* where reading and writing goes on */
    size_t written;         /* of the string that is being written */
    bool is_waited;
    bool is_passed_on; /* the function that opened it returns it: not to be closed there */
};

static void on_end(void *arg) /* inside the loop: no Lua here */
{
    const struct handle *handle = arg;
    peri_task_wake(handle->wake);
}

/* Pushes a file that is not open, for the path at 1. */
static struct handle *push_handle(lua_State *L)
{
    luaL_checkstring(L, 1);
    struct handle *handle = lua_newuserdatauv(L, sizeof(*handle), 1);
    *handle = (struct handle){0};
    luaL_setmetatable(L, FILE_TYPE);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    handle->file = peri_file_new(peri_sched_loop(L), on_end, handle);
    return handle;
}

static struct handle *check_handle(lua_State *L)
{
    struct handle *handle = luaL_checkudata(L, 1, FILE_TYPE);
    if (handle->file == NULL)
        peri_raise_code(L, PERI_E_IO, "the file was closed");
    if (handle->is_waited)
        peri_raise_code(L, PERI_E_ARGUMENT, "another task waits for this file");
    int number;
    if (!peri_file_is_done(handle->file, &number)) /* whoever waited was cancelled */
        peri_raise_code(L, PERI_E_IO, "an operation that was given up still works on the file");
    return handle;
}

/* Begins a wait; what will wake it is started afterwards, as a wait may raise. */
static void begin(lua_State *L, struct handle *handle)
{
    handle->wake = peri_task_wait(L);
    handle->is_waited = true;
}

/* In a continuation: ends the wait, and raises what went wrong with the file at index. */
static struct handle *end(lua_State *L, int index, const char *what)
{
    struct handle *handle = lua_touserdata(L, index);
    struct peri_error err;
    int number;
    handle->is_waited = false;
    peri_task_check(L);
    if (handle->file == NULL || !peri_file_is_done(handle->file, &number))
        peri_raise_code(L, PERI_E_IO, "the file was closed");
    if (number == 0)
        return handle;
    lua_getiuservalue(L, index, 1);
    peri_error_errno(&err, number, "cannot %s %s", what, lua_tostring(L, -1));
    peri_raise(L, &err);
}

/* file:close(), __close, __gc: may run twice. What was written is in the file, but not synced. */
static int handle_close(lua_State *L)
{
    struct handle *handle = luaL_checkudata(L, 1, FILE_TYPE);
    if (handle->is_passed_on) {
        handle->is_passed_on = false;
        return 0;
    }
    peri_file_free(handle->file);
    handle->file = NULL;
    return 0;
}

/* ---- an open file ---- */

static int read_done(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct handle *handle = end(L, 1, "read");
    struct peri_str bytes = peri_file_bytes(handle->file);
    handle->at += bytes.len;
    if (bytes.len == 0)
        lua_pushnil(L);
    else
        lua_pushlstring(L, bytes.data, bytes.len);
    return 1;
}

/* file:read([n]) → up to n bytes, at most 256 KiB, from where the last one ended; nil at the end.
 */
static int handle_read(lua_State *L)
{
    struct handle *handle = check_handle(L);
    lua_Integer n = luaL_optinteger(L, 2, PERI_FILE_PIECE);
    luaL_argcheck(L, n > 0, 2, "out of range");
    lua_settop(L, 1);
    begin(L, handle);
    peri_file_read(handle->file, handle->at, n < PERI_FILE_PIECE ? (size_t)n : PERI_FILE_PIECE);
    return lua_yieldk(L, 0, 0, read_done);
}

static int write_some(lua_State *L, struct handle *handle);

static int write_done(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct handle *handle = end(L, 1, "write");
    size_t n = peri_file_value(handle->file);
    handle->at += n;
    handle->written += n;
    return write_some(L, handle);
}

static int write_some(lua_State *L, struct handle *handle)
{
    size_t n;
    const char *bytes = lua_tolstring(L, 2, &n);
    if (handle->written >= n)
        return 0;
    begin(L, handle);
    peri_file_write(handle->file, handle->at, bytes + handle->written, n - handle->written);
    return lua_yieldk(L, 0, 0, write_done);
}

/* file:write(bytes): all of them. */
static int handle_write(lua_State *L)
{
    struct handle *handle = check_handle(L);
    luaL_checkstring(L, 2);
    lua_settop(L, 2);
    handle->written = 0;
    return write_some(L, handle);
}

/* file:seek(at): the next read or write is there. */
static int handle_seek(lua_State *L)
{
    struct handle *handle = check_handle(L);
    lua_Integer at = luaL_checkinteger(L, 2);
    luaL_argcheck(L, at >= 0, 2, "out of range");
    handle->at = (uint64_t)at;
    return 0;
}

static int write_ended(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    end(L, 1, "write");
    return 0;
}

/* file:sync(): what was written survives a power cut. */
static int handle_sync(lua_State *L)
{
    struct handle *handle = check_handle(L);
    lua_settop(L, 1);
    begin(L, handle);
    peri_file_sync(handle->file);
    return lua_yieldk(L, 0, 0, write_ended);
}

/* file:truncate(size) */
static int handle_truncate(lua_State *L)
{
    struct handle *handle = check_handle(L);
    lua_Integer size = luaL_checkinteger(L, 2);
    luaL_argcheck(L, size >= 0, 2, "out of range");
    lua_settop(L, 1);
    begin(L, handle);
    peri_file_truncate(handle->file, (uint64_t)size);
    return lua_yieldk(L, 0, 0, write_ended);
}

static const luaL_Reg methods[] = {
    {"read", handle_read}, {"write", handle_write},       {"seek", handle_seek},
    {"sync", handle_sync}, {"truncate", handle_truncate}, {"close", handle_close},
    {NULL, NULL},
};

/* ---- functions ---- */

static int open_done(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct handle *handle = end(L, 3, "open");
    handle->is_passed_on = true;
    lua_settop(L, 3);
    return 1;
}

/* open(path, [mode]) → file. Modes: "read", "make" (empties), "update" (keeps), "new" (must not be
 * there). */
static int file_open(lua_State *L)
{
    static const char *const names[] = {"read", "make", "update", "new", NULL};
    enum peri_file_mode mode = (enum peri_file_mode)luaL_checkoption(L, 2, "read", names);
    lua_settop(L, 2);
    struct handle *handle = push_handle(L);
    lua_toclose(L, 3);
    begin(L, handle);
    peri_file_open(handle->file, lua_tostring(L, 1), mode);
    return lua_yieldk(L, 0, 0, open_done);
}

/* Pins a handle at 3 for an operation on the paths at 1 and 2. */
static struct peri_file *start(lua_State *L)
{
    lua_settop(L, 2);
    struct handle *handle = push_handle(L);
    lua_toclose(L, 3);
    begin(L, handle);
    return handle->file;
}

/* Whether the operation of the handle at 3 failed with that errno value, which is no error then. */
static bool has_failed_with(lua_State *L, int wanted)
{
    const struct handle *handle = lua_touserdata(L, 3);
    int number;
    return peri_file_is_done(handle->file, &number) && number == wanted;
}

static int stat_done(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    if (has_failed_with(L, ENOENT)) {
        peri_task_check(L);
        return 0;
    }
    const struct handle *handle = end(L, 3, "look at");
    struct peri_file_facts facts = peri_file_facts(handle->file);
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, (lua_Integer)facts.size);
    lua_setfield(L, -2, "size");
    lua_pushnumber(L, (lua_Number)facts.mtime / 1e6);
    lua_setfield(L, -2, "mtime");
    lua_pushboolean(L, facts.is_folder);
    lua_setfield(L, -2, "is_folder");
    return 1;
}

/* stat(path) → { size, mtime (seconds since 1970), is_folder }; nil if there is nothing. */
static int file_stat(lua_State *L)
{
    peri_file_stat(start(L), lua_tostring(L, 1));
    return lua_yieldk(L, 0, 0, stat_done);
}

static int rename_done(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    end(L, 3, "rename");
    return 0;
}

/* rename(path, to): in the place of what is there. */
static int file_rename(lua_State *L)
{
    luaL_checkstring(L, 2);
    struct peri_file *file = start(L);
    peri_file_rename(file, lua_tostring(L, 1), lua_tostring(L, 2));
    return lua_yieldk(L, 0, 0, rename_done);
}

/* What is there already, or not there any more, is as it should be: context is that errno value. */
static int change_done(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    bool is_so = has_failed_with(L, (int)context);
    if (is_so)
        peri_task_check(L);
    else
        end(L, 3, context == EEXIST ? "make the folder" : "remove");
    lua_pushboolean(L, !is_so);
    return 1;
}

/* remove(path) → whether the file was there. */
static int file_remove(lua_State *L)
{
    peri_file_remove(start(L), lua_tostring(L, 1));
    return lua_yieldk(L, 0, ENOENT, change_done);
}

/* mkdir(path) → whether it was not there. */
static int file_mkdir(lua_State *L)
{
    peri_file_mkdir(start(L), lua_tostring(L, 1));
    return lua_yieldk(L, 0, EEXIST, change_done);
}

static int names_done(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    const struct handle *handle = end(L, 3, "list");
    struct peri_str found = peri_file_found(handle->file);
    lua_Integer count = 0;
    lua_newtable(L);
    for (size_t at = 0; at < found.len;) {
        size_t len = strlen(found.data + at);
        lua_pushlstring(L, found.data + at, len);
        lua_rawseti(L, -2, ++count);
        at += len + 1;
    }
    return 1;
}

/* names(path) → what is in a folder, in no order; the names of folders end with a slash. */
static int file_names(lua_State *L)
{
    peri_file_names(start(L), lua_tostring(L, 1));
    return lua_yieldk(L, 0, 0, names_done);
}

static const luaL_Reg functions[] = {
    {"open", file_open},     {"stat", file_stat},   {"names", file_names}, {"rename", file_rename},
    {"remove", file_remove}, {"mkdir", file_mkdir}, {NULL, NULL},
};

static const luaL_Reg handle_meta[] = {
    {"__gc", handle_close}, {"__close", handle_close}, {NULL, NULL}};

int peri_open_file(lua_State *L)
{
    luaL_newmetatable(L, FILE_TYPE);
    luaL_setfuncs(L, handle_meta, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    luaL_newlib(L, functions);
    return 1;
}
