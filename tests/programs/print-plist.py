"""print-plist.py FILE: what a property list says, as JSON; an error if it is none, or has something in it that means nothing in one."""
import json
import plistlib
import sys
from xml.etree import ElementTree


def elements(text):
    return [(one.tag, one.attrib, (one.text or "").strip()) for one in ElementTree.fromstring(text).iter()]


with open(sys.argv[1], "rb") as file:
    text = file.read()
said = plistlib.loads(text, fmt=plistlib.FMT_XML)
# Elements that plistlib does not know, it passes over.
if elements(text) != elements(plistlib.dumps(said, sort_keys=False)):
    sys.exit("there is something in it that no property list has")
print(json.dumps(said))
