/**
 * What only few configurations need around the official tracer provider, in one file of the package: rules, consistent
 * probability, errors that are kept, layers around the start of a span. Loaded when one of these is configured.
 */
export { ErrorKeeper } from './error-keeper.js';
export { consistentRatios, createProbabilitySampler } from './probability-sampler.js';
export { RulesSampler } from './rules-sampler.js';
export { markRandom, restartUntrusted } from './tracer-layers.js';
