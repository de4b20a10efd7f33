/**
 * Joins the export loop, the sender and the spool, and speaks the protocol of pipeline/protocol.ts. Worker, or the
 * application's thread in the fallback.
 *
 *   BATCH ─► job in memory ─► export loop ─► sent / dropped ─► SETTLED
 *                 │ collector failing, spool configured
 *                 └► file ─► SPOOLED (the other side forgets the chunk) ─► loaded again when its turn comes
 */
import type {
  BatchMessage,
  DropReason,
  ExporterHandle,
  ExportSettings,
  FlushMessage,
  FromExporter,
  MetricsSettings,
  SnapshotMessage,
  SpoolSettings,
  ToExporter,
} from '../pipeline/protocol.js';
import { createAdaptiveSender } from './adaptive-sender.js';
import { DiagnosticsSocket } from './diagnostics-socket.js';
import { ExportLoop } from './export-loop.js';
import { StatsKeeper } from './export-stats.js';
import type { Outcome } from './outcome.js';
import type { SdkMetrics } from './sdk-metrics.js';
import type { Sender } from './sender.js';
import { type BatchFile, LEASE_MILLIS } from './spool/folder.js';
import { Spool } from './spool/spool.js';

/** A batch, in memory or on disk. */
interface Job {
  /** The other side's number; 0 when the batch comes from a process that is gone. */
  readonly id: number;
  readonly spanCount: number;
  /** Undefined once the batch is on disk. */
  memory: { readonly message: BatchMessage; readonly resource: Buffer } | undefined;
  file: BatchFile | undefined;
  isSettled: boolean;
}

const DAMAGED: Outcome = {
  kind: 'failed',
  failure: { failureClass: 'spool', detail: 'a spooled batch was damaged' },
  dropReason: 'spool_damaged',
};

function faultOutcome(error: unknown): Outcome {
  const detail = error instanceof Error ? error.message : String(error);
  return { kind: 'failed', failure: { failureClass: 'exporter_fault', detail }, dropReason: 'exporter_fault' };
}

function chunkOf(message: BatchMessage): Buffer {
  return Buffer.from(message.chunk, 0, message.byteLength);
}

