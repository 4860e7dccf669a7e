/* The table cmsgpack of Redis' scripts; see msgpack.c. */
#ifndef PRIMAFLOW_SIM_MSGPACK_H
#define PRIMAFLOW_SIM_MSGPACK_H

#include <lua.h>

void msgpack_open(lua_State *L);

#endif
