/**
 * Has what traces fetch and the undici package loaded: in the first turn of the event loop, or by a request that comes
 * before. Main thread; part of the boot, because fetch is a global and no module load announces it: must stay small and load
 * nothing but node:diagnostics_channel.
 */
import { subscribe } from 'node:diagnostics_channel';
import { standby } from '../standby.js';
import type { CreateInstrumentation, InstrumentationContext } from '../types.js';

type OnRequest = (message: unknown) => void;

/** A file that cannot be read now may be readable later: test libraries replace the file system for a while. */
const MAX_ATTEMPTS = 3;

function load(context: InstrumentationContext): OnRequest | undefined {
  try {
    return (require('./patch.js') as typeof import('./patch.js')).traceRequests(context);
  } catch (error) {
    context.log.warn('TA2002', `instrumentation undici could not be loaded: ${String(error)}`);
    return undefined;
  }
}

/** Subscribes at once: the only instrumentation without a module to wait for. */
export const create: CreateInstrumentation = (context) => {
  let onRequest: OnRequest | undefined;
  let attempts = 0;
  const ready = (): OnRequest | undefined => {
    if (onRequest === undefined && !standby.isDown && attempts++ < MAX_ATTEMPTS) onRequest = load(context);
    return onRequest;
  };
  subscribe('undici:request:create', (message) => ready()?.(message));
  // The first timer of a process takes 0.2 ms; with the SDK there is one before.
  if (!context.config.isSdkDisabled) setTimeout(ready, 0).unref();
  return { targets: [] };
};
