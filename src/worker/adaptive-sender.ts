/**
 * Sends over the other protocol when the port speaks that one and the user named none. Worker.
 *
 *   HTTP ──answer is no HTTP──► try grpc ──a collector answers──► stay with grpc, say so
 *     ▲                            └──it does not──► HTTP, with its failure
 *     └──── the same the other way round, should what stands there be replaced
 */
import type { ExportKind, ExportSettings } from '../pipeline/protocol.js';
import type { Outcome } from './outcome.js';
import { createSender, type Sender } from './sender.js';

export type OnSwitch = (from: ExportKind, to: ExportKind) => void;

const GRPC_PORT = '4317';

function otherKind(kind: ExportKind): ExportKind {
  return kind === 'grpc' ? 'http/protobuf' : 'grpc';
}

/** grpc uses the URL's origin alone, so the URL of HTTP serves both. */
function settingsFor(settings: ExportSettings, kind: ExportKind): ExportSettings {
  return { ...settings, kind };
}

class AdaptiveSender implements Sender {
  readonly #settings: ExportSettings;
  readonly #onSwitch: OnSwitch;
  /** Some servers of grpc just hang up on HTTP. */
  readonly #isResetSuspicious: boolean;
  #kind: ExportKind;
  #sender: Sender;
  #hasSucceeded = false;

  constructor(settings: ExportSettings, onSwitch: OnSwitch) {
    this.#settings = settings;
    this.#onSwitch = onSwitch;
    this.#isResetSuspicious = new URL(settings.url).port === GRPC_PORT;
    this.#kind = settings.kind;
    this.#sender = createSender(settings);
  }

  async send(resource: Uint8Array, chunk: Buffer, timeoutMillis: number): Promise<Outcome> {
    const startedAt = performance.now();
    const kind = this.#kind;
    const outcome = await this.#sender.send(resource, chunk, timeoutMillis);
    if (!this.#isOtherProtocol(outcome)) {
      this.#hasSucceeded ||= outcome.kind === 'delivered';
      return outcome;
    }
    const left = timeoutMillis - (performance.now() - startedAt);
    return left > 0 ? await this.#tryOther(kind, outcome, () => [resource, chunk, left]) : outcome;
  }

  async #tryOther(kind: ExportKind, first: Outcome, what: () => [Uint8Array, Buffer, number]): Promise<Outcome> {
    // Another request may have switched meanwhile.
    if (kind !== this.#kind) return this.#sender.send(...what());
    const to = otherKind(kind);
    const other = createSender(settingsFor(this.#settings, to));
    const outcome = await other.send(...what());
    if (outcome.kind !== 'delivered' && !isAnswerOfCollector(outcome)) {
      other.close();
      return first;
    }
    if (kind !== this.#kind) other.close();
    else this.#switchTo(to, other);
    return outcome;
  }

  #switchTo(kind: ExportKind, sender: Sender): void {
    const from = this.#kind;
    this.#sender.close();
    this.#kind = kind;
    this.#sender = sender;
    this.#hasSucceeded = false;
    this.#onSwitch(from, kind);
  }

  #isOtherProtocol(outcome: Outcome): boolean {
    if (outcome.kind === 'delivered') return false;
    const { failureClass } = outcome.failure;
    if (failureClass === 'wrong_protocol') return true;
    if (this.#hasSucceeded) return false;
    const isPerhaps = outcome.kind === 'failed' && outcome.isPerhapsProtocol === true;
    return isPerhaps || (failureClass === 'reset' && this.#isResetSuspicious);
  }

  close(): void {
    this.#sender.close();
  }
}

/** True for refusals that only somebody who understood the request can give. */
function isAnswerOfCollector(outcome: Exclude<Outcome, { kind: 'delivered' }>): boolean {
  const isAnswered = outcome.kind === 'failed' || outcome.hasAnswered;
  return isAnswered && ['unauthorized', 'overloaded', 'server_error'].includes(outcome.failure.failureClass);
}

/** The sender for these settings; `onSwitch` is called whenever it goes over to another protocol. */
export function createAdaptiveSender(settings: ExportSettings, onSwitch: OnSwitch): Sender {
  return settings.mayChangeKind ? new AdaptiveSender(settings, onSwitch) : createSender(settings);
}
