/* xml.c: perilune.c.xml, small documents as tables. */
#include <lauxlib.h>

#include "bindings/lua/modules.h"
#include "bindings/lua/raise.h"
#include "bindings/soap/document.h"
#include "runtime/base/limits.h"

static const char DOCUMENT[] = "perilune.xml.document";

/* What is open during a call; lives in a userdata. */
struct work {
    struct peri_document *document;
    struct peri_buf bytes;
};

static int work_gc(lua_State *L)
{
    struct work *work = luaL_checkudata(L, 1, DOCUMENT);
    peri_document_free(work->document);
    peri_buf_deinit(&work->bytes);
    work->document = NULL;
    return 0;
}

/* Reads the text at 1; pushes what owns it, closed when the function ends. */
static struct work *push_work(lua_State *L)
{
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    struct work *work = lua_newuserdatauv(L, sizeof(*work), 0);
    work->document = NULL;
    peri_buf_init(&work->bytes, PERI_LIMIT_XML_DOCUMENT);
    luaL_setmetatable(L, DOCUMENT);
    lua_toclose(L, -1);
    struct peri_error err;
    work->document = peri_document_read(text, n, &err);
    if (work->document == NULL)
        peri_raise(L, &err);
    return work;
}

static void set_str(lua_State *L, const char *key, struct peri_str value)
{
    lua_pushlstring(L, value.data, value.len);
    lua_setfield(L, -2, key);
}

static void set_text(lua_State *L, struct work *work, peri_document_element element)
{
    struct peri_error err;
    peri_buf_clear(&work->bytes);
    if (!peri_document_text(element, &work->bytes, &err))
        peri_raise(L, &err);
    set_str(L, "text",
            (struct peri_str){work->bytes.len == 0 ? "" : work->bytes.data, work->bytes.len});
}

static void set_attributes(lua_State *L, peri_document_element element)
{
    struct peri_str name, value;
    lua_newtable(L);
    for (size_t i = 0; peri_document_attribute(element, i, &name, &value); i++) {
        lua_pushlstring(L, name.data, name.len);
        lua_pushlstring(L, value.data, value.len);
        lua_rawset(L, -3);
    }
    lua_setfield(L, -2, "attributes");
}

/* Pushes an element as a table; its children are its list. libxml2 limits the depth to 256. */
static void push_element(lua_State *L, struct work *work, peri_document_element element)
{
    luaL_checkstack(L, 8, "too many elements inside one another");
    lua_newtable(L);
    set_str(L, "name", peri_document_name(element));
    set_str(L, "namespace", peri_document_namespace(element));
    set_attributes(L, element);
    set_text(L, work, element);
    lua_Integer i = 1;
    for (peri_document_element child = peri_document_child(element); child != NULL;
         child = peri_document_next(child)) {
        push_element(L, work, child);
        lua_rawseti(L, -2, i++);
    }
}

/* read(text) → { name =, namespace =, attributes = { … }, text =, children… } */
static int xml_read(lua_State *L)
{
    struct work *work = push_work(L);
    push_element(L, work, peri_document_root(work->document));
    return 1;
}

static bool is_called(peri_document_element element, const char *namespace, const char *name)
{
    return peri_str_equal(peri_document_namespace(element), peri_str_of(namespace)) &&
           peri_str_equal(peri_document_name(element), peri_str_of(name));
}

static peri_document_element find(peri_document_element element, const char *namespace,
                                  const char *name)
{
    if (is_called(element, namespace, name))
        return element;
    peri_document_element found = NULL;
    for (peri_document_element child = peri_document_child(element); child != NULL && found == NULL;
         child = peri_document_next(child))
        found = find(child, namespace, name);
    return found;
}

/* element(text, namespace, name) → the first such element, in canonical form, standing alone; nil
 * if there is none */
static int xml_element(lua_State *L)
{
    const char *namespace = luaL_checkstring(L, 2);
    const char *name = luaL_checkstring(L, 3);
    struct work *work = push_work(L);
    peri_document_element found = find(peri_document_root(work->document), namespace, name);
    struct peri_error err;
    if (found == NULL)
        return 0;
    if (!peri_document_canonical(work->document, found, &work->bytes, &err))
        return peri_raise(L, &err);
    lua_pushlstring(L, work->bytes.data, work->bytes.len);
    return 1;
}

static const luaL_Reg meta[] = {{"__gc", work_gc}, {"__close", work_gc}, {NULL, NULL}};
static const luaL_Reg functions[] = {{"read", xml_read}, {"element", xml_element}, {NULL, NULL}};

int peri_open_xml(lua_State *L)
{
    luaL_newmetatable(L, DOCUMENT);
    luaL_setfuncs(L, meta, 0);
    luaL_newlib(L, functions);
    return 1;
}
