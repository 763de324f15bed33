/* decode_bench.c: an answer with many rows, parsed, decoded row by row, and decoded and kept.
 *
 *   decode_bench rounds NAME FILE COPIES STREAMED KEPT   CPU time, as ratios with their goals
 *   decode_bench peak raw|streamed|kept FILE COPIES      prints bytes of XML and the peak of memory
 *
 * FILE is an answer of 50 VMs, whose <objects> are repeated; "~~~~~" in them becomes the number of
 * the repetition, so that names, references and UUIDs differ. Raw is libxml2's push parser with
 * callbacks that do nothing. All three are given chunks of 16 KiB. */
#include <string.h>

#include <lauxlib.h>
#include <libxml/parser.h>
#include <lualib.h>

#include "bindings/lua/decoder.h"
#include "bindings/lua/modules.h"
#include "runtime/base/limits.h"
#include "runtime/engine/memory.h"
#include "tests/bench/measure.h"

enum { CHUNK = 16 * 1024 };

struct body {
    char *bytes;
    size_t len;
    size_t at; /* what was given out so far */
    lua_State *L;
};

/* Streamed rows are touched once and dropped. */
static const char script[] = "local object, soap, chunk = ...\n"
                             "local space = object.space()\n"
                             "local function rows(take)\n"
                             "  local d = soap.decoder { space = space, rows = true }\n"
                             "  while chunk(d) do\n"
                             "    for row in d.row, d do take(row) end\n"
                             "  end\n"
                             "  assert(d:finish() == 'result')\n"
                             "end\n"
                             "local function streamed()\n"
                             "  local count = 0\n"
                             "  rows(function(row) if row.ref then count = count + 1 end end)\n"
                             "  return count\n"
                             "end\n"
                             "local function kept()\n"
                             "  local list, n = {}, 0\n"
                             "  rows(function(row) n = n + 1; list[n] = row end)\n"
                             "  return #list\n"
                             "end\n"
                             "return streamed, kept\n";

/* ---- the body ---- */

static void fail(const char *what)
{
    fprintf(stderr, "decode_bench: %s\n", what);
    exit(1);
}

static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(64 << 20);
    if (file == NULL || bytes == NULL)
        fail(path);
    *len = fread(bytes, 1, (64 << 20) - 1, file);
    bytes[*len] = '\0';
    fclose(file);
    return bytes;
}

static void number_marks(char *bytes, size_t len, unsigned number)
{
    char digits[8], *at = bytes, *end = bytes + len;
    snprintf(digits, sizeof(digits), "%05u", number % 100000);
    while ((at = memchr(at, '~', (size_t)(end - at))) != NULL) {
        memcpy(at, digits, 5);
        at += 5;
    }
}

/* Numbers each object of one repetition. */
static void number_objects(char *bytes, size_t len, unsigned *number)
{
    static const char end_tag[] = "</objects>";
    char *end = bytes + len;
    while (bytes < end) {
        char *next = strstr(bytes, end_tag);
        next = next == NULL || next > end ? end : next + sizeof(end_tag) - 1;
        number_marks(bytes, (size_t)(next - bytes), ++*number);
        bytes = next;
    }
}

static void make_body(struct body *body, const char *path, unsigned copies)
{
    size_t len;
    unsigned number = 0;
    char *file = read_file(path, &len);
    char *first = strstr(file, "<objects>"), *last = strstr(file, "</returnval>");
    if (first == NULL || last == NULL)
        fail("no objects in the answer");
    size_t head = (size_t)(first - file), middle = (size_t)(last - first);
    body->bytes = malloc(len + middle * copies + 1);
    if (body->bytes == NULL)
        fail("no memory");
    memcpy(body->bytes, file, head);
    body->len = head;
    for (unsigned i = 0; i < copies; i++) {
        char *copy = body->bytes + body->len;
        memcpy(copy, first, middle);
        copy[middle] = '\0';
        number_objects(copy, middle, &number);
        body->len += middle;
    }
    memcpy(body->bytes + body->len, last, len - head - middle + 1);
    body->len += len - head - middle;
    free(file);
}

/* ---- the candidates ---- */

static void on_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int declared, const xmlChar **declarations, int count, int defaulted,
                     const xmlChar **attributes)
{
    (void)user, (void)name, (void)prefix, (void)uri, (void)declared, (void)declarations;
    (void)count, (void)defaulted, (void)attributes;
}

static void on_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    (void)user, (void)name, (void)prefix, (void)uri;
}

static void on_text(void *user, const xmlChar *bytes, int len)
{
    (void)user, (void)bytes, (void)len;
}

