/**
 * Gives the active trace context to child processes through their environment. Application's thread; loaded only when
 * OTEL_NODE_CHILD_PROCESS_CONTEXT asks for it. Never touches the caller's options or `env`.
 *
 *   spawn, exec, execFile, fork ─► ChildProcess.prototype.spawn   Node has made the list of variables: a longer copy
 *   spawnSync, execSync, execFileSync                             have no such place: options with another `env`
 */
import { syncBuiltinESMExports } from 'node:module';
import { context as contextApi, propagation } from '@opentelemetry/api';
import type { Log } from '../diag/log.js';
import { isSuppressed } from '../instrumentation/context.js';
import { type AnyFunction, Faults, patchMethod } from '../instrumentation/patch.js';
import { setter, type Variables, variableName } from './environment-carrier.js';

export { extractFromVariables } from './environment-carrier.js';
// One file of the package for both.
export { ThreadContext } from './thread-context.js';

export interface ChildContextOptions {
  /** Context variables that this process was started with. */
  readonly inherited: Readonly<Variables>;
  /** The environment that a child has when its caller gives none. */
  readonly environment: () => NodeJS.ProcessEnv;
  readonly log: Log;
}

/** What a child is to be given. */
interface Given {
  /** Every variable that the propagators use: what is not set of them is taken away. */
  readonly names: ReadonlySet<string>;
  readonly variables: Readonly<Variables>;
}

interface SpawnOptions {
  readonly envPairs?: readonly string[];
}

/** Node tells a cluster's worker so by this variable. It serves everybody, not whoever it was started by. */
const CLUSTER_WORKER = 'NODE_UNIQUE_ID';

function readContext(): Given | undefined {
  const context = contextApi.active();
  if (isSuppressed(context)) return undefined;
  const variables: Variables = {};
  propagation.inject(context, variables, setter);
  if (Object.keys(variables).length === 0) return undefined;
  return { names: new Set(propagation.fields().map(variableName)), variables };
}

class ChildContext {
  readonly #options: ChildContextOptions;

  constructor(options: ChildContextOptions) {
    this.#options = options;
  }

  /** True for a value that the application itself has put there, which stays. */
  #isDeliberate(name: string, value: string | undefined, { names }: Given): boolean {
    return names.has(name) && value !== undefined && value !== this.#options.inherited[name];
  }

  /** The same options, or a copy with another list of variables (`NAME=value`). */
  withPairs<T>(options: T): T {
    const pairs = (options as SpawnOptions | undefined)?.envPairs;
    if (!Array.isArray(pairs)) return options;
    const given = readContext();
    if (given === undefined) return options;
    const kept: string[] = [];
    for (const pair of pairs as string[]) {
      const end = pair.indexOf('=');
      const name = pair.slice(0, end);
      if (name === CLUSTER_WORKER || this.#isDeliberate(name, pair.slice(end + 1), given)) return options;
      if (!given.names.has(name)) kept.push(pair);
    }
    for (const [name, value] of Object.entries(given.variables)) kept.push(`${name}=${value}`);
    const copy = Object.assign(Object.create(Object.getPrototypeOf(options)), options);
    return Object.assign(copy, { envPairs: kept });
  }

  /** Undefined = leave the environment as it is. */
  #environmentFor(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv | undefined {
    const given = readContext();
    if (given === undefined) return undefined;
    const copy: NodeJS.ProcessEnv = {};
    // Node: inherited properties count.
    for (const name in env) {
      if (this.#isDeliberate(name, env[name], given)) return undefined;
      if (!given.names.has(name)) copy[name] = env[name];
    }
    return Object.assign(copy, given.variables);
  }

  /** The same arguments, or a copy in which the options at `index` have another `env`. */
  withEnvironment(parameters: ArrayLike<unknown>, index: number): ArrayLike<unknown> {
    const options = parameters[index];
    // What Node will refuse is Node's to refuse.
    if (options !== undefined && (typeof options !== 'object' || options === null)) return parameters;
    const own = (options as { env?: NodeJS.ProcessEnv } | undefined)?.env;
    const env = this.#environmentFor(own || this.#options.environment());
    if (env === undefined) return parameters;
    const copy = Array.from(parameters);
    while (copy.length < index) copy.push(undefined);
    copy[index] = { ...options, env };
    return copy;
  }
}

type OptionsIndex = (parameters: ArrayLike<unknown>) => number;

/** `(file, options)` or `(file, args, options)` */
const afterFile: OptionsIndex = (parameters) => {
  const second = parameters[1];
  return typeof second === 'object' && second !== null && !Array.isArray(second) ? 1 : 2;
};
const SYNCHRONOUS: Readonly<Record<string, OptionsIndex>> = {
  spawnSync: afterFile,
  execFileSync: afterFile,
  execSync: () => 1,
};

/** For the life of the process. May throw before anything is changed. */
export function passContextToChildren(options: ChildContextOptions): void {
  const childProcess = require('node:child_process') as typeof import('node:child_process');
  const child = new ChildContext(options);
  const faults = new Faults('child_process', options.log);

  const rewrite = (parameters: ArrayLike<unknown>, change: () => ArrayLike<unknown>): unknown[] => {
    try {
      if (!faults.isDisabled) return change() as unknown[];
    } catch (error) {
      faults.record(error);
    }
    return parameters as unknown[];
  };
  const wrapSpawn = (original: AnyFunction): AnyFunction =>
    function spawn(this: unknown, ...parameters) {
      const [first, ...rest] = parameters;
      return original.apply(
        this,
        rewrite(parameters, () => [child.withPairs(first), ...rest]),
      );
    };
  patchMethod(childProcess.ChildProcess.prototype, 'spawn', wrapSpawn);
  for (const [name, indexOf] of Object.entries(SYNCHRONOUS)) {
    patchMethod(
      childProcess,
      name,
      (original) =>
        function synchronous(this: unknown, ...parameters) {
          return original.apply(
            this,
            rewrite(parameters, () => child.withEnvironment(parameters, indexOf(parameters))),
          );
        },
    );
  }
  syncBuiltinESMExports();
}
