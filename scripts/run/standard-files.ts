import { isatty } from 'node:tty';
import type { KernelService } from '../../plugins/kernel/index.js';
import {
  InheritedRegularFile,
  InputFile,
  OutputFile,
  standardKey,
} from '../../plugins/kernel/linux-abi/files/standard-file.js';
import { TerminalFile, terminalKey } from '../../plugins/kernel/linux-abi/files/terminal-file.js';
import type { OpenFile } from '../../plugins/kernel/linux-abi/files/open-file.js';
import { Sig } from '../../plugins/kernel/linux-abi/signals/signal-numbers.js';
import { openStandardStreams } from '../../plugins/kernel/linux-abi/stdio/standard-streams.js';
import type {
  StandardStream,
  StandardStreams,
} from '../../plugins/kernel/linux-abi/stdio/standard-streams.js';
import type { HostTerminal } from '../../plugins/kernel/linux-abi/stdio/host-terminal.js';
import type { LinuxSystem } from '../../plugins/kernel/linux-abi/system.js';
import { Terminal } from '../../plugins/kernel/linux-abi/tty/terminal.js';
import { signalGroup } from './guest-signals.js';

const FIRST_GROUP = 1;

/** This process's standard streams as the guest's descriptors 0, 1 and 2. */
export class StandardFiles {
  readonly files: readonly OpenFile[];
  readonly terminal: Terminal | undefined;
  readonly terminalFile: TerminalFile | undefined;
  readonly #streams: StandardStreams;

  constructor(
    private readonly service: KernelService,
    private readonly system: LinuxSystem,
  ) {
    this.#streams = openStandardStreams(() => this.#wake(standardKey));
    const host = this.#streams.terminal;
    this.terminal = host && this.#joined(host);
    this.terminalFile = this.terminal && new TerminalFile(this.terminal, host);
    this.files = this.#streams.streams.map((stream) => this.#fileFor(stream));
  }

  /** What ends a line that this process itself writes on standard error. */
  get newline(): string {
    return this.#streams.terminal?.processed === false && isatty(2) ? '\r\n' : '\n';
  }

  close(): void {
    this.system.table.onFirstStopped = undefined;
    this.#streams.close();
  }

  #joined(host: HostTerminal): Terminal {
    const { service, system } = this;
    const terminal = new Terminal({
      screen: host.screen,
      signalGroup: (pgid, signal) => service.outside(() => signalGroup(system, pgid, signal)),
      changed: () => this.#wake(terminalKey),
      nowNs: () => system.kernel.nowNs(),
    });
    host.attach(terminal, () => {
      service.outside(() => signalGroup(system, FIRST_GROUP, Sig.CONT));
      this.#wake(terminalKey);
    });
    system.table.onFirstStopped = () => service.outside(() => host.suspend());
    return terminal;
  }

  #wake(key: string): void {
    this.service.outside(() => void this.system.kernel.waits.wake(key));
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
