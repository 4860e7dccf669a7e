/* ISO 3166-1: a country's code of two letters from a name that people or shops write. Constant data:
 * any thread, nothing to free. */
#ifndef PRIMAFLOW_COUNTRY_H
#define PRIMAFLOW_COUNTRY_H

/* "United Kingdom", "great britain", "GBR", "gb" → "GB"; NULL: no name that is known. Case of ASCII
 * letters, spaces, punctuation and a leading "the" make no difference. */
const char *country_find(const char *name);

#endif
