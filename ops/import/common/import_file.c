/* A file into events; see import_file.h. */
#include "import_file.h"

/* One event, or a list of them. Where one cannot be taken the whole thing is complained of: those before
 * it come again with it, and are duplicates then. */
static bool take_events(const struct import_job *job, const json_t *made, char why[static 300])
{
    const json_t *event;
    size_t i;
    if (!json_is_array(made))
        return job->take(job->user, made, why);
    json_array_foreach(made, i, event)
    {
        if (!job->take(job->user, event, why))
            return false;
    }
    return true;
}

static bool file_take(void *user, struct import_source *source, const struct import_at *thing)
{
    const struct import_job *job = user;
    char why[300];
    (void)snprintf(why, sizeof why, "too much for one call; import fewer %ss at a time",
                   source->form->noun);
    json_t *event = job->make(thing, source->whole, job->options, &source->reader);
    if (event == NULL)
        return false;
    const bool taken = take_events(job, event, why);
    if (!taken)
        import_complain(&source->reader, thing, "%s", why);
    json_decref(event);
    return taken;
}

int import_file(FILE *in, const struct import_job *job, struct imported *ret_imported)
{
    struct import_job copy = *job; /* what import_take is handed is not const */
    struct import_source source;
    *ret_imported = (struct imported){.found = 0};
    import_source_init(&source, job->form);
    if (job->refused != NULL)
        source.refused = *job->refused;
    const int rc = import_source_read(&source, in, file_take, &copy);
    ret_imported->found = source.found;
    ret_imported->wrong = source.wrong;
    ret_imported->unread = source.unread;
    ret_imported->line = source.line;
    ret_imported->complaints = source.complaints;
    return rc;
}
