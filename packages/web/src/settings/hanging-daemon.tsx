/** Why nothing can be restarted from here, and what can be done instead. */
export function HangingDaemon() {
  return (
    <>
      It can’t be asked to restart, and Holdfast kills nothing that may still be right. On its machine,{' '}
      <code className="font-mono whitespace-nowrap">holdfast doctor</code> says how to get it going again
      without ending a session.
    </>
  );
}
