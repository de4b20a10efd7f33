/**
 * How variables are read that few set, in one file of the package: sampling rules, callers that are not followed, options
 * of official instrumentations. Loaded when one of these is set.
 */
export { findOption, INSTRUMENTATION_OPTIONS } from './instrumentation-options.js';
export { keepOfficial, readOptions } from './read-options.js';
export { readRules, readUntrusted } from './sampling-rules.js';
