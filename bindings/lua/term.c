/* term.c: perilune.c.term, the terminal and the other descriptors of the program. */
#include <lauxlib.h>
#include <unistd.h>

#include "bindings/lua/modules.h"
#include "bindings/lua/raise.h"
#include "runtime/loop/poll.h"
#include "runtime/sched/sched.h"
#include "runtime/term/lines.h"
#include "runtime/term/screen.h"

static const char TERM[] = "perilune.term";
static const char READER[] = "perilune.term.reader";

struct term { /* upvalue 1 of the functions */
    struct peri_screen *screen;
    struct peri_lines input; /* of stdin */
    bool is_read;            /* by a task, now */
};

static struct term *self(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

static int term_gc(lua_State *L)
{
    struct term *term = luaL_checkudata(L, 1, TERM);
    peri_screen_free(term->screen);
    peri_lines_deinit(&term->input);
    term->screen = NULL;
    return 0;
}

static int check_fd(lua_State *L, int index)
{
    lua_Integer fd = luaL_checkinteger(L, index);
    luaL_argcheck(L, fd >= STDIN_FILENO && fd <= STDERR_FILENO, index, "descriptor 0, 1 or 2");
    return (int)fd;
}

/* isatty(fd) → whether it is a terminal. */
static int term_isatty(lua_State *L)
{
    lua_pushboolean(L, peri_screen_is_terminal(check_fd(L, 1)));
    return 1;
}

/* width() → columns of the terminal now, nil when there is none. */
static int term_width(lua_State *L)
{
    int width = peri_screen_width();
    if (width == 0)
        lua_pushnil(L);
    else
        lua_pushinteger(L, width);
    return 1;
}

/* write(fd, text): writes all of it at once, past io's buffers. */
static int term_write(lua_State *L)
{
    size_t len;
    struct peri_error err;
    int fd = check_fd(L, 1);
    const char *text = luaL_checklstring(L, 2, &len);
    if (!peri_screen_write(fd, text, len, &err))
        return peri_raise(L, &err);
    return 0;
}

/* text_width(text) → columns that it takes on a terminal. */
static int term_text_width(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    lua_pushinteger(L, (lua_Integer)peri_screen_text_width(self(L)->screen, text, len));
    return 1;
}

/* ---- read_line ---- */

struct reader { /* lives in a userdata, for one call */
    struct term *term;
    struct peri_poll *poll;
    struct peri_wake wake;
};

static int reader_close(lua_State *L)
{
    struct reader *reader = luaL_checkudata(L, 1, READER);
    peri_poll_free(reader->poll);
    reader->poll = NULL;
    if (reader->term != NULL)
        reader->term->is_read = false;
    reader->term = NULL;
    return 0;
}

static void on_input(void *arg, unsigned events)
{
    struct reader *reader = arg;
    (void)events; /* an error is seen by read */
    peri_poll_set(reader->poll, 0);
    peri_task_wake(reader->wake);
}

/* Whether there is a line, or the end; else reads once, which may raise. */
static bool push_line(lua_State *L, struct peri_lines *input)
{
    const char *line;
    size_t len;
    if (peri_lines_take(input, &line, &len))
        lua_pushlstring(L, line, len);
    else if (input->has_ended)
        lua_pushnil(L);
    else
        return false;
    return true;
}

static int read_more(lua_State *L, int status, lua_KContext context);

/* Returns a line, or waits for input. The reader is at 1; it is closed with this function. */
static int read_on(lua_State *L, struct reader *reader)
{
    while (!push_line(L, &reader->term->input)) {
        struct peri_error err;
        if (reader->poll != NULL) {
            reader->wake = peri_task_wait(L);
            peri_poll_set(reader->poll, PERI_POLL_IN);
            return lua_yieldk(L, 0, 0, read_more);
        }
        if (!peri_lines_read(&reader->term->input, &err))
            return peri_raise(L, &err);
    }
    return 1;
}

static int read_more(lua_State *L, int status, lua_KContext context)
{
    struct reader *reader = luaL_checkudata(L, 1, READER);
    struct peri_error err;
    (void)status;
    (void)context;
    peri_task_check(L);
    if (!peri_lines_read(&reader->term->input, &err))
        return peri_raise(L, &err);
    return read_on(L, reader);
}

/* read_line() → the next line of stdin without its newline, nil at the end; waits for it. */
static int term_read_line(lua_State *L)
{
    struct term *term = self(L);
    if (term->is_read)
        return peri_raise_code(L, PERI_E_ARGUMENT, "another task is reading from the terminal");
    lua_settop(L, 0);
    struct reader *reader = lua_newuserdatauv(L, sizeof(*reader), 0);
    *reader = (struct reader){0};
    luaL_setmetatable(L, READER);
    lua_toclose(L, 1);
    reader->term = term;
    term->is_read = true;
    /* A regular file cannot be polled, and never makes anybody wait. */
    reader->poll = peri_poll_new(peri_sched_loop(L), term->input.fd, on_input, reader, NULL);
    return read_on(L, reader);
}

static const luaL_Reg reader_meta[] = {
    {"__gc", reader_close},
    {"__close", reader_close},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"isatty", term_isatty},         {"width", term_width},         {"write", term_write},
    {"text_width", term_text_width}, {"read_line", term_read_line}, {NULL, NULL},
};

int peri_open_term(lua_State *L)
{
    luaL_newmetatable(L, READER);
    luaL_setfuncs(L, reader_meta, 0);
    luaL_newlibtable(L, functions);
    struct term *term = lua_newuserdatauv(L, sizeof(*term), 0);
    *term = (struct term){0};
    luaL_newmetatable(L, TERM);
    lua_pushcfunction(L, term_gc);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    term->screen = peri_screen_new();
    peri_lines_init(&term->input, STDIN_FILENO);
    luaL_setfuncs(L, functions, 1);
    return 1;
}
