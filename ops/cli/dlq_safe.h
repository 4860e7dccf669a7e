/* Texts that come from outside, so that nothing in them is obeyed by a terminal. Any thread. */
#ifndef PRIMAFLOW_DLQ_SAFE_H
#define PRIMAFLOW_DLQ_SAFE_H

/* The text with every byte but printable ASCII as '?'. */
enum { SAFE_TEXT_MAX = 800 };
const char *dlq_safe(const char *from, char text[static SAFE_TEXT_MAX]);

#endif
