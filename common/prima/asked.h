/* What a request asked about, kept while it is under way, so that an answer to somebody else's
 * request is noticed: a proxy that mixes up its connections, or one answer too many on a kept
 * connection, after which each answer is the one before.
 *
 * Only what an answer says is compared, and only where it says it: no field of a reply but
 * RequestStatus and RequestError is known to be there always. Pure, any thread. */
#ifndef PRIMAFLOW_PRIMA_ASKED_H
#define PRIMAFLOW_PRIMA_ASKED_H

#include "prima/answer.h"
#include "prima/names.h"
#include "prima/reply_values.h"
#include "prima/request_subject.h"

/* From a request as request.h writes it. */
void asked_read(const struct prima_names *names, enum prima_type type, const char *request,
                size_t size, struct asked *ret_asked);

/* Does the answer name another request than this one? By
 *   - RequestType, if that is the name of another kind of request of ours;
 *   - the order's number in Data, blanks around it aside; of a product read any at all;
 *   - in the words of OrderStatus' error, another order (asked_words_are_anothers);
 *   - the reference or, where none came, the address of each account found or made: one that is
 *     ours is enough. A reference that is the beginning of ours counts as ours (Prima's columns end
 *     somewhere), and case does not count;
 *   - the page's number. */
bool asked_is_another(const struct prima_names *names, enum prima_type type,
                      const struct asked *asked, const struct reply *reply);

/* Do words that are about an order name one like ours (the same first three characters, the same
 * length within one), and not ours? Of words about anything it is no sign: a product's code may
 * look like that. */
bool asked_words_are_anothers(const struct asked *asked, const char *words);

#endif
