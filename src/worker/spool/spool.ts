/**
 * Batches on disk while the collector is away, within limits of size and age. Worker.
 *
 *   store ──► file ──► load ─► sent or dropped ─► remove
 *     │ over the limit: the oldest file makes room, its spans are dropped as spool_full
 *     └ the disk refuses: told once, the batch stays in memory
 */
import type { SpoolSettings } from '../../pipeline/protocol.js';
import { type BatchFile, type BatchName, SpoolFolder } from './folder.js';
import { decodeRecord, encodeRecord, type SpooledBatch } from './record.js';

/** Many small batches would exhaust a file system's entries before its bytes. */
const MAX_FILES = 4096;

export interface SpoolEvents {
  /** Asks for room: gives up the batch of this file unless it is being sent. True when it did. */
  giveUp(file: BatchFile, reason: 'spool_full'): boolean;
  /** The disk refuses; told once until a write succeeds. */
  onTrouble(detail: string): void;
}

export class Spool {
  readonly #settings: SpoolSettings;
  readonly #folder: SpoolFolder;
  readonly #events: SpoolEvents;
  readonly #files = new Set<BatchFile>();
  #bytes = 0;
  #isInTrouble = false;

  constructor(settings: SpoolSettings, events: SpoolEvents) {
    this.#settings = settings;
    this.#events = events;
    this.#folder = new SpoolFolder(settings.directory, settings.owner);
  }

  /** What an earlier worker of this process left. Never rejects. */
  async open(): Promise<BatchFile[]> {
    return this.#take(() => this.#folder.list());
  }

  /** What processes that are gone left. Never rejects. */
  async adopt(): Promise<BatchFile[]> {
    return this.#take(() => this.#folder.adopt());
  }

  async #take(find: () => Promise<BatchFile[]>): Promise<BatchFile[]> {
    try {
      const found = await find();
      for (const file of found) this.#add(file);
      if (this.#files.size === 0) await this.#folder.removeIfEmpty();
      return found;
    } catch (error) {
      this.#report(error);
      return [];
    }
  }

  #add(file: BatchFile): void {
    this.#files.add(file);
    this.#bytes += file.size;
  }

  #report(error: unknown): void {
    if (this.#isInTrouble) return;
    this.#isInTrouble = true;
    this.#events.onTrouble(error instanceof Error ? error.message : String(error));
  }

  /** Writes a batch; undefined when there is no room or the disk refuses. Never rejects. */
  async store(name: BatchName, resource: Buffer, chunk: Buffer, isSynced: boolean): Promise<BatchFile | undefined> {
    const record = encodeRecord({ ...name, resource, chunk });
    if (!this.#makeRoom(record.length)) return undefined;
    try {
      const file = await this.#folder.write(name, record, isSynced);
      this.#add(file);
      this.#isInTrouble = false;
      return file;
    } catch (error) {
      this.#report(error);
      return undefined;
    }
  }

  #makeRoom(bytes: number): boolean {
    const hasRoom = () => this.#bytes + bytes <= this.#settings.maxBytes && this.#files.size < MAX_FILES;
    for (const file of this.#files) {
      if (hasRoom()) break;
      if (this.#events.giveUp(file, 'spool_full')) void this.remove(file);
    }
    return hasRoom();
  }

  /** The batch in a file, undefined when it is damaged or gone. Never rejects. */
  async load(file: BatchFile): Promise<SpooledBatch | undefined> {
    try {
      return decodeRecord(await this.#folder.read(file));
    } catch {
      return undefined;
    }
  }

  /** Never rejects. */
  async remove(file: BatchFile): Promise<void> {
    if (!this.#files.delete(file)) return;
    this.#bytes -= file.size;
    await this.#folder.remove(file);
    if (this.#files.size === 0) await this.#folder.removeIfEmpty();
  }

  /** Gives up what is older than the limit. */
  expire(nowEpochMillis: number): void {
    const oldest = nowEpochMillis - this.#settings.maxAgeMillis;
    for (const file of this.#files) {
      if (file.madeAt < oldest && this.#events.giveUp(file, 'spool_full')) void this.remove(file);
    }
  }

  /** Renews the lease; false when another process has taken the folder: its files are not ours any more. */
  async touch(): Promise<boolean> {
    if (await this.#folder.touch()) return true;
    this.#files.clear();
    this.#bytes = 0;
    return false;
  }
}
