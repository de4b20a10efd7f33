/**
 * Proxies by environment variable: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, in either case, as curl reads them.
 * Worker. The variables are read by proxy-from-env in the worker's own environment, which holds what the application's
 * thread passed. The agents are loaded when a proxy is named, not before.
 */
import { EventEmitter } from 'node:events';
import type { Agent, AgentOptions } from 'node:http';
import type { Duplex } from 'node:stream';

type HttpProxyModule = typeof import('http-proxy-agent');
type HttpsProxyModule = typeof import('https-proxy-agent');

/** Carries a code that failure.ts knows. */
class ProxyError extends Error {
  readonly code = 'ERR_PROXY';
}

/** The proxy for this address, undefined = go direct. Throws when the variable holds no URL. */
export function proxyFor(url: URL): URL | undefined {
  const { getProxyForUrl } = require('proxy-from-env') as { getProxyForUrl(url: string): string };
  const proxy = getProxyForUrl(url.href);
  if (proxy === '') return undefined;
  try {
    return new URL(proxy);
  } catch {
    throw new ProxyError(`the proxy variable for ${url.protocol}// holds no valid URL`);
  }
}

/** An agent that sends requests to `url` through the proxy: forwarded for http, tunnelled for https. */
export function createProxyAgent(proxy: URL, url: URL, options: AgentOptions): Agent {
  if (url.protocol === 'https:') {
    const { HttpsProxyAgent } = require('https-proxy-agent') as HttpsProxyModule;
    return new HttpsProxyAgent(proxy, options as object);
  }
  const { HttpProxyAgent } = require('http-proxy-agent') as HttpProxyModule;
  return new HttpProxyAgent(proxy, options as object);
}

/** A tunnel to `url` for HTTP/2, plain or with TLS inside. Rejects when the proxy refuses. */
export async function openTunnel(proxy: URL, url: URL, tls: object): Promise<Duplex> {
  const { HttpsProxyAgent } = require('https-proxy-agent') as HttpsProxyModule;
  const agent = new HttpsProxyAgent(proxy);
  const request = new EventEmitter();
  let status = 0;
  request.on('proxyConnect', (answer: { statusCode: number }) => {
    status = answer.statusCode;
  });
  const isTls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || (isTls ? 443 : 80);
  const target = { ...tls, host, port, secureEndpoint: isTls, ALPNProtocols: ['h2'] };
  const socket = await agent.connect(request as never, target as never);
  if (status === 200) return socket;
  socket.destroy();
  throw new ProxyError(`the proxy answered ${status}`);
}
