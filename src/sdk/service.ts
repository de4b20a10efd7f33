/**
 * Whose spans these are: what of the resource is known at every start. The rest is read when the first span is sent
 * (resource.ts).
 */
import type { AgentConfig } from '../config/types.js';

export type ServiceNameSource = 'OTEL_SERVICE_NAME' | 'OTEL_RESOURCE_ATTRIBUTES' | 'package.json' | 'default';

export interface ServiceIdentity {
  readonly name: string;
  readonly source: ServiceNameSource;
  readonly version: string | undefined;
}

/** name and version of the package.json nearest to the entry file. */
export interface PackageIdentity {
  readonly name: string | undefined;
  readonly version: string | undefined;
}

export const UNKNOWN_SERVICE = 'unknown_service:node';

/** OTEL_SERVICE_NAME, then the resource attribute, then package.json, then `unknown_service:node`. */
export function identifyService(config: AgentConfig, entry: PackageIdentity | undefined): ServiceIdentity {
  const version = config.resourceAttributes['service.version'] || entry?.version;
  if (config.serviceName !== undefined) return { name: config.serviceName, source: 'OTEL_SERVICE_NAME', version };
  const attribute = config.resourceAttributes['service.name'];
  if (attribute) return { name: attribute, source: 'OTEL_RESOURCE_ATTRIBUTES', version };
  if (entry?.name !== undefined) return { name: entry.name, source: 'package.json', version };
  return { name: UNKNOWN_SERVICE, source: 'default', version };
}

/** What the application may change before the first span is sent. */
export interface ProcessStart {
  readonly title: string;
  readonly argv: readonly string[];
}

/** The process as it is now. */
export function describeProcess(): ProcessStart {
  return { title: process.title, argv: [...process.argv] };
}
