/**
 * Sockets to the collector: keep-alive pool, TLS files, proxy. Worker. Loads `node:http` or `node:https`, whichever the
 * URL needs, when the first request is made.
 */
import type { Agent, ClientRequest, RequestOptions } from 'node:http';
import { urlToHttpOptions } from 'node:url';
import { createProxyAgent, proxyFor, proxyName } from './proxy.js';
import type { TlsFiles, TlsMaterial } from './tls-files.js';

export interface Connections {
  /** Starts a request. Throws when TLS files cannot be read, or the URL's credentials. */
  request(options: RequestOptions): ClientRequest;
  /** The proxy on the way, without credentials; undefined = none. */
  proxyName(): string | undefined;
  close(): void;
}

type Client = Pick<typeof import('node:https'), 'Agent' | 'request'>;

/**
 * "localhost" may be ::1 first while the collector listens on 127.0.0.1. Node: 18 tries only the first address unless
 * told; later versions give each address 250 ms, too little for a collector on another continent.
 */
export const DUAL_STACK = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 2000 };

const NO_TLS: TlsMaterial = { version: 0, options: {} };
/** How long an unused connection is kept. */
const IDLE_MILLIS = 60_000;

/** What the URL comes to for every request. */
interface Target {
  readonly url: URL;
  readonly options: RequestOptions;
  readonly isEncrypted: boolean;
  readonly client: Client;
}

/** Throws where the URL, or its credentials, cannot be read. */
function readTarget(text: string): Target {
  const url = new URL(text);
  const isEncrypted = url.protocol === 'https:';
  const client = isEncrypted ? require('node:https') : require('node:http');
  return { url, options: urlToHttpOptions(url), isEncrypted, client };
}

/** Creates the pool. How many requests run at once is the caller's business: one that hangs must not block the next. */
export function createConnections(url: string, tlsFiles: TlsFiles): Connections {
  let target: Target | undefined;
  let agent: Agent | undefined;
  let agentVersion = -1;

  const open = ({ url, client }: Target, { version, options }: TlsMaterial): Agent => {
    if (agent !== undefined && version === agentVersion) return agent;
    agent?.destroy();
    agentVersion = version;
    const pool = { keepAlive: true, timeout: IDLE_MILLIS, scheduling: 'lifo' as const, ...DUAL_STACK };
    const proxy = proxyFor(url);
    const opened = proxy === undefined ? new client.Agent({ ...pool, ...options }) : createProxyAgent(proxy, url, pool);
    agent = opened;
    return opened;
  };

  return {
    request(options) {
      target ??= readTarget(url);
      const tls = target.isEncrypted ? tlsFiles.read() : NO_TLS;
      // The proxy agent takes TLS options from the request, the others from the pool.
      return target.client.request({ ...target.options, ...options, ...tls.options, agent: open(target, tls) });
    },
    proxyName() {
      try {
        const proxy = proxyFor(new URL(url));
        return proxy && proxyName(proxy);
      } catch {
        // The variable holds no URL: the request has failed of that.
        return undefined;
      }
    },
    close() {
      agent?.destroy();
      agent = undefined;
    },
  };
}
