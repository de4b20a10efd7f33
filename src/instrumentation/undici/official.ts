/**
 * What the official instrumentation of undici needs to be as harmless as ours. Application's thread; loaded at the start,
 * when it is selected: it listens to channels, which no module load announces.
 */
import type { SpanOptions } from '@opentelemetry/api';
import type { AgentConfig } from '../../config/types.js';
import type { AdapterOptions, OfficialInstrumentation } from '../adapter.js';
import type { Faults } from '../patch.js';
import { createQueryRedactor, redactUrl } from '../redact.js';
import { URL_FULL, URL_QUERY } from '../semconv.js';

type OnMessage = (message: unknown) => void;

interface Undici extends OfficialInstrumentation {
  getConfig(): object;
  setConfig(config: object): void;
  enable(): void;
  subscribeToChannel(channel: string, onMessage: OnMessage): void;
}

/** Node: what a subscriber throws becomes an uncaught exception of the application. */
function guardMessages(instrumentation: OfficialInstrumentation, faults: Faults): void {
  const official = instrumentation as Undici;
  const subscribe = official.subscribeToChannel.bind(official);
  official.subscribeToChannel = (channel, onMessage) =>
    subscribe(channel, (message) => {
      try {
        if (!faults.isDisabled) onMessage(message);
      } catch (error) {
        faults.record(error);
      }
    });
  // There is no module to patch: what it is constructed as decides whether it makes spans.
  official.setConfig({ ...official.getConfig(), enabled: true });
  official.enable();
}

/** Its spans have the query as it is sent. */
function createMask({ http }: AgentConfig): (name: string, options: SpanOptions) => readonly [string, SpanOptions] {
  const redactQuery = createQueryRedactor(http.sensitiveQueryParameters);
  return (name, options) => {
    const attributes = { ...options.attributes };
    for (const key of [URL_FULL, URL_QUERY]) {
      const value = attributes[key];
      if (typeof value === 'string') attributes[key] = redactUrl(value, redactQuery);
    }
    return [name, { ...options, attributes }];
  };
}

export const undiciOptions = (config: AgentConfig): AdapterOptions => ({
  adjust: guardMessages,
  filter: { rephrase: createMask(config) },
});
