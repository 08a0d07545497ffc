#!/usr/bin/env node
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { CachedProgram } from './cached-program.js';
import type * as Bundle from './bundle.js';

// What npm installs: everything else is in one bundle beside this file.
const bundle = fileURLToPath(new URL('./halfcell.cjs', import.meta.url));

function loadProgram(): typeof Bundle {
  if (!process.env['HALFCELL_DEBUG']) return new CachedProgram(bundle).module;
  process.setSourceMapsEnabled(true);
  return createRequire(bundle)(bundle) as typeof Bundle;
}

// Not `exitCode`: a terminal or socket that is still being read must not keep a finished command alive.
process.exit(await loadProgram().runCommandLine(process.argv.slice(2)));
