/* primaflow-orders: orders from Kafka to Prima, exactly once in effect. */
#include "order_flow.h"
#include "facts/customers.h"
#include "facts/products.h"
#include "posting/posting_worker.h"
#include "worker/run.h"

int main(int argc, char **argv)
{
    static const struct fact_source *const sources[] = {&products_source, &customers_source, NULL};
    const struct worker_engine engine = posting_worker(sources);
    return worker_main(&order_flow, &engine, argc, argv);
}
