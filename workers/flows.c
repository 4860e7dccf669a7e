/* The flows; see flows.h. */
#include "flows.h"

#include "order_flow.h"
#include "refund_flow.h"

#include <string.h>

const struct flow *const flows[] = {&order_flow, &refund_flow, NULL};

const struct flow *flow_of_input(const char *topic)
{
    for (size_t i = 0; flows[i] != NULL; i++)
        if (strcmp(flows[i]->reads, topic) == 0)
            return flows[i];
    return NULL;
}
