import { useEffect, useState } from 'react';

const CLOCK_MS = 5_000;

/** The time, ms since 1970, as often as somebody who reads how long ago something was would notice. */
export function useClock(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), CLOCK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
