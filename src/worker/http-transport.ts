/**
 * OTLP and Zipkin over HTTP/1.1 with keep-alive. Worker. Moves bytes, reads the status; what a body means is the
 * caller's business. Spec: otlp, sections "OTLP/HTTP response" and "connection"; limits of 64 MiB out and 4 MiB in.
 *
 *   attempt ──► answer ─► status ─► outcome
 *      │  └──► error on a kept connection before any answer: once more, at once, on a fresh one
 *      └──► timer: one for everything from connecting to the last byte
 */
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Failure, FailureClass } from '../pipeline/protocol.js';
import type { Connections } from './connections.js';
import { failureOf, outcomeOfError, scrub, timeoutOutcome } from './failure.js';
import { OTLP_MAX_REQUEST_BYTES, OTLP_MAX_RESPONSE_BYTES, type Outcome, type Transport } from './outcome.js';
import { parseRetryAfter } from './retry-after.js';

export interface HttpTransportOptions {
  readonly url: string;
  /** Complete, Content-Type and User-Agent included; values are secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly compress: ((body: Buffer) => Promise<Buffer>) | undefined;
  readonly connections: Connections;
  /** Reads a 2xx body: what the collector rejected, what it has to say. May throw on garbage. */
  readonly readSuccess: (body: Buffer, contentType: string) => { rejectedSpans: number; message: string | undefined };
  /** Reads the body of an error: the server's message. May throw on garbage. */
  readonly readError: (body: Buffer, contentType: string) => string;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
  readonly isEncrypted: boolean;
  /** True when the two sides agreed on HTTP/1.1 in the TLS handshake, or there was none. */
  readonly isHttpAgreed: boolean;
}

/** The ways a request ends without an answer. */
type NoAnswer = { readonly error: unknown; readonly isStaleConnection: boolean } | 'timeout' | 'response_too_large';

/** With which servers of HTTP/2 alone answer HTTP/1.1, if they answer. */
const NOT_HTTP: ReadonlySet<number> = new Set([400, 403, 405, 415, 426, 505]);
/** Failures to connect. */
const UNCONNECTED: ReadonlySet<FailureClass> = new Set(['refused', 'dns', 'unreachable']);

const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

function classOfStatus(status: number): FailureClass {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 407) return 'proxy';
  if (status === 404 || status === 405) return 'not_found';
  if (status === 413) return 'too_large';
  if (status === 429 || status === 503) return 'overloaded';
  return status >= 500 ? 'server_error' : 'bad_request';
}

