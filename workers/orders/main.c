/* primaflow-orders: orders from Kafka to Prima, exactly once in effect. */
#include "order_flow.h"

int main(int argc, char **argv)
{
    return worker_main(&order_flow, argc, argv);
}
