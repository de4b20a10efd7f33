/**
 * What the command line program needs of the environment besides the configuration. Never loaded by the agent.
 */

export interface CommandLineEnvironment {
  readonly nodeOptions: string;
  readonly diagnosticsDirectory: string | undefined;
  /** Variables of other vendors' agents that are set, by name. */
  readonly foreignVariables: readonly string[];
  /** Variables by which a proxy is named, that are set. */
  readonly proxyVariables: readonly string[];
}

const FOREIGN =
  /^(DD_(SERVICE|AGENT_HOST|TRACE_|ENV$)|NEW_RELIC_|ELASTIC_APM_|ELASTIC_OTEL_|SPLUNK_|SENTRY_DSN$|INSTANA_|APPLICATIONINSIGHTS_|APPDYNAMICS_|DT_)/;
const PROXY = /^(https?|all|no)_proxy$/i;

export function readCommandLineEnvironment(env: NodeJS.ProcessEnv = process.env): CommandLineEnvironment {
  const names = Object.keys(env).filter((name) => (env[name] ?? '') !== '');
  return {
    nodeOptions: env.NODE_OPTIONS ?? '',
    diagnosticsDirectory: env.OTEL_NODE_DIAGNOSTICS_DIRECTORY?.trim() || undefined,
    foreignVariables: names.filter((name) => FOREIGN.test(name)),
    proxyVariables: names.filter((name) => PROXY.test(name)),
  };
}

/** A copy of the environment for a child process, with additions. */
export function childEnvironment(additions: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...additions };
}
