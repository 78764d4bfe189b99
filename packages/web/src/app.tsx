import { type ReactNode, useEffect } from 'react';
import { access } from './api/access.ts';
import { follow } from './api/household.ts';
import { LoginPage, UnreachablePage } from './login/login-page.tsx';
import { SharedPage } from './shared-page.tsx';
import { useStore } from './store.ts';
import { Workspace } from './workspace.tsx';

export function App(): ReactNode {
  const state = useStore(access);
  switch (state.kind) {
    case 'refused':
      return <LoginPage why={state.why} />;
    case 'unreachable':
      return <UnreachablePage />;
    case 'shared':
      return <SharedPage key={state.share.session} share={state.share} />;
    case 'granted':
      return <Granted />;
    case 'asking':
      return null;
    default:
      return state satisfies never;
  }
}

function Granted() {
  useEffect(follow, []);
  return <Workspace />;
}
