import { useSyncExternalStore } from 'react';

/** The page has one address; what is shown beside the terminals is behind `#`. */
export type Route = 'terminals' | 'settings' | 'shortcuts';

const HASH: Readonly<Record<Route, string>> = {
  terminals: '#/',
  settings: '#/settings/daemon',
  shortcuts: '#/shortcuts',
};

export function useRoute(): Route {
  return useSyncExternalStore(subscribe, current);
}

export function goTo(route: Route): void {
  location.hash = HASH[route];
}

export function hrefOf(route: Route): string {
  return HASH[route];
}

function current(): Route {
  const routes = Object.keys(HASH) as Route[];
  return routes.find((route) => HASH[route] === location.hash) ?? 'terminals';
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}
