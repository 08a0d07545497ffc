import { AssemblyError, locating } from './assembly-error.js';

/** A text and where it stands, so that every instruction has a true file and line. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
  /** Line number of the text's first line. */
  readonly firstLine: number;
}

export interface SourceLine {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

interface Macro {
  readonly parameters: readonly string[];
  readonly body: readonly SourceLine[];
}

/** Takes macros apart, replaces constants by numbers, gives local numeric labels (`1:`, `1b`, `1f`) unique names. */
export function expandSource(
  texts: readonly SourceText[],
  constants: ReadonlyMap<string, number>,
): SourceLine[] {
  const macros = new Map<string, Macro>();
  const lines = texts.flatMap(splitLines);
  const rest = collectMacros(lines, macros);
  const expanded = rest.flatMap((line) => expandLine(line, macros));
  return nameLocalLabels(expanded.map((line) => ({ ...line, text: replaceConstants(line.text, constants) })));
}

function splitLines({ file, text, firstLine }: SourceText): SourceLine[] {
  const lines = text
    .split('\n')
    .map((raw, index) => ({ file, line: firstLine + index, text: stripComment(raw) }));
  return lines.filter((line) => line.text !== '');
}

const stripComment = (text: string) => text.replace(/#.*$/, '').trim().replaceAll(/\s+/g, ' ');

function collectMacros(lines: readonly SourceLine[], macros: Map<string, Macro>): SourceLine[] {
  const outside: SourceLine[] = [];
  let open: { name: string; parameters: string[]; body: SourceLine[] } | undefined;
  for (const line of lines) {
    const [, name, list = ''] = /^\.macro (\w+)(.*)$/.exec(line.text) ?? [];
    if (name !== undefined) open = { name, parameters: splitList(list), body: [] };
    else if (line.text === '.endm' && open) {
      macros.set(open.name, open);
      open = undefined;
    } else (open?.body ?? outside).push(line);
  }
  if (open) throw new AssemblyError(`.macro ${open.name} has no .endm`);
  return outside;
}

export const splitList = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

function expandLine(line: SourceLine, macros: ReadonlyMap<string, Macro>): SourceLine[] {
  const [name = '', ...rest] = line.text.split(' ');
  const macro = macros.get(name);
  if (!macro) return [line];
  const values = splitList(rest.join(' '));
  return locating(line, () => {
    if (values.length !== macro.parameters.length) {
      throw new AssemblyError(`${name} takes ${macro.parameters.length} arguments`);
    }
    const bind = (text: string) => bindParameters(text, macro.parameters, values);
    return macro.body.flatMap((body) => expandLine({ ...body, text: bind(body.text) }, macros));
  });
}

function bindParameters(text: string, parameters: readonly string[], values: readonly string[]): string {
  return text.replaceAll(/\\(\w+)/g, (whole, name: string) => values[parameters.indexOf(name)] ?? whole);
}

function replaceConstants(text: string, constants: ReadonlyMap<string, number>): string {
  return text.replaceAll(/\b[A-Z][A-Z0-9_]+\b/g, (name) => {
    const value = constants.get(name);
    if (value === undefined) throw new AssemblyError(`unknown constant ${name}`);
    return String(value);
  });
}

function nameLocalLabels(lines: readonly SourceLine[]): SourceLine[] {
  const seen = new Map<string, number>();
  const nameOf = (digit: string, ahead: number) => `.L${digit}_${(seen.get(digit) ?? 0) + ahead}`;
  return lines.map((line) => {
    const digit = /^(\d):$/.exec(line.text)?.[1];
    if (digit !== undefined) {
      seen.set(digit, (seen.get(digit) ?? 0) + 1);
      return { ...line, text: `${nameOf(digit, 0)}:` };
    }
    const text = line.text.replace(
      / (\d)([bf])$/,
      (_, target: string, way: string) => ` ${nameOf(target, way === 'f' ? 1 : 0)}`,
    );
    return { ...line, text };
  });
}
