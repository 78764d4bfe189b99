"""flood.py [LINES] [--pace MB] [GATE]: numbered lines of 16 bytes, endlessly or so many, as fast as they are taken or so many MB a second.

It begins when the gate, a named pipe, has been opened.
Raw mode, so that a line's end is one byte. Line N stands at byte 16 * N.
"""
import sys
import time

from terminal_modes import raw, write_all

LINES_AT_ONCE = 4096

raw()
words = sys.argv[1:]
last = int(words.pop(0)) if words and words[0].isdigit() else None
pace = 0
if words[:1] == ["--pace"]:
    pace = int(words[1]) * 1_000_000
    del words[:2]
for gate in words:
    open(gate).read()
line = 0
while last is None or line < last:
    end = line + LINES_AT_ONCE if last is None else min(last, line + LINES_AT_ONCE)
    write_all(b"".join(b"%015d\n" % number for number in range(line, end)))
    line = end
    if pace:
        time.sleep(16 * LINES_AT_ONCE / pace)
