/** Packages that trace a process as this agent does, and that it does not stand down for. Data only. */
export const OTHER_AGENTS: ReadonlySet<string> = new Set([
  '@dynatrace/oneagent',
  '@google-cloud/trace-agent',
  '@instana/collector',
  'appdynamics',
  'applicationinsights',
  'skywalking-backend-js',
]);

/** Packages that may start a tracer for which the agent stands down (neighbours/); each does so by its own rules. */
export const TRACERS: ReadonlySet<string> = new Set([
  '@aws/aws-distro-opentelemetry-node-autoinstrumentation',
  '@azure/monitor-opentelemetry',
  '@elastic/opentelemetry-node',
  '@honeycombio/opentelemetry-node',
  '@opentelemetry/auto-instrumentations-node',
  '@opentelemetry/sdk-node',
  '@opentelemetry/sdk-trace-node',
  '@sentry/node',
  '@splunk/otel',
  'dd-trace',
  'elastic-apm-node',
  'newrelic',
]);
