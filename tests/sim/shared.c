/* What every start of a worker reads and compiles alike is read once: schemas and Prima's patterns.
 * Half of a history's time went there. Nothing in them changes, and no process waits within. */
#include <string.h>

#include "codec/codec.h"
#include "prima/patterns.h"

int __real_codec_open(const char *schema_folder, const char *registry_url,
                      struct codec_limits limits, struct codec **ret_codec,
                      char ret_message[static 300]);
int __wrap_codec_open(const char *schema_folder, const char *registry_url,
                      struct codec_limits limits, struct codec **ret_codec,
                      char ret_message[static 300]);
void __wrap_codec_close(struct codec *codec);
int __real_patterns_load(const char *path, struct patterns **ret_patterns,
                         struct config_message *ret_message);
int __wrap_patterns_load(const char *path, struct patterns **ret_patterns,
                         struct config_message *ret_message);
void __wrap_patterns_free(struct patterns *patterns);

int __wrap_codec_open(const char *schema_folder, const char *registry_url,
                      struct codec_limits limits, struct codec **ret_codec,
                      char ret_message[static 300])
{
    static struct codec *codec;
    const int result =
        codec != NULL ? 0
                      : __real_codec_open(schema_folder, registry_url, limits, &codec, ret_message);
    if (result == 0)
        *ret_codec = codec;
    return result;
}

void __wrap_codec_close(struct codec *codec)
{
    (void)codec; /* the next one has it */
}

int __wrap_patterns_load(const char *path, struct patterns **ret_patterns,
                         struct config_message *ret_message)
{
    static struct patterns *patterns;
    const int result = patterns != NULL ? 0 : __real_patterns_load(path, &patterns, ret_message);
    if (result == 0)
        *ret_patterns = patterns;
    return result;
}

void __wrap_patterns_free(struct patterns *patterns)
{
    (void)patterns;
}
