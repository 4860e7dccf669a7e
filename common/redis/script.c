/* The scripts' texts and digests; see script.h. */
#include "redis/script.h"

#include <openssl/evp.h>

#include "base/digest.h"
#include "base/failpoint.h"

/* Is this line one that the chosen mutant takes out? */
static bool script_line_is_cut(const char *line, size_t size)
{
    char copy[400], name[64];
    if (size >= sizeof copy)
        return false;
    memcpy(copy, line, size);
    copy[size] = '\0';
    const char *mark = strstr(copy, "--mutant ");
    return mark != NULL && sscanf(mark, "--mutant %63s", name) == 1 && mutant(name);
}

static char *script_without_cut_lines(const char *source)
{
    char *text = malloc(strlen(source) + 1), *to = text;
    if (text == NULL)
        abort();
    for (const char *line = source; *line != '\0';) {
        const char *end = strchr(line, '\n');
        const size_t size = end != NULL ? (size_t)(end - line) + 1 : strlen(line);
        if (!script_line_is_cut(line, size)) {
            memcpy(to, line, size);
            to += size;
        }
        line += size;
    }
    *to = '\0';
    return text;
}

void redis_scripts_load(const struct redis_scripts *scripts)
{
    for (size_t i = 0; i < scripts->count; i++) {
        struct redis_script *s = &scripts->list[i];
        if (s->text != NULL)
            continue;
        char *text = script_without_cut_lines(s->source);
        uint8_t hash[EVP_MAX_MD_SIZE];
        if (EVP_Digest(text, strlen(text), hash, NULL, EVP_sha1(), NULL) != 1)
            abort();
        (void)digest_hex(hash, 20, s->sha1);
        s->text = text;
    }
}

bool redis_script_takes_many(const struct redis_script *script)
{
    return script != NULL && script->shared_keys > 0;
}
