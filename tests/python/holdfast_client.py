"""A small client of the Holdfast daemon, written from docs/protocol.md alone. Python 3.9 or newer, nothing but its library.

    with Client.connect() as client:
        session = client.open(["sh", "-c", "cat"], cwd="/", env={"PATH": "/bin"})
        output = client.subscribe(session["id"], start="start")
        keys = client.open_input(session["id"])
        keys.write(b"hello\n")
        keys.wait_done()
        while b"hello" not in output.data:
            client.step()
        client.kill(session["id"])

Everything happens in the caller's thread: `step` waits for one frame and handles it, and every call that waits for something steps.
"""

import json
import os
import secrets
import socket
import struct
import tempfile
import time

CONTROL, OUTPUT, OUTPUT_ACK, INPUT, INPUT_ACK = 1, 2, 3, 4, 5
HEADER = struct.Struct("<IB")
CHANNEL_HEADER = struct.Struct("<IQ")
DATA_FRAME_BYTES = 64 * 1024
INPUT_WINDOW_BYTES = 256 * 1024
SUN_PATH_BYTES = 104  # the smaller one, macOS's


class HoldfastError(Exception):
    """A request failed, or the connection was closed: `code` is one of the table in docs/protocol.md."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


class Disconnected(Exception):
    """The connection has ended."""


def socket_path(env=os.environ):
    """Where the daemon listens."""
    namespace = env.get("HOLDFAST_NAMESPACE") or "default"
    if env.get("HOLDFAST_HOME"):
        return os.path.join(env["HOLDFAST_HOME"], namespace, "daemon.sock")
    if env.get("XDG_RUNTIME_DIR"):
        return os.path.join(env["XDG_RUNTIME_DIR"], "holdfast", namespace, "daemon.sock")
    state = env.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return os.path.join(state, "holdfast", namespace, "run", "daemon.sock")


class Client:
    """One connection."""

    def __init__(self, connected, name="python", timeout=30.0):
        self._socket = connected
        self._received = bytearray()
        self._answers = {}
        self._next_id = 0
        self._next_channel = 1
        self._channels = {}
        self.timeout = timeout
        self.events = []
        """Events that belong to no channel, or to one that is not ours any more."""
        answer = self.request("hello", protocols=[1], client={"name": name, "version": "0"})
        self.protocol = answer["protocol"]
        self.daemon = answer["daemon"]

    @classmethod
    def connect(cls, path=None, **options):
        return cls(connect_unix(path or socket_path()), **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    # Requests

    def request(self, type_, **parameters):
        """Sends a request and waits for its answer; raises HoldfastError."""
        return self.answer(self.send_request(type_, **parameters))

    def send_request(self, type_, **parameters):
        """Sends a request; returns its id, for `answer`."""
        id_ = self._next_id
        self._next_id += 1
        present = {name: value for name, value in parameters.items() if value is not None}
        self._send_control({"id": id_, "type": type_, **present})
        return id_

    def answer(self, id_):
        self.step_until(lambda: id_ in self._answers)
        answer = self._answers.pop(id_)
        if "error" in answer:
            raise HoldfastError(answer["error"]["code"], answer["error"]["message"])
        return answer["ok"]

    def open(self, command, cwd, env, cols=80, rows=24, **options):
        return self.request("open", command=command, cwd=cwd, env=env, cols=cols, rows=rows, **options)["session"]

    def list(self):
        return self.request("list")["sessions"]

    def get(self, session):
        return self.request("get", session=session)["session"]

    def kill(self, session):
        return self.request("kill", session=session)["session"]

    def wait(self, session):
        return self.request("wait", session=session)["session"]

    def forget(self, session):
        self.request("forget", session=session)

    # Channels

    def subscribe(self, session, start="start", lease_ms=None):
        """Every byte from `start` on: an offset, "start" or "now"."""
        channel = self._new_channel()
        subscription = Subscription(self, channel)
        self._channels[channel] = subscription
        parameters = {"session": session, "channel": channel, "from": start, "mode": "exact", "leaseMs": lease_ms}
        try:
            answer = self.request("subscribe", **parameters)
        except HoldfastError:
            self._channels.pop(channel)
            raise
        # Frames come after the answer, and may have been handled with it.
        if subscription.start is None:
            subscription.begin(answer["offset"])
        return subscription

    def open_input(self, session, stream=None):
        """A numbered stream of input. With the `stream` of an earlier one it goes on where that was."""
        channel = self._new_channel()
        stream = stream or secrets.token_hex(16)
        keys = Input(self, channel, stream)
        self._channels[channel] = keys
        try:
            answer = self.request("openInput", session=session, channel=channel, stream=stream)
        except HoldfastError:
            self._channels.pop(channel)
            raise
        keys.received = keys.sent = answer["received"]
        keys.done = max(keys.done, answer["done"])
        return keys

    def _new_channel(self):
        channel = self._next_channel
        self._next_channel += 1
        return channel

    def forget_channel(self, channel):
        self._channels.pop(channel, None)

    # Frames in

    def step_until(self, condition):
        """Handles frames until `condition()` is true; raises TimeoutError after `timeout` seconds without."""
        deadline = time.monotonic() + self.timeout
        while not condition():
            self.step(deadline - time.monotonic())

    def step(self, timeout=None):
        """Waits for one frame and handles it."""
        type_, payload = self._receive_frame(self.timeout if timeout is None else timeout)
        if type_ == CONTROL:
            self._handle_control(json.loads(payload.decode("utf-8")))
            return
        channel, offset = CHANNEL_HEADER.unpack_from(payload)
        handler = self._channels.get(channel)
        if type_ == OUTPUT and isinstance(handler, Subscription):
            handler.handle_output(offset, payload[CHANNEL_HEADER.size :])
        elif type_ == INPUT_ACK and isinstance(handler, Input):
            handler.done = max(handler.done, offset)

    def _handle_control(self, message):
        if "id" in message:
            self._answers[message["id"]] = message
            return
        if message.get("event") == "closing":
            raise HoldfastError(message["code"], message["message"])
        handler = self._channels.get(message.get("channel"))
        if handler is None:
            self.events.append(message)
        else:
            handler.handle_event(message)

    def _receive_frame(self, timeout):
        self._fill(HEADER.size, timeout)
        length, type_ = HEADER.unpack_from(self._received)
        self._fill(HEADER.size - 1 + length, timeout)
        payload = bytes(self._received[HEADER.size : HEADER.size - 1 + length])
        del self._received[: HEADER.size - 1 + length]
        return type_, payload

    def _fill(self, count, timeout):
        while len(self._received) < count:
            if timeout <= 0:
                raise TimeoutError("nothing came in time")
            self._socket.settimeout(timeout)
            chunk = self._socket.recv(256 * 1024)
            if not chunk:
                raise Disconnected("the daemon closed the connection")
            self._received += chunk

    # Frames out

    def _send_control(self, message):
        self._send(CONTROL, json.dumps(message).encode("utf-8"))

    def send_data(self, type_, channel, offset, data=b""):
        self._send(type_, CHANNEL_HEADER.pack(channel, offset) + data)

    def _send(self, type_, payload):
        self._socket.settimeout(self.timeout)
        self._socket.sendall(HEADER.pack(1 + len(payload), type_) + payload)


class Subscription:
    """An exact subscription: every byte of a session's output from an offset on, but for what `gaps` names."""

    def __init__(self, client, channel):
        self._client = client
        self.channel = channel
        self.start = None
        self.offset = None
        """The next byte expected; where to resume after a disconnect."""
        self.data = bytearray()
        self.gaps = []
        self.exit = None
        self._events = []

    def begin(self, offset):
        self.start = self.offset = offset

    def handle_output(self, offset, data):
        if self.start is None:
            self.begin(offset)
        if offset != self.offset:
            raise AssertionError(f"output goes on at {offset}, but {self.offset} was expected")
        self.data += data
        self.offset += len(data)
        # What is in `data` is in the user's hands.
        self._client.send_data(OUTPUT_ACK, self.channel, self.offset)

    def handle_event(self, event):
        if event["event"] == "gap":
            self.gaps.append((event["from"], event["to"], event["reason"]))
            if event["reason"] == "evicted":
                if self.start is None:
                    self.begin(event["to"])
                self.offset = event["to"]
        elif event["event"] == "exited":
            self.exit = event["exit"]
            self._client.forget_channel(self.channel)

    def wait_exited(self):
        """Everything until the session has exited; returns how it did."""
        self._client.step_until(lambda: self.exit is not None)
        return self.exit

    def close(self):
        if self.exit is None:
            self._client.request("unsubscribe", channel=self.channel)
            self._client.forget_channel(self.channel)


