/** Host signals that mean the guest's program, and their numbers. (SIGUSR1 is Node's inspector; SIGCONT the terminal's.) */
const forwarded = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGUSR2: 12, SIGALRM: 14, SIGTERM: 15 } as const;

/** Hands signals that others send to this process on to the guest. Answers the undo. */
export function forwardSignals(deliver: (signal: number) => void): () => void {
  const undo = Object.entries(forwarded).map(([name, number]) => {
    const listener = () => deliver(number);
    process.on(name as keyof typeof forwarded, listener);
    return () => void process.off(name as keyof typeof forwarded, listener);
  });
  return () => undo.forEach((each) => each());
}
