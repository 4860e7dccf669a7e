/* Reads the credential file; see auth.h. */
#include "prima/auth.h"

#include <errno.h>
#include <openssl/evp.h> /* for base64, the only use of OpenSSL here */

enum { LINE_MAX_BYTES = 8 * 1024 };

void auth_forget(char *header)
{
    if (header != NULL)
        explicit_bzero(header, strlen(header));
    free(header);
}

static int auth_complain(struct config_message *ret_message, const char *path, const char *what)
{
    (void)snprintf(ret_message->text, sizeof ret_message->text, "prima.auth.file: %.200s: %s", path,
                   what);
    return -EINVAL;
}

/* Visible ASCII and blanks: anything else could split the request's header. */
static bool is_header_text(const char *text)
{
    for (; *text != '\0'; text++)
        if (((unsigned char)*text < ' ' && *text != '\t') || (unsigned char)*text >= 0x7F)
            return false;
    return true;
}

static char *make_basic(const char *pair)
{
    const size_t size = strlen(pair);
    static const char name[] = "Authorization: Basic ";
    char *header = malloc(sizeof name + 4 * ((size + 2) / 3));
    if (header == NULL)
        return NULL;
    memcpy(header, name, sizeof name);
    (void)EVP_EncodeBlock((unsigned char *)header + sizeof name - 1, (const unsigned char *)pair,
                          (int)size);
    return header;
}

static bool is_header_name(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", text[i]) ==
            NULL)
            return false;
    return size > 0;
}

static int read_line(const char *path, const char *line, char **ret_header,
                     struct config_message *ret_message)
{
    if (!is_header_text(line))
        return auth_complain(ret_message, path,
                             "the line has control characters or is not ASCII; write \"basic "
                             "USER:PASSWORD\" or \"header NAME: VALUE\"");
    char *header = NULL;
    if (strncmp(line, "basic ", 6) == 0 && strchr(line + 6, ':') != NULL)
        header = make_basic(line + 6);
    else if (strncmp(line, "header ", 7) == 0 && strchr(line + 7, ':') != NULL &&
             is_header_name(line + 7, strcspn(line + 7, ":")))
        header = strdup(line + 7);
    else
        return auth_complain(ret_message, path,
                             "wants one line, \"basic USER:PASSWORD\" or \"header NAME: VALUE\"");
    if (header == NULL)
        return -ENOMEM;
    *ret_header = header;
    return 0;
}

int auth_read(const char *path, char **ret_header, struct config_message *ret_message)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return auth_complain(ret_message, path, strerror(errno));
    char line[LINE_MAX_BYTES];
    int result = 1;
    while (result == 1 && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] != '\0' && line[0] != '#')
            result = read_line(path, line, ret_header, ret_message);
    }
    (void)fclose(file);
    explicit_bzero(line, sizeof line);
    return result == 1 ? auth_complain(
                             ret_message, path,
                             "has no line; write \"basic USER:PASSWORD\" or \"header NAME: VALUE\"")
                       : result;
}
