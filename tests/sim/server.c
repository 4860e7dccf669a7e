/* Redis' side of a script: see server.h. */
#include "server.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

#include "msgpack.h"
#include "sim.h"

enum { WALL_MS = 1700000000, WORDS_MAX = 300, ANSWER_BYTES_MAX = 1 << 20, SCRIPTS_MAX = 64 };

static struct {
    struct store *store, *snapshot;
    int64_t down_until_ms, breaks;
    int64_t runs; /* which run of the server it is */
} server;

/* Lua outlives a seed: scripts are compiled once. */
static lua_State *lua;
static struct {
    const struct redis_script *script;
    int reference;
} compiled[SCRIPTS_MAX];
static struct answer scratch;

static int64_t server_now_ms(void)
{
    return 1000LL * WALL_MS + sim.now_ms + sim.redis_ahead_ms;
}

/* ---- what a script calls ---- */

static void push_item(lua_State *L, const struct answer *a, const struct answer_item *item)
{
    if (item->kind == ANSWER_NIL)
        lua_pushboolean(L, 0);
    else if (item->kind == ANSWER_NUMBER)
        lua_pushnumber(L, (double)item->number);
    else
        lua_pushlstring(L, a->bytes.data + item->at, item->size);
}

static void push_named(lua_State *L, const struct answer *a, const char *name)
{
    lua_newtable(L);
    push_item(L, a, &a->items[0]);
    lua_setfield(L, -2, name);
}

static int redis_call_any(lua_State *L, bool raises)
{
    struct word words[WORDS_MAX];
    const int count = lua_gettop(L);
    if (count < 1 || count > WORDS_MAX)
        return luaL_error(L, "wrong number of arguments");
    for (int i = 0; i < count; i++)
        words[i].data = luaL_checklstring(L, i + 1, &words[i].size);
    store_command(server.store, server_now_ms(), words, (size_t)count, &scratch);
    switch (scratch.kind) {
    case ANSWER_NIL:
        lua_pushboolean(L, 0);
        break;
    case ANSWER_STATUS:
        push_named(L, &scratch, "ok");
        break;
    case ANSWER_ERROR:
        if (raises)
            return luaL_error(L, "a command failed");
        push_named(L, &scratch, "err");
        break;
    case ANSWER_LIST:
        lua_newtable(L);
        for (size_t i = 0; i < scratch.count; i++) {
            push_item(L, &scratch, &scratch.items[i]);
            lua_rawseti(L, -2, (int)i + 1);
        }
        break;
    default:
        push_item(L, &scratch, &scratch.items[0]);
    }
    return 1;
}

static int redis_call(lua_State *L)
{
    return redis_call_any(L, true);
}

static int redis_pcall(lua_State *L)
{
    return redis_call_any(L, false);
}

/* ---- scripts ---- */

static void open_lua(void)
{
    static const luaL_Reg functions[] = {
        {"call", redis_call}, {"pcall", redis_pcall}, {NULL, NULL}};
    buf_init(&scratch.bytes, ANSWER_BYTES_MAX);
    lua = luaL_newstate();
    if (lua == NULL)
        abort();
    luaL_openlibs(lua);
    luaL_register(lua, "redis", functions);
    lua_pop(lua, 1);
    msgpack_open(lua);
}

static void push_script(const struct redis_script *script)
{
    size_t i = 0;
    for (; i < SCRIPTS_MAX && compiled[i].script != NULL; i++)
        if (compiled[i].script == script) {
            lua_rawgeti(lua, LUA_REGISTRYINDEX, compiled[i].reference);
            return;
        }
    if (i == SCRIPTS_MAX ||
        luaL_loadbuffer(lua, script->text, strlen(script->text), script->name) != 0)
        abort();
    compiled[i].script = script;
    lua_pushvalue(lua, -1);
    compiled[i].reference = luaL_ref(lua, LUA_REGISTRYINDEX);
}

static void set_words(const char *name, const struct word words[], size_t count)
{
    lua_createtable(lua, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_pushlstring(lua, words[i].data, words[i].size);
        lua_rawseti(lua, -2, (int)i + 1);
    }
    lua_setglobal(lua, name);
}

