import { tapIn } from '../../core/hooks/untap.js';
import { definePlugin } from '../../core/plugin/plugin.js';

export interface UndefinedOpcodesConfig {
  /** Gets each line, without a newline, beside the kernel's log. */
  readonly say?: (line: string) => void;
}

/** A program that is nothing but such bytes shall not fill the log. */
const MAX_LINES = 10;
/** Longer than any opcode with its prefixes, ModRM, SIB and displacement. */
const SHOWN_BYTES = 12;

/** Says what raised #UD because no row describes it or its row does not hold in this mode or model; the same bytes once. */
export const undefinedOpcodes = definePlugin({
  name: 'undefined-opcodes',
  needs: ['hooks', 'kernel'],

  start({ scope, use }, { say }: UndefinedOpcodesConfig) {
    const { kernel } = use.kernel;
    const said = new Set<string>();
    tapIn(scope, use.hooks.undefinedOpcode, { name: 'undefined-opcodes' }, (rip, bytes, row) => {
      const what = `${inHex(bytes)} (${row === undefined ? 'no row' : `row ${row}`})`;
      if (said.has(what) || said.size === MAX_LINES) return;
      said.add(what);
      const line = `${kernel.current.name}: instruction ${what} at rip 0x${rip.toString(16)} raises #UD: this processor lacks it`;
      kernel.log.write(`${line}\n`);
      say?.(line);
    });
    return {};
  },
});

const inHex = (bytes: Uint8Array): string =>
  Array.from(bytes.subarray(0, SHOWN_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
