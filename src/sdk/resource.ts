/**
 * The resource of this process: environment, host, operating system, process, container, instance. Reads a few small
 * files and makes no network call, and that only when the first span is sent; never throws.
 * Spec: semantic conventions, Resource; OTEL_RESOURCE_ATTRIBUTES.
 */
import { readFileSync } from 'node:fs';
import type NodeOs from 'node:os';
import type { AgentConfig, ResourceDetectorName } from '../config/types.js';
import { containerId } from './container-id.js';
import type { ProcessStart, ServiceIdentity } from './service.js';

export type ResourceAttributes = Record<string, string | number | string[]>;

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

function loadOs(): typeof NodeOs {
  return require('node:os') as typeof NodeOs;
}

function hostAttributes(): ResourceAttributes {
  const os = loadOs();
  return { 'host.name': os.hostname(), 'host.arch': ARCHITECTURES[process.arch] ?? process.arch };
}

function osAttributes(): ResourceAttributes {
  return { 'os.type': SYSTEMS[process.platform] ?? process.platform, 'os.version': loadOs().release() };
}

function ownerName(): ResourceAttributes {
  try {
    return { 'process.owner': loadOs().userInfo().username };
  } catch {
    // An arbitrary user id (OpenShift) has no passwd entry.
    return {};
  }
}

function processAttributes(config: AgentConfig, { title, argv }: ProcessStart): ResourceAttributes {
  const attributes: ResourceAttributes = {
    'process.pid': process.pid,
    'process.executable.name': title,
    'process.executable.path': process.execPath,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
    'process.runtime.description': 'Node.js',
    ...ownerName(),
  };
  if (argv[1] !== undefined) attributes['process.command'] = argv[1];
  if (config.hasProcessArguments) {
    attributes['process.command_args'] = [process.execPath, ...process.execArgv, ...argv.slice(1)];
  }
  return attributes;
}

function containerAttributes(): ResourceAttributes {
  const id = containerId();
  return id === undefined ? {} : { 'container.id': id };
}

type Detector = (config: AgentConfig, start: ProcessStart) => ResourceAttributes;

const DETECTORS: Partial<Record<ResourceDetectorName, Detector>> = {
  host: hostAttributes,
  os: osAttributes,
  process: processAttributes,
  container: containerAttributes,
  serviceinstance: () => ({ 'service.instance.id': randomUuid() }),
  env: (config) => config.resourceAttributes,
};

function detect(name: ResourceDetectorName, config: AgentConfig, start: ProcessStart): ResourceAttributes {
  try {
    return DETECTORS[name]?.(config, start) ?? {};
  } catch {
    // A detector that cannot read its source adds nothing.
    return {};
  }
}

export interface ResourceInput {
  readonly config: AgentConfig;
  readonly service: ServiceIdentity;
  readonly start: ProcessStart;
  readonly agentVersion: string;
  readonly sdkVersion: string;
}

function collectAttributes(input: ResourceInput): ResourceAttributes {
  const { config, service, start, agentVersion, sdkVersion } = input;
  const attributes: ResourceAttributes = {
    'telemetry.sdk.name': 'opentelemetry',
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.version': sdkVersion,
    'telemetry.distro.name': '@org/trace-agent',
    'telemetry.distro.version': agentVersion,
  };
  for (const name of config.resourceDetectors) Object.assign(attributes, detect(name, config, start));
  // Spec: an SDK must not overwrite the instance id that the user gave, whatever the order of detectors.
  const instanceId = config.resourceAttributes['service.instance.id'];
  if (instanceId !== undefined) attributes['service.instance.id'] = instanceId;
  attributes['service.name'] = service.name;
  if (service.version !== undefined) attributes['service.version'] = service.version;
  return attributes;
}

/**
 * Attributes of this process, in the order of the configured detectors: later ones win. Read at the first call, as the
 * process was when it started, and the same object ever after.
 */
export function describeResource(input: ResourceInput): () => ResourceAttributes {
  let attributes: ResourceAttributes | undefined;
  return () => {
    attributes ??= collectAttributes(input);
    return attributes;
  };
}
