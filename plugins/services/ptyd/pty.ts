import { EventFlag } from '../../../core/abi/flags.js';
import { LineDiscipline } from './line-discipline.js';
import type { CarriedLine } from './line-discipline.js';

const QUEUE_PACKETS = 64;
const SYNC_PACKET = 1;

export interface CarriedPty extends Pick<
  Pty,
  'id' | 'group' | 'locked' | 'rows' | 'columns' | 'masters' | 'slaves'
> {
  readonly toMaster: readonly (readonly number[])[];
  readonly line: CarriedLine;
}

/** A pair of ends: the master is a terminal's screen and keys, the slave is what programs open. */
export class Pty {
  readonly discipline: LineDiscipline;
  /** To the master, each with its header byte. */
  readonly toMaster: Uint8Array[] = [];
  group = 0;
  locked = true;
  rows = 30;
  columns = 80;
  masters = 0;
  slaves = 0;

  constructor(
    readonly id: number,
    signal: (group: number, number: number) => void,
  ) {
    this.discipline = new LineDiscipline({
      echo: (bytes) => this.#packet(0, bytes),
      signal: (number) => {
        if (this.group > 0) signal(this.group, number);
      },
    });
  }

  carry(): CarriedPty {
    const { id, group, locked, rows, columns, masters, slaves, discipline } = this;
    const toMaster = this.toMaster.map((packet) => [...packet]);
    return { id, group, locked, rows, columns, masters, slaves, toMaster, line: discipline.carry() };
  }

  restore({ toMaster, line, id: _, ...plain }: CarriedPty): this {
    Object.assign(this, plain);
    this.toMaster.push(...toMaster.map((packet) => Uint8Array.from(packet)));
    this.discipline.restore(line);
    return this;
  }

  get masterIsFull(): boolean {
    return this.toMaster.length >= QUEUE_PACKETS;
  }

  get slaveIsFull(): boolean {
    return this.discipline.packets.length >= QUEUE_PACKETS;
  }

  slaveWrites(bytes: Uint8Array): void {
    this.#packet(0, this.discipline.cook(bytes));
  }

  sync(): void {
    this.#packet(SYNC_PACKET, new Uint8Array());
  }

  /** One packet: header, then at most `length` - 1 bytes; what is left stays first. */
  masterReads(length: number): Uint8Array | undefined {
    const packet = this.toMaster.shift();
    if (!packet || packet.length <= length) return packet;
    const rest = packet.slice(length - 1);
    rest[0] = packet[0] ?? 0;
    rest.set(packet.subarray(length), 1);
    this.toMaster.unshift(rest);
    return packet.subarray(0, length);
  }

  ready(master: boolean): number {
    const read = master ? this.toMaster.length > 0 : this.discipline.packets.length > 0 || this.masters === 0;
    const write = master ? !this.slaveIsFull : !this.masterIsFull;
    return (read ? EventFlag.READ : 0) | (write ? EventFlag.WRITE : 0);
  }

  /** Neighbouring output goes as one packet: an echo of single keys would fill the queue. */
  #packet(header: number, bytes: Uint8Array): void {
    const last = this.toMaster.at(-1);
    if (header !== 0 || !last || last[0] !== 0 || last.length + bytes.length > 4096) {
      const packet = new Uint8Array(1 + bytes.length);
      packet[0] = header;
      packet.set(bytes, 1);
      this.toMaster.push(packet);
      return;
    }
    const joined = new Uint8Array(last.length + bytes.length);
    joined.set(last);
    joined.set(bytes, last.length);
    this.toMaster[this.toMaster.length - 1] = joined;
  }
}
