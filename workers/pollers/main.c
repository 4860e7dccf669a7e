/* primaflow-poller: what Prima has in stock, as snapshots. */
#include "poller.h"

int main(int argc, char **argv)
{
    return poller_main(argc, argv);
}
