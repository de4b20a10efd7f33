/**
 * Told of the network built-ins that ES modules import, on Node.js without synchronous hooks, where nothing else sees
 * such an import without a loader thread. Node's own modules read `net.Server` or `tls.Server` while they are evaluated:
 * a getter in its place shows that one of them is loading. What has been loaded is looked up in a microtask, which runs
 * before the importing ES module does: its graph is linked by promises that settle later.
 *
 *   _http_server, _tls_wrap, http2 ──read──► net.Server        https, http2 ──read──► tls.Server
 */
import { Module } from './node-module.js';

/** The built-ins whose loads this can see. */
export const WATCHABLE: readonly string[] = ['http', 'https', 'http2'];

export interface LoadWatch {
  /** Takes the getters away. */
  stop(): void;
}

/** Puts a getter in the place of a data property; returns what restores it. */
function trap(module: Record<string, unknown>, key: string, onRead: () => void): () => void {
  const descriptor = Object.getOwnPropertyDescriptor(module, key);
  if (descriptor === undefined || !('value' in descriptor) || descriptor.configurable !== true) return () => undefined;
  let { value } = descriptor;
  const get = (): unknown => {
    onRead();
    return value;
  };
  const set = (replacement: unknown): void => {
    value = replacement;
  };
  Object.defineProperty(module, key, { configurable: true, enumerable: descriptor.enumerable === true, get, set });
  return () => {
    if (Object.getOwnPropertyDescriptor(module, key)?.get !== get) return;
    Object.defineProperty(module, key, { ...descriptor, value });
  };
}

/** What `http` adds to its parts when it is loaded after them, by `https` say, does not show. */
const PARTS: Readonly<Record<string, string>> = { http: '_http_server' };

/** True for a built-in that has run, or whose parts have. Undefined where Node.js does not say. */
export function hasLoaded(name: string): boolean | undefined {
  const { moduleLoadList } = process as unknown as { moduleLoadList?: readonly string[] };
  return moduleLoadList?.includes(`NativeModule ${PARTS[name] ?? name}`);
}

/** Calls `onLoad` soon after any of {@link WATCHABLE} may have been loaded. Loads `node:net`. */
export function watchBuiltinLoads(onLoad: () => void): LoadWatch {
  const load = Module.createRequire(__filename);
  const restores: (() => void)[] = [];
  let isWaiting = false;
  let isStopped = false;
  const watch = (name: string): void => {
    restores.push(trap(load(`node:${name}`) as Record<string, unknown>, 'Server', onRead));
  };
  const look = (): void => {
    isWaiting = false;
    if (isStopped) return;
    if (restores.length === 1 && hasLoaded('tls')) watch('tls');
    onLoad();
  };
  const onRead = (): void => {
    if (isWaiting) return;
    isWaiting = true;
    queueMicrotask(look);
  };
  watch('net');
  if (hasLoaded('tls')) watch('tls');
  return {
    stop() {
      isStopped = true;
      for (const restore of restores) restore();
    },
  };
}
