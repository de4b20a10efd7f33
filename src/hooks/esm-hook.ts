/**
 * Told of the ES module build of a wanted package after it has run, on Node.js with synchronous hooks. The module is
 * not wrapped: its own source gets one appended line that imports its own namespace and reports it, so identity, live
 * bindings, cycles and line numbers stay. Patches of ES modules must therefore work in place.
 */
import { fileURLToPath } from 'node:url';
import type { LoadInterceptor } from './builtin-hook.js';
import { identify, isPackageEntry, type PackageIdentity, packageNameOf } from './module-identity.js';

export interface EsmListener {
  /** True when ES module builds of this package are wanted. */
  wantsEsmPackage(name: string): boolean;
  /** Gets the namespace of a package's entry after evaluation. Must not throw. */
  onEsmPackage(identity: PackageIdentity, namespace: unknown): void;
  /** True when files of this package are wanted in either form. */
  wantsPackage(name: string): boolean;
  /** The entry of a wanted package is about to be loaded as an ES module that is not wanted. Must not throw. */
  onOtherEsmPackage(identity: PackageIdentity): void;
}

const REPORT_KEY = 'org.trace-agent.esm-evaluated';

type Report = (url: string, namespace: unknown) => void;

function appendReport(source: unknown, url: string): string | undefined {
  const text =
    typeof source === 'string'
      ? source
      : ArrayBuffer.isView(source)
        ? Buffer.from(source.buffer, source.byteOffset, source.byteLength).toString('utf8')
        : undefined;
  if (text === undefined) return undefined;
  const quoted = JSON.stringify(url);
  return `${text}\n;import * as $traceAgentNamespace from ${quoted};globalThis[Symbol.for('${REPORT_KEY}')]?.(${quoted}, $traceAgentNamespace);\n`;
}

/** Creates the interceptor for the load hook; also installs the receiver of the appended line. */
export function interceptEsm(listener: EsmListener): LoadInterceptor {
  const waiting = new Map<string, PackageIdentity>();
  const report: Report = (url, namespace) => {
    const identity = waiting.get(url);
    if (identity === undefined) return;
    waiting.delete(url);
    listener.onEsmPackage(identity, namespace);
  };
  Object.defineProperty(globalThis, Symbol.for(REPORT_KEY), { value: report, configurable: true });
  return (url, context, nextLoad) => {
    if (context.format !== 'module' || !url.startsWith('file:')) return undefined;
    const marker = url.lastIndexOf('/node_modules/');
    if (marker === -1) return undefined;
    const filename = fileURLToPath(url);
    const name = packageNameOf(filename);
    if (name === undefined || !listener.wantsPackage(name)) return undefined;
    const identity = identify(filename, name);
    if (!isPackageEntry(identity, filename)) return undefined;
    if (!listener.wantsEsmPackage(name)) {
      listener.onOtherEsmPackage(identity);
      return undefined;
    }
    const loaded = nextLoad(url, context);
    const source = appendReport(loaded.source, url);
    if (loaded.format !== 'module' || source === undefined) return loaded;
    waiting.set(url, identity);
    return { ...loaded, source };
  };
}
