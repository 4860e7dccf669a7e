/* The admin port: JSON over HTTP, for tests and people. What it takes stands in README.md. One
 * thread: the loop's. */
#ifndef SANDBOX_ADMIN_H
#define SANDBOX_ADMIN_H

#include "server.h"

struct admin;

/* As server_new. */
__attribute__((warn_unused_result)) int admin_new(struct server_world *world,
                                                  const struct server *server, const char *address,
                                                  struct admin **ret_admin);
void admin_free(struct admin *admin); /* accepts NULL */
const char *admin_address(const struct admin *admin);

#endif
