#!/usr/bin/env python3
"""How a stack is looked at while a case waits: nothing that is new may be overlooked because asking costs; and which stack the next case gets."""

import struct
import unittest
from unittest import mock

import case
import records
import run
import stack
import wire

OK, NO_SUCH_PARTITION, DENIED = 0, 3, 29
TOPIC = "orders.results"


class Broker(wire.Kafka):
    """Answers ListOffsets for its partitions: [(error, first offset, stable end, end)]."""

    def __init__(self, *partitions):
        super().__init__(0)
        self.partitions, self.fetched = list(partitions), []

    def _ask(self, api, body):
        if api == records.FETCH:
            raise RuntimeError("fetched")
        is_stable = api == self.LIST_STABLE
        name, count = TOPIC.encode(), struct.unpack_from(">i", body, (9 if is_stable else 8) + 2 + len(TOPIC))[0]
        which = struct.unpack(">q", body[-8:])[0]
        found = b""
        for p in range(count):
            error, first, stable, end = self.partitions[p] if p < len(self.partitions) else (NO_SUCH_PARTITION, -1, -1, -1)
            found += struct.pack(">ihqq", p, error, -1, first if which == self.EARLIEST else stable if is_stable else end)
        return (b"\0\0\0\0" if is_stable else b"") + struct.pack(">ih", 1, len(name)) + name + struct.pack(">i", count) + found


class Extent(unittest.TestCase):
    def test_is_another_one_when_something_else_is_there(self):
        was = Broker((OK, 0, 5, 5), (OK, 0, 7, 7)).extent(TOPIC)
        self.assertEqual(Broker((OK, 0, 5, 5), (OK, 0, 7, 7)).extent(TOPIC), was)
        for name, broker in {"a record": Broker((OK, 0, 6, 6), (OK, 0, 7, 7)), "the other partition": Broker((OK, 0, 5, 5), (OK, 0, 8, 8)),
                             "retention": Broker((OK, 1, 5, 5), (OK, 0, 7, 7)), "one more partition": Broker((OK, 0, 5, 5), (OK, 0, 7, 7), (OK, 0, 0, 0))}.items():
            self.assertNotEqual(broker.extent(TOPIC), was, name)
        self.assertEqual(Broker((OK, 0, 5, 6), (OK, 0, 7, 9)).extent(TOPIC), was, "a transaction that is under way cannot be read")

    def test_cannot_be_told(self):
        for name, broker in {"denied": Broker((OK, 0, 5, 5), (DENIED, -1, -1, -1)), "no such topic": Broker(), "too many": Broker(*[(OK, 0, 1, 1)] * 32)}.items():
            self.assertIsNone(broker.extent(TOPIC), name)

    def test_the_end_of_what_is_not_told_is_an_error(self):
        self.assertEqual(Broker((OK, 0, 5, 6)).stable_ends([TOPIC], 1), {(TOPIC, 0): 5})
        with self.assertRaisesRegex(RuntimeError, "partition 1: error 29"):
            Broker((OK, 0, 5, 5), (DENIED, -1, -1, -1)).stable_ends([TOPIC], 2)


class Consume(unittest.TestCase):
    """The command line is asked anew whenever it might say something else."""

    def setUp(self):
        with mock.patch("tempfile.mkdtemp", return_value="/nowhere"):
            self.stack = stack.Stack()
        self.stack.kafka, self.asked = mock.Mock(), []
        self.stack.primaflow = lambda *words, release=None: self.asked.append(words) or f'{{"turn": {len(self.asked)}}}\n'

    def turns(self, *extents, **more):
        self.stack.kafka.extent.side_effect = extents
        return [self.stack.consume(TOPIC, **more)[0]["turn"] for _ in extents]

    def test_only_when_there_is_something_new(self):
        self.assertEqual(self.turns([(0, 0)], [(0, 0)], [(0, 2)], [(0, 2)]), [1, 1, 2, 2])

    def test_each_time_when_it_cannot_be_told(self):
        self.assertEqual(self.turns(None, None, OSError(), wire.Gone(), [(0, 2)], [(0, 2)], None), [1, 2, 3, 4, 5, 5, 6])

    def test_raw_is_another_question(self):
        self.assertEqual(self.turns([(0, 0)]) + self.turns([(0, 0)], raw=True) + self.turns([(0, 0)]), [1, 2, 1])

    def test_the_text_is_what_was_said(self):
        self.stack.kafka.extent.return_value = [(0, 0)]
        self.assertEqual(self.stack.consume_text(TOPIC), '{"turn": 1}\n')


class Read(unittest.TestCase):
    def test_only_what_has_something_new(self):
        self.assertEqual(records.read(Broker((OK, 0, 5, 9)), [TOPIC], 1, {(TOPIC, 0): 5}), [])
        for at in (4, 6):  # behind the end: of a topic that was made anew, which the broker refuses
            with self.assertRaisesRegex(RuntimeError, "fetched"):
                records.read(Broker((OK, 0, 5, 9)), [TOPIC], 1, {(TOPIC, 0): at})


class Unread(unittest.TestCase):
    def left(self, broker, committed, found=()):
        broker.committed = lambda group, topics, partitions: {(TOPIC, 0): committed}
        with mock.patch.object(case, "READ", [TOPIC]), mock.patch.object(case, "REFUNDS", TOPIC), mock.patch.object(case, "REFUND_RETRIES", []), \
                mock.patch("records.read", return_value=found):
            return case.unread(mock.Mock(kafka=broker, partitions=1))

    def test_records_count_and_markers_do_not(self):
        self.assertIsNone(self.left(Broker((OK, 0, 5, 5)), 4))
        self.assertIn(f"{TOPIC}/0", self.left(Broker((OK, 0, 5, 5)), 4, [records.Record(TOPIC, 0, 4, 0, b"", b"", ())]))

    def test_an_open_transaction_counts(self):
        self.assertIn(f"{TOPIC}/0", self.left(Broker((OK, 0, 5, 7)), 5))


class Stacks(unittest.TestCase):
    def test_one_for_both_modes_and_never_back(self):
        made = []
        with mock.patch("case.stack_for", side_effect=lambda mode: made.append(mock.Mock(unique=mode == "on", folder="/nowhere")) or made[-1]):
            stacks = run.Stacks()
            first = stacks.get("on")
            self.assertIs(stacks.get("on"), first)
            first.unique_off.assert_not_called()
            self.assertIs(stacks.get("off"), first)
            first.unique_off.assert_called_once()
            first.unique = False
            self.assertIs(stacks.get("off"), first)
            first.unique_off.assert_called_once()
            first.down.assert_not_called()
            self.assertIsNot(stacks.get("on"), first, "Prima may have a number twice by now")
            first.down.assert_called_once()


if __name__ == "__main__":
    unittest.main()
