/* line.c: perilune.c.line, lines that a person types while tasks go on. */
#include <lauxlib.h>
#include <string.h>
#include <unistd.h>

#include "bindings/lua/modules.h"
#include "bindings/lua/options.h"
#include "bindings/lua/raise.h"
#include "runtime/base/limits.h"
#include "runtime/loop/poll.h"
#include "runtime/sched/sched.h"
#include "runtime/term/editor.h"
#include "runtime/term/menu.h"
#include "runtime/term/tty.h"

static const char EDITOR[] = "perilune.editor";
static const char WAIT[] = "perilune.editor.wait";

struct line {
    struct peri_editor *editor; /* NULL when closed */
    struct peri_screen *screen;
    bool goes_on;  /* the last event was "complete": the line is not at its end */
    bool is_asked; /* and nobody has answered it yet, at: */
    size_t cursor;
    bool is_waited; /* by a task */
};

static bool is_open; /* there is one terminal */

static struct line *check_line(lua_State *L)
{
    struct line *line = luaL_checkudata(L, 1, EDITOR);
    if (line->editor == NULL)
        peri_raise_code(L, PERI_E_ARGUMENT, "the editor is closed");
    return line;
}

/* ---- next ---- */

struct wait { /* lives in a userdata, for one call of next */
    struct line *line;
    struct peri_poll *poll;
    struct peri_wake wake;
    bool is_done; /* an event was taken */
};

/* A wait that was cut off gives its line up, so that the terminal is as before. */
static int wait_close(lua_State *L)
{
    struct wait *wait = luaL_checkudata(L, 1, WAIT);
    peri_poll_free(wait->poll);
    wait->poll = NULL;
    if (wait->line != NULL) {
        wait->line->is_waited = false;
        if (!wait->is_done && wait->line->editor != NULL)
            peri_editor_stop(wait->line->editor);
    }
    wait->line = NULL;
    return 0;
}

static void on_news(void *arg, unsigned events)
{
    struct wait *wait = arg;
    (void)events;
    peri_poll_set(wait->poll, 0);
    peri_task_wake(wait->wake);
}

/* Pushes the event as a table. */
static void push_event(lua_State *L, const struct peri_editor_event *event)
{
    static const char *const names[] = {
        [PERI_EDITOR_LINE] = "line",           [PERI_EDITOR_COMPLETE] = "complete",
        [PERI_EDITOR_INTERRUPT] = "interrupt", [PERI_EDITOR_END] = "end",
        [PERI_EDITOR_STOPPED] = "interrupt",
    };
    lua_createtable(L, 0, 3);
    lua_pushstring(L, names[event->kind]);
    lua_setfield(L, -2, "type");
    if (event->text != NULL) {
        lua_pushlstring(L, event->text, event->len);
        lua_setfield(L, -2, "text");
    }
    if (event->kind == PERI_EDITOR_COMPLETE) {
        lua_pushinteger(L, (lua_Integer)event->cursor);
        lua_setfield(L, -2, "cursor");
    }
}

static int next_event(lua_State *L, struct wait *wait);

static int next_more(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    peri_task_check(L);
    return next_event(L, luaL_checkudata(L, 3, WAIT));
}

/* Returns the event that has come, or waits for it. */
static int next_event(lua_State *L, struct wait *wait)
{
    struct line *line = wait->line;
    struct peri_editor_event event = peri_editor_take(line->editor);
    if (event.kind == PERI_EDITOR_NONE) {
        wait->wake = peri_task_wait(L);
        peri_poll_set(wait->poll, PERI_POLL_IN);
        return lua_yieldk(L, 0, 0, next_more);
    }
    wait->is_done = true;
    line->goes_on = line->is_asked = event.kind == PERI_EDITOR_COMPLETE;
    line->cursor = event.cursor;
    push_event(L, &event);
    peri_free(event.text);
    return 1;
}

static const char *const next_options[] = {"prompt", "text", NULL};

/* editor:next{ prompt, text = nil } → the next event:
 *   { type = "line", text }              Enter; text may have newlines in it
 *   { type = "complete", text, cursor }  Tab, behind cursor bytes: editor:complete answers it
 *   { type = "interrupt" }               Ctrl-C; the text was dropped
 *   { type = "end" }                     Ctrl-D with no text, or the terminal is gone
 * After "complete" the same line goes on, and prompt and text are ignored. */
