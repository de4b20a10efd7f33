/**
 * Batches to requests: how many at once, when to try again, when to give up, what to tell. Worker (or the application's
 * thread in the fallback); knows no protocol.
 *
 *   push ─► waiting ──(gate open, fewer than maxConcurrentExports)──► in flight ──► settled: SETTLED to the other side
 *              ▲                                                          │
 *              └───────────── retryable, time left ◄──────────────────────┘  keeps its place at the head
 *
 * The time limit of an export counts what a batch spends in requests. Waiting for the gate is not sending: a batch that
 * finds the collector down waits, within the queue's limits, until it is up again. A flush opens the gate for one
 * attempt at once; when nobody answers that, the flush is over (a dead collector must not hold up the process's end).
 * Where there is a spool, what waits is written to it as soon as the collector fails, and before a flush ends.
 */
import type { DropReason, Failure, FailureClass, ReportMessage } from '../pipeline/protocol.js';
import { type Attempt, Gate } from './gate.js';
import type { Outcome } from './outcome.js';

export interface Job {
  readonly spanCount: number;
}

export interface ExportLoopOptions<J extends Job> {
  readonly timeoutMillis: number;
  readonly maxConcurrentExports: number;
  /** Sends one batch. Must not reject. */
  readonly send: (job: J, timeoutMillis: number) => Promise<Outcome>;
  readonly report: (message: ReportMessage) => void;
  /** exported + all dropped = the job's spanCount. */
  readonly onSettled: (job: J, exported: number, dropped: Partial<Record<DropReason, number>>) => void;
  readonly onFlushed: (id: number) => void;
  /** Makes jobs survive the process; `isUrgent`: it may be about to end. Must not reject. */
  readonly secure?: (jobs: readonly J[], isUrgent: boolean) => Promise<void>;
  /** True for a job that survives the process already: no flush waits for it. */
  readonly isSecured?: (job: J) => boolean;
  readonly now?: () => number;
}

interface Waiting<J> {
  readonly job: J;
  /** Milliseconds already spent in requests. */
  spentMillis: number;
}

interface Flush<J> {
  readonly id: number;
  readonly endsAt: number;
  readonly pending: Set<J>;
  readonly timer: NodeJS.Timeout;
  /** True when this flush may start an attempt against the gate's advice. */
  mayForce: boolean;
  /** Attempts that failed while it waited. */
  failures: number;
}

/** First wait between attempts of a flush when the collector answered "later"; it doubles. */
const FLUSH_RETRY_MILLIS = 100;
/** Time kept back from a flush to write what could not be sent: a quarter of it, this at most. */
const MAX_SECURE_MILLIS = 500;
/** Requests this old count as hanging. */
const STALL_MILLIS = 5000;
const MAX_TIMER_MILLIS = 2 ** 31 - 1;

export class ExportLoop<J extends Job> {
  readonly #options: ExportLoopOptions<J>;
  readonly #now: () => number;
  readonly #gate: Gate;
  readonly #waiting: Waiting<J>[] = [];
  readonly #inFlight = new Set<Waiting<J>>();
  readonly #flushes = new Set<Flush<J>>();
  readonly #told = new Set<FailureClass>();
  #wakeUp: NodeJS.Timeout | undefined;
  #lastStart = 0;
  #failingSince: number | undefined;
  #isStopped = false;

  constructor(options: ExportLoopOptions<J>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#gate = new Gate(this.#now);
  }

