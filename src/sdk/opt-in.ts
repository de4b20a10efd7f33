/**
 * What only few configurations need around the tracer provider, in one file of the package: rules, consistent
 * probability, errors that are kept, layers around the start of a span, contexts of emitters. Loaded when one of these is
 * configured, or asked for.
 */
export { createEmitterBinder } from './emitter-binder.js';
export { ErrorKeeper } from './error-keeper.js';
export { consistentRatios, createProbabilitySampler } from './probability-sampler.js';
export { RulesSampler } from './rules-sampler.js';
export { markRandom, restartUntrusted } from './tracer-layers.js';
