/** A command of the shell, with the lines that a debugger started by it is given and is said to print. */
export interface Step {
  readonly command: string;
  readonly session: string[];
}

export interface Block {
  readonly line: number;
  readonly steps: readonly Step[];
}

/** The ```console blocks of a Markdown text. */
export function blocksOf(markdown: string): Block[] {
  return fencesOf(markdown)
    .filter(({ head }) => head === 'console')
    .map(({ line, lines }) => ({ line, steps: stepsOf(lines) }));
}

/** Files that are shown whole: ```c NAME. */
export function filesOf(markdown: string): { name: string; content: string }[] {
  return fencesOf(markdown).flatMap(({ head, lines }) => {
    const name = /^\w+ (\S+)$/.exec(head)?.[1];
    return name ? [{ name, content: `${lines.join('\n')}\n` }] : [];
  });
}

interface Fence {
  readonly head: string;
  readonly line: number;
  readonly lines: string[];
}

function fencesOf(markdown: string): Fence[] {
  const fences: Fence[] = [];
  let open: Fence | undefined;
  markdown.split('\n').forEach((text, index) => {
    if (!text.startsWith('```')) open?.lines.push(text);
    else if (open) open = undefined;
    else fences.push((open = { head: text.slice(3), line: index + 1, lines: [] }));
  });
  return fences;
}

function stepsOf(lines: readonly string[]): Step[] {
  const steps: Step[] = [];
  for (const line of lines) {
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), session: [] });
    else steps.at(-1)?.session.push(line);
  }
  return steps;
}

/** Whether a text is what lines with `…` for anything, and `…` alone for any lines, say; blank lines apart. */
export function matches(said: string, lines: readonly string[]): boolean {
  const parts = lines.map((line) =>
    line === '…' ? '(?:.*\n)*?' : `${line.split('…').map(escape).join('.*')}\n`,
  );
  const text = said.split('\n').filter((line) => line.trim() !== '');
  return new RegExp(`^${parts.join('')}$`).test(`${text.join('\n')}\n`);
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
