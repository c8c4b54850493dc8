"""A connector: the piece between a chat platform and a shop.

Here the platform is this terminal and the customer is whoever types. For a real platform replace `Terminal`: what it
does with `incoming` and `show` is all that the rest needs to know. See README.md.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import threading
import urllib.error
import urllib.request
import uuid
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

# Waiting between two attempts to connect, in seconds: doubled each time, up to the last, and never all at once.
FIRST_WAIT, LAST_WAIT = 0.5, 30.0
# Statuses of a refused connection that no waiting mends.
FINAL = {400, 401, 403, 404}


class Refused(Exception):
    """The shop says no, and will say no again."""


class Shop:
    """The shop's two plain requests: pictures in and pictures out."""

    def __init__(self, url, shop, key):
        self.base = url.rstrip("/")
        self.path = f"{self.base}/v1/shops/{shop}"
        self.headers = {"Authorization": f"Bearer {key}"}
        # The service is addressed directly, whatever proxy the environment names.
        self.http = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def socket(self):
        """A new connection; use it with `async with`."""
        url = self.path.replace("http", "ws", 1) + "/connect"
        return connect(url, additional_headers=self.headers, proxy=None)

    def upload(self, file):
        """Keeps a picture at the shop; its id. The same picture again has the same id."""
        headers = self.headers | {"Content-Type": "application/octet-stream"}
        request = urllib.request.Request(f"{self.path}/images", Path(file).read_bytes(), headers)
        try:
            with self.http.open(request, timeout=60) as answer:
                return json.load(answer)["image_id"]
        except urllib.error.HTTPError as refused:
            raise Refused(json.load(refused)["detail"]) from refused

    def download(self, image):
        """A picture's bytes and the end of its file's name."""
        request = urllib.request.Request(f"{self.path}/images/{image}", headers=self.headers)
        with self.http.open(request, timeout=60) as answer:
            kind = answer.headers.get_content_subtype()
            return answer.read(), "jpg" if kind == "jpeg" else kind


class Terminal:
    """The chat platform: one customer who types and reads."""

    def __init__(self, shop, customer, platform, folder):
        self.shop, self.customer, self.platform = shop, customer, platform
        self.folder = folder

    async def incoming(self):
        """The customer's messages, each with an id of its own, until there are no more."""
        async for line in lines():
            message = {"message_id": str(uuid.uuid4()), "customer_id": self.customer, "text": line.strip()}
            if self.platform:
                message["platform"] = self.platform
            command, _, file = message["text"].partition(" ")
            if command == "/picture":
                try:
                    image = await asyncio.to_thread(self.shop.upload, file.strip())
                except (OSError, Refused) as problem:
                    say(f"! {problem}")
                    continue
                message |= {"text": "", "image_ids": [image]}
            if message["text"] or "image_ids" in message:
                yield message

    def is_for_us(self, entry):
        """A real platform has all of the shop's customers. What is left unacknowledged stays for another connector."""
        ours = self.platform is None or entry["platform"] == self.platform
        return ours and entry["customer_id"] == self.customer

    async def show(self, entry):
        """Gets an entry to the customer; returning means that they have it."""
        if entry["kind"] == "text":
            say(f"shop: {entry['text']}")
            return
        picture, end = await asyncio.to_thread(self.shop.download, entry["image_id"])
        file = self.folder / f"{entry['id']}.{end}"
        file.write_bytes(picture)
        say(f"shop: [picture] {file}")


class Seen:
    """The entries that the customer has, so that none is shown twice: an acknowledgement can be lost."""

    def __init__(self, file):
        self.ids = set(file.read_text().split()) if file.exists() else set()
        self.file = file.open("a")

    def __contains__(self, entry):
        return entry in self.ids

    def add(self, entry):
        self.ids.add(entry)
        self.file.write(f"{entry}\n")
        self.file.flush()


