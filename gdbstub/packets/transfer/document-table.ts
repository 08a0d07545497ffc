import { auxiliaryVector } from './auxiliary-vector.js';
import type { DocumentKind } from './document-kind.js';
import { execFile } from './exec-file.js';
import { librariesSvr4 } from './libraries-svr4.js';
import { libraries } from './libraries.js';
import { memoryMap } from './memory-map.js';
import { osData } from './os-data.js';
import { signalInfo } from './signal-info.js';
import { targetDescription } from './target-description.js';
import { threads } from './threads.js';

export const documentKinds: readonly DocumentKind[] = [
  ...[targetDescription, threads, libraries, librariesSvr4, memoryMap],
  ...[execFile, auxiliaryVector, signalInfo, osData],
];