class Input:
    """A numbered stream of input to one session."""

    def __init__(self, client, channel, stream):
        self._client = client
        self.channel = channel
        self.stream = stream
        self.received = 0
        self.sent = 0
        """The number of the next byte."""
        self.done = 0
        self.closed = False

    def write(self, data):
        """Sends bytes; waits for room in the window where there is none."""
        view = memoryview(data)
        while len(view) > 0:
            self._client.step_until(lambda: self.closed or self.sent < self.done + INPUT_WINDOW_BYTES)
            if self.closed:
                raise HoldfastError("E_EXITED", f"the program has ended; {self.done} bytes of input were typed")
            count = min(len(view), DATA_FRAME_BYTES, self.done + INPUT_WINDOW_BYTES - self.sent)
            self._client.send_data(INPUT, self.channel, self.sent, bytes(view[:count]))
            self.sent += count
            view = view[count:]

    def wait_done(self):
        """Waits until the program's terminal has taken everything."""
        self._client.step_until(lambda: self.closed or self.done >= self.sent)
        if self.done < self.sent:
            raise HoldfastError("E_EXITED", f"the program has ended; {self.done} bytes of input were typed")

    def end(self, mid_line=False):
        return self._client.request("endInput", channel=self.channel, midLine=mid_line)["typed"]

    def handle_event(self, event):
        if event["event"] == "inputClosed":
            self.done = max(self.done, event["done"])
            self.closed = True
            self._client.forget_channel(self.channel)
        elif event["event"] == "inputUnknown":
            raise HoldfastError("E_INPUT_UNKNOWN", f"whether bytes {event['from']} to {event['to']} were typed is unknown")


def connect_unix(path):
    """A connected socket, also where the path is too long for one."""
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if len(os.fsencode(path)) < SUN_PATH_BYTES:
            connected.connect(path)
        else:
            with tempfile.TemporaryDirectory(prefix="hf-") as folder:
                link = os.path.join(folder, "d")
                os.symlink(os.path.dirname(os.path.abspath(path)), link)
                connected.connect(os.path.join(link, os.path.basename(path)))
    except BaseException:
        connected.close()
        raise
    return connected
