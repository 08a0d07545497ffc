import type { Signature } from '../wasm/module.js';
import { defineArithmetic } from './arithmetic.js';
import { defineExtended } from './extended.js';
import { defineLaterVector } from './later-vector.js';
import { defineFused } from './fused.js';
import { defineHalf } from './half.js';
import { Library } from './library.js';
import { defineQuick } from './quick.js';
import { defineRemainder } from './remainder.js';
import { defineRounding } from './round.js';
import { defineSquareRoot } from './square-root.js';
import { defineStackMoves } from './stack-moves.js';
import { defineStack } from './stack.js';
import { defineStores } from './stores.js';
import { defineStrings } from './strings.js';
import { defineTranscendental } from './transcendental/define.js';
import { defineUnpacking } from './unpack.js';
import { defineVector } from './vector.js';

function buildLibrary(): Library {
  const library = new Library();
  library.import('transcendental', ['i32'], []);
  defineUnpacking(library);
  defineArithmetic(library);
  defineSquareRoot(library);
  defineRounding(library);
  defineVector(library);
  defineLaterVector(library);
  defineFused(library);
  defineHalf(library);
  defineStrings(library);
  defineStack(library);
  defineExtended(library);
  defineStackMoves(library);
  defineStores(library);
  defineRemainder(library);
  defineQuick(library);
  defineTranscendental(library);
  return library;
}

let built: Library | undefined;
const library = () => (built ??= buildLibrary());

/** Functions that meanings of SSE and x87 rows call, by name. Built on first use. */
export const helperSignatures = (): ReadonlyMap<string, Signature> => library().signatures();

/** The module that exports them; it imports `env.memory` and `env.transcendental`. */
export const helperModule = (): Uint8Array<ArrayBuffer> => library().bytes();
