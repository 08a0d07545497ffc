/** A mistake in the assembly text of the image: a bug of ours, found when the image is built. */
export class AssemblyError extends Error {
  override readonly name = 'AssemblyError';
}

/** Runs `work`, saying at which line of the text it failed. */
export function locating<T>(where: { file: string; line: number; text: string }, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof AssemblyError)) throw error;
    throw new AssemblyError(`${where.file}:${where.line}: ${where.text.trim()}: ${error.message}`, {
      cause: error,
    });
  }
}
