/** Where a session is, in the words of the host's API. */
export interface Place {
  readonly session: string;
  /** Absent: on the machine of the host. */
  readonly machine?: string;
}

/** What this page calls a session: its id, behind the name of its machine if that is another one. */
export function keyOf({ session, machine }: Place): string {
  return machine === undefined ? session : `${machine}/${session}`;
}

export function placeOf(key: string): Place {
  const slash = key.indexOf('/');
  return slash === -1 ? { session: key } : { machine: key.slice(0, slash), session: key.slice(slash + 1) };
}

/** Whether it is on another machine than the host's. */
export function isElsewhere(key: string): boolean {
  return placeOf(key).machine !== undefined;
}
