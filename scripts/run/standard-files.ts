import type { KernelService } from '../../plugins/kernel/index.js';
import {
  InheritedRegularFile,
  InputFile,
  OutputFile,
  standardKey,
} from '../../plugins/kernel/linux-abi/files/standard-file.js';
import { TerminalFile, terminalKey } from '../../plugins/kernel/linux-abi/files/terminal-file.js';
import type { OpenFile } from '../../plugins/kernel/linux-abi/files/open-file.js';
import { openStandardStreams } from '../../plugins/kernel/linux-abi/stdio/standard-streams.js';
import type {
  StandardStream,
  StandardStreams,
} from '../../plugins/kernel/linux-abi/stdio/standard-streams.js';
import type { LinuxSystem } from '../../plugins/kernel/linux-abi/system.js';
import { Terminal } from '../../plugins/kernel/linux-abi/tty/terminal.js';

const SI_KERNEL = 128;

/** This process's standard streams as the guest's descriptors 0, 1 and 2. */
export class StandardFiles {
  readonly files: readonly OpenFile[];
  readonly terminal: Terminal | undefined;
  readonly terminalFile: TerminalFile | undefined;
  readonly #streams: StandardStreams;

  constructor(service: KernelService, system: LinuxSystem) {
    const wake = (key: string) => service.outside(() => void system.kernel.waits.wake(key));
    this.#streams = openStandardStreams(() => wake(standardKey));
    const host = this.#streams.terminal;
    this.terminal =
      host &&
      new Terminal({
        screen: host.screen,
        signalGroup: (pgid, signal) => signalGroup(system, pgid, signal),
        changed: () => wake(terminalKey),
        nowNs: () => system.kernel.nowNs(),
      });
    this.terminalFile = this.terminal && new TerminalFile(this.terminal, () => host?.demand());
    if (this.terminal) host?.attach(this.terminal);
    this.files = this.#streams.streams.map((stream) => this.#fileFor(stream));
  }

  close(): void {
    this.#streams.close();
  }

  #fileFor(stream: StandardStream): OpenFile {
    switch (stream.kind) {
      case 'input':
        return new InputFile(stream);
      case 'output':
        return new OutputFile(stream);
      case 'file':
        return new InheritedRegularFile(stream);
      case 'terminal':
        return this.terminalFile as TerminalFile;
    }
  }
}

function signalGroup({ table }: LinuxSystem, pgid: number, signal: number): void {
  for (const target of table.group(pgid)) table.sendToProcess(target, { signal, code: SI_KERNEL });
}
