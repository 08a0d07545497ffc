#!/usr/bin/env node
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { loadPrebuilt } from '../assets/prebuilt.js';
import { CachedProgram } from './cached-program.js';
import type * as Bundle from './bundle.js';

// What npm installs: everything else is in one bundle beside this file.
const bundle = fileURLToPath(new URL('./halfcell.cjs', import.meta.url));
const args = process.argv.slice(2);

/** Whether this process is going to run a machine: then its modules compile while the rest loads. */
const runsMachine = args[0] === 'run' || process.env['HALFCELL_LAUNCHED'] === '1';
const started = runsMachine ? loadPrebuilt() : undefined;

function loadProgram(): typeof Bundle {
  if (!process.env['HALFCELL_DEBUG']) return new CachedProgram(bundle).module;
  process.setSourceMapsEnabled(true);
  return createRequire(bundle)(bundle) as typeof Bundle;
}

// Not `exitCode`: a terminal or socket that is still being read must not keep a finished command alive.
process.exit(await loadProgram().runCommandLine(args, () => started ?? loadPrebuilt()));
