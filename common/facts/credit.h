/* What remains creditable of an order, as a fact: the ledger's table (../table/ktable.h) and what is
 * reserved in Redis, put together (../domain/ledger/ledger_fold.h). Loop thread only. */
#ifndef PRIMAFLOW_FACTS_CREDIT_H
#define PRIMAFLOW_FACTS_CREDIT_H

#include "posting/facts.h"

extern const struct fact_source credit_source;

#endif