class Connector:
    """Carries entries out and messages in, over as many connections as it takes."""

    def __init__(self, shop, platform, seen):
        self.shop, self.platform, self.seen = shop, platform, seen
        # Messages without an answer, oldest first: sent again on a new connection, and done once all the same.
        self.unanswered = {}
        self.socket = None
        self.changed = asyncio.Condition()

    async def run(self):
        """Until the platform has no more messages and each has its answer."""
        line = asyncio.create_task(self.stay_connected())
        finished = asyncio.create_task(self.take_messages())
        await asyncio.wait({line, finished}, return_when=asyncio.FIRST_COMPLETED)
        for task in (line, finished):
            if task.done():
                task.result()
            task.cancel()

    async def take_messages(self):
        async for message in self.platform.incoming():
            self.unanswered[message["message_id"]] = message
            if self.socket:
                await self.send(message)
        async with self.changed:
            await self.changed.wait_for(lambda: not self.unanswered)

    async def send(self, message):
        try:
            await self.socket.send(json.dumps({"message": message, "ref": message["message_id"]}))
        except ConnectionClosed:
            pass  # The next connection sends it.

    async def stay_connected(self):
        wait = FIRST_WAIT
        while True:
            try:
                async with self.shop.socket() as socket:
                    wait = FIRST_WAIT
                    await self.talk(socket)
            except InvalidStatus as refused:
                status = refused.response.status_code
                if status in FINAL:
                    raise Refused(f"the shop refuses the connection ({status}): check URL, shop and key") from refused
            except (OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
                pass
            finally:
                self.socket = None
            await asyncio.sleep(random.uniform(0, wait))
            wait = min(wait * 2, LAST_WAIT)

    async def talk(self, socket):
        self.socket = socket
        for message in list(self.unanswered.values()):
            await self.send(message)
        async for frame in socket:
            frame = json.loads(frame)
            if "entry" in frame:
                await self.deliver(socket, frame["entry"])
                continue
            if frame.get("problem", {}).get("status") in (429, 503):
                # Not done, and may be soon: a new connection, after a while, sends it again.
                return
            if problem := frame.get("problem"):
                say(f"! {problem['detail']}")
            async with self.changed:
                self.unanswered.pop(frame.get("ref"), None)
                self.changed.notify_all()

    async def deliver(self, socket, entry):
        if not self.platform.is_for_us(entry):
            return
        if entry["id"] not in self.seen:
            await self.platform.show(entry)
            # In this order an entry can be shown twice, after a crash right here; the other way round it can be lost.
            self.seen.add(entry["id"])
        await socket.send(json.dumps({"ack": entry["id"]}))


async def lines():
    """What is typed. A thread reads it, since a terminal can't be awaited everywhere."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue()

    def read():
        for line in sys.stdin:
            loop.call_soon_threadsafe(queue.put_nowait, line)
        loop.call_soon_threadsafe(queue.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    while (line := await queue.get()) is not None:
        yield line


def say(text):
    print(text, flush=True)


def main():
    options = argparse.ArgumentParser(description="Chat with a shop as a customer.")
    options.add_argument("--url", default="http://127.0.0.1:8787", help="where the service listens")
    options.add_argument("--shop", required=True)
    options.add_argument("--customer", required=True, help="who is typing")
    options.add_argument("--platform", help="the chat platform's name, where it is not the service's default")
    options.add_argument("--folder", type=Path, default=Path("chat"), help="for pictures, and for what was seen")
    options = options.parse_args()
    key = os.environ.get("SHOPKEEPER_KEY", "")
    if not key:
        sys.exit("put a key with the scope `connector` into SHOPKEEPER_KEY: a command line is no place for it")
    options.folder.mkdir(parents=True, exist_ok=True)
    shop = Shop(options.url, options.shop, key)
    platform = Terminal(shop, options.customer, options.platform, options.folder)
    try:
        asyncio.run(Connector(shop, platform, Seen(options.folder / "seen.txt")).run())
    except Refused as refused:
        sys.exit(str(refused))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
