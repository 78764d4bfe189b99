import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Has a session of a daemon that does not run be ended so much earlier, by both clocks. Returns its `exitedAt`. */
export function endEarlier(stateDir: string, session: string, byMs: number): string {
  const file = path.join(stateDir, 'sessions', session, 'state.json');
  const state = JSON.parse(readFileSync(file, 'utf8'));
  const exitedAt = new Date(Date.parse(state.exitedAt) - byMs).toISOString();
  const exitedAtMonotonicMs = state.exitedAtMonotonicMs - byMs;
  writeFileSync(file, JSON.stringify({ ...state, exitedAt, exitedAtMonotonicMs }));
  return exitedAt;
}
