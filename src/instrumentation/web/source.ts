/** What says at the end of a response which route has answered. A fault in finding it out is counted, and thrown nowhere. */
import type { RouteSource, RpcMetadata } from '../context.js';
import type { Faults } from '../patch.js';

export abstract class SafeSource implements RouteSource {
  readonly #faults: Faults;

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  settle(metadata: RpcMetadata): void {
    try {
      this.find(metadata);
    } catch (error) {
      this.#faults.record(error);
    }
  }

  /** Writes `route`, and `error` if it knows one, into the metadata. */
  protected abstract find(metadata: RpcMetadata): void;
}
