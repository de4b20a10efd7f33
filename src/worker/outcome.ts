/**
 * What came of one attempt to send a request. Worker; types only.
 */
import type { DropReason, Failure } from '../pipeline/protocol.js';

export type Outcome =
  /** The collector took the request; it may have refused some of its spans and may have something to say. */
  | { readonly kind: 'delivered'; readonly rejectedSpans: number; readonly message: string | undefined }
  /** Another attempt may help; not before `retryAfterMillis` when the collector named a time. */
  | {
      readonly kind: 'retryable';
      readonly failure: Failure;
      readonly retryAfterMillis: number | undefined;
      /** False when nobody answered: no connection, no name, no handshake. */
      readonly hasAnswered: boolean;
    }
  /** Another attempt would end the same way. `isPerhapsProtocol`: unless over another protocol. */
  | {
      readonly kind: 'failed';
      readonly failure: Failure;
      readonly dropReason: DropReason;
      readonly isPerhapsProtocol?: boolean;
    };

/** Moves bytes to one collector. */
export interface Transport {
  /** Sends one request within `timeoutMillis`. Never rejects. */
  send(body: Buffer, timeoutMillis: number): Promise<Outcome>;
  close(): void;
}

export const OTLP_MAX_REQUEST_BYTES = 64 * 1024 * 1024;
export const OTLP_MAX_RESPONSE_BYTES = 4 * 1024 * 1024;
