"""slow-writer.py MS [LINES] [GATE]: one numbered line of 16 bytes each MS milliseconds, endlessly or so many.

It begins when the gate, a named pipe, has been opened.
"""
import sys
import time

from terminal_modes import raw, write_all

raw()
pause = int(sys.argv[1]) / 1000
words = sys.argv[2:]
last = int(words.pop(0)) if words and words[0].isdigit() else None
for gate in words:
    open(gate).read()
line = 0
while last is None or line < last:
    write_all(b"%015d\n" % line)
    line += 1
    time.sleep(pause)
