/**
 * The exporter on the application's own thread, for processes that may not have workers. The same code as in the worker,
 * loaded on demand; its traffic runs with tracing suppressed. It cannot work while this thread is blocked, so spans left
 * at `process.exit` are lost here.
 */
import type { Channel, ChannelOptions } from './channel.js';
import type { ExporterModule, FromExporter } from './protocol.js';

/** Runs a function with tracing suppressed. */
export type RunUntraced = <T>(run: () => T) => T;

const startInterval = setInterval;
const stopInterval = clearInterval;
const KEEP_ALIVE_MILLIS = 60_000;

/** Throws when the exporter's script cannot be loaded. */
export function openInProcessChannel(options: ChannelOptions, runUntraced: RunUntraced): Channel {
  const { createExporter } = require(options.exporterFile) as ExporterModule;
  let isOpen = true;
  let keepAlive: NodeJS.Timeout | undefined;
  const deliver = (message: FromExporter): void => {
    if (isOpen) options.events.onMessage(message);
  };
  const exporter = runUntraced(() => createExporter(options.settings, deliver));
  return {
    canBlock: false,
    post: (message) => runUntraced(() => exporter.receive(message)),
    drain() {},
    wait() {},
    setReferenced(isReferenced) {
      if (keepAlive !== undefined) stopInterval(keepAlive);
      keepAlive = isReferenced ? startInterval(() => {}, KEEP_ALIVE_MILLIS) : undefined;
    },
    close() {
      isOpen = false;
      runUntraced(() => exporter.receive({ verb: 'STOP' }));
    },
  };
}
