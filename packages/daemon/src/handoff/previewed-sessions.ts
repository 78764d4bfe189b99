import type { SuspendedSession } from '../session/suspended-session.ts';

/** What a predecessor has said of sessions in the preview: one that is still the same need not be said again. */
export class PreviewedSessions {
  readonly #said = new Map<string, { readonly place: number; readonly text: string }>();

  /** It is in the preview, behind those before it. Each session once. */
  say(session: SuspendedSession): void {
    this.#said.set(session.state.id, { place: this.#said.size, text: JSON.stringify(session) });
  }

  /** Its place in the preview; undefined if it was not there, or anything in it has changed. */
  placeOf(session: SuspendedSession): number | undefined {
    const said = this.#said.get(session.state.id);
    return said?.text === JSON.stringify(session) ? said?.place : undefined;
  }

  /** All of them, as JSON. */
  get text(): string {
    return `[${[...this.#said.values()].map(({ text }) => text).join(',')}]`;
  }
}
