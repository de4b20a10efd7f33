/**
 * The resource of this process: environment, host, operating system, process, container, instance. Reads a few small
 * files and makes no network call; never throws. Spec: semantic conventions, Resource; OTEL_RESOURCE_ATTRIBUTES.
 */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { AgentConfig, ResourceDetectorName } from '../config/types.js';
import { containerId } from './container-id.js';

export type ResourceAttributes = Record<string, string | number | string[]>;

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

function randomUuid(): string {
  try {
    // A tenth of the time that loading node:crypto takes.
    return readFileSync('/proc/sys/kernel/random/uuid', 'utf8').trim();
  } catch {
    return (require('node:crypto') as typeof import('node:crypto')).randomUUID();
  }
}

const ARCHITECTURES: Readonly<Record<string, string>> = { arm: 'arm32', ppc: 'ppc32', x64: 'amd64' };
const SYSTEMS: Readonly<Record<string, string>> = { sunos: 'solaris', win32: 'windows' };

function hostAttributes(): ResourceAttributes {
  return { 'host.name': os.hostname(), 'host.arch': ARCHITECTURES[process.arch] ?? process.arch };
}

function osAttributes(): ResourceAttributes {
  return { 'os.type': SYSTEMS[process.platform] ?? process.platform, 'os.version': os.release() };
}

function ownerName(): ResourceAttributes {
  try {
    return { 'process.owner': os.userInfo().username };
  } catch {
    // An arbitrary user id (OpenShift) has no passwd entry.
    return {};
  }
}

function processAttributes(config: AgentConfig): ResourceAttributes {
  const attributes: ResourceAttributes = {
    'process.pid': process.pid,
    'process.executable.name': process.title,
    'process.executable.path': process.execPath,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
    'process.runtime.description': 'Node.js',
    ...ownerName(),
  };
  if (process.argv[1] !== undefined) attributes['process.command'] = process.argv[1];
  if (config.hasProcessArguments) {
    attributes['process.command_args'] = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  }
  return attributes;
}

function containerAttributes(): ResourceAttributes {
  const id = containerId();
  return id === undefined ? {} : { 'container.id': id };
}

const DETECTORS: Partial<Record<ResourceDetectorName, (config: AgentConfig) => ResourceAttributes>> = {
  host: hostAttributes,
  os: osAttributes,
  process: processAttributes,
  container: containerAttributes,
  serviceinstance: () => ({ 'service.instance.id': randomUuid() }),
  env: (config) => config.resourceAttributes,
};

function detect(name: ResourceDetectorName, config: AgentConfig): ResourceAttributes {
  try {
    return DETECTORS[name]?.(config) ?? {};
  } catch {
    // A detector that cannot read its source adds nothing.
    return {};
  }
}

/** Attributes of this process, in the order of the configured detectors: later ones win. */
export function createResourceAttributes(
  config: AgentConfig,
  service: ServiceIdentity,
  agentVersion: string,
  sdkVersion: string,
): ResourceAttributes {
  const attributes: ResourceAttributes = {
    'telemetry.sdk.name': 'opentelemetry',
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.version': sdkVersion,
    'telemetry.distro.name': '@org/trace-agent',
    'telemetry.distro.version': agentVersion,
  };
  for (const name of config.resourceDetectors) Object.assign(attributes, detect(name, config));
  // Spec: an SDK must not overwrite the instance id that the user gave, whatever the order of detectors.
  const instanceId = config.resourceAttributes['service.instance.id'];
  if (instanceId !== undefined) attributes['service.instance.id'] = instanceId;
  attributes['service.name'] = service.name;
  if (service.version !== undefined) attributes['service.version'] = service.version;
  return attributes;
}
