import { KeyRound, Unplug } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { type Access, enter, login } from '../api/access.ts';
import { tokenIn } from '../api/token-in.ts';
import { count } from '../sessions/describe.ts';
import { useStore } from '../store.ts';
import { heldBytesOf, heldInput } from '../terminal/held-input.ts';
import { useLeaveQuestion } from '../terminal/leave-question.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Mark } from '../ui/mark.tsx';

type Refused = Extract<Access, { kind: 'refused' }>;

const SAID: Readonly<Record<Refused['why'], { title: string; text: string }>> = {
  none: {
    title: 'This page needs a token',
    text: 'Open the address that “holdfast serve” printed, or paste its token here.',
  },
  wrong: {
    title: 'That token doesn’t open this page',
    text: 'It is wrong, has expired, or was revoked. “holdfast serve” prints the one that does; for a shared link, ask whoever sent it for another one.',
  },
  expired: {
    title: 'You have been logged out',
    text: 'Your login has expired or was revoked. Your sessions run on; paste the token of “holdfast serve” to see them again.',
  },
  unshared: {
    title: 'This link has ended',
    text: 'The shared link has expired or was revoked. Ask whoever sent it for another one.',
  },
  tooMany: {
    title: 'Too many wrong tokens',
    text: 'Wait a minute, and then paste the token that “holdfast serve” printed.',
  },
};

/** For whoever isn't let in: says why, and takes a token. */
export function LoginPage({ why }: { readonly why: Refused['why'] }) {
  const [token, setToken] = useState('');
  const [isAsking, setIsAsking] = useState(false);
  const heldBytes = heldBytesOf(useStore(heldInput));
  useLeaveQuestion(heldBytes > 0);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsAsking(true);
    // What was copied may be the whole address.
    await login(tokenIn(token) ?? token);
    setIsAsking(false);
    setToken('');
  };
  return (
    <Card>
      <KeyRound className="text-accent-text" aria-hidden />
      <h1 className="text-lg font-semibold">{SAID[why].title}</h1>
      <p className="text-muted">{SAID[why].text}</p>
      {heldBytes > 0 && (
        <p className="text-warn">
          {count(heldBytes, 'byte')} of what you typed {heldBytes === 1 ? 'is' : 'are'} held back until then.
        </p>
      )}
      <form onSubmit={(event) => void submit(event)} className="space-y-2 pt-2">
        <Field
          label="Token, or the whole address"
          type="password"
          autoFocus
          required
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
        <Button look="primary" type="submit" disabled={isAsking || token === ''} className="w-full">
          Open
        </Button>
      </form>
    </Card>
  );
}

/** Nobody answers at all. */
export function UnreachablePage() {
  return (
    <Card>
      <Unplug className="text-warn" aria-hidden />
      <h1 className="text-lg font-semibold">The host can’t be reached</h1>
      <p className="text-muted">
        Your sessions run on without it. Start it again with <code className="font-mono">holdfast serve</code>
        .
      </p>
      <Button look="primary" onClick={() => void enter()}>
        Try again
      </Button>
    </Card>
  );
}

function Card({ children }: { readonly children: React.ReactNode }) {
  return (
    <main className="grid min-h-full place-items-center p-4">
      <div className="w-full max-w-md space-y-3 rounded-xl border border-line bg-panel p-6 shadow-sm">
        <div className="pb-2">
          <Mark />
        </div>
        {children}
      </div>
    </main>
  );
}
