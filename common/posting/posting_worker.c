/* Start, settings and status of workers that post; see posting_worker.h. */
#include "posting/posting_worker.h"

#include "posting/posting.h"

struct worker_engine posting_worker(const struct fact_source *const sources[])
{
    return (struct worker_engine){
        .engine = &posting_engine, .state_size = sizeof(struct posting), .with = sources};
}
