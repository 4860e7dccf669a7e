/* primaflow-stock: Prima's reads and what orders take, as levels for every shop. */
#include "level_half.h"
#include "reservation_half.h"
#include "reservation_maker.h"
#include "stock_engine.h"
#include "stock_flow.h"
#include "worker/run.h"

int main(int argc, char **argv)
{
    static const struct stock_reader readers[] = {
        {&level_half, level_half_reads, level_half_records},
        {&reservation_half, reservation_half_reads, reservation_records},
        {.half = NULL}};
    const struct worker_engine engine = stock_worker(readers);
    return worker_main(&stock_flow, &engine, argc, argv);
}
