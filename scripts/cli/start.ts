#!/usr/bin/env node
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as Bundle from './bundle.js';
import { setEngineFlags } from '../../core/cpu/wasm/engine-flags.js';
import { CachedProgram } from './cached-program.js';

// What npm installs: everything else is in one bundle beside this file. Built as CommonJS, because Node starts that sooner.
const bundle = join(__dirname, 'halfcell.cjs');
const isDebugging = Boolean(process.env['HALFCELL_DEBUG']);

async function runCommandLine(args: readonly string[]): Promise<number> {
  setEngineFlags();
  if (isDebugging) {
    process.setSourceMapsEnabled(true);
    return (createRequire(bundle)(bundle) as typeof Bundle).runCommandLine(args);
  }
  const program = new CachedProgram(bundle, (name) => import(name));
  const status = await program.module.runCommandLine(args);
  if (args[0] === 'run' && status === 0) program.storeCompiled();
  return status;
}

const SIGPIPE_STATUS = 141;

/** The bundle is minified: the line of it that Node would print tells nobody anything. */
function giveUp(error: unknown): void {
  const { message = String(error), code, stack = '' } = error as Partial<NodeJS.ErrnoException>;
  if (code === 'EPIPE') process.exit(SIGPIPE_STATUS);
  const line = message.trim().replace(/\s*\n\s*/g, ' ');
  const details = isDebugging ? `\n${stack}` : '; set HALFCELL_DEBUG=1 to see where';
  process.stderr.write(`halfcell: this should not have happened: ${line}${details}\n`);
  process.exit(1);
}

/** Others may know better what is to be done then. */
function onUncaught(error: unknown): void {
  if (process.listenerCount('uncaughtException') === 1) giveUp(error);
}

process.on('uncaughtException', onUncaught);
// Not `exitCode`: a terminal or socket that is still being read must not keep a finished command alive.
void runCommandLine(process.argv.slice(2)).then((status) => process.exit(status));
