/** Why nothing can be restarted from here, and what can be done instead. */
export function HangingDaemon() {
  return (
    <>
      It can’t be asked to restart, and is killed by nobody but you:{' '}
      <code className="font-mono">holdfast doctor</code>, on its machine, says how, and no session ends by it.
    </>
  );
}
