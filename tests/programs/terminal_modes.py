"""Shared by the programs: the terminal's raw mode, and writing all of something."""
import os
import termios
import tty


def raw():
    """cfmakeraw: no echo, no line editing, no translation in either direction."""
    tty.setraw(0, termios.TCSANOW)


def write_all(data):
    view = memoryview(data)
    while view:
        view = view[os.write(1, view):]
