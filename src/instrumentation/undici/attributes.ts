/** Attributes of a client span for undici and fetch. Spec: semantic-conventions 1.44, HTTP client span. */
import type { Attributes } from '@opentelemetry/api';
import { captureHeaders, type HttpRules, methodAttribute } from '../http/rules.js';
import { redactUrl } from '../redact.js';
import {
  HTTP_REQUEST_METHOD,
  HTTP_REQUEST_METHOD_ORIGINAL,
  NETWORK_PEER_ADDRESS,
  NETWORK_PEER_PORT,
  NETWORK_PROTOCOL_VERSION,
  SERVER_ADDRESS,
  SERVER_PORT,
  URL_FULL,
} from '../semconv.js';
import { readHeader, type UndiciRequest, type UndiciSocket } from './request.js';

interface Origin {
  readonly text: string;
  readonly href: string;
  readonly address: string;
  readonly port: number;
}

let lastOrigin: Origin | undefined;

/** Most clients talk to few origins in a row: parsing a URL is the dearest step here. */
function parseOrigin(text: string): Origin {
  if (lastOrigin?.text === text) return lastOrigin;
  const url = new URL(text);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const address = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  lastOrigin = { text, href: url.origin, address, port };
  return lastOrigin;
}

/** Through a proxy without a tunnel the path is the whole URL and the origin is the proxy's. */
function isWholeUrl(path: string): boolean {
  return !path.startsWith('/') && /^https?:\/\//i.test(path);
}

function originOf({ origin, path }: UndiciRequest): Origin {
  return parseOrigin(isWholeUrl(path) ? path : String(origin));
}

/** Throws when the origin is no URL. */
export function urlOf(request: UndiciRequest): string {
  const { path } = request;
  return isWholeUrl(path) ? path : originOf(request).href + path;
}

/** Known at start, for samplers. Throws when the origin is no URL. */
export function startAttributes(request: UndiciRequest, rules: HttpRules): Attributes {
  const { method } = request;
  const { address, port } = originOf(request);
  const known = methodAttribute(rules, method);
  const attributes: Attributes = {
    [HTTP_REQUEST_METHOD]: known,
    [SERVER_ADDRESS]: address,
    [SERVER_PORT]: port,
    [URL_FULL]: redactUrl(urlOf(request), rules.redactQuery),
  };
  if (known !== method) attributes[HTTP_REQUEST_METHOD_ORIGINAL] = method;
  if (rules.client.request.length > 0) {
    Object.assign(
      attributes,
      captureHeaders(rules.client.request, (name) => readHeader(request.headers, name)),
    );
  }
  return attributes;
}

/** Known once the connection is there. */
export function connectionAttributes(socket: UndiciSocket): Attributes {
  return {
    [NETWORK_PEER_ADDRESS]: socket.remoteAddress,
    [NETWORK_PEER_PORT]: socket.remotePort,
    [NETWORK_PROTOCOL_VERSION]: socket.alpnProtocol === 'h2' ? '2' : '1.1',
  };
}
