/** Where terminals are shown: tabs, each of which is one pane or is split. Pure: every change gives another layout. */
export interface Pane {
  readonly kind: 'pane';
  /** Of the pane, not of the session, which may be shown in several. */
  readonly id: string;
  readonly session: string;
}

export interface Split {
  readonly kind: 'split';
  readonly id: string;
  readonly direction: 'row' | 'column';
  /** The first one's share, between 0.1 and 0.9. */
  readonly ratio: number;
  readonly first: Node;
  readonly second: Node;
}

export type Node = Pane | Split;

export interface Tab {
  readonly id: string;
  readonly root: Node;
  /** Id of the pane that has, or last had, the focus. */
  readonly focused: string;
}

export interface Layout {
  readonly tabs: readonly Tab[];
  /** Id of the tab that is shown; null exactly if there is none. */
  readonly active: string | null;
}

export const EMPTY: Layout = { tabs: [], active: null };

export function panesOf(node: Node): Pane[] {
  return node.kind === 'pane' ? [node] : [...panesOf(node.first), ...panesOf(node.second)];
}

function activeTab({ tabs, active }: Layout): Tab | undefined {
  return tabs.find(({ id }) => id === active);
}

export function focusedPane(layout: Layout): Pane | undefined {
  const tab = activeTab(layout);
  return tab && panesOf(tab.root).find(({ id }) => id === tab.focused);
}

/** Shows a session: where it is shown already, else in a tab of its own, at the end. */
export function show(layout: Layout, session: string, newId: () => string): Layout {
  for (const tab of layout.tabs) {
    const pane = panesOf(tab.root).find((pane) => pane.session === session);
    if (pane) return focus(layout, pane.id);
  }
  const pane: Pane = { kind: 'pane', id: newId(), session };
  const tab: Tab = { id: newId(), root: pane, focused: pane.id };
  return { tabs: [...layout.tabs, tab], active: tab.id };
}

export function focus(layout: Layout, pane: string): Layout {
  const tab = layout.tabs.find(({ root }) => panesOf(root).some(({ id }) => id === pane));
  if (!tab || (tab.focused === pane && layout.active === tab.id)) return layout;
  return { tabs: replaceTab(layout.tabs, { ...tab, focused: pane }), active: tab.id };
}

/** Shows a session beside a pane (`row`) or below it. */
export function split(
  layout: Layout,
  at: { readonly pane: string; readonly direction: Split['direction']; readonly session: string },
  newId: () => string,
): Layout {
  const added: Pane = { kind: 'pane', id: newId(), session: at.session };
  const tab = layout.tabs.find(({ root }) => panesOf(root).some(({ id }) => id === at.pane));
  if (!tab) return show(layout, at.session, newId);
  const root = mapNode(tab.root, at.pane, (first) => ({
    kind: 'split',
    id: newId(),
    direction: at.direction,
    ratio: 0.5,
    first,
    second: added,
  }));
  return { tabs: replaceTab(layout.tabs, { ...tab, root, focused: added.id }), active: tab.id };
}

export function setRatio(layout: Layout, splitId: string, ratio: number): Layout {
  const clamped = Math.min(0.9, Math.max(0.1, ratio));
  const tabs = layout.tabs.map((tab) => ({
    ...tab,
    root: mapNode(tab.root, splitId, (node) => (node.kind === 'split' ? { ...node, ratio: clamped } : node)),
  }));
  return { ...layout, tabs };
}

/** Shows another tab. */
export function activate(layout: Layout, tab: string): Layout {
  return layout.tabs.some(({ id }) => id === tab) ? { ...layout, active: tab } : layout;
}

/** The tab `by` further on, around the end. */
export function activateNext(layout: Layout, by: number): Layout {
  const { tabs, active } = layout;
  const at = tabs.findIndex(({ id }) => id === active);
  const next = tabs[(at + by + tabs.length) % tabs.length];
  return next ? { ...layout, active: next.id } : layout;
}

