/**
 * Told of the ES module build of a wanted package after it has run, on Node.js with synchronous hooks. The module is
 * not wrapped: its own source gets one appended line that imports its own namespace and reports it, so identity, live
 * bindings, cycles and line numbers stay. Patches of ES modules must therefore work in place; where that is impossible, a
 * function that is the default export is replaced by its own module, before that exports it.
 */
import { fileURLToPath } from 'node:url';
import type { LoadInterceptor } from './builtin-hook.js';
import { identify, isPackageEntry, type PackageIdentity, packageNameOf } from './module-identity.js';

export interface EsmListener {
  /** True when ES module builds of this package are wanted. */
  wantsEsmPackage(name: string): boolean;
  /**
   * Gets the namespace of a package's entry after evaluation or, of one whose default function is to be replaced, before
   * it, and in a `default` that can be set. Must not throw.
   */
  onEsmPackage(identity: PackageIdentity, namespace: unknown): void;
  /**
   * Name in the source of the function that a package's entry declares and exports by default, where it is to be replaced:
   * all else that could be patched in place is out of reach there.
   */
  replacedDefault(name: string): string | undefined;
  /** True when files of this package are wanted in either form. */
  wantsPackage(name: string): boolean;
  /** The entry of a wanted package is about to be loaded as an ES module that is not wanted. Must not throw. */
  onOtherEsmPackage(identity: PackageIdentity): void;
}

const REPORT_KEY = 'org.trace-agent.esm-evaluated';

/** Returns the default export to use. */
type Report = (url: string, namespace: { default?: unknown }) => unknown;

function textOf(source: unknown): string | undefined {
  if (typeof source === 'string') return source;
  if (!ArrayBuffer.isView(source)) return undefined;
  return Buffer.from(source.buffer, source.byteOffset, source.byteLength).toString('utf8');
}

function appendReport(text: string, url: string): string {
  const quoted = JSON.stringify(url);
  return `${text}\n;import * as $traceAgentNamespace from ${quoted};globalThis[Symbol.for('${REPORT_KEY}')]?.(${quoted}, $traceAgentNamespace);\n`;
}

/**
 * A function is there before the first line of its module runs, and its name can be assigned to. Where it is something else
 * after all (a class, an import), this throws, or finds no function, and changes nothing.
 */
function prependReplacement(text: string, url: string, name: string): string {
  const report = `globalThis[Symbol.for('${REPORT_KEY}')]`;
  return `try{if(typeof ${name}==='function')${name}=${report}?.(${JSON.stringify(url)},{default:${name}})??${name}}catch{};${text}`;
}

/** Creates the interceptor for the load hook; also installs the receiver of the appended line. */
export function interceptEsm(listener: EsmListener): LoadInterceptor {
  const waiting = new Map<string, PackageIdentity>();
  const report: Report = (url, namespace) => {
    const identity = waiting.get(url);
    if (identity === undefined) return undefined;
    waiting.delete(url);
    listener.onEsmPackage(identity, namespace);
    return namespace.default;
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
    const text = textOf(loaded.source);
    if (loaded.format !== 'module' || text === undefined) return loaded;
    waiting.set(url, identity);
    const replaced = listener.replacedDefault(name);
    return {
      ...loaded,
      source: replaced === undefined ? appendReport(text, url) : prependReplacement(text, url, replaced),
    };
  };
}
