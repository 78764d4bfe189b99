"""ask-modes.py: asks its terminal for its modes, and tells all answers in a line of JSON."""
import json
import os
import termios

from terminal_modes import raw, write_all

PRIVATE = [1, 5, 6, 7, 12, 25, 45, 66, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 1047, 1049, 2004, 2026]
ANSI = [4, 20]
SETTINGS = ["m", "r", " q", '"q']
IS_WELL = b"\x1b[0n"

before = termios.tcgetattr(0)
raw()
queries = [f"\x1b[?{mode}$p" for mode in PRIVATE] + [f"\x1b[{mode}$p" for mode in ANSI]
queries += [f"\x1bP$q{setting}\x1b\\" for setting in SETTINGS]
write_all("".join(queries).encode() + b"\x1b[5n")
answers = b""
while IS_WELL not in answers:
    answers += os.read(0, 65536)
termios.tcsetattr(0, termios.TCSANOW, before)
told = answers.replace(IS_WELL, b"").decode("latin-1").replace("\x1b", "")
print("<" + json.dumps(told) + ">", flush=True)
