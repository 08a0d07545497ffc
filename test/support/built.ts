import { execFileSync } from 'node:child_process';
import { builtCommandLine as path, isBuildFresh } from '../../scripts/assets/built.js';
import { packageRoot } from '../../scripts/assets/package-root.js';

let checked = false;

/** Path of the command line as built: what users run, and it starts in a tenth of the time. Builds it where sources are newer. */
export function builtCommandLine(): string {
  if (!checked && !isBuildFresh())
    execFileSync('npm', ['run', 'build'], { cwd: packageRoot(), stdio: 'ignore' });
  checked = true;
  return path();
}
