/**
 * Trace context that the process was started with, in variables that are not ours: read only when the user wants it.
 * Main thread, at boot; loads nothing.
 */

/** Fields of the propagators that there are, as environment variables are called. */
const NAMES = [
  'TRACEPARENT',
  'TRACESTATE',
  'BAGGAGE',
  'B3',
  'X_B3_TRACEID',
  'X_B3_SPANID',
  'X_B3_PARENTSPANID',
  'X_B3_SAMPLED',
  'X_B3_FLAGS',
  'UBER_TRACE_ID',
  'X_AMZN_TRACE_ID',
  'OT_TRACER_TRACEID',
  'OT_TRACER_SPANID',
  'OT_TRACER_SAMPLED',
];

/** By name; only those that are set. */
export function readCarriedContext(env: NodeJS.ProcessEnv): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of NAMES) {
    const value = env[name];
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** The environment that a child process has unless its parent gives another. */
export function childEnvironment(): NodeJS.ProcessEnv {
  return process.env;
}
