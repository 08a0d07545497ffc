const V8_MAJOR = Number.parseInt(process.versions.v8, 10);

/**
 * Flags of V8 for the whole process, to be set before it compiles anything that is kept: what it has compiled is only good under
 * the same flags. V8 14 may fail a check of its own, and end the process, when it optimises a function again that it had to give
 * up optimised code of; x87 in Node 26 does that. Without speculation it never has to.
 */
export function setEngineFlags(): void {
  // Not imported: a start that needs no flag need not wait for the module.
  if (V8_MAJOR >= 14) process.getBuiltinModule('node:v8').setFlagsFromString('--no-wasm-deopt');
}
