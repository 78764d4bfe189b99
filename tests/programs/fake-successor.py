"""fake-successor.py: a successor that says what -X mode=MODE names, instead of taking over.

It is run as `python -X mode=MODE fake-successor.py adopt … --channel-fd 3`. Messages are written to descriptor 3.
"""
import json
import os
import select
import signal
import sys

mode = sys._xoptions["mode"]
os.set_blocking(3, True)


def say(kind, **fields):
    os.write(3, json.dumps({"type": kind, **fields}).encode())


def ready(schemas=(1,), protocols=(1,)):
    identity = {"pid": os.getpid(), "version": "0.0.0", "build": "fake"}
    say("ready", schemas=list(schemas), protocols=list(protocols), **identity)


def listen():
    return os.read(3, 65536)


print("what is printed here means nothing")
if mode == "garbage":
    os.write(3, b"\x00\xff{ no message")
elif mode == "words":
    sys.stderr.write("the fake daemon is out of order\n")
    sys.exit(3)
elif mode == "early":
    say("serving")
elif mode == "future":
    ready(schemas=(99,))
elif mode == "mute":
    ready(protocols=(99,))
elif mode == "deaf":
    # Ready, and gone without having taken what was sent to it.
    ready()
    select.select([3], [], [])
    sys.stderr.write("it has not looked at the snapshot\n")
    sys.exit(4)
elif mode == "leaves":
    ready()
    listen()
    sys.stderr.write("it has looked at the snapshot\n")
    sys.exit(4)
elif mode == "refuses":
    ready()
    listen()
    say("refused", reason="the fake daemon has no room")
elif mode == "hasty":
    ready()
    listen()
    say("serving")
elif mode == "babbles":
    ready()
    listen()
    os.write(3, b"[]")
elif mode == "silent":
    ready()
elif mode == "changes-its-mind":
    ready()
    listen()
    say("adopted", sessions=0, clients=0)
    listen()
    say("refused", reason="too late")
elif mode == "babbles-committed":
    ready()
    listen()
    say("adopted", sessions=0, clients=0)
    listen()
    os.write(3, b"[]")
elif mode == "dies-committed":
    ready()
    listen()
    say("adopted", sessions=0, clients=0)
    listen()
    sys.exit(0)
while True:
    signal.pause()
