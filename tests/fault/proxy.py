"""A link that can be hurt: a TCP proxy before Kafka, Redis or Prima, with every connection's two directions under control.

What a network does to TCP is delay, silence and resets; it never takes bytes out of the middle. So "loss" is a direction that stands still: its bytes wait,
as a sender's kernel would keep them, and arrive when the direction is let go, or never, when the connection is reset first. Held are the connections that
are there (`old`), those that come (`new`), or both: with the old ones held, what they carried arrives after what was said over new ones.
"""

import asyncio
import random
import socket
import struct
import threading

UP, DOWN = "up", "down"  # towards the server, towards the client
PIECE = 65536


class Connection:
    def __init__(self, client, server):
        self.client, self.server = client, server  # (reader, writer) each
        self.open = {UP: asyncio.Event(), DOWN: asyncio.Event()}
        for gate in self.open.values():
            gate.set()

    def reset(self, *sides):
        """RST instead of an orderly end: what was not read yet is gone."""
        for _, writer in sides or (self.client, self.server):
            sock = writer.get_extra_info("socket")
            if sock is not None and sock.fileno() >= 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


class Link:
    """Listens on `port`, forwards to `target`. Every method may be called from any thread, and has taken effect when it returns."""

    def __init__(self, name, port, target, host="127.0.0.1"):
        self.name, self.port, self.target, self.host = name, port, target, host
        self.connections, self.hold_new, self.delay_s, self.server = set(), set(), (0.0, 0.0), None
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self._do(self._listen())

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    # ---- what can be done to it ----

    def delay(self, ms, jitter_ms=0):
        """Every piece takes so much longer, each direction."""
        self.delay_s = (ms / 1000, jitter_ms / 1000)

    def hold(self, up=True, down=True, old=True, new=True):
        """Directions of connections stand still until calm()."""
        directions = {d for d, held in ((UP, up), (DOWN, down)) if held}

        async def act():
            if new:
                self.hold_new = directions
            for c in list(self.connections) if old else ():
                for d in directions:
                    c.open[d].clear()
        self._do(act())

    def reset(self):
        """Every connection ends by RST, both ways."""
        async def act():
            for c in list(self.connections):
                c.reset()
        self._do(act())

    def half_open(self):
        """The server loses its end of every connection; the client is not told, and what it says goes nowhere."""
        async def act():
            for c in list(self.connections):
                c.open[DOWN].clear()
                c.reset(c.server)
        self._do(act())

    def refuse(self):
        """Nobody listens any more: new connections are refused. Old ones go on."""
        self._do(self._deafen())

    def calm(self):
        """As if nothing had been: all is let go, new connections are taken. Those that are half open stay so until their client gives up."""
        async def act():
            self.hold_new, self.delay_s = set(), (0.0, 0.0)
            for c in list(self.connections):
                for gate in c.open.values():
                    gate.set()
            if self.server is None:
                await self._listen()
        self._do(act())

    def close(self):
        async def act():
            await self._deafen()
            for c in list(self.connections):
                c.reset()
        self._do(act())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    # ---- how ----

    async def _listen(self):
        self.server = await asyncio.start_server(self._serve, self.host, self.port, reuse_address=True)

    async def _deafen(self):
        if self.server is not None:
            self.server.close()
            self.server = None

    async def _serve(self, reader, writer):
        try:
            server = await asyncio.open_connection(self.host, self.target)
        except OSError:
            Connection((reader, writer), (reader, writer)).reset()
            return
        c = Connection((reader, writer), server)
        for d in self.hold_new:
            c.open[d].clear()
        self.connections.add(c)
        try:
            await asyncio.gather(self._pump(c, UP, reader, server[1]), self._pump(c, DOWN, server[0], writer))
        finally:
            self.connections.discard(c)
            for _, end in (c.client, c.server):
                end.close()

    async def _pump(self, c, direction, reader, writer):
        try:
            while data := await reader.read(PIECE):
                await self._pass(c, direction)
                writer.write(data)
                await writer.drain()
            await self._pass(c, direction)
            if writer.can_write_eof():
                writer.write_eof()
        except (OSError, RuntimeError):
            if c.open[DOWN].is_set() and c.open[UP].is_set():
                c.reset()  # one end broke: so does the other, unless it is not to hear of it
            else:
                await c.open[DOWN].wait()
                c.reset()

    async def _pass(self, c, direction):
        ms, jitter = self.delay_s
        if ms or jitter:
            await asyncio.sleep(ms + random.random() * jitter)
        await c.open[direction].wait()
