/* From bytes to a record with key and identity. Loop thread only. */
#ifndef PRIMAFLOW_DECODE_H
#define PRIMAFLOW_DECODE_H

#include "posting/record.h"

void decode_begin(struct record *r); /* ends by DECODED_OK or MALFORMED */

#endif
