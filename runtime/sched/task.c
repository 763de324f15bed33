/* task.c: tasks. Each has a coroutine whose bottom frame is C: that frame calls the body protected
 * and can be yielded across, so that <close> handlers may wait while an error unwinds. */
#include "runtime/sched/task.h"

#include <lauxlib.h>
#include <string.h>

#include "runtime/base/check.h"
#include "runtime/sched/raise.h"
#include "runtime/sched/record.h"

static const char META[] = "perilune.task";

/* What a thread of Lua carries: its task. */
static struct peri_task **extra(lua_State *L)
{
    return (struct peri_task **)lua_getextraspace(L);
}

struct peri_task *peri_task_current(lua_State *L)
{
    return *extra(L);
}

void peri_task_lend(lua_State *L, lua_State *co, struct peri_task *task)
{
    struct peri_sched *sched = peri_sched_of(L);
    *extra(co) = task;
    sched->running = task != NULL ? co : L;
    if (peri_task_current(L) != NULL && peri_interrupt_is_due(peri_task_current(L)))
        peri_sched_preempt(sched);
}

/* As luaL_checkudata, which looks the metatable up by its name. */
struct peri_task *peri_task_at(lua_State *L, int index)
{
    void *record = lua_touserdata(L, index);
    if (record == NULL || !lua_getmetatable(L, index))
        return luaL_checkudata(L, index, META);
    bool is_task = lua_topointer(L, -1) == peri_sched_of(L)->metatable;
    lua_pop(L, 1);
    return is_task ? record : luaL_checkudata(L, index, META);
}

void peri_task_push(lua_State *L, const struct peri_task *task)
{
    if (task->has_ended) {
        lua_pushnil(L);
        return;
    }
    peri_sched_push_tasks(L, task->sched);
    lua_rawgeti(L, -1, task->slot + 1);
    lua_remove(L, -2);
}

/* ---- life ---- */

/* Calls on_end(task, true, results…) or on_end(task, false, error); the values are all of L. */
static void notify(lua_State *L)
{
    int count = lua_gettop(L);
    luaL_checkstack(L, count + 4, NULL);
    peri_task_push(L, peri_task_current(L));
    if (lua_getiuservalue(L, -1, TASK_ON_END) == LUA_TNIL) {
        lua_settop(L, count);
        return;
    }
    lua_insert(L, -2);
    for (int i = 1; i <= count; i++)
        lua_pushvalue(L, i);
    peri_task_current(L)->is_seen = true;
    if (lua_pcall(L, count + 1, 0, 0) != LUA_OK) {
        lua_warning(L, "at the end of a task: ", 1);
        lua_warning(L, luaL_tolstring(L, -1, NULL), 0);
    }
    lua_settop(L, count);
}

static int task_end(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    lua_pushboolean(L, status == LUA_OK || status == LUA_YIELD);
    lua_replace(L, 1);
    notify(L);
    return lua_gettop(L); /* true, results…  or  false, error */
}

/* Pushes the pending cancellation and forgets it. */
static void take_cancellation(lua_State *L, struct peri_task *task)
{
    task->is_cancelled = false;
    peri_task_push(L, task);
    lua_getiuservalue(L, -1, TASK_CANCEL);
    lua_pushnil(L);
    lua_setiuservalue(L, -3, TASK_CANCEL);
    lua_remove(L, -2);
}

static int task_main(lua_State *L) /* message handler, body, arguments… */
{
    struct peri_task *task = peri_task_current(L);
    if (task->is_cancelled) {
        lua_settop(L, 1);
        take_cancellation(L, task);
        return task_end(L, LUA_ERRRUN, 0);
    }
    int handler = lua_isnil(L, 1) ? 0 : 1;
    int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, handler, 0, task_end);
    return task_end(L, status, 0);
}

static int task_gc(lua_State *L)
{
    struct peri_task *task = peri_task_at(L, 1);
    peri_timer_free(task->timer);
    task->timer = NULL;
    bool failed = task->has_ended && !task->is_seen && !lua_toboolean(task->L, 1);
    if (failed) {
        lua_warning(L, "a task failed and nobody looked: ", 1);
        lua_xmove(task->L, L, 1);
        lua_warning(L, luaL_tolstring(L, -1, NULL), 0);
    }
    return 0;
}

void peri_task_push_metatable(lua_State *L)
{
    if (!luaL_newmetatable(L, META))
        return;
    lua_pushcfunction(L, task_gc);
    lua_setfield(L, -2, "__gc");
}

