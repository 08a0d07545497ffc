// What the build puts into one file.
export { runCommandLine } from './program.js';
export { storedMachine } from '../build/stored-machine.js';
