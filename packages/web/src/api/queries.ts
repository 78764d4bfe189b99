import { QueryClient } from '@tanstack/react-query';
import { refusalIsFinal } from './access.ts';

/** What is asked when somebody wants to see it. What changes by itself is told by the stream of household.ts instead. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (times, error) => !refusalIsFinal(error) && times < 3,
    },
  },
});

export const SHARES = ['shares'] as const;
export const HISTORY = ['history'] as const;
export const MEMORY = ['memory'] as const;
