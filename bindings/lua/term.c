/* term.c: perilune.c.term, the terminal: how wide it is, what is written, lines that are typed. */
#include <errno.h>
#include <lauxlib.h>
#include <unistd.h>

#include "bindings/lua/modules.h"
#include "bindings/lua/raise.h"
#include "runtime/base/buf.h"
#include "runtime/base/limits.h"
#include "runtime/loop/poll.h"
#include "runtime/sched/sched.h"
#include "runtime/sched/task.h"
#include "runtime/term/screen.h"

static const char READER[] = "perilune.term.reader";

struct reader {             /* of one line; lives in a userdata, and ends with the call */
    struct peri_poll *poll; /* NULL until it had to wait */
    struct peri_wake wake;
    struct peri_buf line;
};

static void on_readable(void *arg, unsigned events) /* inside the loop: no Lua here */
{
    const struct reader *reader = arg;
    (void)events;
    peri_poll_set(reader->poll, 0);
    peri_task_wake(reader->wake);
}

static int reader_close(lua_State *L)
{
    struct reader *reader = lua_touserdata(L, 1);
    peri_poll_free(reader->poll);
    reader->poll = NULL;
    peri_buf_deinit(&reader->line);
    return 0;
}

/* Reads what is there, a byte at a time, so that what follows the line is left to others.
 * *is_whole says whether the line, or the input, has ended. */
static bool read_ready(struct reader *reader, bool *is_whole, struct peri_error *err)
{
    *is_whole = false;
    while (!*is_whole && peri_screen_is_ready(STDIN_FILENO)) {
        char byte;
        ssize_t n = read(STDIN_FILENO, &byte, 1);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return peri_error_errno(err, errno, "cannot read what is typed");
        *is_whole = n == 0 || (n == 1 && byte == '\n');
        if (n == 1 && !peri_buf_add(&reader->line, &byte, 1, err))
            return false;
    }
    return true;
}

static int push_line(lua_State *L, const struct reader *reader)
{
    size_t len = reader->line.len;
    if (len == 0) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushlstring(L, reader->line.data, reader->line.data[len - 1] == '\n' ? len - 1 : len);
    return 1;
}

static int read_on(lua_State *L, int status, lua_KContext context);

static int read_or_wait(lua_State *L, struct reader *reader)
{
    struct peri_error err;
    bool is_whole;
    if (!read_ready(reader, &is_whole, &err))
        return peri_raise(L, &err);
    if (is_whole)
        return push_line(L, reader);
    if (reader->poll == NULL)
        reader->poll = peri_poll_new(peri_sched_loop(L), STDIN_FILENO, on_readable, reader, &err);
    if (reader->poll == NULL)
        return peri_raise(L, &err);
    reader->wake = peri_task_wait(L);
    peri_poll_set(reader->poll, PERI_POLL_IN);
    return lua_yieldk(L, 0, 0, read_on);
}

static int read_on(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct reader *reader = lua_touserdata(L, 1);
    peri_poll_set(reader->poll, 0);
    peri_task_check(L);
    return read_or_wait(L, reader);
}

/* read_line() → the next line of stdin without its end; nil when there is none. Waits. */
static int term_read_line(lua_State *L)
{
    lua_settop(L, 0);
    struct reader *reader = lua_newuserdatauv(L, sizeof(*reader), 0);
    *reader = (struct reader){0};
    peri_buf_init(&reader->line, PERI_LIMIT_LINE);
    luaL_setmetatable(L, READER);
    lua_toclose(L, 1);
    return read_or_wait(L, reader);
}

static int check_fd(lua_State *L, int index)
{
    lua_Integer fd = luaL_checkinteger(L, index);
    luaL_argcheck(L, fd >= STDIN_FILENO && fd <= STDERR_FILENO, index, "0, 1 or 2 expected");
    return (int)fd;
}

static struct peri_str check_text(lua_State *L, int index)
{
    struct peri_str text;
    text.data = luaL_checklstring(L, index, &text.len);
    return text;
}

/* isatty(fd) → whether descriptor 0, 1 or 2 is a terminal. */
static int term_isatty(lua_State *L)
{
    lua_pushboolean(L, peri_screen_is_terminal(check_fd(L, 1)));
    return 1;
}

/* width() → columns of the terminal, or nil. */
static int term_width(lua_State *L)
{
    unsigned columns = peri_screen_columns();
    if (columns == 0)
        lua_pushnil(L);
    else
        lua_pushinteger(L, columns);
    return 1;
}

/* write(fd, text): all of it, unbuffered. */
static int term_write(lua_State *L)
{
    struct peri_error err;
    int fd = check_fd(L, 1);
    if (!peri_screen_write(fd, check_text(L, 2), &err))
        return peri_raise(L, &err);
    return 0;
}

/* text_width(text) → the columns that UTF-8 text takes. */
static int term_text_width(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)peri_screen_text_width(check_text(L, 1)));
    return 1;
}

static const luaL_Reg functions[] = {
    {"isatty", term_isatty},       {"width", term_width},           {"write", term_write},
    {"read_line", term_read_line}, {"text_width", term_text_width}, {NULL, NULL},
};

int peri_open_term(lua_State *L)
{
    luaL_newmetatable(L, READER);
    lua_pushcfunction(L, reader_close);
    lua_setfield(L, -2, "__close");
    lua_pushcfunction(L, reader_close);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