static int line_next(lua_State *L)
{
    struct line *line = check_line(L);
    if (line->is_waited)
        return peri_raise_code(L, PERI_E_ARGUMENT, "another task is reading lines");
    lua_settop(L, 2);
    luaL_checktype(L, 2, LUA_TTABLE);
    peri_options_check(L, 2, next_options);
    const char *prompt = peri_options_string(L, 2, "prompt", NULL);
    const char *text = peri_options_string(L, 2, "text", NULL);
    struct wait *wait = lua_newuserdatauv(L, sizeof(*wait), 0);
    *wait = (struct wait){0};
    luaL_setmetatable(L, WAIT);
    lua_toclose(L, 3);
    struct peri_error err;
    wait->line = line;
    line->is_waited = true;
    wait->poll =
        peri_poll_new(peri_sched_loop(L), peri_editor_fd(line->editor), on_news, wait, &err);
    if (wait->poll == NULL)
        return peri_raise(L, &err);
    if (line->is_asked) /* nobody knew an answer */
        peri_editor_answer(line->editor, &(struct peri_editor_answer){0});
    else if (!line->goes_on)
        peri_editor_begin(line->editor, prompt != NULL ? prompt : "> ", text);
    line->goes_on = line->is_asked = false;
    return next_event(L, wait);
}

/* ---- complete ---- */

/* The string field of the table at the top, which keeps it; NULL for nil. */
static const char *field(lua_State *L, const char *name)
{
    int type = lua_getfield(L, -1, name);
    const char *string = lua_tostring(L, -1);
    lua_pop(L, 1);
    if (type != LUA_TNIL && type != LUA_TSTRING)
        peri_raise_code(L, PERI_E_ARGUMENT, "an item's %s is a string", name);
    return type == LUA_TSTRING ? string : NULL;
}

/* Pushes an array of the items of the list at index; the list keeps their strings. */
static struct peri_menu_item *push_items(lua_State *L, int index, size_t count)
{
    struct peri_menu_item *items = lua_newuserdatauv(L, (count + 1) * sizeof(*items), 0);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        luaL_checktype(L, -1, LUA_TTABLE);
        items[i] = (struct peri_menu_item){field(L, "text"), field(L, "note")};
        if (items[i].text == NULL)
            peri_raise_code(L, PERI_E_ARGUMENT, "an item has no text");
        lua_pop(L, 1);
    }
    return items;
}

/* Pushes what goes in the place of the text from `from` to the cursor, or nil for nothing. */
static void push_insertion(lua_State *L, const struct line *line, const struct peri_menu *menu,
                           size_t from)
{
    size_t common = peri_menu_common(menu);
    if (menu->count == 1) {
        lua_rawgeti(L, 3, 1);
        const char *suffix = field(L, "suffix");
        lua_pop(L, 1);
        lua_pushfstring(L, "%s%s", menu->items[0].text, suffix != NULL ? suffix : "");
    } else if (menu->more > 0 || common == 0 || common < line->cursor - from) {
        lua_pushnil(L);
    } else {
        lua_pushlstring(L, menu->items[0].text, common);
    }
}

/* Pushes the list of several items, or the message, or nil. */
static void push_list(lua_State *L, const struct line *line, const struct peri_menu *menu)
{
    struct peri_error err;
    struct peri_buf b;
    lua_getfield(L, 2, "message");
    if (lua_isstring(L, -1)) {
        lua_pushliteral(L, "\n");
        lua_concat(L, 2);
        return;
    }
    if (menu->count < 2 && menu->more == 0)
        return;
    peri_buf_init(&b, PERI_LIMIT_TERMINAL);
    bool is_done = peri_menu_list(menu, line->screen, &b, &err);
    if (is_done)
        lua_pushlstring(L, b.data, b.len);
    peri_buf_deinit(&b);
    if (!is_done)
        peri_raise(L, &err);
}

/* editor:complete{ from, items = { { text, note, suffix }, … }, more = n, message = nil }: answers
 * "complete". One item takes the place of the text from byte `from` to the cursor, with its suffix;
 * of several, what all begin with, and they are listed, or the message (one line) instead; none
 * beeps.
 */
static int line_complete(lua_State *L)
{
    static const char *const options[] = {"from", "items", "more", "message", "pending", NULL};
    struct line *line = check_line(L);
    struct peri_menu menu = {0};
    lua_settop(L, 2);
    luaL_checktype(L, 2, LUA_TTABLE);
    peri_options_check(L, 2, options);
    size_t from = (size_t)peri_options_integer(L, 2, "from", line->cursor, line->cursor);
    menu.more = (size_t)peri_options_integer(L, 2, "more", UINT32_MAX, 0);
    if (lua_getfield(L, 2, "items") == LUA_TNIL) {
        lua_newtable(L);
        lua_replace(L, 3);
    }
    luaL_checktype(L, 3, LUA_TTABLE);
    menu.count = lua_rawlen(L, 3);
    menu.items = push_items(L, 3, menu.count);
    peri_tty_size(&menu.columns, &menu.rows);
    push_insertion(L, line, &menu, from); /* 5 */
    push_list(L, line, &menu);            /* the top */
    if (!line->is_asked)
        return 0;
    struct peri_editor_answer answer = {.from = from};
    answer.insert = (char *)lua_tostring(L, 5);
    answer.list = (char *)lua_tostring(L, -1);
    peri_editor_answer(line->editor, &answer);
    line->is_asked = false;
    return 0;
}

