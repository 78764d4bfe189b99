import { expect, test } from 'vitest';
import { heldBytesOf, heldInput, keepInput, takeInput } from './held-input.ts';
import { Outbox } from './outbox.ts';

const holding = (stream: string, text: string) => {
  const outbox = new Outbox(stream);
  outbox.add(new TextEncoder().encode(text));
  return outbox;
};

test('each pane of a session leaves what it held back, and each that comes takes one', () => {
  const left = holding('stream-left', 'left');
  const right = holding('stream-right', 'right');
  const other = holding('stream-other', 'other');
  keepInput('shown-twice', left);
  keepInput('another', other);
  keepInput('shown-twice', right);
  expect(heldBytesOf(heldInput.get())).toBe(14);
  expect(takeInput('shown-twice')).toBe(left);
  expect(heldBytesOf(heldInput.get())).toBe(10);
  expect(takeInput('shown-twice')).toBe(right);
  expect(takeInput('shown-twice')).toBeUndefined();
  expect(takeInput('another')).toBe(other);
  expect(heldInput.get().size).toBe(0);
});