/** The pane `by` further on in the active tab, around the end. */
export function focusNext(layout: Layout, by: number): Layout {
  const tab = activeTab(layout);
  if (!tab) return layout;
  const panes = panesOf(tab.root);
  const at = panes.findIndex(({ id }) => id === tab.focused);
  const next = panes[(at + by + panes.length) % panes.length];
  return next ? focus(layout, next.id) : layout;
}

export function closePane(layout: Layout, pane: string): Layout {
  return filterPanes(layout, ({ id }) => id !== pane);
}

export function closeTab(layout: Layout, tab: string): Layout {
  const panes = layout.tabs.find(({ id }) => id === tab);
  const closed = new Set(panes ? panesOf(panes.root).map(({ id }) => id) : []);
  return filterPanes(layout, ({ id }) => !closed.has(id));
}

/** Closes the panes that a test fails; what is beside them grows, tabs without any go. */
export function filterPanes(layout: Layout, keep: (pane: Pane) => boolean): Layout {
  const tabs: Tab[] = [];
  for (const tab of layout.tabs) {
    const root = filterNode(tab.root, keep);
    if (root === undefined) continue;
    const panes = panesOf(root);
    const focused = panes.some(({ id }) => id === tab.focused) ? tab.focused : (panes[0]?.id ?? '');
    tabs.push(root === tab.root ? tab : { ...tab, root, focused });
  }
  if (tabs.length === layout.tabs.length && tabs.every((tab, at) => tab === layout.tabs[at])) return layout;
  if (tabs.some(({ id }) => id === layout.active)) return { ...layout, tabs };
  const at = layout.tabs.findIndex(({ id }) => id === layout.active);
  return { tabs, active: tabs[Math.min(at, tabs.length - 1)]?.id ?? null };
}

/** A part of a tab, in shares of it. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const WHOLE: Area = { left: 0, top: 0, width: 1, height: 1 };

/** Where each pane and each split is, so that a pane stays what it is, and where it is in the page, when others come and go. */
export function place(node: Node, area: Area = WHOLE): { readonly node: Node; readonly area: Area }[] {
  if (node.kind === 'pane') return [{ node, area }];
  const { left, top, width, height } = area;
  const { ratio, direction, first, second } = node;
  const isRow = direction === 'row';
  const before = isRow ? { ...area, width: width * ratio } : { ...area, height: height * ratio };
  const after = isRow
    ? { ...area, left: left + width * ratio, width: width * (1 - ratio) }
    : { ...area, top: top + height * ratio, height: height * (1 - ratio) };
  return [{ node, area }, ...place(first, before), ...place(second, after)];
}

/** Panes that showed one session show another. */
export function replaceSession(layout: Layout, from: string, to: string): Layout {
  const replaced = (node: Node): Node => {
    if (node.kind === 'split') return { ...node, first: replaced(node.first), second: replaced(node.second) };
    return node.session === from ? { ...node, session: to } : node;
  };
  return { ...layout, tabs: layout.tabs.map((tab) => ({ ...tab, root: replaced(tab.root) })) };
}

function filterNode(node: Node, keep: (pane: Pane) => boolean): Node | undefined {
  if (node.kind === 'pane') return keep(node) ? node : undefined;
  const first = filterNode(node.first, keep);
  const second = filterNode(node.second, keep);
  if (!first || !second) return first ?? second;
  return first === node.first && second === node.second ? node : { ...node, first, second };
}

function mapNode(node: Node, id: string, change: (node: Node) => Node): Node {
  if (node.id === id) return change(node);
  if (node.kind === 'pane') return node;
  const first = mapNode(node.first, id, change);
  const second = mapNode(node.second, id, change);
  return first === node.first && second === node.second ? node : { ...node, first, second };
}

function replaceTab(tabs: readonly Tab[], tab: Tab): Tab[] {
  return tabs.map((other) => (other.id === tab.id ? tab : other));
}
