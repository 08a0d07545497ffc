const LOG_BYTES = 1 << 20;

/** The last MiB of what the kernel and the debug scheme said. */
export class KernelLog {
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  write(text: string | Uint8Array): void {
    const chunk = typeof text === 'string' ? Buffer.from(text, 'utf8') : text.slice();
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes > LOG_BYTES) this.#bytes -= this.#chunks.shift()?.length ?? 0;
  }

  read(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
}
