/**
 * The part of answering that is the same for HTTP and gRPC: ask the responder, wait, decide what is kept.
 */
import type { PeerCertificate } from 'node:tls';
import type { Received } from './received.js';
import type { Answer, IncomingTraces, RequestOutcome, Responder } from './receiver-types.js';
import type { SpanRecord } from './span-record.js';

/** What an endpoint needs from the receiver. */
export interface Desk {
  received: Received;
  responder(): Responder | undefined;
  /** Sends RST on the connection from this client port. */
  reset(remotePort: number | undefined): void;
}

/** How one protocol carries an answer out. */
export interface Reply {
  /** True when the client is gone and no answer can reach it. */
  isClosed(): boolean;
  /** The HTTP status or gRPC code that `send` puts on the wire. */
  codeOf(answer: Answer): number;
  isSuccess(code: number): boolean;
  send(answer: Answer): void;
  /** Sends the beginning of an answer, then calls back for the reset. */
  sendPart(answer: Answer, afterwards: () => void): void;
}

/** Answers one decoded request as the responder says and records its fate. Rejects only when the responder throws. */
export async function answerRequest(desk: Desk, incoming: IncomingTraces, reply: Reply): Promise<void> {
  const answer = (await desk.responder()?.(incoming)) ?? {};
  if (answer.delayMillis !== undefined) await delay(answer.delayMillis);
  const record = (outcome: RequestOutcome, confirmed: SpanRecord[], answeredCode?: number) => {
    const stored = answer.store === undefined ? confirmed : answer.store ? incoming.spans : [];
    desk.received.record(incoming, { outcome, answeredCode, stored });
  };
  if (reply.isClosed()) return record('aborted', []);
  if (answer.hang) return record('hung', []);
  if (answer.reset) {
    record('reset', []);
    const reset = () => desk.reset(incoming.remotePort);
    return answer.reset === 'mid-response' ? reply.sendPart(answer, reset) : reset();
  }
  // Recorded before it is sent: whoever sees the client's success finds the spans here.
  const code = reply.codeOf(answer);
  if (reply.isSuccess(code)) {
    const rejected = Math.min(answer.partialSuccess?.rejected ?? 0, incoming.spans.length);
    const confirmed = incoming.spans.slice(0, incoming.spans.length - rejected);
    record(rejected > 0 ? 'partial' : 'accepted', confirmed, code);
  } else {
    record('refused', [], code);
  }
  reply.send(answer);
}

/** The name in a client certificate; undefined without one. */
export function commonName(certificate: PeerCertificate | undefined): string | undefined {
  const name = certificate?.subject?.CN;
  return Array.isArray(name) ? name[0] : name;
}

function delay(millis: number): Promise<void> {
  // Unref'd: a delayed answer must not keep a finished test process alive.
  return new Promise((resolve) => setTimeout(resolve, millis).unref());
}