static uint32_t take_slot(struct peri_sched *sched, struct peri_task *task)
{
    if (sched->free_count == 0) {
        if (sched->slot_count == sched->slot_size) {
            sched->slot_size = sched->slot_size == 0 ? 64 : sched->slot_size * 2;
            sched->slots = peri_realloc(sched->slots, sched->slot_size * sizeof(*sched->slots));
            sched->free_slots =
                peri_realloc(sched->free_slots, sched->slot_size * sizeof(*sched->free_slots));
        }
        sched->free_slots[sched->free_count++] = sched->slot_count++;
    }
    uint32_t slot = sched->free_slots[--sched->free_count];
    sched->slots[slot] = task;
    return slot;
}

/* Pushes a new userdata with an empty task in it. */
static struct peri_task *new_record(lua_State *L)
{
    struct peri_task *task = lua_newuserdatauv(L, sizeof(*task), TASK_VALUES);
    *task = (struct peri_task){.sched = peri_sched_of(L)};
    peri_list_init(&task->ready);
    peri_list_init(&task->joining);
    peri_list_init(&task->joiners);
    peri_task_push_metatable(L);
    task->sched->metatable = lua_topointer(L, -1);
    lua_setmetatable(L, -2);
    task->L = lua_newthread(L);
    *extra(task->L) = task;
    lua_setiuservalue(L, -2, TASK_THREAD);
    return task;
}

/* Gives the task at the top of the stack the context of the task that runs on L. */
static void inherit_context(lua_State *L)
{
    struct peri_task *parent = peri_task_current(L);
    if (parent == NULL)
        return;
    peri_task_push(L, parent);
    lua_getiuservalue(L, -1, TASK_CONTEXT);
    lua_setiuservalue(L, -3, TASK_CONTEXT);
    lua_pop(L, 1);
}

struct peri_task *peri_task_spawn(lua_State *L, int count)
{
    luaL_checkstack(L, 8, NULL);
    struct peri_task *task = new_record(L);
    inherit_context(L);
    luaL_checkstack(task->L, count + 4, NULL);
    lua_pushcfunction(task->L, task_main);
    peri_sched_push_handler(task->L);
    peri_sched_push_tasks(L, task->sched);
    lua_pushvalue(L, -2);
    uint32_t slot = take_slot(task->sched, task);
    lua_rawseti(L, -2, slot + 1);
    lua_pop(L, 1);
    task->slot = slot;
    task->sched->live++;
    lua_insert(L, -(count + 2));
    lua_xmove(L, task->L, count + 1);
    task->arguments = count + 2;
    peri_sched_make_ready(task);
    return task;
}

static void wake_joiners(struct peri_task *task)
{
    struct peri_list *node;
    while ((node = peri_list_take(&task->joiners)) != NULL) {
        struct peri_task *joiner = PERI_LIST_OWNER(node, struct peri_task, joining);
        peri_task_wake((struct peri_wake){joiner->sched, joiner->slot, joiner->generation});
    }
}

void peri_task_finish(struct peri_task *task)
{
    struct peri_sched *sched = task->sched;
    peri_sched_push_tasks(sched->L, sched);
    lua_rawgeti(sched->L, -1, task->slot + 1);
    lua_pushnil(sched->L);
    lua_rawseti(sched->L, -3, task->slot + 1);
    lua_pop(sched->L, 2); /* the collector cannot run between here and the return */
    sched->slots[task->slot] = NULL;
    sched->free_slots[sched->free_count++] = task->slot;
    sched->live--;
    if (sched->interrupt.task == task)
        sched->interrupt.task = NULL; /* it was closed inside of its guard */
    task->has_ended = true;
    task->is_waiting = task->is_ready = task->is_cancelled = false;
    peri_list_remove(&task->ready);
    peri_list_remove(&task->joining);
    peri_timer_free(task->timer);
    task->timer = NULL;
    wake_joiners(task);
}

bool peri_task_ended(const struct peri_task *task)
{
    return task->has_ended;
}

bool peri_task_waiting(const struct peri_task *task)
{
    return task->is_waiting;
}

int peri_task_results(lua_State *L, struct peri_task *task)
{
    peri_assert(task->has_ended);
    int count = lua_gettop(task->L);
    luaL_checkstack(L, count, "too many results");
    luaL_checkstack(task->L, count, "too many results");
    for (int i = 1; i <= count; i++)
        lua_pushvalue(task->L, i);
    lua_xmove(task->L, L, count);
    task->is_seen = true;
    return count;
}

void peri_task_on_end(lua_State *L, int index)
{
    peri_task_at(L, index);
    lua_setiuservalue(L, index, TASK_ON_END);
}

void peri_task_push_context(lua_State *L, int index)
{
    lua_getiuservalue(L, index, TASK_CONTEXT);
}

void peri_task_set_context(lua_State *L, int index)
{
    lua_setiuservalue(L, index, TASK_CONTEXT);
}

/* ---- waiting ---- */

/* Leaves the wait, if there is one. */
static void leave(struct peri_task *task)
{
    task->is_waiting = task->is_ready = task->is_parked = false;
    peri_list_remove(&task->joining);
    if (task->timer != NULL)
        peri_timer_set(task->timer, PERI_TIMER_IDLE);
}