export class HttpTransport implements Transport {
  readonly #options: HttpTransportOptions;
  readonly #secrets: readonly string[];

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    this.#secrets = Object.values(options.headers).flatMap((value) => [value, ...value.split(' ').slice(1)]);
  }

  async send(body: Buffer, timeoutMillis: number): Promise<Outcome> {
    const payload = this.#options.compress === undefined ? body : await this.#options.compress(body);
    if (body.length > OTLP_MAX_REQUEST_BYTES || payload.length > OTLP_MAX_REQUEST_BYTES) return this.#tooLarge(body);
    const endsAt = performance.now() + timeoutMillis;
    let answer = await this.#post(payload, timeoutMillis);
    if (typeof answer === 'object' && 'isStaleConnection' in answer && answer.isStaleConnection) {
      answer = await this.#post(payload, endsAt - performance.now());
    }
    return this.#blameProxy(answer, this.#outcomeOf(answer, timeoutMillis));
  }

  #outcomeOf(answer: Answer | NoAnswer, timeoutMillis: number): Outcome {
    if (answer === 'timeout') return timeoutOutcome(timeoutMillis);
    if (answer === 'response_too_large') return this.#responseTooLarge();
    return 'error' in answer ? outcomeOfError(answer.error) : this.#judge(answer);
  }

  /**
   * Names the proxy in what went wrong behind or before it. With a proxy no connection leads to the collector itself, so
   * one that fails is the proxy's, and so is an answer to https that came unencrypted.
   */
  #blameProxy(answer: Answer | NoAnswer, outcome: Outcome): Outcome {
    if (outcome.kind === 'delivered' || outcome.failure.failureClass === 'proxy') return outcome;
    const proxy = this.#options.connections.proxyName();
    if (proxy === undefined) return outcome;
    const isUnencrypted = typeof answer === 'object' && 'status' in answer && !answer.isEncrypted;
    const isOfProxy =
      UNCONNECTED.has(outcome.failure.failureClass) || (isUnencrypted && this.#options.url.startsWith('https:'));
    const failureClass = isOfProxy ? 'proxy' : outcome.failure.failureClass;
    return { ...outcome, failure: { failureClass, detail: `${outcome.failure.detail}, by way of the proxy ${proxy}` } };
  }

  close(): void {
    this.#options.connections.close();
  }

  #tooLarge(body: Buffer): Outcome {
    const failure: Failure = { failureClass: 'too_large', detail: `a request of ${body.length} bytes was not sent` };
    return { kind: 'failed', failure, dropReason: 'request_too_large' };
  }

  #responseTooLarge(): Outcome {
    const failure: Failure = { failureClass: 'garbage', detail: 'the answer exceeds 4 MiB' };
    return { kind: 'failed', failure, dropReason: 'response_too_large' };
  }

  #post(payload: Buffer, timeoutMillis: number): Promise<Answer | NoAnswer> {
    return new Promise((resolve) => {
      let request: ClientRequest;
      let timer: NodeJS.Timeout | undefined;
      const finish = (answer: Answer | NoAnswer): void => {
        clearTimeout(timer);
        resolve(answer);
      };
      try {
        request = this.#open(payload);
      } catch (error) {
        finish({ error, isStaleConnection: false });
        return;
      }
      if (timeoutMillis < 2 ** 31) {
        timer = setTimeout(() => {
          finish('timeout');
          request.destroy();
        }, timeoutMillis).unref();
      }
      request.on('socket', (socket) => socket.unref());
      request.on('response', (response) => this.#collect(request, response, finish));
      request.on('error', (error) => finish({ error, isStaleConnection: isStale(request, error) }));
      request.end(payload);
    });
  }

  #open(payload: Buffer): ClientRequest {
    const { headers, compress, connections } = this.#options;
    const options: RequestOptions = {
      method: 'POST',
      headers: {
        ...headers,
        ...(compress === undefined ? {} : { 'Content-Encoding': 'gzip' }),
        'Content-Length': payload.length,
      },
    };
    return connections.request(options);
  }

  #collect(request: ClientRequest, response: IncomingMessage, finish: (answer: Answer | NoAnswer) => void): void {
    const parts: Buffer[] = [];
    const { encrypted, alpnProtocol } = response.socket as Partial<TLSSocket>;
    let length = 0;
    response.on('data', (part: Buffer) => {
      length += part.length;
      if (length <= OTLP_MAX_RESPONSE_BYTES) {
        parts.push(part);
        return;
      }
      finish('response_too_large');
      request.destroy();
    });
    response.on('error', (error) => finish({ error, isStaleConnection: false }));
    response.on('end', () =>
      finish({
        status: response.statusCode ?? 0,
        contentType: response.headers['content-type'] ?? '',
        retryAfter: response.headers['retry-after'],
        isEncrypted: encrypted === true,
        isHttpAgreed: encrypted !== true || alpnProtocol === 'http/1.1',
        body: Buffer.concat(parts),
      }),
    );
  }

  #judge({ status, contentType, retryAfter, body, isHttpAgreed }: Answer): Outcome {
    if (status >= 200 && status < 300) return this.#delivered(body, contentType);
    const text = this.#errorText(body, contentType);
    const detail = `HTTP ${status}${text === '' ? '' : ` (${text})`}`;
    const failure: Failure = { failureClass: classOfStatus(status), detail };
    if (!RETRYABLE.has(status)) {
      const isPerhapsProtocol = !isHttpAgreed && NOT_HTTP.has(status);
      return { kind: 'failed', failure, dropReason: 'collector_rejected', isPerhapsProtocol };
    }
    return {
      kind: 'retryable',
      failure,
      retryAfterMillis: parseRetryAfter(retryAfter, Date.now()),
      hasAnswered: true,
    };
  }

  /** A 2xx is a success whatever its body holds: asking again would deliver the spans twice. */
  #delivered(body: Buffer, contentType: string): Outcome {
    try {
      const { rejectedSpans, message } = this.#options.readSuccess(body, contentType);
      return { kind: 'delivered', rejectedSpans, message: message && scrub(message, this.#secrets) };
    } catch {
      return { kind: 'delivered', rejectedSpans: 0, message: 'success, with a body that is not OTLP' };
    }
  }

  #errorText(body: Buffer, contentType: string): string {
    try {
      return scrub(this.#options.readError(body, contentType), this.#secrets);
    } catch {
      return '';
    }
  }
}

/** The server closed a kept connection while we were picking it: nothing was processed. */
function isStale(request: ClientRequest, error: Error): boolean {
  return request.reusedSocket && failureOf(error).failureClass === 'reset';
}
