import { busybox, command, halfcell } from './halfcell.js';
import type { Ended } from './halfcell.js';

/** Shell scripts by the name of what they ask. */
export type Questions = Readonly<Record<string, string>>;

/** What one of them wrote, and its status. */
export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
}

const MARK = '=#=#=';
const folderOf = (at: number): string => `question${at}`;

/** Where the question of that name runs, below the folder of all. */
export const folderOfQuestion = (questions: Questions, name: string): string =>
  folderOf(Object.keys(questions).indexOf(name));

/** One script that asks all questions, each in a shell and a folder of its own: starting a machine takes longer than most answers. */
function asOneScript(questions: Questions): string {
  const asked = Object.values(questions).map((script, at) => {
    const shell = `sh -c ${quoted(script)}; echo "status $?"`;
    return `mkdir -p ${folderOf(at)}; (cd ${folderOf(at)}; ${shell}); echo '${MARK}'; echo '${MARK}' >&2`;
  });
  return asked.join('\n');
}

export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** What busybox answers on the host, in a folder of the host. */
export async function askNative(questions: Questions, cwd: string): Promise<ReadonlyMap<string, Answer>> {
  const env = { PATH: '', HOME: '/', TERM: 'dumb' };
  return answersOf(questions, await command(busybox!, ['sh', '-c', asOneScript(questions)], { env, cwd }));
}

/** What it answers in `halfcell run`. */
export async function askGuest(
  questions: Questions,
  options: readonly string[],
): Promise<ReadonlyMap<string, Answer>> {
  const variables = ['--env', 'PATH=', '--env', 'TERM=dumb'];
  const shell = [busybox!, 'sh', '-c', asOneScript(questions)];
  return answersOf(questions, await halfcell([...variables, ...options, ...shell]));
}

function answersOf(questions: Questions, { stdout, stderr }: Ended): ReadonlyMap<string, Answer> {
  const [out, err] = [stdout, stderr].map((text) => text.split(`${MARK}\n`)) as [string[], string[]];
  return new Map(
    Object.keys(questions).map((name, at) => [
      name,
      { stdout: out[at] ?? 'nothing', stderr: err[at] ?? 'nothing' },
    ]),
  );
}
