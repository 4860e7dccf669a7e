/* Writes one record that compresses well, as anybody's producer with gzip can: a topic's limit
 * counts the compressed batch, so that what comes out of it may be many times as large.
 *
 *   large_record BOOTSTRAP TOPIC KEY VALUE-BYTES [HEADERS HEADER-BYTES]       value and headers are
 * 'x'; exit 0: Kafka has it */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

enum { FLUSH_MS = 20000, MESSAGE_MAX = 64 << 20 };

static int delivered = 1;

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        (void)fprintf(stderr, "large_record: %s\n", rd_kafka_err2str(message->err));
    delivered = message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : 1;
}

static rd_kafka_t *producer(const char *bootstrap)
{
    char words[300], most[24];
    (void)snprintf(most, sizeof most, "%d", MESSAGE_MAX);
    const char *const properties[][2] = {{"bootstrap.servers", bootstrap},
                                         {"compression.type", "gzip"},
                                         {"message.max.bytes", most}};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
        if (rd_kafka_conf_set(conf, properties[i][0], properties[i][1], words, sizeof words) !=
            RD_KAFKA_CONF_OK)
            abort();
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    return rd_kafka_new(RD_KAFKA_PRODUCER, conf, words, sizeof words);
}

static char *xs(size_t size)
{
    char *bytes = malloc(size + 1);
    if (bytes == NULL)
        abort();
    memset(bytes, 'x', size);
    return bytes;
}

int main(int argc, char **argv)
{
    if (argc != 5 && argc != 7) {
        (void)fprintf(
            stderr, "usage: large_record BOOTSTRAP TOPIC KEY VALUE-BYTES [HEADERS HEADER-BYTES]\n");
        return 64;
    }
    const size_t size = strtoul(argv[4], NULL, 10),
                 count = argc == 7 ? strtoul(argv[5], NULL, 10) : 0,
                 header_size = argc == 7 ? strtoul(argv[6], NULL, 10) : 0;
    rd_kafka_t *rk = producer(argv[1]);
    char *value = xs(size), *header = xs(header_size);
    rd_kafka_headers_t *headers = rd_kafka_headers_new(count);
    if (rk == NULL)
        return 1;
    for (size_t i = 0; i < count; i++)
        (void)rd_kafka_header_add(headers, "x", 1, header, (ssize_t)header_size);
    const rd_kafka_resp_err_t err =
        rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(argv[2]), RD_KAFKA_V_KEY(argv[3], strlen(argv[3])),
                          RD_KAFKA_V_VALUE(value, size), RD_KAFKA_V_HEADERS(headers),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        (void)fprintf(stderr, "large_record: %s\n", rd_kafka_err2str(err));
    else
        (void)rd_kafka_flush(rk, FLUSH_MS);
    rd_kafka_destroy(rk);
    free(value);
    free(header);
    return delivered;
}
