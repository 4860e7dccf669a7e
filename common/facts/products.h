/* Which products Prima has, as facts. Loop thread only. */
#ifndef PRIMAFLOW_PRODUCTS_H
#define PRIMAFLOW_PRODUCTS_H

#include "posting/facts.h"

extern const struct fact_source products_source;

#endif
