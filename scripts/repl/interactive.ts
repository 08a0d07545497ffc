import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { start } from 'node:repl';
import type { REPLEval, REPLServer } from 'node:repl';
import type { Readable, Writable } from 'node:stream';
import { defineNames } from './evaluator.js';
import { helpText } from './names.js';
import type { Name } from './names.js';
import type { Writer } from './writer.js';

export interface InteractiveOptions {
  readonly names: readonly Name[];
  readonly input: Readable;
  readonly output: Writable;
  readonly write: Writer;
}

/** In the state folder of the XDG base directories. */
export function historyFile(env: NodeJS.ProcessEnv = process.env): string {
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local/state'), 'halfcell/repl-history');
}

/** Node's own REPL with the names of the session: history, completion over live objects, `.help` for each name. */
export function startInteractive({ names, input, output, write }: InteractiveOptions): REPLServer {
  const server = start({
    prompt: 'halfcell> ',
    input,
    output,
    terminal: true,
    ignoreUndefined: true,
    writer: write,
  });
  defineNames(server, names);
  server.on('reset', () => defineNames(server, names));
  awaitResults(server);
  server.defineCommand('help', {
    help: 'names of this session, or more about one',
    action(name) {
      output.write(`${helpText(names, name.trim())}\n`);
      if (name.trim() === '')
        output.write(`\nCtrl-]  to the console of the guest and back\n.exit   switch the machine off\n`);
      this.displayPrompt();
    },
  });
  keepHistory(server);
  return server;
}

/** A result that is a promise is waited for; Ctrl-C gives up waiting. */
function awaitResults(server: REPLServer): void {
  const withEval = server as REPLServer & { eval: REPLEval };
  const plain = withEval.eval;
  withEval.eval = (code, context, file, answer) =>
    plain.call(server, code, context, file, (error, value: unknown) => {
      if (error || !isPromise(value)) return answer(error, value);
      void orInterrupt(server, value).then(
        (result) => answer(null, result),
        (failure: Error) => answer(failure, undefined),
      );
    });
}

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof (value as { then?: unknown } | undefined)?.then === 'function';

async function orInterrupt(server: REPLServer, work: Promise<unknown>): Promise<unknown> {
  const given = new AbortController();
  const interrupted = new Promise((_, reject) => {
    const onInterrupt = () => reject(new Error('no longer waited for'));
    server.once('SIGINT', onInterrupt);
    given.signal.addEventListener('abort', () => server.off('SIGINT', onInterrupt));
  });
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    given.abort();
  }
}

/** At once, before anything can be typed: what is entered before the history is read would not be in it. */
function keepHistory(server: REPLServer): void {
  const file = historyFile();
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  } catch {
    return; // Without a place for it, this session has no history.
  }
  server.setupHistory(file, () => {});
}
