/* The group of a flow's workers; see flow_group.h. */
#include "core/flow_group.h"

#include <stdio.h>

void flow_group(const struct config *config, const struct flow *flow, char *text, size_t room)
{
    const char *own = config_text(config, CFG_worker_group);
    if (own[0] != '\0')
        (void)snprintf(text, room, "%s", own);
    else
        (void)snprintf(text, room, "primaflow.%s", flow->name);
}
