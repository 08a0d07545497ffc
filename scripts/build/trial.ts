import { writeFile } from 'node:fs/promises';
import { CachedProgram } from '../cli/cached-program.js';
import { shippedCache } from '../cli/compile-cache.js';

// Runs a guest program in what was built, and stores what V8 has compiled by then: trial.ts BUNDLE GUEST
const [bundle, guest] = process.argv.slice(2) as [string, string];
const program = new CachedProgram(bundle, (name) => import(name));
const status = await program.module.runCommandLine(['run', guest]);
if (status !== 0) throw new Error(`what was built cannot run a program: status ${status}`);
await writeFile(shippedCache(bundle), program.compiled);
process.exit(0);
