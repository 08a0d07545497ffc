#!/usr/bin/env node
import { runCommandLine } from './program.js';

// Not `exitCode`: a terminal or socket that is still being read must not keep a finished command alive.
process.exit(await runCommandLine(process.argv.slice(2)));
