/**
 * Waits for the first request of fetch or the undici package, and loads what traces it then. Main thread; part of the boot,
 * because fetch is a global and no module load announces it: must stay small and load nothing but
 * node:diagnostics_channel. (Node.js itself loads its fetch with the first call.)
 */
import { subscribe } from 'node:diagnostics_channel';
import type { CreateInstrumentation, InstrumentationContext } from '../types.js';

type OnRequest = (message: unknown) => void;

function load(context: InstrumentationContext): OnRequest {
  try {
    return (require('./patch.js') as typeof import('./patch.js')).traceRequests(context);
  } catch (error) {
    context.log.warn('TA2002', `instrumentation undici could not be loaded: ${String(error)}`);
    return () => undefined;
  }
}

/** Subscribes at once: the only instrumentation without a module to wait for. */
export const create: CreateInstrumentation = (context) => {
  let onRequest: OnRequest | undefined;
  subscribe('undici:request:create', (message) => {
    onRequest ??= load(context);
    onRequest(message);
  });
  return { targets: [] };
};
