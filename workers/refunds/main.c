/* primaflow-refunds: refunds from Kafka to Prima, each its one credit note. */
#include "refund_flow.h"
#include "facts/credit.h"
#include "facts/documents.h"
#include "posting/posting_worker.h"
#include "worker/run.h"

int main(int argc, char **argv)
{
    static const struct fact_source *const sources[] = {&credit_source, &status_source, NULL};
    const struct worker_engine engine = posting_worker(sources);
    return worker_main(&refund_flow, &engine, argc, argv);
}
