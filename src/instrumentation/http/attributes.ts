/** Attributes of SERVER and CLIENT spans. Spec: semantic-conventions 1.44, http-spans. Hot path: one object each. */
import type { IncomingMessage } from 'node:http';
import type { Attributes, Span } from '@opentelemetry/api';
import { redactUrl } from '../redact.js';
import {
  CLIENT_ADDRESS,
  HTTP_REQUEST_METHOD,
  HTTP_REQUEST_METHOD_ORIGINAL,
  NETWORK_PEER_ADDRESS,
  NETWORK_PEER_PORT,
  NETWORK_PROTOCOL_VERSION,
  SERVER_ADDRESS,
  SERVER_PORT,
  URL_FULL,
  URL_PATH,
  URL_QUERY,
  URL_SCHEME,
  USER_AGENT_ORIGINAL,
} from '../semconv.js';
import { defaultPort, forwardedClientOf, schemeOf, serverHostOf } from './address.js';
import { captureHeaders, type HttpRules, methodAttribute } from './rules.js';

function originalMethod(known: string, method: string): string | undefined {
  return known === method ? undefined : method;
}

/** Where the path of a request target starts: after the authority when a proxy's client sent a whole URL. */
function pathStart(target: string): number {
  if (target.charCodeAt(0) === 47 /* / */) return 0;
  const authority = target.indexOf('://');
  if (authority === -1) return 0;
  const path = target.indexOf('/', authority + 3);
  return path === -1 ? target.length : path;
}

/** Known when the request arrives. A new object, with nothing absent in it: a span may keep it. */
export function serverAttributes(request: IncomingMessage, socketScheme: string, rules: HttpRules): Attributes {
  const { headers, method = 'GET', url: target = '' } = request;
  const start = pathStart(target);
  const question = target.indexOf('?', start);
  const scheme = schemeOf(headers, socketScheme);
  const known = methodAttribute(rules, method);
  const attributes: Attributes = {
    [HTTP_REQUEST_METHOD]: known,
    [URL_SCHEME]: scheme,
    [URL_PATH]: question === -1 ? target.slice(start) : target.slice(start, question),
    [NETWORK_PROTOCOL_VERSION]: protocolVersion(request),
  };
  if (known !== method) attributes[HTTP_REQUEST_METHOD_ORIGINAL] = method;
  if (question !== -1) attributes[URL_QUERY] = rules.redactQuery(target.slice(question + 1));
  const userAgent = headers['user-agent'];
  if (userAgent !== undefined) attributes[USER_AGENT_ORIGINAL] = userAgent;
  addHosts(attributes, request, scheme);
  if (rules.server.request.length === 0) return attributes;
  return Object.assign(
    attributes,
    captureHeaders(rules.server.request, (name) => headers[name]),
  );
}

/** Who was asked, and who asks. */
function addHosts(attributes: Attributes, { headers, socket }: IncomingMessage, scheme: string): void {
  const host = serverHostOf(headers);
  if (host !== undefined) {
    attributes[SERVER_ADDRESS] = host.address;
    const port = host.port ?? defaultPort(scheme);
    if (port !== undefined) attributes[SERVER_PORT] = port;
  }
  const peer = socket?.remoteAddress;
  const client = forwardedClientOf(headers) ?? peer;
  if (client !== undefined) attributes[CLIENT_ADDRESS] = client;
  if (peer === undefined) return;
  attributes[NETWORK_PEER_ADDRESS] = peer;
  if (socket.remotePort !== undefined) attributes[NETWORK_PEER_PORT] = socket.remotePort;
}

function protocolVersion({ httpVersion }: IncomingMessage): string {
  return httpVersion === '2.0' ? '2' : httpVersion;
}

/** The peer of the connection and the protocol: nothing a sampler decides by, so only for spans that are recorded. */
export function recordConnection(span: Span, message: IncomingMessage): void {
  const { socket } = message;
  span.setAttribute(NETWORK_PROTOCOL_VERSION, protocolVersion(message));
  if (socket?.remoteAddress === undefined) return;
  span.setAttribute(NETWORK_PEER_ADDRESS, socket.remoteAddress);
  if (socket.remotePort !== undefined) span.setAttribute(NETWORK_PEER_PORT, socket.remotePort);
}

interface AgentLike {
  readonly protocol?: string;
  readonly defaultPort?: number;
}

/** What a call of `http.request` was given besides its callback, in any of its forms. */
export interface RequestInput {
  readonly protocol?: string | null;
  readonly hostname?: string | null;
  readonly host?: string | null;
  readonly port?: number | string | null;
  readonly defaultPort?: number | string;
  readonly path?: string | null;
  readonly method?: string;
  readonly auth?: string | null;
  readonly username?: string;
  readonly agent?: AgentLike;
  readonly signal?: AbortSignal;
}

/** The part of a client request that attributes are made of. */
export interface RequestView {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** With its colon. */
  readonly protocol?: string;
  readonly agent?: AgentLike | undefined;
}

/** Whom a request is for. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** As the application says it, without credentials. */
  readonly url: string;
  readonly hasCredentials: boolean;
}

function portOf(request: RequestView, scheme: string, input: RequestInput, options: RequestInput | undefined): number {
  const given = options?.port || input.port || options?.defaultPort || input.defaultPort;
  return Number(given || request.agent?.defaultPort || defaultPort(scheme) || 80);
}

/** The path may be a whole URL (through a proxy), an authority (CONNECT) or `*`. */
export function targetOf(request: RequestView, input: RequestInput, options: RequestInput | undefined): Target {
  const { host, path, method, protocol = 'http:' } = request;
  const absolute = method === 'CONNECT' ? `${protocol}//${path}` : path;
  if (/^https?:\/\//i.test(absolute) && URL.canParse(absolute)) {
    const { hostname, port, protocol: own, username } = new URL(absolute);
    return {
      host: hostname,
      port: Number(port || defaultPort(own.slice(0, -1))),
      url: username === '' ? absolute : absolute.replace(/\/\/[^/?#]*@/, '//'),
      hasCredentials: username !== '',
    };
  }
  const scheme = protocol.slice(0, -1);
  const port = portOf(request, scheme, input, options);
  const hasCredentials = Boolean(options?.auth || input.auth || input.username);
  const shownHost = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const shownPort = port === defaultPort(scheme) ? '' : `:${port}`;
  return { host, port, url: `${protocol}//${shownHost}${shownPort}${path === '*' ? '' : path}`, hasCredentials };
}

/** Known when the request is made, for samplers. Absent values are undefined: the SDK leaves them out. */
export function clientAttributes(
  method: string,
  { host, port, url, hasCredentials }: Target,
  rules: HttpRules,
): Attributes {
  const known = methodAttribute(rules, method);
  return {
    [HTTP_REQUEST_METHOD]: known,
    [HTTP_REQUEST_METHOD_ORIGINAL]: originalMethod(known, method),
    [SERVER_ADDRESS]: host,
    [SERVER_PORT]: port,
    [URL_FULL]: redactUrl(hasCredentials ? url.replace('//', '//x@') : url, rules.redactQuery),
  };
}
