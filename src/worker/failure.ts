/**
 * Names what went wrong on the way to the collector. Worker; loads nothing. Texts never hold header values: the server's
 * own words pass through `scrub` with the list of secrets.
 */
import type { Failure, FailureClass } from '../pipeline/protocol.js';
import type { Outcome } from './outcome.js';

const CLASS_BY_CODE: Readonly<Record<string, FailureClass>> = {
  ECONNREFUSED: 'refused',
  ENOENT: 'refused',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  ERR_STREAM_PREMATURE_CLOSE: 'reset',
  ETIMEDOUT: 'timeout',
  CERT_HAS_EXPIRED: 'tls_expired',
  CERT_NOT_YET_VALID: 'tls_expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls_hostname',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls_untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls_untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'tls_untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls_untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls_untrusted',
  CERT_UNTRUSTED: 'tls_untrusted',
  CERT_SIGNATURE_FAILURE: 'tls_untrusted',
  INVALID_CA: 'tls_untrusted',
  ERR_TLS_FILES: 'tls_files',
  ERR_PROXY: 'proxy',
  EPROTO: 'tls',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'wrong_protocol',
};

/** What Node throws for header names and values that HTTP does not allow. */
const NOT_SENDABLE =
  /^ERR_(INVALID_CHAR|INVALID_HTTP_TOKEN|HTTP_INVALID_HEADER_VALUE|HTTP2_(INVALID|HEADER|CONNECT|STATUS)_?.*)$/;

/** What an error code of Node.js or OpenSSL means. */
export function classOfCode(code: string): FailureClass {
  const known = CLASS_BY_CODE[code];
  if (known !== undefined) return known;
  if (code.startsWith('HPE_') || code === 'ERR_HTTP2_ERROR') return 'wrong_protocol';
  if (NOT_SENDABLE.test(code)) return 'headers';
  if (code.startsWith('ERR_HTTP2_')) return 'reset';
  // The handshake's own errors are ERR_SSL; these come from reading a certificate or key.
  if (code.startsWith('ERR_OSSL')) return 'tls_files';
  if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS')) return 'tls';
  return 'unreachable';
}

/** The innermost cause that says something: Node wraps parallel connection attempts in an AggregateError. */
function innermost(error: unknown): NodeJS.ErrnoException {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0]);
  return error instanceof Error ? error : new Error(String(error));
}

/** Classifies an error from a socket, a TLS handshake or a parser. */
export function failureOf(error: unknown): Failure {
  const { code, message } = innermost(error);
  const failureClass = classOfCode(code ?? '');
  const detail = message.replace(/\s+/g, ' ').slice(0, 200);
  return { failureClass, detail: code === undefined || detail.includes(code) ? detail : `${code}: ${detail}` };
}

/**
 * What an error means for the request: no answer came, so another attempt is allowed. That includes answers in another
 * protocol: what stands there during a rollout may be gone a moment later.
 */
export function outcomeOfError(error: unknown): Outcome {
  const failure = failureOf(error);
  if (failure.failureClass === 'headers') return { kind: 'failed', failure, dropReason: 'exporter_fault' };
  return { kind: 'retryable', failure, retryAfterMillis: undefined, hasAnswered: failure.failureClass === 'reset' };
}

/** Runs out of time: may be tried again while the export's own limit allows. */
export function timeoutOutcome(timeoutMillis: number): Outcome {
  const failure: Failure = { failureClass: 'timeout', detail: `no answer after ${Math.round(timeoutMillis)} ms` };
  return { kind: 'retryable', failure, retryAfterMillis: undefined, hasAnswered: false };
}

/** At most 200 printable characters of a server's text, with every secret replaced. */
export function scrub(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) if (secret.length > 3) clean = clean.replaceAll(secret, '***');
  return clean
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 200);
}
