import { makeDirectories } from '../runtime/file-trees.js';
import { directoryName } from '../runtime/paths.js';
import { forEachOperand } from './applet.js';
import { applyMode } from './mode.js';
import { UsageError } from './options.js';
import type { Applet } from './applet.js';
import type { Options } from './options.js';

function some({ operands }: Options): readonly string[] {
  if (operands.length === 0) throw new UsageError('missing operand');
  return operands;
}

export const mkdir: Applet = {
  usage: '[-pv] [-m MODE] DIRECTORY...',
  about: 'Makes directories; -p: also those above, and no error when they are there.',
  options: { flags: 'pv', values: 'm', long: { parents: 'p', verbose: 'v', mode: 'm' } },
  run(call, options) {
    const text = options.value('m');
    const { files } = call.os;
    return forEachOperand(call, some(options), (path) => {
      if (options.has('p')) makeDirectories(files, path);
      else files.makeDirectory(path);
      if (text !== undefined) files.chmod(path, applyMode(text, 0o777, true));
      if (options.has('v')) call.out.line(`created directory '${path}'`);
    });
  },
};

export const rmdir: Applet = {
  usage: '[-pv] DIRECTORY...',
  about: 'Removes empty directories; -p: also those above.',
  options: { flags: 'pv', long: { parents: 'p', verbose: 'v' } },
  run(call, options) {
    return forEachOperand(call, some(options), (path) => {
      call.os.files.removeDirectory(path);
      if (!options.has('p')) return;
      for (let above = directoryName(path); above !== '.' && above !== '/'; above = directoryName(above))
        call.os.files.removeDirectory(above);
    });
  },
};
