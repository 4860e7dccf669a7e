/* A listening TCP socket from a text, for the small HTTP server. Any thread. */
#ifndef PRIMAFLOW_OBS_LISTEN_H
#define PRIMAFLOW_OBS_LISTEN_H

/* "127.0.0.1:9100", ":9100" (loopback), "0.0.0.0:9100" and "[::]:9100" (everywhere), "[::1]:9100",
 * "localhost:9100"; port 0 picks one. 0 and the socket (non-blocking, close-on-exec) with its port;
 * -EINVAL, -EADDRINUSE or another negative errno with the message filled. */
__attribute__((warn_unused_result)) int listen_open(const char *listen, int *ret_socket,
                                                    int *ret_port, char ret_message[static 300]);

#endif
