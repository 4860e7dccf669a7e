/* UTF-8 text into ISO-8859-1, which is all that Prima holds, without losing anything unseen.
 *
 * Policy, in this order, a character at a time:
 *   - what Latin-1 has stays; a letter and a combining mark that Latin-1 has as one are joined ("e"
 *     + U+0301 -> é);
 *   - what has a customary stand-in is transliterated (latin1_table.def: "Łukasz" -> "Lukasz", "Щ"
 *     -> "Shch", "€" -> "EUR", "–" -> "-");
 *   - combining marks that are left over, and marks without a glyph (joiners, variation selectors,
 *     direction marks) are dropped;
 *   - controls, which XML 1.0 forbids (C0) or which mean nothing (C1), are dropped; tab, line feed
 *     and carriage return stay;
 *   - everything else is spelled in place, [U+1F600]; a byte that is not UTF-8, [0x80].
 * A change that loses something (transliterated or dropped) is reported, so that the caller keeps
 * the original by latin1_spell. What identifies (e-mail, references, codes) is never
 * transliterated: "łukasz@" as "lukasz@" would be somebody else; it is spelled from the start. Pure
 * functions, any thread. */
#ifndef PRIMAFLOW_PRIMA_LATIN1_H
#define PRIMAFLOW_PRIMA_LATIN1_H

#include "base/buf.h"

#include <stdbool.h>

enum latin1_for {
    LATIN1_PLAIN, /* as it is */
    /* escaped for a double-quoted XML attribute; line breaks and tabs as character references, or a
     * parser would make blanks of them */
    LATIN1_ATTRIBUTE,
};

/* Appends `utf8` (NULL is ""). True: something was lost. */
bool latin1_append(const char *utf8, enum latin1_for purpose, struct buf *out);

/* Would latin1_append lose something? */
bool latin1_loses(const char *utf8);

/* Adds what of a text Latin-1 shows as a letter, itself or by a stand-in, and what it cannot. Digits,
 * blanks and punctuation are neither: "3-5" says nothing of whether a street can be read. */
struct latin1_weight {
    size_t shown, replaced;
};
void latin1_weigh(const char *utf8, struct latin1_weight *weight);

/* Appends the original so that it can be read back: what is not Latin-1 as {U+0141}; the rest as it
 * is. ASCII and Latin-1 only. */
void latin1_spell(const char *utf8, enum latin1_for purpose, struct buf *out);

#endif
