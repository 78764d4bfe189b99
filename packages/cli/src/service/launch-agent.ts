/** The program that an agent of launchd runs, by its property list; undefined if it is not written as contrib/holdfast.plist is. */
export function agentProgram(plist: string): string | undefined {
  return /<string>exec (\S+) service start<\/string>/.exec(plist)?.[1];
}
