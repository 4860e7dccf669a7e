/* Now and then, while a worker runs: are its topics there, and how many partitions has each that it
 * reads? A partition that nobody owns is seen by comparing what the workers have with what there
 * is; a topic that was deleted is seen at all. Loop thread only; asks in the pool. */
#ifndef PRIMAFLOW_TOPIC_WATCH_H
#define PRIMAFLOW_TOPIC_WATCH_H

struct worker;

/* Call on each tick: asks when it is time, and sets input_topic.partitions and w->stream->missing_topic
 * when the answer is there. What was heard last stands while Kafka does not answer. */
void topic_watch_consider(struct worker *w);

#endif
