import headless, { type Terminal } from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { Emulators } from './emulator.ts';
import { Serializer } from './serializer.ts';

interface Core {
  coreMouseService: object;
  _inputHandler: { _curAttrData: unknown };
  buffers: { normal: object };
}

function openTerminal(cols: number, rows: number): Terminal {
  return new headless.Terminal({ cols, rows, allowProposedApi: true, logLevel: 'off' });
}

/** A version of xterm.js in which something has another name. */
function changed(change: (core: Core) => void): (cols: number, rows: number) => Terminal {
  return (cols, rows) => {
    const terminal = openTerminal(cols, rows);
    change((terminal as unknown as { _core: Core })._core);
    return terminal;
  };
}

describe('internals', () => {
  it('have all their fields in the version that is pinned', () => {
    expect([...new Emulators().missing]).toEqual([]);
  });

  it('name the field that has changed its meaning', () => {
    const open = changed((core) =>
      Object.defineProperty(core.coreMouseService, 'activeEncoding', { get: () => 'NEW' }),
    );
    expect([...new Emulators(open).missing]).toEqual(['mouse']);
  });

  it('name the field that is gone', () => {
    const open = changed((core) =>
      Object.defineProperty(core._inputHandler, '_curAttrData', {
        get: () => undefined,
        set() {},
      }),
    );
    expect(() => new Emulators(open)).toThrow(/cells/); // nothing can be drawn without it
    const without = changed((core) =>
      Object.defineProperty(core.buffers.normal, 'tabs', { get: () => undefined, set() {} }),
    );
    expect([...new Emulators(without).missing]).toEqual(['tabs']);
  });

  it('are carried without what is missing', () => {
    const emulators = new Emulators(
      changed((core) => Object.defineProperty(core.coreMouseService, 'activeEncoding', { get: () => 'NEW' })),
    );
    using emulator = emulators.open({ cols: 20, rows: 5 });
    emulator.feed(Buffer.from('text\x1b[?1000;1006;2004h'));
    const restored = new Serializer().serialize(emulator).toString();
    expect(restored).toContain('text');
    expect(restored).toContain('2004');
    expect(restored).not.toContain('1006');
  });
});
