/**
 * The files of the spool. Worker; loads node:fs. Nothing is made on disk before there is something to keep.
 *
 *   <directory>/                     OTEL_NODE_SPOOL_DIRECTORY, may be shared by many processes
 *     <owner>/                       one per exporter, `<destination>-<unique>`; mode 0700
 *       lease                        touched every LEASE_MILLIS while the owner lives
 *       <id>-<spans>-<made at>.batch one batch, mode 0600: written as .part, then renamed; removed when settled
 *       0-<spans>-<made at>-<random>.batch   one that was adopted
 *
 * There is no lock between processes that works in every container and file system, so ownership is a lease: a folder
 * whose lease is older than STALE_MILLIS belongs to nobody, and the process whose atomic rename of that folder succeeds
 * has it. An owner that was only asleep finds its folder gone and starts another one.
 */
import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';

export const LEASE_MILLIS = 5000;
export const STALE_MILLIS = 20_000;

const LEASE = 'lease';
const NAME = /^(\d+)-(\d+)-(\d+)(?:-[0-9a-f]+)?\.batch$/;
const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY_FILE = 0o600;

export interface BatchFile {
  /** Of the process that made it; 0 for adopted ones. */
  readonly id: number;
  readonly spanCount: number;
  readonly madeAt: number;
  readonly path: string;
  readonly size: number;
}

export interface BatchName {
  readonly id: number;
  readonly spanCount: number;
  readonly madeAt: number;
}

async function statOrNothing(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch {
    return undefined;
  }
}

export class SpoolFolder {
  readonly #directory: string;
  readonly #path: string;
  /** Of the owners whose leftovers this one may take. */
  readonly #prefix: string;
  #exists = false;
  /** Tail of the operations that must not overlap: making, filling and removing the folder. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(directory: string, owner: string) {
    this.#directory = directory;
    this.#path = join(directory, owner);
    this.#prefix = owner.slice(0, owner.indexOf('-') + 1);
  }

  #exclusively<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }

  /** Batches already in this owner's folder, oldest first; files that a crash left half written are removed. */
  async list(): Promise<BatchFile[]> {
    if ((await statOrNothing(this.#path)) === undefined) return [];
    this.#exists = true;
    return this.#listIn(this.#path);
  }

  async #listIn(folder: string): Promise<BatchFile[]> {
    const found: BatchFile[] = [];
    for (const entry of await readdir(folder)) {
      const path = join(folder, entry);
      const [, id, spanCount, madeAt] = NAME.exec(entry) ?? [];
      if (id === undefined) {
        if (entry.endsWith('.part')) await rm(path, { force: true });
        continue;
      }
      const size = (await statOrNothing(path))?.size;
      if (size === undefined) continue;
      found.push({ id: Number(id), spanCount: Number(spanCount), madeAt: Number(madeAt), path, size });
    }
    return found.sort((a, b) => a.madeAt - b.madeAt || a.id - b.id);
  }

  /** Writes one batch; `isSynced`: it survives a power loss too, not only the process. Rejects when the file system refuses. */
  write(name: BatchName, content: Buffer, isSynced: boolean): Promise<BatchFile> {
    return this.#exclusively(() => this.#write(name, content, isSynced));
  }

  async #write(name: BatchName, content: Buffer, isSynced: boolean): Promise<BatchFile> {
    await this.#create();
    const path = join(this.#path, `${name.id}-${name.spanCount}-${Math.round(name.madeAt)}.batch`);
    const part = `${path}.part`;
    const file: FileHandle = await open(part, 'w', OWNER_ONLY_FILE);
    try {
      await file.writeFile(content);
      if (isSynced) await file.datasync();
    } finally {
      await file.close();
    }
    await rename(part, path);
    return { ...name, path, size: content.length };
  }

  read(file: BatchFile): Promise<Buffer> {
    return readFile(file.path);
  }

  /** Never rejects: a file that is gone already is what was wanted. */
  async remove(file: BatchFile): Promise<void> {
    await unlink(file.path).catch(() => {});
  }

  /** Leaves nothing behind once nothing is kept. Never rejects. */
  removeIfEmpty(): Promise<void> {
    return this.#exclusively(() => this.#removeIfEmpty());
  }

  async #removeIfEmpty(): Promise<void> {
    const entries = await readdir(this.#path).catch((): string[] => []);
    if (!this.#exists || entries.some((entry) => entry !== LEASE)) return;
    this.#exists = false;
    await unlink(join(this.#path, LEASE)).catch(() => {});
    await rmdir(this.#path).catch(() => {});
  }

  async #create(): Promise<void> {
    if (this.#exists) return;
    await mkdir(this.#path, { recursive: true, mode: OWNER_ONLY_FOLDER });
    await writeFile(join(this.#path, LEASE), '', { mode: OWNER_ONLY_FILE });
    this.#exists = true;
  }

  /** Says that the owner lives. False when somebody has taken the folder meanwhile. */
  touch(): Promise<boolean> {
    return this.#exclusively(() => this.#touch());
  }

  async #touch(): Promise<boolean> {
    if (!this.#exists) return true;
    const now = new Date();
    try {
      await utimes(join(this.#path, LEASE), now, now);
      return true;
    } catch {
      this.#exists = false;
      return false;
    }
  }

  /** Takes the folders of processes that are gone; their batches, oldest first, are this owner's from now on. */
  adopt(): Promise<BatchFile[]> {
    return this.#exclusively(() => this.#adopt());
  }

  async #adopt(): Promise<BatchFile[]> {
    const adopted: BatchFile[] = [];
    for (const entry of await readdir(this.#directory).catch((): string[] => [])) {
      const folder = join(this.#directory, entry);
      if (!entry.startsWith(this.#prefix) || folder === this.#path || !(await this.#isAbandoned(folder))) continue;
      await this.#create();
      const mine = join(this.#path, `adopted-${randomBytes(8).toString('hex')}`);
      try {
        await rename(folder, mine);
        adopted.push(...(await this.#moveUp(mine)));
      } catch {
        // Another process was faster.
      }
    }
    return adopted.sort((a, b) => a.madeAt - b.madeAt);
  }

  async #isAbandoned(folder: string): Promise<boolean> {
    const info = await statOrNothing(folder);
    if (info?.isDirectory() !== true) return false;
    const lease = (await statOrNothing(join(folder, LEASE))) ?? info;
    return Date.now() - lease.mtimeMs > STALE_MILLIS;
  }

  /** Renames the batches of an adopted folder, and of folders that one had adopted, into this owner's. */
  async #moveUp(folder: string): Promise<BatchFile[]> {
    const moved: BatchFile[] = [];
    for (const file of await this.#listIn(folder)) {
      const path = join(this.#path, `0-${file.spanCount}-${file.madeAt}-${randomBytes(6).toString('hex')}.batch`);
      await rename(file.path, path);
      moved.push({ ...file, id: 0, path });
    }
    for (const entry of await readdir(folder)) {
      if (entry.startsWith('adopted-')) moved.push(...(await this.#moveUp(join(folder, entry))));
    }
    await rm(folder, { recursive: true, force: true });
    return moved;
  }
}
