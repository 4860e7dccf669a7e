/* Files of this folder that travel inside the program, as NUL-terminated text. Made by the
 * build. */
#ifndef SANDBOX_EMBEDDED_H
#define SANDBOX_EMBEDDED_H

extern const unsigned char embedded_schema_sql[];
extern const unsigned char embedded_omlink_wsdl[];

#endif
