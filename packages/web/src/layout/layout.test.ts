import { expect, test } from 'vitest';
import {
  activateNext,
  closePane,
  EMPTY,
  filterPanes,
  focusedPane,
  focusNext,
  type Layout,
  panesOf,
  place,
  setRatio,
  show,
  split,
} from './layout.ts';

function ids(): () => string {
  let next = 0;
  return () => `i${(next += 1)}`;
}

const sessionsOf = ({ tabs }: Layout) => tabs.map(({ root }) => panesOf(root).map(({ session }) => session));

test('a session is shown once: where it is already, else in a tab of its own', () => {
  const newId = ids();
  const two = show(show(EMPTY, 'a', newId), 'b', newId);
  expect(sessionsOf(two)).toEqual([['a'], ['b']]);
  const back = show(two, 'a', newId);
  expect(sessionsOf(back)).toEqual([['a'], ['b']]);
  expect(focusedPane(back)?.session).toBe('a');
});

test('panes are split, and what is beside a closed one grows', () => {
  const newId = ids();
  const one = show(EMPTY, 'a', newId);
  const two = split(one, { pane: focusedPane(one)?.id ?? '', direction: 'row', session: 'b' }, newId);
  const three = split(two, { pane: focusedPane(two)?.id ?? '', direction: 'column', session: 'c' }, newId);
  expect(sessionsOf(three)).toEqual([['a', 'b', 'c']]);
  expect(focusedPane(three)?.session).toBe('c');
  const closed = closePane(three, focusedPane(three)?.id ?? '');
  expect(sessionsOf(closed)).toEqual([['a', 'b']]);
  expect(focusedPane(closed)?.session).toBe('a');
  expect(focusedPane(focusNext(closed, 1))?.session).toBe('b');
  expect(focusedPane(focusNext(closed, -1))?.session).toBe('b');
});

test('a tab without panes goes, and its neighbour is shown', () => {
  const newId = ids();
  const three = ['a', 'b', 'c'].reduce((layout, session) => show(layout, session, newId), EMPTY);
  const two = filterPanes(three, ({ session }) => session !== 'c');
  expect(focusedPane(two)?.session).toBe('b');
  expect(filterPanes(two, () => true)).toBe(two);
  expect(filterPanes(two, () => false)).toEqual(EMPTY);
  expect(focusedPane(activateNext(two, 1))?.session).toBe('a');
});

test('no pane is dragged out of sight', () => {
  const newId = ids();
  const one = show(EMPTY, 'a', newId);
  const two = split(one, { pane: focusedPane(one)?.id ?? '', direction: 'row', session: 'b' }, newId);
  const root = two.tabs[0]?.root;
  const moved = setRatio(two, root?.id ?? '', 2).tabs[0]?.root;
  expect(moved).toMatchObject({ kind: 'split', ratio: 0.9 });
});

test('panes fill their tab, and keep their order, however they are split', () => {
  const newId = ids();
  const one = show(EMPTY, 'a', newId);
  const two = split(one, { pane: focusedPane(one)?.id ?? '', direction: 'row', session: 'b' }, newId);
  const three = split(two, { pane: focusedPane(two)?.id ?? '', direction: 'column', session: 'c' }, newId);
  const root = three.tabs[0]?.root;
  const panes = (root ? place(root) : []).filter(({ node }) => node.kind === 'pane');
  expect(panes.map(({ area }) => area)).toEqual([
    { left: 0, top: 0, width: 0.5, height: 1 },
    { left: 0.5, top: 0, width: 0.5, height: 0.5 },
    { left: 0.5, top: 0.5, width: 0.5, height: 0.5 },
  ]);
});
