import { Fcntl, Open } from '../../../core/abi/flags.js';
import { Signal } from '../../../core/abi/process-manager.js';
import { spinningProgram } from './spinning-program.js';
import type { Os } from '../runtime/os.js';

/** Does `count` operations under `timed`, which answers the milliseconds they took; so does the kind. */
export type Kind = (os: Os, count: number, timed: (work: () => void) => number) => number;

const SPINNER = '/tmp/callbench-spinner';
const BYTE = new Uint8Array(1);

function times(count: number, work: () => void): void {
  for (let i = 0; i < count; i++) work();
}

/** A call that the kernel answers at once. */
const nullCalls: Kind = (os, count, timed) => {
  const [read] = os.files.pipe();
  return timed(() => times(count, () => os.calls.fcntl(read, Fcntl.GETFD, 0)));
};

/** The same while native code uses the processor. */
const besideNative: Kind = (os, count, timed) => {
  os.files.writeFile(SPINNER, spinningProgram());
  os.files.chmod(SPINNER, 0o755);
  const pid = os.spawn(SPINNER, { argv: [SPINNER] });
  try {
    return nullCalls(os, count, timed);
  } finally {
    os.processes.kill(pid, Signal.KILL);
    os.processes.wait(pid);
  }
};

/** A byte to another isolate and back. */
const pipeRoundTrips: Kind = (os, count, timed) => {
  const [there, back] = [os.files.pipe(), os.files.pipe()];
  const fds = [[0, there[0]], [1, back[1]]] as const; // prettier-ignore
  const pid = os.spawn(os.which('callbench'), { argv: ['callbench', 'echo', '1'], fds });
  for (const fd of [there[0], back[1]]) os.files.close(fd);
  const roundTrip = () => {
    os.files.write(there[1], BYTE);
    os.files.read(back[0], 1);
  };
  // The other side has started when it has answered once.
  roundTrip();
  const elapsedMs = timed(() => times(count, roundTrip));
  os.files.close(there[1]);
  os.processes.wait(pid);
  return elapsedMs;
};

/** The other side of `pipe`. */
const echo: Kind = (os) => {
  for (let bytes = os.files.read(0, 1); bytes.length > 0; bytes = os.files.read(0, 1))
    os.files.write(1, bytes);
  return 0;
};

/** A request that another isolate answers. */
const schemeRequests: Kind = (os, count, timed) =>
  os.files.with('/scheme/zero', Open.RDONLY, (fd) => timed(() => times(count, () => os.files.read(fd, 1))));

const spawns: Kind = (os, count, timed) => {
  const path = os.which('true');
  return timed(() =>
    times(count, () => {
      const pid = os.spawn(path, { argv: ['true'] });
      os.processes.wait(pid);
    }),
  );
};

export const kinds: Readonly<Record<string, Kind>> = {
  null: nullCalls,
  beside: besideNative,
  pipe: pipeRoundTrips,
  echo,
  scheme: schemeRequests,
  spawn: spawns,
};
