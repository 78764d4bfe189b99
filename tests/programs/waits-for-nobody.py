"""waits-for-nobody.py COMMAND…: inherits the orphans of what the command starts, and leaves them zombies, until its input ends."""
import ctypes
import os
import sys

PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
command = sys.argv[1:]
os.posix_spawn(command[0], command, os.environ)
sys.stdin.read()
