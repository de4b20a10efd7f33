/** Reads what bounds and stores spans on their way out. */
import type { Settings } from './settings.js';
import type { DeliveryConfig } from './types.js';

const MIB = 1024 * 1024;

export function readDelivery(settings: Settings): DeliveryConfig {
  const directory = settings.text('OTEL_NODE_SPOOL_DIRECTORY');
  const maxBytes = settings.number('OTEL_NODE_SPOOL_MAX_MIB') * MIB;
  const maxAgeMillis = settings.number('OTEL_NODE_SPOOL_MAX_AGE');
  return {
    maxQueueBytes: settings.number('OTEL_NODE_MAX_QUEUE_BYTES'),
    maxConcurrentExports: settings.number('OTEL_NODE_EXPORT_CONCURRENCY'),
    spool: directory === undefined ? undefined : { directory, maxBytes, maxAgeMillis },
  };
}
