export interface Example {
  readonly line: number;
  readonly command: string;
  readonly output: string;
}

/** The commands of every ```console block of a Markdown text, with what they are said to print. */
export function examplesOf(markdown: string): Example[] {
  const examples: { line: number; command: string; output: string }[] = [];
  let inside = false;
  markdown.split('\n').forEach((text, index) => {
    if (text.startsWith('```')) inside = text === '```console';
    else if (inside && text.startsWith('$ '))
      examples.push({ line: index + 1, command: text.slice(2), output: '' });
    else if (inside) {
      const last = examples.at(-1);
      if (last) last.output += `${text}\n`;
    }
  });
  return examples;
}
