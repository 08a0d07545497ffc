import { HostError } from '../../core/errors/host-error.js';

type Table = Readonly<Record<string, unknown>>;

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** Reads one table of a configuration file. Every complaint is CONFIG and names file and key. */
export class TableReader {
  readonly #read = new Set<string>();

  constructor(
    readonly file: string,
    private readonly path: string,
    private readonly content: Table,
  ) {}

  text(key: string, otherwise?: string): string {
    const value = this.optionalText(key) ?? otherwise;
    return value ?? this.refuse(key, 'is missing', 'add it');
  }

  optionalText(key: string): string | undefined {
    const value = this.#take(key);
    if (value === undefined || typeof value === 'string') return value;
    return this.refuse(key, 'is no text', 'put it in quotes');
  }

  number(key: string, otherwise: number): number {
    const value = this.#take(key) ?? otherwise;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    return this.refuse(key, 'is no whole number', 'write a number of 0 or more');
  }

  optionalNumbers<Key extends string>(...keys: Key[]): Partial<Record<Key, number>> {
    const given = keys.filter((key) => this.content[key] !== undefined);
    return Object.fromEntries(given.map((key) => [key, this.number(key, 0)])) as Partial<Record<Key, number>>;
  }

  flag(key: string): boolean {
    const value = this.#take(key) ?? false;
    return typeof value === 'boolean'
      ? value
      : this.refuse(key, 'is neither true nor false', 'write true or false');
  }

  texts(key: string): string[] {
    const value = this.#take(key) ?? [];
    const texts = Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;
    if (texts && texts.length === (value as unknown[]).length) return texts;
    return this.refuse(key, 'is no list of texts', 'write ["a", "b"]');
  }

  /** The table under `key`; an empty one where there is none. */
  table(key: string): TableReader {
    const value = this.#take(key) ?? {};
    if (!isTable(value)) return this.refuse(key, 'is no table', `write [${this.#name(key)}]`);
    return new TableReader(this.file, this.#name(key), value);
  }

  /** The tables in the table under `key`, such as `[key.name]`. */
  tables(key: string): [name: string, table: TableReader][] {
    const table = this.table(key);
    return Object.keys(table.content).map((name) => [name, table.table(name)]);
  }

  entries(key: string): [name: string, value: unknown][] {
    return Object.entries(this.table(key).content);
  }

  /** The tables of `[[key]]`. */
  list(key: string): TableReader[] {
    const value = this.#take(key) ?? [];
    if (!Array.isArray(value) || !value.every(isTable)) {
      return this.refuse(key, 'is no list of tables', `write [[${this.#name(key)}]]`);
    }
    return value.map((item, index) => new TableReader(this.file, `${this.#name(key)}[${index}]`, item));
  }

  /** Everything that has not been read. */
  rest(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this.content).filter(([key]) => !this.#read.has(key)));
  }

  refuseOthers(): void {
    const [unknown] = Object.keys(this.rest());
    if (unknown === undefined) return;
    this.refuse(unknown, 'means nothing here', `known are ${[...this.#read].sort().join(', ')}`);
  }

  refuse(key: string, what: string, remedy: string): never {
    throw new HostError('CONFIG', `${this.file}: ${this.#name(key)} ${what}`, remedy);
  }

  #take(key: string): unknown {
    this.#read.add(key);
    return this.content[key];
  }

  #name(key: string): string {
    return this.path ? `${this.path}.${key}` : key;
  }
}
