import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Viewer, Viewers } from './viewers.ts';

class TestViewer implements Viewer {
  viewport = undefined;
  readonly readOnly: boolean;
  readonly told: boolean[] = [];

  constructor(readOnly = false) {
    this.readOnly = readOnly;
  }

  leadingChanged(leading: boolean): void {
    this.told.push(leading);
  }
}

test('the first viewer that may type leads, then whoever typed last, then the longest-attached', () => {
  const leaders: (TestViewer | undefined)[] = [];
  const viewers = new Viewers<TestViewer>((leader) => leaders.push(leader));
  const watcher = new TestViewer(true);
  const [one, two, three] = [new TestViewer(), new TestViewer(), new TestViewer()];
  for (const viewer of [watcher, one, two, three]) viewers.attach(viewer);
  expect(viewers.leader).toBe(one);
  viewers.typed(three);
  viewers.typed(three);
  viewers.typed(watcher);
  expect(viewers.leader).toBe(three);
  viewers.detach(three);
  expect(viewers.leader).toBe(one);
  viewers.detach(two);
  viewers.detach(one);
  expect(viewers.leader).toBeUndefined();
  viewers.typed(one);
  expect(viewers.leader).toBeUndefined();
  expect(leaders).toEqual([one, three, one, undefined]);
  // One that has gone is told nothing.
  expect(one.told).toEqual([true, false, true]);
  expect(three.told).toEqual([true]);
  expect([...watcher.told, ...two.told]).toEqual([]);
});

const event = fc.record({
  type: fc.constantFrom('attach', 'detach', 'typed'),
  viewer: fc.nat({ max: 5 }),
});

test('after any events, at most one viewer leads, and one does if any may', () => {
  fc.assert(
    fc.property(
      fc.array(event),
      fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
      (events, readOnly) => {
        const all = readOnly.map((readOnly) => new TestViewer(readOnly));
        const attached: TestViewer[] = [];
        let last: TestViewer | undefined;
        const viewers = new Viewers<TestViewer>((leader) => {
          expect(leader).toBe(viewers.leader);
          last = leader;
        });
        for (const { type, viewer: index } of events) {
          const viewer = all[index] as TestViewer;
          const isAttached = attached.includes(viewer);
          if (type === 'attach' && !isAttached) {
            attached.push(viewer);
            // One that had led and gone was told nothing of its end: it comes as a new one.
            viewer.told.length = 0;
            viewers.attach(viewer);
          } else if (type === 'detach') {
            if (isAttached) attached.splice(attached.indexOf(viewer), 1);
            viewers.detach(viewer);
          } else if (type === 'typed') {
            viewers.typed(viewer);
            if (isAttached && !viewer.readOnly) expect(viewers.leader).toBe(viewer);
          }
          expect(viewers.leader).toBe(last);
          const mayLead = attached.filter(({ readOnly }) => !readOnly);
          expect(viewers.leader === undefined).toBe(mayLead.length === 0);
          if (viewers.leader) expect(mayLead).toContain(viewers.leader);
          for (const one of attached) expect(one.told.at(-1) ?? false).toBe(one === viewers.leader);
        }
      },
    ),
  );
});
