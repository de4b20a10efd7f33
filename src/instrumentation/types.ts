/**
 * The contract between the module hook and an instrumentation. Types only: importing this file loads nothing.
 */
import type { Context, Tracer, TracerProvider } from '@opentelemetry/api';
import type { AgentConfig } from '../config/types.js';
import type { Log } from '../diag/log.js';

/** Makes a context active for the rest of what runs now and for what that starts, until it is disposed of. */
export type AttachContext = (context: Context) => { dispose(): void };

/** What an instrumentation is given when its target is first loaded. */
export interface InstrumentationContext {
  readonly tracerProvider: TracerProvider;
  readonly config: AgentConfig;
  readonly log: Log;
  /**
   * For libraries that make spans of their own through the API: they get `wrap(tracer)` in the place of the tracers of
   * that name. Absent where nothing is traced.
   */
  readonly wrapTracer?: (name: string, wrap: (tracer: Tracer) => Tracer) => void;
  /** Absent where somebody else keeps the contexts. */
  readonly attachContext?: AttachContext | undefined;
  /**
   * Settles when all spans that have ended are delivered, or when the end of a process would wait no longer. For what is
   * frozen in between; absent where nothing is traced.
   */
  readonly flush?: (() => Promise<void>) | undefined;
}

/** One module, or one file of a package, whose exports are patched after it has run. */
export interface PatchTarget {
  /** Package name (`pg`, `@grpc/grpc-js`) or built-in without prefix (`http`). */
  readonly module: string;
  /** File inside the package with `/` separators (`lib/connection.js`); undefined = what `require(module)` gives. */
  readonly file?: string | undefined;
  /** Ranges in npm's semver syntax; empty = any version. Ignored for built-ins. */
  readonly versions: readonly string[];
  /** Not for releases beyond the ranges, even if it is known to check the shape. */
  readonly isForTestedOnly?: boolean;
  /**
   * Returns the exports to use: the same object patched in place, or a replacement. When it throws the hook keeps the
   * original exports and reports it, so it must decide that the shape fits before it changes anything.
   */
  patch(exports: unknown, version: string | undefined): unknown;
}

export interface Instrumentation {
  readonly targets: readonly PatchTarget[];
  /** Its patches throw before they change anything when a module does not look as expected: newer releases are tried. */
  readonly checksShape?: boolean;
  /**
   * The first message on the channel that the table names, for libraries that announce themselves: their code may be in a
   * bundle. May come besides a patch of the module, before or after it.
   */
  onAnnounced?(message: unknown): void;
}

/** What an instrumentation module exports as `create`. Called once, when the application first loads a target. */
export type CreateInstrumentation = (context: InstrumentationContext) => Instrumentation;
