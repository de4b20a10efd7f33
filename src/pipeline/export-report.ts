/**
 * What the user is told about delivery: one line for a class of failure in an outage, one when delivery works again, now
 * and then one about dropped spans. How often is the log's business. Application's thread; loads nothing.
 */
import type { Log } from '../diag/log.js';
import { FAILURE_CODES } from './failure-codes.js';
import { DROP_REASONS, type DropReason, type ReportMessage } from './protocol.js';

/** Why spans were dropped, as the rest of a sentence. */
export const DROP_TEXT: Readonly<Record<DropReason, string>> = {
  queue_full: 'the queue was full (OTEL_BSP_MAX_QUEUE_SIZE)',
  queue_bytes_full: 'the queue was full (OTEL_NODE_MAX_QUEUE_BYTES)',
  span_too_large: 'a span was larger than a request may be',
  encode_error: 'a span could not be encoded',
  held_full: 'too many waited for the end of their root (OTEL_NODE_KEEP_ERRORS)',
  after_shutdown: 'they ended after shutdown',
  collector_rejected: 'the collector rejected the request',
  partial_success: 'the collector rejected these spans',
  export_timeout: 'no answer came within OTEL_EXPORTER_OTLP_TIMEOUT',
  request_too_large: 'the request exceeded 64 MiB',
  response_too_large: 'the answer exceeded 4 MiB',
  exporter_fault: 'the exporter failed',
  process_end: 'the process ended first (OTEL_NODE_SHUTDOWN_TIMEOUT)',
  spool_full: 'the spool was full or they were too old (OTEL_NODE_SPOOL_MAX_MIB, OTEL_NODE_SPOOL_MAX_AGE)',
  spool_damaged: 'a file of the spool was damaged',
};

export interface ExportReport {
  report(message: ReportMessage): void;
  /** Counts drops for the next line about them. */
  dropped(reason: DropReason, count: number): void;
  /** Says what is due by now; `isFinal`: all there is to say about drops. To be called now and then. */
  flush(isFinal: boolean): void;
}

/** The address without credentials and query: both may hold secrets. */
export function describeUrl(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
  } catch {
    return 'an invalid address';
  }
}

type FailureReport = Extract<ReportMessage, { kind: 'failure' }>;

/** Creates the reporter for one destination. Never throws. */
export function createExportReport(log: Log, url: string): ExportReport {
  // Only a failure needs it: parsing it at boot would cost every start.
  let description: string | undefined;
  const target = (): string => {
    description ??= describeUrl(url);
    return description;
  };
  const drops = new Map<DropReason, number>();
  /** A failure of this outage that came too soon after the previous outage to be told. */
  let untold: FailureReport | undefined;
  let isOutageTold = false;

  const tellFailure = (message: FailureReport): void => {
    const { failureClass, detail } = message.failure;
    const next = message.willRetry ? ' (will retry)' : '';
    const isTold = log.error(
      FAILURE_CODES[failureClass],
      `cannot send spans to ${target()}: ${detail}${next}`,
      target(),
    );
    if (isTold) isOutageTold = true;
    else if (!isOutageTold) untold = message;
  };
  const tellUntold = (): void => {
    const message = untold;
    if (message === undefined || !log.isDue(FAILURE_CODES[message.failure.failureClass], target())) return;
    untold = undefined;
    tellFailure(message);
  };
  const tellRecovered = (outageMillis: number): void => {
    const after = `${Math.round(outageMillis / 1000)} s`;
    if (isOutageTold) log.info('TA3023', `spans reach ${target()} again after ${after}`, target());
    isOutageTold = false;
    untold = undefined;
  };
  const tellSwitch = (from: string, to: string): void => {
    const advice = `set OTEL_EXPORTER_OTLP_PROTOCOL=${to} to have it so from the start`;
    log.warn(
      'TA3033',
      `${target()} speaks ${to}, not ${from}: spans are sent over ${to} from now on; ${advice}`,
      target(),
    );
  };
  const tellDrops = (isFinal: boolean): void => {
    const key = isFinal ? `${target()} at the end` : target();
    if (drops.size === 0 || !log.isDue('TA3025', key)) return;
    const total = [...drops.values()].reduce((sum, count) => sum + count, 0);
    const reasons = DROP_REASONS.filter((reason) => drops.has(reason));
    const parts = reasons.map((reason) => `${drops.get(reason)} because ${DROP_TEXT[reason]}`);
    drops.clear();
    log.warn('TA3025', `dropped ${total} span${total === 1 ? '' : 's'}: ${parts.join(', ')}`, key);
  };

  return {
    report(message) {
      if (message.kind === 'failure') tellFailure(message);
      else if (message.kind === 'recovered') tellRecovered(message.outageMillis);
      else if (message.kind === 'diagnostics') log.warn('TA3034', `nothing can be read from here: ${message.detail}`);
      else if (message.kind === 'metrics')
        log.warn('TA3036', `the agent's own metrics were not sent: ${message.detail}`, 'metrics');
      else if (message.kind === 'metrics_off')
        log.warn('TA3035', `the agent's own metrics are switched off: ${message.detail}`);
      else if (message.kind === 'switched') tellSwitch(message.from, message.to);
      else if (message.kind === 'rejected')
        log.warn('TA3032', `the collector at ${target()} ${message.detail}`, target());
      else log.warn('TA3024', `the collector at ${target()} says: ${message.detail}`, target());
    },
    dropped: (reason, count) => void drops.set(reason, (drops.get(reason) ?? 0) + count),
    flush(isFinal) {
      tellUntold();
      tellDrops(isFinal);
    },
  };
}
