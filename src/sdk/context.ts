/**
 * Context and propagation: the part that also runs when OTEL_SDK_DISABLED switches tracing off. Sets the API's globals
 * unless somebody else already did.
 */
import {
  type Context,
  context,
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  type TextMapPropagator,
} from '@opentelemetry/api';
import type { AgentConfig } from '../config/types.js';
import { type Attachment, StorageContextManager } from './context-manager.js';
import { createPropagator } from './propagator.js';

/** As empty as the root context, and not the same: for who runs something in no context on purpose. */
const NO_CONTEXT = ROOT_CONTEXT.deleteValue(createContextKey('trace-agent'));

type RunIn = StorageContextManager['runIn'];

/** Where no context is set, the one is active that the whole process was started in. */
class InheritingContextManager extends StorageContextManager {
  readonly #inherited: Context;

  constructor(inherited: Context) {
    super();
    this.#inherited = inherited;
  }

  override active(): Context {
    const active = super.active();
    return active === ROOT_CONTEXT ? this.#inherited : active;
  }

  override runIn(...[context, run, self, parameters]: Parameters<RunIn>): unknown {
    return super.runIn(context === ROOT_CONTEXT ? NO_CONTEXT : context, run, self, parameters);
  }

  override attach(context: Context): Attachment {
    return super.attach(context === ROOT_CONTEXT ? NO_CONTEXT : context);
  }
}

export interface ContextOptions {
  readonly config: Pick<AgentConfig, 'propagators' | 'extractors'>;
  /** Puts something before the propagator. */
  readonly wrap?: (propagator: TextMapPropagator) => TextMapPropagator;
  /** The context that the process was started in; the root context when there is none. */
  readonly inherit?: ((propagator: TextMapPropagator) => Context) | undefined;
}

/** Makes a context active for the rest of what runs now and for what that starts, until it is disposed of. */
export type AttachContext = (context: Context) => Attachment;

/** Returns undefined when another SDK owns the global context manager. */
export function startContext({
  config,
  wrap = (propagator) => propagator,
  inherit,
}: ContextOptions): AttachContext | undefined {
  const propagator = createPropagator(config.propagators, config.extractors);
  const inherited = inherit?.(propagator) ?? ROOT_CONTEXT;
  const manager = inherited === ROOT_CONTEXT ? new StorageContextManager() : new InheritingContextManager(inherited);
  const isOurs = context.setGlobalContextManager(manager.enable());
  propagation.setGlobalPropagator(wrap(propagator));
  return isOurs ? (active) => manager.attach(active) : undefined;
}
