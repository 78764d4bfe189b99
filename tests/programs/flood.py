"""flood.py [LINES] [GATE]: numbered lines of 16 bytes as fast as they are taken, endlessly or so many.

It begins when the gate, a named pipe, has been opened.
Raw mode, so that a line's end is one byte. Line N stands at byte 16 * N.
"""
import sys

from terminal_modes import raw, write_all

LINES_AT_ONCE = 4096

raw()
words = sys.argv[1:]
last = int(words.pop(0)) if words and words[0].isdigit() else None
for gate in words:
    open(gate).read()
line = 0
while last is None or line < last:
    end = line + LINES_AT_ONCE if last is None else min(last, line + LINES_AT_ONCE)
    write_all(b"".join(b"%015d\n" % number for number in range(line, end)))
    line = end
