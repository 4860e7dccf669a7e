/* The defaults of a layout, compiled from the schema's JSON when a struct is checked at start. Stands
 * above layout, plan, identity and JSON, none of which knows it: decoding never compiles a default.
 */
#ifndef PRIMAFLOW_CODEC_DEFAULTS_H
#define PRIMAFLOW_CODEC_DEFAULTS_H

#include "codec/layout.h"

/* Fills the defaults of a layout and of all layouts below it, unless that was done before. 0;
 * -EINVAL: a default is not of its field's type (`ret_message` names the field); -ENOMEM. */
__attribute__((warn_unused_result)) int defaults_fill(struct layout_set *set, struct layout *layout,
                                                      char ret_message[static 200]);

#endif
