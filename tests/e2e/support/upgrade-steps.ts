/** Where one side of an upgrade stands still, in the order in which they are passed. */
export const STEPS = [
  'successor.loaded',
  'successor.prepared',
  'predecessor.snapshot',
  'predecessor.sent',
  'successor.received',
  'successor.adopted',
  'predecessor.commit',
  'predecessor.committed',
  'successor.committed',
  'successor.serving',
] as const;
export type Step = (typeof STEPS)[number];
