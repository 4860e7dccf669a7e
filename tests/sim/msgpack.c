/* cmsgpack for Lua, as Redis' scripts have it: pack(value), unpack(bytes), unpack_one(bytes) →
 * where the rest begins (-1: nothing is left) and the value. Tables whose keys are 1 to n are
 * arrays, others maps; whole numbers are integers. Malformed bytes are an error of the script. */
#include "msgpack.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "base/buf.h"

enum { NESTING_MAX = 16, PACKED_MAX = 1 << 20 };

/* ---- packing ---- */

static void put(struct buf *b, unsigned char kind, uint64_t value, int bytes)
{
    char out[9];
    out[0] = (char)kind;
    for (int i = 0; i < bytes; i++)
        out[1 + i] = (char)(value >> (8 * (bytes - 1 - i)));
    buf_append(b, out, (size_t)bytes + 1);
}

static void put_double(struct buf *b, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    put(b, 0xCB, bits, 8);
}

static void put_number(struct buf *b, double number)
{
    if (floor(number) < number || number > 9e18 || number < -9e18)
        put_double(b, number);
    else if (number >= 0 && number < 128)
        put(b, (unsigned char)number, 0, 0);
    else if (number >= -32 && number < 0)
        put(b, (unsigned char)(int)number, 0, 0);
    else
        put(b, number < 0 ? 0xD3 : 0xCF, (uint64_t)(int64_t)number, 8);
}

static void put_text(struct buf *b, const char *text, size_t size)
{
    if (size < 32)
        put(b, (unsigned char)(0xA0 | size), 0, 0);
    else if (size < 256)
        put(b, 0xD9, size, 1);
    else if (size < 65536)
        put(b, 0xDA, size, 2);
    else
        put(b, 0xDB, size, 4);
    buf_append(b, text, size);
}

static void put_value(lua_State *L, struct buf *b, int index, int nesting);

/* How many members, and whether their keys are 1 to as many. */
static size_t count_members(lua_State *L, int index, bool *ret_is_array)
{
    size_t count = 0;
    double most = 0;
    bool whole = true;
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        const double key = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
        whole &= key >= 1 && floor(key) >= key;
        most = key > most ? key : most;
        count++;
    }
    *ret_is_array = whole && most <= (double)count;
    return count;
}

static void put_table(lua_State *L, struct buf *b, int index, int nesting)
{
    bool is_array;
    const size_t count = count_members(L, index, &is_array);
    if (count < 16)
        put(b, (unsigned char)((is_array ? 0x90 : 0x80) | count), 0, 0);
    else
        put(b, is_array ? 0xDC : 0xDE, count, 2);
    for (size_t i = 1; is_array && i <= count; i++) {
        lua_rawgeti(L, index, (int)i);
        put_value(L, b, lua_gettop(L), nesting + 1);
        lua_pop(L, 1);
    }
    if (is_array)
        return;
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        put_value(L, b, lua_gettop(L) - 1, nesting + 1);
        put_value(L, b, lua_gettop(L), nesting + 1);
        lua_pop(L, 1);
    }
}

static void put_value(lua_State *L, struct buf *b, int index, int nesting)
{
    size_t size = 0;
    if (nesting > NESTING_MAX)
        luaL_error(L, "too deep");
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
        put(b, lua_toboolean(L, index) ? 0xC3 : 0xC2, 0, 0);
        break;
    case LUA_TNUMBER:
        put_number(b, lua_tonumber(L, index));
        break;
    case LUA_TSTRING: {
        const char *text = lua_tolstring(L, index, &size);
        put_text(b, text, size);
        break;
    }
    case LUA_TTABLE:
        put_table(L, b, index, nesting);
        break;
    default:
        put(b, 0xC0, 0, 0);
    }
}

static int pack(lua_State *L)
{
    static struct buf
        packed; /* one call at a time, and none leaves it by an error with it in use */
    if (packed.cap == 0)
        buf_init(&packed, PACKED_MAX);
    buf_clear(&packed);
    put_value(L, &packed, 1, 0);
    if (packed.failed)
        return luaL_error(L, "too large");
    lua_pushlstring(L, packed.data, packed.size);
    return 1;
}

