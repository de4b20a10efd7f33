/**
 * Attributes of SERVER and CLIENT spans. Spec: semantic-conventions 1.44, gRPC. Those known at start depend on the
 * method and on who is called by which name: built once for each of these, not once a call.
 */
import type { Attributes, Span } from '@opentelemetry/api';
import { type HostAndPort, splitHost } from '../http/address.js';
import {
  NETWORK_PEER_ADDRESS,
  NETWORK_PEER_PORT,
  OTHER,
  RPC_METHOD,
  RPC_METHOD_ORIGINAL,
  RPC_SYSTEM_NAME,
  SERVER_ADDRESS,
  SERVER_PORT,
} from '../semconv.js';

const SYSTEM = 'grpc';

/** Name and start attributes of a span; shared by the calls that look the same. */
export interface SpanStart {
  readonly name: string;
  readonly attributes: Attributes;
}

/** `package.Service/Method` of a path. */
export function methodOf(path: string): string {
  return path.startsWith('/') ? path.slice(1) : path;
}

export function spanStart(method: string, server: HostAndPort | undefined): SpanStart {
  const attributes: Attributes = { [RPC_SYSTEM_NAME]: SYSTEM, [RPC_METHOD]: method };
  if (server !== undefined) setServer(attributes, server);
  return { name: method, attributes };
}

/** A method that the server does not have: anybody may send any, so none becomes a name. */
export function unknownMethodStart(method: string, server: HostAndPort | undefined): SpanStart {
  const { attributes } = spanStart(OTHER, server);
  attributes[RPC_METHOD_ORIGINAL] = method;
  return { name: SYSTEM, attributes };
}

function setServer(attributes: Attributes, { address, port }: HostAndPort): void {
  attributes[SERVER_ADDRESS] = address;
  if (port !== undefined) attributes[SERVER_PORT] = port;
}

const SCHEME = /^(dns|unix|ipv4|ipv6):(?:\/\/([^/]*)\/)?(.*)$/s;

/**
 * Who a channel calls, of its target (`dns:host:port`, `unix:///path`, `xds:///name`). A target that names no single
 * host and port is the address as a whole.
 */
export function parseTarget(target: string): HostAndPort {
  const [, scheme, authority, rest] = SCHEME.exec(target) ?? [];
  if (scheme === undefined || rest === undefined || rest === '') return { address: target, port: undefined };
  if (scheme === 'unix') return { address: authority === undefined ? rest : `/${rest}`, port: undefined };
  if (rest.includes(',')) return { address: target, port: undefined };
  return splitHost(rest);
}

const PEER = /^(?:\[([^\]]+)\]|([^/].*)):(\d{1,5})$/;

/** Splits what a call says of its peer: `address:port`, where older releases leave out the brackets, or a path. */
export function parsePeer(peer: string): HostAndPort {
  const [, bracketed, plain, port] = PEER.exec(peer) ?? [];
  return { address: bracketed ?? plain ?? peer, port: port === undefined ? undefined : Number(port) };
}

/** Nothing a sampler decides by, so only for spans that are recorded. */
export function recordPeer(span: Span, { address, port }: HostAndPort): void {
  span.setAttribute(NETWORK_PEER_ADDRESS, address);
  if (port !== undefined) span.setAttribute(NETWORK_PEER_PORT, port);
}
