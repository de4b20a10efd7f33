/**
 * What all official instrumentations share, one file of the package: how they become ours, and what keeps them from
 * changing what is the application's. Loaded with the first of them, or when one asks for the API.
 */
export { adaptOfficial } from './adapter.js';
export { guardedPropagation } from './guarded-tracer.js';
export * from './messages.js';
export { isWrapped, massUnwrap, massWrap, unwrap, wrap } from './quiet-shimmer.js';