static void take_item(struct answer *a, int index)
{
    struct answer_item *item = &a->items[a->count++];
    *item = (struct answer_item){.kind = ANSWER_NIL};
    if (lua_type(lua, index) == LUA_TNUMBER) {
        item->kind = ANSWER_NUMBER;
        item->number = (int64_t)lua_tonumber(lua, index); /* cut, as Redis does */
    } else if (lua_type(lua, index) == LUA_TSTRING) {
        const char *text = lua_tolstring(lua, index, &item->size);
        item->kind = ANSWER_TEXT;
        item->at = a->bytes.size;
        buf_append(&a->bytes, text, item->size);
    }
}

/* The table on the stack: a list, or the one list in it. */
static void take_list(struct answer *a)
{
    lua_rawgeti(lua, -1, 1);
    if (lua_type(lua, -1) != LUA_TTABLE)
        lua_pop(lua, 1);
    a->kind = ANSWER_LIST;
    const size_t count = lua_objlen(lua, -1);
    for (size_t i = 1; i <= count && i <= ANSWER_ITEMS_MAX; i++) {
        lua_rawgeti(lua, -1, (int)i);
        take_item(a, -1);
        lua_pop(lua, 1);
    }
}

static void run_script(const struct redis_script *script, const struct word words[],
                       size_t key_count, size_t count, struct answer *a)
{
    if (lua == NULL)
        open_lua();
    set_words("KEYS", words, key_count);
    set_words("ARGV", words + key_count, count - key_count);
    push_script(script);
    buf_clear(&a->bytes);
    a->count = 0;
    if (lua_pcall(lua, 0, 1, 0) != 0) {
        sim_fail("script %s: %s", script->name, lua_tostring(lua, -1));
        a->kind = ANSWER_ERROR;
        take_item(a, -1);
    } else if (lua_type(lua, -1) == LUA_TTABLE) {
        take_list(a);
    } else {
        a->kind = ANSWER_NIL;
        take_item(a, -1);
    }
    lua_settop(lua, 0);
}

void server_run(const struct redis_script *script, const struct word words[], size_t key_count,
                size_t count, struct answer *answer)
{
    if (script == NULL)
        store_command(server.store, server_now_ms(), words, count, answer);
    else
        run_script(script, words, key_count, count, answer);
}

/* ---- the server ---- */

void server_begin(void)
{
    server.store = store_new();
    server.snapshot = NULL;
    server.down_until_ms = server.breaks = 0;
    server.runs = 1;
}

void server_end(void)
{
    store_free(server.store);
    store_free(server.snapshot);
    server.store = server.snapshot = NULL;
}

bool server_is_up(void)
{
    return sim.now_ms >= server.down_until_ms;
}

int64_t server_breaks(void)
{
    return server.breaks;
}

const struct store *server_store(void)
{
    return server.store;
}

void server_look(struct redis_server *ret_server)
{
    *ret_server =
        (struct redis_server){.role = "master", .eviction = "noeviction", .version = "7.0.0"};
    (void)snprintf(ret_server->run_id, sizeof ret_server->run_id, "run%lld",
                   (long long)server.runs);
    (void)snprintf(ret_server->replication_id, sizeof ret_server->replication_id, "repl%lld",
                   (long long)server.runs);
}

void server_snapshot(void)
{
    store_free(server.snapshot);
    server.snapshot = store_copy(server.store);
}

void server_lose(bool all, bool says_so)
{
    sim_note("Redis loses %s%s", all || server.snapshot == NULL ? "everything" : "what is new",
             says_so ? ", in a new run" : "");
    store_free(server.store);
    server.store = all || server.snapshot == NULL ? store_new() : store_copy(server.snapshot);
    server.runs += says_so;
    server.breaks += says_so;
}

void server_down(int64_t ms)
{
    sim_note("Redis is away for %lld ms", (long long)ms);
    server.down_until_ms = sim.now_ms + ms;
    server.breaks++;
}