static void raise_cancellation(lua_State *L, struct peri_task *task)
{
    if (!task->is_cancelled)
        return;
    luaL_checkstack(L, 4, NULL);
    take_cancellation(L, task);
    lua_error(L);
}

struct peri_wake peri_task_wait(lua_State *L)
{
    struct peri_task *task = peri_task_current(L);
    if (task == NULL)
        peri_raise_code(L, PERI_E_TASK_NOT_YIELDABLE,
                        "only a task can wait, not a coroutine of its own");
    if (!lua_isyieldable(L) || task->is_closing)
        peri_raise_code(L, PERI_E_TASK_NOT_YIELDABLE,
                        "Lua cannot wait here: inside require, table.sort, string.gsub, "
                        "tostring or a finalizer");
    leave(task);
    raise_cancellation(L, task);
    task->timed_out = false;
    task->is_waiting = true;
    task->generation = ++task->sched->generation;
    return (struct peri_wake){task->sched, task->slot, task->generation};
}

void peri_task_wake(struct peri_wake wake)
{
    if (wake.sched == NULL || wake.slot >= wake.sched->slot_count)
        return;
    struct peri_task *task = wake.sched->slots[wake.slot];
    if (task == NULL || !task->is_waiting || task->generation != wake.generation)
        return;
    peri_sched_make_ready(task);
}

void peri_task_check(lua_State *L)
{
    struct peri_task *task = peri_task_current(L);
    leave(task);
    raise_cancellation(L, task);
}

static void on_timer(void *arg)
{
    struct peri_task *task = arg; /* which owns the timer */
    if (!task->is_waiting)
        return;
    task->timed_out = true;
    peri_sched_make_ready(task);
}

void peri_task_wake_after(lua_State *L, uint64_t ms)
{
    struct peri_task *task = peri_task_current(L);
    peri_assert(task->is_waiting);
    if (task->timer == NULL)
        task->timer = peri_timer_new(task->sched->loop, ms, on_timer, task);
    else
        peri_timer_set(task->timer, ms);
}

bool peri_task_timed_out(lua_State *L)
{
    return peri_task_current(L)->timed_out;
}

void peri_task_wake_with(lua_State *L, struct peri_task *other)
{
    struct peri_task *task = peri_task_current(L);
    peri_assert(task->is_waiting && !other->has_ended);
    peri_list_append(&other->joiners, &task->joining);
}

bool peri_task_park(lua_State *L)
{
    struct peri_task *task = peri_task_current(L);
    bool had_permit = task->has_permit;
    task->has_permit = false;
    task->is_parked = !had_permit;
    return had_permit;
}

void peri_task_unpark(struct peri_task *task)
{
    if (task->is_parked && task->is_waiting)
        peri_sched_make_ready(task);
    else
        task->has_permit = true;
}

bool peri_task_cancel(lua_State *L, struct peri_task *task, bool is_weak)
{
    bool is_taken = task->is_cancelled && (is_weak || !task->is_weak);
    if (task->has_ended || is_taken) {
        lua_pop(L, 1);
        return false;
    }
    peri_task_push(L, task);
    lua_insert(L, -2);
    lua_setiuservalue(L, -2, TASK_CANCEL);
    lua_pop(L, 1);
    task->is_cancelled = true;
    task->is_weak = is_weak;
    if (task->is_waiting)
        peri_sched_make_ready(task);
    return true;
}

void peri_task_forgive(lua_State *L, enum peri_error_code code)
{
    struct peri_task *task = peri_task_current(L);
    if (!task->is_cancelled)
        return;
    peri_task_push(L, task);
    lua_getiuservalue(L, -1, TASK_CANCEL);
    bool is_table = lua_istable(L, -1);
    if (is_table)
        lua_getfield(L, -1, "code");
    const char *name = is_table ? lua_tostring(L, -1) : NULL;
    if (name != NULL && strcmp(name, peri_error_info(code)->name) == 0) {
        task->is_cancelled = false;
        lua_pushnil(L);
        lua_setiuservalue(L, is_table ? -4 : -3, TASK_CANCEL);
    }
    lua_pop(L, is_table ? 3 : 2);
}

void peri_task_preempted(lua_State *L, lua_Debug *frame)
{
    (void)frame;
    struct peri_task *task = peri_task_current(L);
    if (task == NULL) /* in a coroutine that it did not lend itself to */
        return;
    bool is_due = peri_interrupt_is_due(task);
    if (task->is_cancelled) {
        if (!is_due)
            lua_sethook(L, NULL, 0, 0);
        raise_cancellation(L, task);
    }
    peri_interrupt_hook(L, task);
    if (L == task->L && lua_isyieldable(L)) /* what it lent itself to has nobody to yield to */
        lua_yield(L, 0);
}