class Exporter implements ExporterHandle {
  readonly #post: (message: FromExporter) => void;
  readonly #sender: Sender;
  readonly #loop: ExportLoop<Job>;
  readonly #spool: Spool | undefined;
  readonly #stats: StatsKeeper;
  readonly #diagnostics: DiagnosticsSocket | undefined;
  readonly #metrics: SdkMetrics | undefined;
  #flushEndsAt = 0;
  readonly #jobsByFile = new Map<BatchFile, Job>();
  #resource: Buffer = Buffer.alloc(0);
  /** Messages wait for the spool to be read; resolved at once without a spool. */
  #isOpen: boolean;
  readonly #early: ToExporter[] = [];
  #storing: Promise<void> = Promise.resolve();
  #isStopped = false;
  /** A flush waits for the disk. */
  #isUrgent = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: ExportSettings, post: (message: FromExporter) => void) {
    this.#post = post;
    this.#stats = new StatsKeeper(settings.kind);
    this.#diagnostics =
      settings.diagnosticsSocket === undefined ? undefined : this.#openSocket(settings.diagnosticsSocket);
    this.#sender = createAdaptiveSender(settings, (from, to) => {
      this.#stats.kind = to;
      post({ verb: 'REPORT', kind: 'switched', from, to });
    });
    this.#metrics = settings.metrics && this.#openMetrics(settings, settings.metrics);
    this.#isOpen = settings.spool === undefined;
    this.#spool = settings.spool && this.#createSpool(settings.spool);
    this.#loop = new ExportLoop<Job>({
      timeoutMillis: settings.timeoutMillis,
      maxConcurrentExports: settings.maxConcurrentExports,
      send: (job, timeoutMillis) => this.#send(job, timeoutMillis),
      report: post,
      onSettled: (job, exported, dropped) => this.#onSettled(job, exported, dropped),
      onFlushed: (id) => {
        // Whatever ends now, the other side has the last numbers.
        if (this.#diagnostics !== undefined) post({ verb: 'ASK', id: 0, stats: this.#stats.read() });
        const answer = (): void => post({ verb: 'FLUSHED', id });
        if (this.#metrics === undefined) answer();
        else void this.#metrics.export(this.#flushEndsAt - Date.now()).then(answer);
      },
      isSecured: (job) => job.file !== undefined,
      ...(this.#spool === undefined ? {} : { secure: (jobs, isUrgent) => this.#secure(jobs, isUrgent) }),
    });
    if (this.#spool !== undefined) void this.#open(this.#spool);
  }

  receive(message: ToExporter): void {
    if (!this.#isOpen) this.#early.push(message);
    else if (message.verb === 'BATCH') this.#onBatch(message);
    else if (message.verb === 'RESOURCE') this.#resource = Buffer.from(message.bytes);
    else if (message.verb === 'FLUSH') this.#flush(message);
    else if (message.verb === 'SNAPSHOT') this.#onSnapshot(message);
    else {
      this.#isStopped = true;
      this.#diagnostics?.close();
      this.#metrics?.close();
      this.#loop.stop();
      this.#sender.close();
      clearTimeout(this.#timer);
    }
  }

  #onBatch(message: BatchMessage): void {
    for (const { id } of this.#jobsByFile.values()) {
      // The worker before this one had written it to disk and died before it could say so.
      if (id === message.id) {
        this.#post({ verb: 'SPOOLED', id });
        return;
      }
    }
    const { id, spanCount } = message;
    const memory = {
      message,
      resource: message.resource === undefined ? this.#resource : Buffer.from(message.resource),
    };
    this.#loop.push({ id, spanCount, memory, file: undefined, isSettled: false });
  }

  #flush({ id, deadlineEpochMillis }: FlushMessage): void {
    this.#flushEndsAt = deadlineEpochMillis;
    this.#loop.flush(id, deadlineEpochMillis - Date.now());
  }

  #onSnapshot({ id, text }: SnapshotMessage): void {
    if (id > 0) this.#diagnostics?.answer(id, text);
    else this.#metrics?.answer(text, id !== 0);
  }

  #openMetrics(settings: ExportSettings, metrics: MetricsSettings): SdkMetrics {
    const { METRICS_ASK_ID, SdkMetrics } = require('./sdk-metrics.js') as typeof import('./sdk-metrics.js');
    return new SdkMetrics({
      settings: { ...settings, metrics },
      stats: this.#stats,
      ask: () => this.#post({ verb: 'ASK', id: METRICS_ASK_ID, stats: this.#stats.read() }),
      onTrouble: (detail, isOver) => this.#post({ verb: 'REPORT', kind: isOver ? 'metrics_off' : 'metrics', detail }),
    });
  }

  #openSocket(path: string): DiagnosticsSocket {
    return new DiagnosticsSocket({
      path,
      ask: (id) => this.#post({ verb: 'ASK', id, stats: this.#stats.read() }),
      onTrouble: (detail) => this.#post({ verb: 'REPORT', kind: 'diagnostics', detail }),
    });
  }

  async #send(job: Job, timeoutMillis: number): Promise<Outcome> {
    const startedAt = performance.now();
    this.#stats.begin(job.spanCount);
    const outcome = await this.#attempt(job, timeoutMillis);
    this.#stats.end(job.spanCount, outcome, performance.now() - startedAt);
    return outcome;
  }

  async #attempt(job: Job, timeoutMillis: number): Promise<Outcome> {
    try {
      if (job.memory !== undefined) {
        return await this.#sender.send(job.memory.resource, chunkOf(job.memory.message), timeoutMillis);
      }
      const batch = job.file && (await this.#spool?.load(job.file));
      return batch === undefined ? DAMAGED : await this.#sender.send(batch.resource, batch.chunk, timeoutMillis);
    } catch (error) {
      return faultOutcome(error);
    }
  }

  #onSettled(job: Job, exported: number, dropped: Partial<Record<DropReason, number>>): void {
    job.isSettled = true;
    this.#stats.settled(exported, dropped);
    if (job.file !== undefined) this.#forget(job.file);
    if (job.id > 0) this.#post({ verb: 'SETTLED', id: job.id, exported, dropped });
    else this.#post({ verb: 'RESTORED', exported, dropped: job.spanCount - exported });
  }

  #forget(file: BatchFile): void {
    this.#jobsByFile.delete(file);
    void this.#spool?.remove(file);
  }

  #createSpool(settings: SpoolSettings): Spool {
    return new Spool(settings, {
      giveUp: (file, reason) => {
        const job = this.#jobsByFile.get(file);
        return job !== undefined && this.#loop.discard(job, reason);
      },
      onTrouble: (detail) =>
        this.#post({ verb: 'REPORT', kind: 'failure', failure: { failureClass: 'spool', detail }, willRetry: true }),
    });
  }

  async #open(spool: Spool): Promise<void> {
    this.#pushFiles(await spool.open());
    this.#isOpen = true;
    for (const message of this.#early.splice(0)) this.receive(message);
    this.#pushFiles(await spool.adopt());
    this.#scheduleUpkeep(spool);
  }

  #pushFiles(files: readonly BatchFile[]): void {
    for (const file of files) {
      const job: Job = { id: file.id, spanCount: file.spanCount, memory: undefined, file, isSettled: false };
      this.#jobsByFile.set(file, job);
      this.#loop.push(job);
    }
  }

  #scheduleUpkeep(spool: Spool): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(async () => {
      if (!(await spool.touch())) this.#loseFolder();
      spool.expire(Date.now());
      this.#pushFiles(await spool.adopt());
      this.#scheduleUpkeep(spool);
    }, LEASE_MILLIS).unref();
  }

  /** Another process took this one for dead and has the files: it will send them. */
  #loseFolder(): void {
    for (const job of [...this.#jobsByFile.values()]) {
      job.file = undefined;
      this.#loop.discard(job, 'spool_full');
    }
    this.#jobsByFile.clear();
  }

  /**
   * Writes these jobs to disk, one after the other; resolves when all are written, settled or refused. When the process
   * is about to end nothing is synced: that takes a slow disk longer than there is time, and the process may end without.
   */
  #secure(jobs: readonly Job[], isUrgent: boolean): Promise<void> {
    this.#isUrgent ||= isUrgent;
    for (const job of jobs) this.#storing = this.#storing.then(() => this.#store(job));
    return this.#storing.then(() => {
      if (isUrgent) this.#isUrgent = false;
    });
  }

  async #store(job: Job): Promise<void> {
    const { memory } = job;
    if (job.isSettled || memory === undefined || this.#spool === undefined) return;
    const name = { id: job.id, spanCount: job.spanCount, madeAt: Date.now() };
    const file = await this.#spool.store(name, memory.resource, chunkOf(memory.message), !this.#isUrgent);
    if (file === undefined) return;
    if (job.isSettled) {
      await this.#spool.remove(file);
      return;
    }
    job.file = file;
    job.memory = undefined;
    this.#jobsByFile.set(file, job);
    this.#post({ verb: 'SPOOLED', id: job.id });
  }
}

/** Creates an exporter that answers through `post`. Opens no connection before the first batch. */
export function createExporter(settings: ExportSettings, post: (message: FromExporter) => void): ExporterHandle {
  return new Exporter(settings, post);
}
