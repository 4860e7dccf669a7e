/* How much of a record is followed at most. */
#ifndef PRIMAFLOW_CODEC_LIMITS_H
#define PRIMAFLOW_CODEC_LIMITS_H

#include <stddef.h>

struct codec_limits {
    size_t bytes_max;    /* of one record; beyond: avro_too_large */
    size_t elements_max; /* array and map items in total */
    unsigned depth_max;  /* nested values */
};

#endif
