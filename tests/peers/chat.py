"""A WebSocket client that is not ours, driven line by line: a JSON list in, one JSON object out.

["open", url, key]  a new connection, numbered from 0     ["close", n]         says goodbye
["send", n, text]   a text frame                           ["drop", n]          the line goes dead
["binary", n, text] a binary frame                         ["raw", n, hex]      bytes that need not be frames
["fill", n, length] a text frame of so many spaces         ["receive", n]       the next frame, or how it closed
"""

import contextlib
import json
import socket
import sys

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

connections = []
opened = contextlib.ExitStack()


def open_connection(url, key):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        connection = connect(url, additional_headers=headers, max_size=None, proxy=None)
        connections.append(opened.enter_context(connection))
    except InvalidStatus as refused:
        response = refused.response
        return {"refused": response.status_code, "kind": response.headers.get("content-type")}
    return {"opened": len(connections) - 1}


def receive(connection):
    try:
        frame = connection.recv(timeout=60)
    except ConnectionClosed as closed:
        received = closed.rcvd
        return {"closed": received.code if received else None, "reason": received.reason if received else ""}
    return {"frame": json.loads(frame)}


def obey(command, *arguments):
    if command == "open":
        return open_connection(*arguments)
    connection = connections[arguments[0]]
    try:
        if command == "send":
            connection.send(arguments[1])
        elif command == "binary":
            connection.send(arguments[1].encode())
        elif command == "fill":
            connection.send(" " * arguments[1])
        elif command == "raw":
            connection.socket.sendall(bytes.fromhex(arguments[1]))
        elif command == "close":
            connection.close()
        elif command == "drop":
            connection.socket.shutdown(socket.SHUT_RDWR)
        elif command == "receive":
            return receive(connection)
        else:
            raise ValueError(command)
    except ConnectionClosed:
        pass  # The next "receive" tells how.
    return {"done": command}


for line in sys.stdin:
    print(json.dumps(obey(*json.loads(line))), flush=True)
