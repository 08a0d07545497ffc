import type { Generated } from '../generated.js';
import type { TierTwoParts } from './tier-two.js';

type OfRows = Pick<TierTwoParts, 'decoder' | 'ops' | 'families'>;

/** What the second tier needs of the rows, which are made when the first region is. */
export function rowsOnDemand<Others>(generated: Generated, others: Others): OfRows & Others {
  const ofRows: OfRows = {
    get decoder() {
      return generated.decoder;
    },
    get ops() {
      return generated.ops;
    },
    get families() {
      return generated.rowSet.families;
    },
  };
  return Object.defineProperties(others, Object.getOwnPropertyDescriptors(ofRows)) as OfRows & Others;
}
