const LINE_CHARACTERS = 300;
/** As Node prints an error: its name, perhaps a code, and the message. */
const ERROR = /^(?:Uncaught )?\w*(?:Error|Exception)(?: \[\w+\])?: /;
const OWN = /^holdfast: /;

/** Of what a program said before it ended, the line for people: its error, not where that was thrown. */
export function tellingLine(words: string): string {
  const lines = words
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const line = lines.find((each) => ERROR.test(each) || OWN.test(each)) ?? lines.at(-1) ?? 'it said nothing';
  const short = line.replace(OWN, '');
  return short.length > LINE_CHARACTERS ? `${short.slice(0, LINE_CHARACTERS)}…` : short;
}
