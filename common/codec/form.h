/* The selections of an event's fields that have a digest, by their marks in the schema. Constant
 * data: any thread. */
#ifndef PRIMAFLOW_CODEC_FORM_H
#define PRIMAFLOW_CODEC_FORM_H

/* The canonical form of each: codec/identity.h. */
enum identity_form {
    IDENTITY_WHOLE, /* F: every field that is marked "identity": true,  */
    /* "part": "goods": what Prima's document was made from. The same letters, but lists are sets:
     * their items stand in the order of their bytes, whatever order they came in */
    IDENTITY_GOODS,
    IDENTITY_FORM_COUNT
};

#endif