static void run_raw(void *arg)
{
    struct body *body = arg;
    xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
                         .startElementNs = on_start,
                         .endElementNs = on_end,
                         .characters = on_text,
                         .ignorableWhitespace = on_text};
    xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&sax, NULL, NULL, 0, NULL);
    for (size_t at = 0; at < body->len; at += CHUNK) {
        size_t len = body->len - at < CHUNK ? body->len - at : CHUNK;
        if (xmlParseChunk(parser, body->bytes + at, (int)len, 0) != 0)
            fail("libxml2 does not take it");
    }
    if (xmlParseChunk(parser, NULL, 0, 1) != 0)
        fail("libxml2 does not take its end");
    xmlFreeParserCtxt(parser);
}

/* As what comes from a connection is given to a decoder. */
static int next_chunk(lua_State *L)
{
    struct body *body = lua_touserdata(L, lua_upvalueindex(1));
    size_t len = body->len - body->at < CHUNK ? body->len - body->at : CHUNK;
    if (len == 0)
        return 0;
    if (!peri_buf_add(peri_decoder_begin(L, 1), body->bytes + body->at, len, NULL))
        fail("a chunk is too large");
    peri_decoder_feed(L);
    body->at += len;
    lua_pushboolean(L, true);
    return 1;
}

static void open_lua(struct body *body)
{
    struct peri_memory *memory = peri_memory_new(PERI_LIMIT_LUA_MEMORY);
    lua_State *L = lua_newstate(peri_memory_allocate, memory);
    body->L = L;
    luaL_openlibs(L);
    lua_gc(L, LUA_GCINC, peri_memory_pause(memory), 0, 0);
    if (luaL_loadstring(L, script) != LUA_OK)
        fail(lua_tostring(L, -1));
    luaL_requiref(L, "perilune.c.object", peri_open_object, 0);
    luaL_requiref(L, "perilune.c.soap", peri_open_soap, 0);
    lua_pushlightuserdata(L, body);
    lua_pushcclosure(L, next_chunk, 1);
    if (lua_pcall(L, 3, 2, 0) != LUA_OK)
        fail(lua_tostring(L, -1));
}

/* Calls one of the two functions on the stack; what it kept is garbage then, and is collected as
 * part of its time. */
static void run_lua(struct body *body, int function)
{
    lua_State *L = body->L;
    body->at = 0;
    lua_pushvalue(L, function);
    if (lua_pcall(L, 0, 1, 0) != LUA_OK)
        fail(lua_tostring(L, -1));
    if (lua_tointeger(L, -1) == 0)
        fail("no rows");
    lua_pop(L, 1);
}

static void run_streamed(void *arg)
{
    run_lua(arg, 1);
}

static void run_kept(void *arg)
{
    run_lua(arg, 2);
}

/* Not timed: what the rows before left behind does not count for what comes next. */
static void collect(void *arg)
{
    struct body *body = arg;
    lua_gc(body->L, LUA_GCCOLLECT);
}

static void rounds(struct body *body, const char *name, double streamed_goal, double kept_goal)
{
    struct candidate candidates[] = {
        {.name = "raw", .run = run_raw}, {.name = "streamed", .run = run_streamed},
        {.name = "-", .run = collect},   {.name = "kept", .run = run_kept},
        {.name = "-", .run = collect},
    };
    size_t count = sizeof(candidates) / sizeof(*candidates);
    measure(candidates, count, body);
    double raw = candidates[0].seconds[0];
    printf("%s: %.1f MB of XML\n", name, (double)body->len / 1e6);
    for (size_t i = 0; i < count; i++)
        if (candidates[i].name[0] != '-')
            printf("  %-9s %7.1f ms  %5.0f MB/s  %4.2f raw  spread %.0f %%\n", candidates[i].name,
                   candidates[i].seconds[0] * 1e3,
                   (double)body->len / candidates[i].seconds[0] / 1e6,
                   candidates[i].seconds[0] / raw, spread(&candidates[i]));
    char full[80];
    snprintf(full, sizeof(full), "decode-%s-streamed", name);
    print_ratio(full, candidates[1].seconds[0] / raw, streamed_goal);
    snprintf(full, sizeof(full), "decode-%s-kept", name);
    print_ratio(full, candidates[3].seconds[0] / raw, kept_goal);
}

static void peak(struct body *body, const char *mode)
{
    if (strcmp(mode, "raw") == 0)
        run_raw(body);
    else
        run_lua(body, strcmp(mode, "kept") == 0 ? 2 : 1);
    printf("%zu %.0f\n", body->len, peak_bytes());
}

int main(int argc, char **argv)
{
    struct body body = {0};
    if (argc < 5)
        fail("usage: see decode_bench.c");
    make_body(&body, argv[3], (unsigned)strtoul(argv[4], NULL, 10));
    open_lua(&body);
    if (argc == 7)
        rounds(&body, argv[2], strtod(argv[5], NULL), strtod(argv[6], NULL));
    else
        peak(&body, argv[2]);
    return 0;
}
