import { randomId } from '../random-id.ts';
import { Store } from '../store.ts';
import { EMPTY, type Layout, type Node } from './layout.ts';

const KEY = 'holdfast.layout';

/** This window's layout: a reload shows the same, and a new window begins with that of the last one. */
export const layoutStore = new Store<Layout>(read());

layoutStore.subscribe(() => {
  const text = JSON.stringify(layoutStore.get());
  sessionStorage.setItem(KEY, text);
  localStorage.setItem(KEY, text);
});

/** Counts how often the user has asked for the focused pane, so that it takes the focus again where it had it all along. */
export const focusAsked = new Store(0);

export function changeLayout(change: (layout: Layout) => Layout): void {
  layoutStore.update(change);
}

/** Short, and unique in this browser for all that matters. */
export function newId(): string {
  return randomId().slice(0, 8);
}

function read(): Layout {
  const text = sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
  if (text === null) return EMPTY;
  try {
    const stored = JSON.parse(text) as Layout;
    const isWhole = stored.tabs.every(({ root }) => isNode(root));
    return isWhole ? stored : EMPTY;
  } catch {
    // SyntaxError, TypeError: it is not of this version.
    return EMPTY;
  }
}

function isNode(node: Node): boolean {
  if (node.kind === 'pane') return typeof node.session === 'string';
  return node.kind === 'split' && isNode(node.first) && isNode(node.second);
}
