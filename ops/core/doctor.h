/* Can this configuration work? Every part is asked once, nothing is changed. One thread. */
#ifndef PRIMAFLOW_OPS_DOCTOR_H
#define PRIMAFLOW_OPS_DOCTOR_H

#include "core/context.h"

enum doctor_finding { DOCTOR_OK, DOCTOR_NOTE, DOCTOR_WRONG, DOCTOR_UNREACHABLE };
const char *doctor_finding_name(enum doctor_finding finding);

/* A part's answer as soon as it is there: the next question may take seconds. */
typedef void (*doctor_tell)(void *user, enum doctor_finding finding, const char *part,
                            const char *text);

/* The worst of the findings. */
enum doctor_finding ops_doctor(struct ops *ops, doctor_tell tell, void *user);

#endif
