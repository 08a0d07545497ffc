import { runApplet } from './applet.js';
import { applets } from './applets.js';
import type { Os } from '../runtime/os.js';

/** Many utilities in one program: the name it is called by chooses. `coreutils NAME ARG...` does too. */
export function main(os: Os): number {
  const own = os.name === 'coreutils';
  const name = own ? (os.argv[1] ?? '') : os.name;
  const applet = applets[name];
  if (!applet) {
    os.complain(
      own ? `usage: coreutils NAME [ARG]...; names: ${Object.keys(applets).join(' ')}` : 'unknown utility',
    );
    return 127;
  }
  return runApplet(applet, {
    os,
    name,
    args: os.argv.slice(own ? 2 : 1),
    stdin: 0,
    out: os.out,
    env: os.env,
    complain: (text) => os.complain(text),
  });
}
