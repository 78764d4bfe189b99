import { type FormEvent, lazy, Suspense, useState } from 'react';
import { reasonOf } from '../api/client.ts';
import { fleet } from '../machines/fleet.ts';
import { useStore } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { startSession } from './actions.ts';
import { splitCommand } from './describe.ts';

const MachineChoice = lazy(() => import('../machines/machine-choice.tsx'));

export interface NewSessionDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
}

/** What to run, where, and what to call it: all of it may be left empty. */
export function NewSessionDialog({ open, onClose }: NewSessionDialogProps) {
  return (
    <Dialog open={open} onClose={onClose} title="New session">
      <NewSessionForm onDone={onClose} />
    </Dialog>
  );
}

function NewSessionForm({ onDone }: { readonly onDone: () => void }) {
  const hasFleet = useStore(fleet) !== undefined;
  const [machine, setMachine] = useState<string>();
  const [command, setCommand] = useState('');
  const [cwd, setCwd] = useState('');
  const [name, setName] = useState('');
  const [error, setError] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    setError(undefined);
    try {
      await startSession({
        command: splitCommand(command),
        ...(machine === undefined ? {} : { machine }),
        ...(cwd.trim() === '' ? {} : { cwd: cwd.trim() }),
        ...(name.trim() === '' ? {} : { name: name.trim() }),
      });
      onDone();
    } catch (cause) {
      setError(reasonOf(cause));
    } finally {
      setIsBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="space-y-2">
      {hasFleet && (
        <Suspense fallback={null}>
          <MachineChoice machine={machine} onChoose={setMachine} />
        </Suspense>
      )}
      <Field
        label="Command"
        placeholder="your shell"
        hint="With its arguments. Empty: a login shell."
        autoFocus
        className="font-mono"
        value={command}
        onChange={(event) => setCommand(event.target.value)}
      />
      <Field
        label="Folder"
        placeholder="your home folder"
        hint="An absolute path, or one that begins with ~/."
        className="font-mono"
        value={cwd}
        onChange={(event) => setCwd(event.target.value)}
      />
      <Field
        label="Name"
        placeholder="chosen for you"
        hint="For you to find it by."
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      {error !== undefined && (
        <p role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-[13px] text-bad">
          {error}
        </p>
      )}
      <div className="flex justify-end gap-2 pt-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" disabled={isBusy}>
          {isBusy ? 'Starting…' : 'Start session'}
        </Button>
      </div>
    </form>
  );
}
