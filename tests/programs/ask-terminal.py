"""ask-terminal.py [--gates FOLDER] SECONDS QUERY...: asks its terminal, and tells what it answers.

Writes each QUERY (escapes as in Python; FLOOD stands for 225 KB of text), the first when there is a file "0" in FOLDER, the second when
there is a "1", and behind it asks whether the terminal is well. Reads until it says so, SECONDS at most, and for a moment longer; then a line
of JSON: the answer before that and what came behind it, and after how many milliseconds its first byte came. At the end it says "asked", and
tells what else comes, a line each time.
"""
import json
import os
import select
import sys
import time

from terminal_modes import raw, write_all

MOMENT_SECONDS = 0.1
WELL = b"\x1b[5n"
IS_WELL = b"\x1b[0n"
FLOOD = (b"x" * 73 + b"\r\n") * 3000

arguments = sys.argv[1:]
gates = None
if arguments[0] == "--gates":
    gates = arguments[1]
    arguments = arguments[2:]
seconds = float(arguments[0])


def answer(begun):
    data = b""
    first = None
    wait = seconds
    while select.select([0], [], [], wait)[0]:
        data += os.read(0, 65536)
        first = first or time.monotonic()
        wait = MOMENT_SECONDS if IS_WELL in data else seconds
    return data.replace(IS_WELL, b"", 1), round(((first or time.monotonic()) - begun) * 1000)


def tell(data, milliseconds):
    line = json.dumps({"answer": data.decode("latin-1"), "ms": milliseconds})
    write_all(b"<" + line.encode() + b">\r\n")


raw()
write_all(b"ready\r\n")
for number, query in enumerate(arguments[1:]):
    while gates is not None and not os.path.exists(os.path.join(gates, str(number))):
        time.sleep(0.01)
    begun = time.monotonic()
    write_all(query.encode().decode("unicode_escape").encode("latin-1").replace(b"FLOOD", FLOOD) + WELL)
    tell(*answer(begun))
write_all(b"asked\r\n")
while True:
    tell(os.read(0, 65536), 0)
