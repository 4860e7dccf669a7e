/* Whose account a customer's is, as a fact: found or created. Loop thread only. */
#ifndef PRIMAFLOW_CUSTOMERS_H
#define PRIMAFLOW_CUSTOMERS_H

#include "posting/facts.h"

extern const struct fact_source customers_source;

#endif
