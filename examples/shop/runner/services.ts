/**
 * The services of the shop as data: which file, how the agent is preloaded, which OTEL_* variables. Nothing but these
 * variables and the preload flag makes a service traced. Runner process only.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export type Preload = 'require' | 'import' | 'NODE_OPTIONS --require' | 'NODE_OPTIONS --import';
export type Protocol = 'grpc' | 'http/protobuf' | 'http/json';

export interface Service {
  /** Folder below examples/shop, and the name in messages. */
  readonly name: string;
  /** What its spans must carry. */
  readonly serviceName: string;
  readonly preload: Preload;
  readonly protocol: Protocol;
  /** Further variables of the service: where its neighbours listen comes from `needs`. */
  readonly env: Readonly<Record<string, string>>;
  /** Variable -> service whose address it gets. They are started first. */
  readonly needs: Readonly<Record<string, string>>;
}

/** Service names come from three places on purpose: the variable, resource attributes, the nearest package.json. */
export const SERVICES: readonly Service[] = [
  {
    name: 'catalog',
    serviceName: 'shop-catalog',
    preload: 'require',
    protocol: 'grpc',
    env: { OTEL_SERVICE_NAME: 'shop-catalog' },
    needs: { DATABASE_URL: 'database' },
  },
  {
    name: 'payments',
    serviceName: 'shop-payments',
    preload: 'NODE_OPTIONS --require',
    protocol: 'http/json',
    env: {},
    needs: {},
  },
  {
    name: 'notifications',
    serviceName: 'shop-notifications',
    preload: 'import',
    protocol: 'http/protobuf',
    env: {},
    needs: {},
  },
  {
    name: 'worker',
    serviceName: 'shop-worker',
    preload: 'NODE_OPTIONS --import',
    protocol: 'http/protobuf',
    env: {},
    needs: { DATABASE_URL: 'database', NOTIFICATIONS_URL: 'notifications' },
  },
  {
    name: 'orders',
    serviceName: 'shop-orders',
    preload: 'import',
    protocol: 'grpc',
    env: { OTEL_RESOURCE_ATTRIBUTES: 'service.name=shop-orders' },
    needs: {
      DATABASE_URL: 'database',
      CATALOG_ADDRESS: 'catalog',
      PAYMENTS_URL: 'payments',
      WORKER_URL: 'worker',
    },
  },
  {
    name: 'gateway',
    serviceName: 'shop-gateway',
    preload: 'NODE_OPTIONS --require',
    protocol: 'http/protobuf',
    env: { OTEL_SERVICE_NAME: 'shop-gateway' },
    needs: { CATALOG_ADDRESS: 'catalog', ORDERS_URL: 'orders' },
  },
];

export interface Receiver {
  /** e.g. `http://127.0.0.1:4318` */
  readonly httpUrl: string;
  /** e.g. `http://127.0.0.1:4317` */
  readonly grpcUrl: string;
}

/** The arguments of `node` and the variables that start one service under the agent at `agentFile`. */
export function launchOf(
  service: Service,
  options: { readonly shopDir: string; readonly agentFile: string; readonly receiver: Receiver },
): { readonly args: readonly string[]; readonly cwd: string; readonly env: Readonly<Record<string, string>> } {
  const cwd = join(options.shopDir, service.name);
  const { args, env } = preload(service.preload, options.agentFile);
  return {
    args: [...args, join(cwd, 'server.js')],
    cwd,
    env: { ...env, ...tracing(service, options.receiver), ...service.env },
  };
}

function preload(how: Preload, agentFile: string): { args: string[]; env: Record<string, string> } {
  const agentUrl = pathToFileURL(agentFile).href;
  if (how === 'require') return { args: ['--require', agentFile], env: {} };
  if (how === 'import') return { args: ['--import', agentUrl], env: {} };
  const isImport = how === 'NODE_OPTIONS --import';
  return { args: [], env: { NODE_OPTIONS: isImport ? `--import ${agentUrl}` : `--require "${agentFile}"` } };
}

function tracing({ protocol }: Service, receiver: Receiver): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? receiver.grpcUrl : receiver.httpUrl,
    OTEL_BSP_SCHEDULE_DELAY: '200',
  };
}