/* ---- the rest ---- */

/* editor:print(text): whole lines above the prompt, or where the cursor is while nobody types. */
static int line_print(lua_State *L)
{
    struct peri_error err;
    size_t len;
    const struct line *line = check_line(L);
    const char *text = luaL_checklstring(L, 2, &len);
    if (!peri_editor_print(line->editor, text, len, &err))
        return peri_raise(L, &err);
    return 0;
}

/* editor:remember(text): adds it to the history and to its file, unless it is the newest there. */
static int line_remember(lua_State *L)
{
    struct peri_error err;
    const struct line *line = check_line(L);
    if (!peri_editor_remember(line->editor, luaL_checkstring(L, 2), &err))
        return peri_raise(L, &err);
    return 0;
}

static const char *check_mode(lua_State *L, const char *mode)
{
    if (mode != NULL && strcmp(mode, "emacs") != 0 && strcmp(mode, "vi") != 0)
        peri_raise_code(L, PERI_E_ARGUMENT, "the keys are \"emacs\" or \"vi\", not \"%s\"", mode);
    return mode;
}

/* editor:mode "vi": other keys from the next line on. */
static int line_mode(lua_State *L)
{
    const struct line *line = check_line(L);
    peri_editor_mode(line->editor, check_mode(L, luaL_checkstring(L, 2)));
    return 0;
}

/* editor:close(): the terminal is as it was found. */
static int line_close(lua_State *L)
{
    struct line *line = luaL_checkudata(L, 1, EDITOR);
    if (line->editor != NULL)
        is_open = false;
    peri_editor_free(line->editor);
    line->editor = NULL;
    peri_screen_free(line->screen);
    line->screen = NULL;
    return 0;
}

/* open{ terminal = env "TERM", history = path|nil, mode = "emacs"|"vi"|nil } → an editor of the
 * terminal that stdin and stdout are; with none, or "dumb", lines are read as they come. */
static int line_open(lua_State *L)
{
    static const char *const options[] = {"terminal", "history", "mode", NULL};
    lua_settop(L, 1);
    luaL_checktype(L, 1, LUA_TTABLE);
    peri_options_check(L, 1, options);
    struct peri_editor_options wanted = {
        .terminal = peri_options_string(L, 1, "terminal", NULL),
        .history = peri_options_string(L, 1, "history", NULL),
        .mode = check_mode(L, peri_options_string(L, 1, "mode", NULL)),
    };
    struct peri_error err;
    if (!peri_screen_is_terminal(STDIN_FILENO) || !peri_screen_is_terminal(STDOUT_FILENO))
        return peri_raise_code(L, PERI_E_ARGUMENT, "stdin and stdout are no terminal");
    if (is_open)
        return peri_raise_code(L, PERI_E_ARGUMENT, "the terminal has an editor already");
    struct line *line = lua_newuserdatauv(L, sizeof(*line), 0);
    *line = (struct line){0};
    luaL_setmetatable(L, EDITOR);
    line->editor = peri_editor_new(&wanted, &err);
    if (line->editor == NULL)
        return peri_raise(L, &err);
    is_open = true;
    line->screen = peri_screen_new();
    return 1;
}

static const luaL_Reg wait_meta[] = {{"__gc", wait_close}, {"__close", wait_close}, {NULL, NULL}};
static const luaL_Reg editor_meta[] = {
    {"__gc", line_close},
    {"__close", line_close},
    {NULL, NULL},
};
static const luaL_Reg methods[] = {
    {"next", line_next},   {"complete", line_complete},
    {"print", line_print}, {"remember", line_remember},
    {"mode", line_mode},   {"close", line_close},
    {NULL, NULL},
};
static const luaL_Reg functions[] = {{"open", line_open}, {NULL, NULL}};

int peri_open_line(lua_State *L)
{
    luaL_newmetatable(L, WAIT);
    luaL_setfuncs(L, wait_meta, 0);
    luaL_newmetatable(L, EDITOR);
    luaL_setfuncs(L, editor_meta, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    luaL_newlib(L, functions);
    return 1;
}
