import { KEYS } from '../keys.ts';
import { Dialog } from './dialog.tsx';

export function Shortcuts({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  return (
    <Dialog open={open} onClose={onClose} title="Keyboard shortcuts">
      <dl className="grid grid-cols-[1fr_auto] gap-x-6 gap-y-2 text-[13px]">
        {KEYS.map(({ command, key, does }) => (
          <Row key={command} does={does} keys={`Alt+Shift+${key}`} />
        ))}
        <Row does="Copy the selection" keys="Ctrl+Shift+C" />
        <Row does="Paste" keys="Ctrl+Shift+V" />
        <Row does="In the list: rename" keys="F2" />
        <Row does="In the list: kill or forget" keys="Del" />
      </dl>
    </Dialog>
  );
}

function Row({ does, keys }: { readonly does: string; readonly keys: string }) {
  return (
    <>
      <dt>{does}</dt>
      <dd className="text-right">
        <kbd className="rounded border border-line bg-panel px-1.5 py-0.5 font-mono text-xs">{keys}</kbd>
      </dd>
    </>
  );
}
