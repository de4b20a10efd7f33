/**
 * How variables are read that few set, in one file of the package: sampling rules, callers that are not followed. Loaded
 * when one of these is set.
 */
export { readRules, readUntrusted } from './sampling-rules.js';
