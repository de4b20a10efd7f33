/**
 * What the user is told about delivery: one line when a class of failure first appears, one when delivery works again,
 * at most one a minute about dropped spans. Application's thread; loads nothing.
 */
import type { Log } from '../diag/log.js';
import { DROP_REASONS, type DropReason, type FailureClass, type ReportMessage } from './protocol.js';

const REPEAT_MILLIS = 60_000;

/** What the user can do about each class. */
const ADVICE: Readonly<Record<FailureClass, string>> = {
  refused: 'nothing listens there; check that the collector runs and OTEL_EXPORTER_OTLP_ENDPOINT names it',
  dns: 'the host name does not resolve; check OTEL_EXPORTER_OTLP_ENDPOINT',
  unreachable: 'no route to the collector; check the network policy and OTEL_EXPORTER_OTLP_ENDPOINT',
  reset: 'the connection was closed before an answer; check the collector and what stands between',
  timeout: 'no answer within OTEL_EXPORTER_OTLP_TIMEOUT',
  tls_untrusted:
    'name the authority that signed the certificate in OTEL_EXPORTER_OTLP_CERTIFICATE or NODE_EXTRA_CA_CERTS',
  tls_expired: 'the certificate is not valid now; renew it or check the clock',
  tls_hostname: 'the certificate was issued for another name; check the host in OTEL_EXPORTER_OTLP_ENDPOINT',
  tls_files: 'check the files named by OTEL_EXPORTER_OTLP_CERTIFICATE, _CLIENT_CERTIFICATE and _CLIENT_KEY',
  tls: 'the TLS handshake failed; check the scheme, the certificates and whether a client certificate is wanted',
  wrong_protocol: 'port 4317 speaks grpc and 4318 http; set OTEL_EXPORTER_OTLP_PROTOCOL or the port to match',
  unauthorized: 'check the credentials in OTEL_EXPORTER_OTLP_HEADERS',
  not_found: 'the path is wrong; OTEL_EXPORTER_OTLP_ENDPOINT gets /v1/traces appended, ..._TRACES_ENDPOINT does not',
  bad_request: 'the collector refuses the request; check that it takes OTLP traces at this address',
  too_large: 'lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE or raise the limit of the collector',
  overloaded: 'the collector asks for less traffic',
  server_error: 'the collector failed; look at its log',
  proxy: 'check HTTP_PROXY, HTTPS_PROXY and NO_PROXY',
  garbage: 'the answer makes no sense; check what listens there',
  headers: 'a name or value in OTEL_EXPORTER_OTLP_HEADERS is not allowed in HTTP',
  spool: 'check OTEL_NODE_SPOOL_DIRECTORY; spans wait in memory meanwhile',
  exporter_fault: 'this is a fault of the agent',
};

const DROP_TEXT: Readonly<Record<DropReason, string>> = {
  queue_full: 'the queue was full (OTEL_BSP_MAX_QUEUE_SIZE)',
  queue_bytes_full: 'the queue was full (OTEL_NODE_MAX_QUEUE_BYTES)',
  span_too_large: 'a span was larger than a request may be',
  encode_error: 'a span could not be encoded',
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
  /** Writes that line if there is anything to say, at most once a minute unless `isFinal`. */
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

/** Creates the reporter for one destination. Never throws. */
export function createExportReport(log: Log, url: string, now: () => number = Date.now): ExportReport {
  // Only a failure needs it: parsing it at boot would cost every start.
  let description: string | undefined;
  const target = (): string => {
    description ??= describeUrl(url);
    return description;
  };
  const lastTold = new Map<string, number>();
  const pending = new Map<DropReason, number>();
  let isFailureTold = false;
  let lastDropLine = Number.NEGATIVE_INFINITY;

  const isDue = (key: string): boolean => {
    const last = lastTold.get(key);
    if (last !== undefined && now() - last < REPEAT_MILLIS) return false;
    lastTold.set(key, now());
    return true;
  };
  const flush = (isFinal: boolean): void => {
    if (pending.size === 0 || (!isFinal && now() - lastDropLine < REPEAT_MILLIS)) return;
    const total = [...pending.values()].reduce((sum, count) => sum + count, 0);
    const reasons = DROP_REASONS.filter((reason) => pending.has(reason));
    const parts = reasons.map((reason) => `${pending.get(reason)} because ${DROP_TEXT[reason]}`);
    pending.clear();
    lastDropLine = now();
    log.warn(`dropped ${total} span${total === 1 ? '' : 's'}: ${parts.join(', ')}`);
  };

  return {
    report(message) {
      if (message.kind === 'warning') {
        if (isDue('warning')) log.warn(`the collector at ${target()} says: ${message.detail}`);
      } else if (message.kind === 'recovered') {
        if (isFailureTold) log.info(`spans reach ${target()} again after ${Math.round(message.outageMillis / 1000)} s`);
        isFailureTold = false;
      } else if (isDue(message.failure.failureClass)) {
        const { failureClass, detail } = message.failure;
        isFailureTold = true;
        const next = message.willRetry ? ' (will retry)' : '';
        log.error(`cannot send spans to ${target()}: ${detail}; ${ADVICE[failureClass]}${next}`);
      }
    },
    dropped: (reason, count) => void pending.set(reason, (pending.get(reason) ?? 0) + count),
    flush,
  };
}
