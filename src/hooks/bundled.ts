/**
 * Told of libraries that a bundler put into the application's own file, by the statement that our bundler plugins append
 * (bundlers/report-load.ts). Loaded at boot; imports nothing.
 */

export interface BundledListener {
  /** `file` is the path inside the package, undefined for its main file. Returns the exports to use. */
  onBundledFile(name: string, version: string | undefined, file: string | undefined, exports: unknown): unknown;
}

const REPORT_KEY = Symbol.for('org.trace-agent.bundled');

/** Installs the receiver of the statement that the plugins append (bundlers/report-load.ts). */
export function hookBundled(listener: BundledListener): void {
  const report = (name: string, version: string | undefined, file: string | undefined, exports: unknown): unknown =>
    listener.onBundledFile(name, version, file, exports);
  Object.defineProperty(globalThis, REPORT_KEY, { value: report, configurable: true });
}
