"""Sends three levels to a WebSocket server and waits for each: websocket-ask.py URL."""
import asyncio
import sys

import websockets


async def main():
    async with websockets.connect(sys.argv[1]) as socket:
        for level in ("1.21", "1.24", "1.30"):
            await socket.send(level)
            await socket.recv()


asyncio.run(main())
