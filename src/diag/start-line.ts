/** The one line that says at start what the agent is going to do. Pure; never contains a header value. */

export interface StartFacts {
  readonly agentVersion: string;
  readonly nodeVersion: string;
  readonly service: { readonly name: string; readonly source: string };
  readonly config: {
    readonly isSdkDisabled: boolean;
    readonly tracesExporters: readonly string[];
    readonly otlp: { readonly endpoint: string; readonly protocol: string };
    readonly zipkin: { readonly endpoint: string };
    readonly sampler: { readonly name: string; readonly ratio: number };
    readonly sampling: { readonly rules: readonly unknown[]; readonly keepsErrors: boolean };
    readonly propagators: readonly string[];
    readonly extractors: readonly string[];
  };
}

/** The URL without user name, password and query, which may be secrets. */
export function withoutSecrets(url: string): string {
  const open = url.includes('@') ? url.replace(/\/\/[^/@]*@/, '//') : url;
  return open.includes('?') ? open.replace(/\?.*$/, '?...') : open;
}

function describeDestination({ tracesExporters, otlp, zipkin }: StartFacts['config']): string {
  const parts = tracesExporters.map((name) => {
    if (name === 'otlp') return `${withoutSecrets(otlp.endpoint)} (${otlp.protocol})`;
    return name === 'zipkin' ? `${withoutSecrets(zipkin.endpoint)} (zipkin)` : name;
  });
  return parts.length === 0 ? 'nowhere (OTEL_TRACES_EXPORTER=none)' : parts.join(', ');
}

function describeSampler({ sampler: { name, ratio }, sampling: { rules, keepsErrors } }: StartFacts['config']): string {
  const sampler = name.endsWith('ratio') || name.endsWith('probability') ? `${name}(${ratio})` : name;
  const behind = rules.length === 0 ? sampler : `${rules.length} rule${rules.length === 1 ? '' : 's'}, then ${sampler}`;
  return keepsErrors ? `${behind}, errors kept` : behind;
}

/** For example `0.1.0 traces service "shop" (OTEL_SERVICE_NAME) to http://localhost:4318/v1/traces (http/protobuf) ...`. */
export function describeStart({ agentVersion, nodeVersion, service, config }: StartFacts): string {
  const written = config.propagators.join(',') || 'none';
  const isSame = config.extractors === config.propagators;
  const propagators = isSame ? written : `${written} (read: ${config.extractors.join(',') || 'none'})`;
  if (config.isSdkDisabled) {
    return `${agentVersion} only passes trace context on (OTEL_SDK_DISABLED=true); propagators ${propagators}; Node.js ${nodeVersion}`;
  }
  return (
    `${agentVersion} traces service "${service.name}" (${service.source}) to ${describeDestination(config)}; ` +
    `sampler ${describeSampler(config)}; propagators ${propagators}; Node.js ${nodeVersion}`
  );
}
