/**
 * Which other tracers are there: sees them being loaded and started by the application, or finds them running when the
 * agent starts. Application's thread; costs one lookup for each loaded module file.
 */
import { context as contextApi } from '@opentelemetry/api';
import { type PackageIdentity, packageNameOf, relativeFile } from '../hooks/module-identity.js';
import { Module } from '../hooks/node-module.js';
import { suppress } from '../instrumentation/context.js';
import { type AnyFunction, patchMethod } from '../instrumentation/patch.js';
import { watchApi } from './opentelemetry.js';
import type { NeighbourEvents } from './types.js';

const API = '@opentelemetry/api';

type Exports = Record<string, unknown>;

interface Neighbour {
  /** True when the exports of its main file are those of a running tracer. */
  isRunning(exports: Exports): boolean;
  /** The method that starts it; absent = it starts when it is loaded. */
  readonly starter?: string;
  /** A file that it loads when it is about to start, and only then: its own first requests come right after. */
  readonly startFile?: string;
}

/** By package. */
const NEIGHBOURS: Readonly<Record<string, Neighbour>> = {
  'dd-trace': {
    starter: 'init',
    // Until `init`, and after it when its own settings switch it off, its tracer is a stand-in.
    isRunning: ({ _tracer }) => (_tracer as object | undefined)?.constructor.name === 'DatadogTracer',
  },
  newrelic: { isRunning: ({ agent }) => agent != null, startFile: 'lib/agent.js' },
  'elastic-apm-node': {
    starter: 'start',
    isRunning: (exports) => {
      const { isStarted, _conf } = exports as { isStarted?: () => boolean; _conf?: { active?: boolean } };
      return isStarted?.call(exports) === true && _conf?.active !== false;
    },
  },
};

/** True when a copy of the API of this version works on globals of ours: same major, minor not newer. */
function isBridged(version: string, ours: string): boolean {
  const [major, minor = 0] = version.split('.').map(Number);
  const [ourMajor, ourMinor = 0] = ours.split('.').map(Number);
  return major === ourMajor && minor <= ourMinor;
}

export class NeighbourWatch {
  readonly #events: NeighbourEvents;
  readonly #apiVersion: string | undefined;

  /** `apiVersion`: of the API whose globals are ours. */
  constructor(events: NeighbourEvents, apiVersion: string | undefined) {
    this.#events = events;
    this.#apiVersion = apiVersion;
  }

  wantsPackage(name: string): boolean {
    return name === API || name in NEIGHBOURS;
  }

  onPackageFile(identity: PackageIdentity, filename: string, exports: unknown): void {
    const { name } = identity;
    if (filename === identity.mainFile) this.onMain(name, identity.version, exports);
    else if (NEIGHBOURS[name]?.startFile === relativeFile(identity, filename)) this.#events.onTracer(name);
  }

  /** Gets the exports of a package's main file. Never throws. */
  onMain(name: string, version: string | undefined, exports: unknown): void {
    try {
      if (name === API) this.#onApi(version, exports);
      else this.#onNeighbour(name, exports as Exports);
    } catch {
      // A neighbour of another shape than those we know is left alone.
    }
  }

  #onApi(version: string | undefined, exports: unknown): void {
    const ours = this.#apiVersion;
    if (version !== undefined && ours !== undefined && !isBridged(version, ours)) this.#events.onForeignApi(version);
    watchApi(exports, version, this.#events);
  }

  #onNeighbour(name: string, exports: Exports): void {
    const neighbour = NEIGHBOURS[name];
    if (neighbour === undefined) return;
    const check = (): void => {
      if (neighbour.isRunning(exports)) this.#events.onTracer(name);
    };
    check();
    if (neighbour.starter === undefined) return;
    patchMethod(exports, neighbour.starter, (original: AnyFunction) => {
      return function start(this: unknown, ...parameters: unknown[]): unknown {
        // Its own first requests are none of the application's.
        const result = contextApi.with(suppress(contextApi.active()), () => original.apply(this, parameters));
        check();
        return result;
      };
    });
  }
}

/** The tracer of NEIGHBOURS that was preloaded before the agent and runs, if any. Never throws. */
export function findRunning(): string | undefined {
  const cache = (Module as unknown as { _cache: Record<string, NodeModule | undefined> })._cache;
  for (const file of Object.keys(cache)) {
    const name = packageNameOf(file);
    const neighbour = name === undefined ? undefined : NEIGHBOURS[name];
    // The main files of all of them lie directly in the package.
    if (neighbour === undefined || !file.replaceAll('\\', '/').endsWith(`/${name}/index.js`)) continue;
    try {
      if (neighbour.isRunning(cache[file]?.exports as Exports)) return name;
    } catch {
      // Not of the shape we know.
    }
  }
  return undefined;
}
