/** What is known of a terminal by what it has answered, by `FACT` or a name that ends in a number or a capability. */
export type TerminalFacts = Readonly<Record<string, string>>;

/** Names of facts that are answers as a whole. */
export const FACT = { da1: 'DA1', da2: 'DA2', da3: 'DA3', version: 'XTVERSION', cell: 'cell' } as const;

/** So many, of so many characters, are kept: the palette, and what programs ask for. */
const MAX_FACTS = 320;
const MAX_LENGTH = 256;

export function colourFact(code: number | string): string {
  return `OSC ${code}`;
}

export function capabilityFact(hexName: string): string {
  return `capability ${hexName.toUpperCase()}`;
}

/** The facts with what these replies tell; the same object if that is nothing new. */
export function learn(facts: TerminalFacts, replies: readonly string[]): TerminalFacts {
  // Copied once, however many replies there are.
  let learnt: Record<string, string> | undefined;
  let count = Object.keys(facts).length;
  for (const [name, value] of replies.flatMap(told)) {
    const known = learnt ?? facts;
    if (known[name] === value || value.length > MAX_LENGTH) continue;
    if (known[name] === undefined && count >= MAX_FACTS) continue;
    if (known[name] === undefined) count += 1;
    learnt ??= { ...facts };
    learnt[name] = value;
  }
  return learnt ?? facts;
}

/* oxlint-disable no-control-regex -- ESC begins each reply */
function told(reply: string): [name: string, value: string][] {
  if (/^\x1b\[\?[\d;]*c$/.test(reply)) return [[FACT.da1, reply]];
  if (/^\x1b\[>[\d;]*c$/.test(reply)) return [[FACT.da2, reply]];
  if (reply.startsWith('\x1bP!|')) return [[FACT.da3, reply]];
  if (reply.startsWith('\x1bP>|')) return [[FACT.version, reply]];
  const cell = /^\x1b\[6;(\d{1,3};\d{1,3})t$/.exec(reply)?.[1];
  if (cell !== undefined) return [[FACT.cell, cell]];
  const [, code, colour] = /^\x1b\](4;\d+|1[0-9]);(rgba?:[\da-fA-F/]+)[\x07\x1b]/.exec(reply) ?? [];
  if (code !== undefined && colour !== undefined) return [[colourFact(code), colour]];
  const capabilities = /^\x1bP1\+r([\da-fA-F=;]+)\x1b/.exec(reply)?.[1];
  return (capabilities?.split(';') ?? []).flatMap((capability) => {
    const [name, value = ''] = capability.split('=');
    return name ? [[capabilityFact(name), value] satisfies [string, string]] : [];
  });
}
/* oxlint-enable no-control-regex */
