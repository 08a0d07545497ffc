import type { Description, Provider } from './description.js';
import type { Waits } from '../contexts/waits.js';

export interface EventRecord {
  readonly id: number;
  readonly flags: number;
  readonly data: bigint;
}

interface Registration {
  readonly queue: EventQueue;
  readonly id: number;
  readonly flags: number;
  readonly data: bigint;
}

/** One open `/scheme/event`: records wait until they are read. */
export class EventQueue {
  readonly records: EventRecord[] = [];
  /** Milliseconds of the timeout armed for the next blocking read. */
  timeoutMs: number | undefined;
  /** What watches this queue in turn. */
  file: Description | undefined;

  constructor(
    readonly id: number,
    private readonly registry: () => EventRegistry,
    private readonly waits: Waits,
  ) {}

  get key(): string {
    return `event:${this.id}`;
  }

  /** One record for what happens again before anybody has read of it. */
  push(record: EventRecord): void {
    const known = this.records.findIndex(({ id, data }) => id === record.id && data === record.data);
    const before = this.records[known];
    if (before) this.records[known] = { ...before, flags: before.flags | record.flags };
    else this.records.push(record);
    this.waits.wake(this.key);
    if (this.file) this.registry().trigger(this.file.provider, this.file.number, EventFlag.READ);
  }
}

export const EventFlag = { READ: 1, WRITE: 2 } as const;

/** Who wants to know about which resource. A resource is (scheme, number). */
export class EventRegistry {
  readonly #registrations = new Map<string, Registration[]>();
  #nextQueue = 1;

  constructor(private readonly waits: Waits) {}

  createQueue(): EventQueue {
    return new EventQueue(this.#nextQueue++, () => this, this.waits);
  }

  /** Flags 0 removes; the same queue and id overwrites. */
  register(file: Description, registration: Registration): void {
    const key = resource(file.provider, file.number);
    const others = (this.#registrations.get(key) ?? []).filter(
      (other) => other.queue !== registration.queue || other.id !== registration.id,
    );
    if (registration.flags !== 0) others.push(registration);
    if (others.length > 0) this.#registrations.set(key, others);
    else this.#registrations.delete(key);
  }

  /** Every flag that somebody waits for on the resource. */
  wanted(file: Description): number {
    const all = this.#registrations.get(resource(file.provider, file.number)) ?? [];
    return all.reduce((flags, registration) => flags | registration.flags, 0);
  }

  /** Something happened: queues get their record, and whoever polls the resource wakes up. */
  trigger(provider: Provider, number: number, flags: number): void {
    const key = resource(provider, number);
    for (const { queue, id, flags: wanted, data } of this.#registrations.get(key) ?? []) {
      if (wanted & flags) queue.push({ id, flags: wanted & flags, data });
    }
    this.waits.wake(pollKey(provider, number));
  }

  /** The last reference to a file is gone. */
  forget(file: Description): void {
    this.#registrations.delete(resource(file.provider, file.number));
  }

  closeQueue(queue: EventQueue): void {
    for (const [key, all] of this.#registrations) {
      const left = all.filter((registration) => registration.queue !== queue);
      if (left.length > 0) this.#registrations.set(key, left);
      else this.#registrations.delete(key);
    }
  }

  get count(): number {
    return this.#registrations.size;
  }
}

const resource = (provider: Provider, number: number) => `${provider.id}:${number}`;

/** The wait queue of whoever polls a resource without an event queue. */
const pollKey = (provider: Provider, number: number): string => `poll:${provider.id}:${number}`;
