/* What Prima says of a document now, as a fact. Loop thread only. */
#ifndef PRIMAFLOW_DOCUMENTS_H
#define PRIMAFLOW_DOCUMENTS_H

#include "posting/facts.h"

extern const struct fact_source status_source;

#endif
