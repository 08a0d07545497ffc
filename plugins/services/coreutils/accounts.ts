import type { Files } from '../runtime/files.js';

/** Names of users and groups from /etc/passwd and /etc/group; fields are parted by `;` or `:`. */
export class Accounts {
  readonly #users = new Map<number, string>();
  readonly #groups = new Map<number, string>();

  constructor(files: Files) {
    fill(files, '/etc/passwd', this.#users);
    fill(files, '/etc/group', this.#groups);
  }

  user(uid: number): string {
    return this.#users.get(uid) ?? (uid === 0 ? 'root' : String(uid));
  }

  group(gid: number): string {
    return this.#groups.get(gid) ?? (gid === 0 ? 'root' : String(gid));
  }

  userId(name: string): number | undefined {
    return idOf(this.#users, name);
  }

  groupId(name: string): number | undefined {
    return idOf(this.#groups, name);
  }
}

function idOf(names: ReadonlyMap<number, string>, name: string): number | undefined {
  if (/^\d+$/.test(name)) return Number(name);
  const known = [...names].find(([, known]) => known === name)?.[0];
  return known ?? (name === 'root' ? 0 : undefined);
}

/** Redox: `name;uid;gid;…` and `name;x;gid;…`; POSIX: `name:password:id:…`. The id is the first number. */
function fill(files: Files, path: string, names: Map<number, string>): void {
  if (!files.probe(path)) return;
  for (const line of files.readText(path).split('\n')) {
    const [name = '', ...fields] = line.split(line.includes(';') ? ';' : ':');
    const id = fields.find((field) => /^\d+$/.test(field));
    if (name !== '' && id !== undefined) names.set(Number(id), name);
  }
}
