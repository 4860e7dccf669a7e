/* A schema that only the registry has, asked for in the pool: one question at a time for all shards of
 * a process. Where the registry does not answer the worker pauses, and it is asked again: that is no
 * fault of the record. Loop thread only. */
#ifndef PRIMAFLOW_RESERVATION_SCHEMA_H
#define PRIMAFLOW_RESERVATION_SCHEMA_H

#include "reservation_process.h"

/* Asks for the schema of these bytes, which are copied; all shards resume (process->resume) once it
 * has come, or may be asked for again. Nothing is asked while a question is under way. */
void reservation_schema_ask(struct reservation_process *process, const void *bytes, size_t size);

#endif