  push(job: J): void {
    this.#waiting.push({ job, spentMillis: 0 });
    this.#pump();
    if (this.#gate.isFailing) void this.#options.secure?.([job], false);
  }

  /** Drops a job that is not being sent. False when it is, or is not here. */
  discard(job: J, reason: DropReason): boolean {
    const index = this.#waiting.findIndex((waiting) => waiting.job === job);
    if (index < 0) return false;
    this.#waiting.splice(index, 1);
    this.#settle(job, 0, { [reason]: job.spanCount });
    return true;
  }

  flush(id: number, timeoutMillis: number): void {
    const jobs = [...this.#waiting, ...this.#inFlight].map(({ job }) => job);
    const pending = new Set(jobs.filter((job) => this.#options.isSecured?.(job) !== true));
    const limit = Math.min(Math.max(0, timeoutMillis), MAX_TIMER_MILLIS);
    const reserve = this.#options.secure === undefined ? 0 : Math.min(MAX_SECURE_MILLIS, limit / 4);
    const timer = setTimeout(() => this.#endFlush(flush), limit - reserve).unref();
    const flush: Flush<J> = { id, endsAt: this.#now() + limit, pending, timer, mayForce: true, failures: 0 };
    this.#flushes.add(flush);
    if (pending.size === 0) this.#endFlush(flush);
    else this.#pump();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#wakeUp);
    for (const flush of [...this.#flushes]) this.#endFlush(flush);
  }

  #pump(): void {
    if (this.#isStopped) return;
    while (this.#waiting.length > 0 && this.#mayStart()) void this.#attempt(this.#waiting.shift() as Waiting<J>);
    this.#setWakeUp();
  }

  #mayStart(): boolean {
    if (this.#gate.waitMillis > 0) return this.#mayForce();
    const isUrgent = this.#flushes.size > 0 && !this.#gate.isFailing;
    const limit = this.#gate.isSuspicious && !isUrgent ? 1 : this.#options.maxConcurrentExports;
    // A failing collector gets one attempt per interval even if the previous one hangs; the gate counts the interval.
    return this.#gate.isFailing || this.#inFlight.size < limit || this.#stallMillis <= 0;
  }

  /** Milliseconds until requests without an answer no longer keep another one from trying its luck. */
  get #stallMillis(): number {
    return this.#lastStart + STALL_MILLIS - this.#now();
  }

  /** A flush that has not tried yet may try once although the gate says wait, unless the collector itself named a time. */
  #mayForce(): boolean {
    for (const flush of this.#flushes) {
      if (!flush.mayForce || this.#gate.namedWaitMillis > 0) continue;
      flush.mayForce = false;
      return true;
    }
    return false;
  }

  #setWakeUp(): void {
    clearTimeout(this.#wakeUp);
    if (this.#waiting.length === 0) return;
    const wait = this.#gate.waitMillis || this.#stallMillis;
    if (wait > 0) this.#wakeUp = setTimeout(() => this.#pump(), Math.min(Math.ceil(wait), MAX_TIMER_MILLIS)).unref();
  }

  async #attempt(waiting: Waiting<J>): Promise<void> {
    const attempt = this.#gate.begin();
    this.#inFlight.add(waiting);
    this.#lastStart = attempt.startedAt;
    const left = Math.max(1, this.#options.timeoutMillis - waiting.spentMillis);
    const outcome = await this.#options.send(waiting.job, left);
    waiting.spentMillis += this.#now() - attempt.startedAt;
    this.#inFlight.delete(waiting);
    if (this.#isStopped) return;
    this.#conclude(waiting, attempt, outcome);
    this.#pump();
  }

  #conclude(waiting: Waiting<J>, attempt: Attempt, outcome: Outcome): void {
    const { job } = waiting;
    if (outcome.kind === 'retryable') {
      this.#retryLater(waiting, attempt, outcome);
      return;
    }
    this.#gate.succeeded();
    if (outcome.kind === 'failed') {
      this.#tell(outcome.failure, false);
      this.#settle(job, 0, { [outcome.dropReason]: job.spanCount });
      return;
    }
    const rejected = Math.min(outcome.rejectedSpans, job.spanCount);
    if (outcome.message !== undefined)
      this.#options.report({ verb: 'REPORT', kind: rejected > 0 ? 'rejected' : 'warning', detail: outcome.message });
    this.#tellRecovered();
    this.#settle(job, job.spanCount - rejected, rejected > 0 ? { partial_success: rejected } : {});
  }

  #retryLater(waiting: Waiting<J>, attempt: Attempt, outcome: Extract<Outcome, { kind: 'retryable' }>): void {
    this.#gate.failed(attempt, outcome.retryAfterMillis);
    const hasTime = waiting.spentMillis < this.#options.timeoutMillis;
    this.#tell(outcome.failure, hasTime);
    if (hasTime) this.#waiting.unshift(waiting);
    else this.#settle(waiting.job, 0, { export_timeout: waiting.job.spanCount });
    void this.#options.secure?.(
      this.#waiting.map(({ job }) => job),
      false,
    );
    for (const flush of [...this.#flushes]) this.#reconsider(flush, outcome.hasAnswered);
  }

  /** After a failure: is there any point in this flush waiting on? */
  #reconsider(flush: Flush<J>, hasAnswered: boolean): void {
    flush.mayForce = false;
    if (this.#inFlight.size > 0) return;
    const wait = Math.max(this.#gate.namedWaitMillis, FLUSH_RETRY_MILLIS * 2 ** flush.failures++);
    if (!hasAnswered || this.#now() + wait >= flush.endsAt) {
      this.#endFlush(flush);
      return;
    }
    setTimeout(() => {
      flush.mayForce = true;
      this.#pump();
    }, wait).unref();
  }

  #settle(job: J, exported: number, dropped: Partial<Record<DropReason, number>>): void {
    this.#options.onSettled(job, exported, dropped);
    for (const flush of [...this.#flushes]) {
      flush.pending.delete(job);
      if (flush.pending.size === 0) this.#endFlush(flush);
    }
  }

  #endFlush(flush: Flush<J>): void {
    clearTimeout(flush.timer);
    if (!this.#flushes.delete(flush)) return;
    const done = (): void => this.#options.onFlushed(flush.id);
    const { secure } = this.#options;
    if (secure === undefined || flush.pending.size === 0) done();
    else {
      const jobs = [...this.#waiting, ...this.#inFlight].map(({ job }) => job);
      void secure(jobs, true).then(done);
    }
  }

  #tell(failure: Failure, willRetry: boolean): void {
    this.#failingSince ??= this.#now();
    if (this.#told.has(failure.failureClass)) return;
    this.#told.add(failure.failureClass);
    this.#options.report({ verb: 'REPORT', kind: 'failure', failure, willRetry });
  }

  #tellRecovered(): void {
    if (this.#failingSince === undefined) return;
    const outageMillis = this.#now() - this.#failingSince;
    this.#failingSince = undefined;
    this.#told.clear();
    this.#options.report({ verb: 'REPORT', kind: 'recovered', outageMillis });
  }
}
