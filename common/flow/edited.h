/* An event of a flow as a person edited it (codec/overlay.h): what a worker makes of it, and who tries what a
 * worker would make of it. Loop thread only. */
#ifndef PRIMAFLOW_FLOW_EDITED_H
#define PRIMAFLOW_FLOW_EDITED_H

#include "flow/flow.h"

struct overlay_text {
    const char *text;
    size_t size; /* 0: nobody edited */
};

/* 0; -EBADMSG with the fault: it does not fit. `event` may be ret_event. */
__attribute__((warn_unused_result)) int flow_edit_event(struct codec *codec,
                                                        const struct flow *flow, const void *event,
                                                        struct overlay_text overlay,
                                                        struct arena *arena, void *ret_event,
                                                        struct codec_fault *ret_fault);

/* The same with its key, which must be `original`'s where that has one (natural not NULL): an edit changes
 * neither whose event it is nor its version or kind. PF_OK, or a code with *ret_detail, in the arena. */
__attribute__((warn_unused_result)) enum pf_error flow_edit(
    struct codec *codec, const struct flow *flow, const void *rules, const void *event,
    const struct flow_key *original, struct overlay_text overlay, struct arena *arena,
    void *ret_event, struct flow_key *ret_key, const char **ret_detail);

#endif