/* ---- unpacking ---- */

struct packed {
    const unsigned char *bytes;
    size_t size, at;
};

static uint64_t take(lua_State *L, struct packed *p, size_t bytes)
{
    uint64_t value = 0;
    if (p->size - p->at < bytes)
        luaL_error(L, "Missing bytes in input.");
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | p->bytes[p->at++];
    return value;
}

static void take_text(lua_State *L, struct packed *p, uint64_t size)
{
    if (p->size - p->at < size)
        luaL_error(L, "Missing bytes in input.");
    lua_pushlstring(L, (const char *)p->bytes + p->at, (size_t)size);
    p->at += (size_t)size;
}

static void take_value(lua_State *L, struct packed *p, int nesting);

static void take_array(lua_State *L, struct packed *p, uint64_t count, int nesting)
{
    lua_newtable(L);
    for (uint64_t i = 1; i <= count; i++) {
        take_value(L, p, nesting + 1);
        lua_rawseti(L, -2, (int)i);
    }
}

static void take_map(lua_State *L, struct packed *p, uint64_t count, int nesting)
{
    lua_newtable(L);
    for (uint64_t i = 0; i < count; i++) {
        take_value(L, p, nesting + 1);
        take_value(L, p, nesting + 1);
        lua_rawset(L, -3);
    }
}

static void take_double(lua_State *L, struct packed *p)
{
    const uint64_t bits = take(L, p, 8);
    double number;
    memcpy(&number, &bits, sizeof number);
    lua_pushnumber(L, number);
}

static void take_value(lua_State *L, struct packed *p, int nesting)
{
    const uint64_t kind = take(L, p, 1);
    if (nesting > NESTING_MAX || lua_checkstack(L, 4) == 0)
        luaL_error(L, "too deep");
    if (kind < 0x80)
        lua_pushnumber(L, (double)kind);
    else if (kind < 0x90)
        take_map(L, p, kind & 0x0F, nesting);
    else if (kind < 0xA0)
        take_array(L, p, kind & 0x0F, nesting);
    else if (kind < 0xC0)
        take_text(L, p, kind & 0x1F);
    else if (kind >= 0xE0)
        lua_pushnumber(L, (double)kind - 256);
    else
        switch (kind) {
        case 0xC0:
            lua_pushnil(L);
            break;
        case 0xC2:
        case 0xC3:
            lua_pushboolean(L, kind == 0xC3);
            break;
        case 0xCB:
            take_double(L, p);
            break;
        case 0xCF:
            lua_pushnumber(L, (double)take(L, p, 8));
            break;
        case 0xD3:
            lua_pushnumber(L, (double)(int64_t)take(L, p, 8));
            break;
        case 0xD9:
            take_text(L, p, take(L, p, 1));
            break;
        case 0xDA:
            take_text(L, p, take(L, p, 2));
            break;
        case 0xDB:
            take_text(L, p, take(L, p, 4));
            break;
        case 0xDC:
            take_array(L, p, take(L, p, 2), nesting);
            break;
        case 0xDE:
            take_map(L, p, take(L, p, 2), nesting);
            break;
        default:
            luaL_error(L, "Bad data format in input.");
        }
}

static struct packed packed_of(lua_State *L)
{
    struct packed p = {.at = 0};
    p.bytes = (const unsigned char *)luaL_checklstring(L, 1, &p.size);
    return p;
}

static int unpack(lua_State *L)
{
    struct packed p = packed_of(L);
    take_value(L, &p, 0);
    return 1;
}

static int unpack_one(lua_State *L)
{
    struct packed p = packed_of(L);
    lua_settop(L, 1);
    take_value(L, &p, 0);
    lua_pushnumber(L, p.at == p.size ? -1 : (double)p.at);
    lua_insert(L, -2);
    return 2;
}

void msgpack_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"pack", pack}, {"unpack", unpack}, {"unpack_one", unpack_one}, {NULL, NULL}};
    luaL_register(L, "cmsgpack", functions);
    lua_pop(L, 1);
}
