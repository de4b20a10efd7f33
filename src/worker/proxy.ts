/**
 * Proxies by environment variable: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, in either case, as curl reads them.
 * Worker. The variables are read by proxy-from-env in the worker's own environment, which holds what the application's
 * thread passed. The agents are loaded when a proxy is named, not before.
 */
import type { Agent, AgentOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import { escapeCredentials } from '../credentials.js';

type ProxyAgents = typeof import('./proxy-agents.js');

/** Carries a code that failure.ts knows. */
export class ProxyError extends Error {
  readonly code = 'ERR_PROXY';
}

/** Host and port of a proxy, without its credentials. */
export function proxyName(proxy: URL): string {
  return `${proxy.protocol}//${proxy.host}`;
}

/** The proxy for this address, undefined = go direct. Throws when the variable holds no URL. */
export function proxyFor(url: URL): URL | undefined {
  const { getProxyForUrl } = require('proxy-from-env') as { getProxyForUrl(url: string): string };
  const proxy = getProxyForUrl(url.href);
  if (proxy === '') return undefined;
  try {
    const url = new URL(proxy);
    escapeCredentials(url);
    return url;
  } catch {
    throw new ProxyError(`the proxy variable for ${url.protocol}// holds no valid URL`);
  }
}

/** An agent that sends requests to `url` through the proxy: forwarded for http, tunnelled for https. */
export function createProxyAgent(proxy: URL, url: URL, options: AgentOptions): Agent {
  const { HttpProxyAgent, HttpsProxyAgent } = require('./proxy-agents.js') as ProxyAgents;
  const ProxyAgent = url.protocol === 'https:' ? HttpsProxyAgent : HttpProxyAgent;
  return new ProxyAgent(proxy, options as object);
}

/**
 * A tunnel to `url` for HTTP/2, plain or with TLS inside. Rejects when the proxy refuses. Not left to https-proxy-agent
 * 7.0.6: it loses what the server says first in the packet of the proxy's answer, and an HTTP/2 server speaks first.
 */
export async function openTunnel(proxy: URL, url: URL, tls: object): Promise<Duplex> {
  const isTls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const socket = await connectThrough(proxy, `${url.hostname}:${url.port || (isTls ? 443 : 80)}`);
  if (!isTls) return socket;
  const { isIP } = require('node:net') as typeof import('node:net');
  const { connect } = require('node:tls') as typeof import('node:tls');
  const name = isIP(host) === 0 ? { servername: host } : { host };
  return connect({ ...tls, ...name, socket, ALPNProtocols: ['h2'] });
}

/** A connection to `host:port` by CONNECT. Rejects when the proxy refuses or cannot be reached. */
export function connectThrough(proxy: URL, target: string): Promise<Duplex> {
  const client =
    proxy.protocol === 'https:'
      ? (require('node:https') as typeof import('node:https'))
      : (require('node:http') as typeof import('node:http'));
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const headers = {
    Host: target,
    ...(credentials === ':' ? {} : { 'Proxy-Authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }),
  };
  return new Promise((resolve, reject) => {
    const request = client.request(proxy, { method: 'CONNECT', path: target, headers, agent: false });
    request.on('connect', ({ statusCode }, socket, head) => {
      if (statusCode !== 200) {
        socket.destroy();
        reject(new ProxyError(`the proxy ${proxyName(proxy)} answered ${statusCode}`));
        return;
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.on('socket', (socket) => socket.unref());
    request.on('error', ({ message }) => reject(new ProxyError(`the proxy ${proxyName(proxy)} fails: ${message}`)));
    request.end();
  });
}
