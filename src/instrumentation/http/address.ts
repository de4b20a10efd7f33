/**
 * Who asked, and whom: addresses from `Host` and from what proxies add. Spec: semantic-conventions 1.44, http-spans,
 * "Setting server.address and server.port" and "client.address". Pure. Hot path: the common case is one comparison.
 */

export interface HostAndPort {
  readonly address: string;
  /** Undefined when the text has none. */
  readonly port: number | undefined;
}

/** Headers as Node gives them: lower-case names. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

const PORT = /^\d{1,5}$/;

function split(text: string): HostAndPort {
  const colon = text.lastIndexOf(':');
  if (text.startsWith('[')) {
    const bracket = text.indexOf(']');
    if (bracket === -1) return { address: text, port: undefined };
    const port = text.slice(bracket + 2);
    return { address: text.slice(1, bracket), port: PORT.test(port) ? Number(port) : undefined };
  }
  // More than one colon and no brackets: a bare IPv6 address.
  if (colon === -1 || text.indexOf(':') !== colon) return { address: text, port: undefined };
  const port = text.slice(colon + 1);
  return { address: text.slice(0, colon), port: PORT.test(port) ? Number(port) : undefined };
}

let lastText = '';
let lastSplit: HostAndPort = { address: '', port: undefined };

/** Splits `host:port`, `[v6]:port` and their parts. Most requests of a process name the same host. */
export function splitHost(text: string): HostAndPort {
  if (text !== lastText) {
    lastSplit = split(text);
    lastText = text;
  }
  return lastSplit;
}

/** The first element of a header that proxies append to. */
function firstOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = typeof header === 'string' ? header : (header[0] ?? '');
  const comma = text.indexOf(',');
  const first = (comma === -1 ? text : text.slice(0, comma)).trim();
  return first === '' ? undefined : first;
}

const FORWARDED = {
  for: /(?:^|[;,])\s*for\s*=\s*(?:"([^"]*)"|([^;,\s]+))/i,
  host: /(?:^|[;,])\s*host\s*=\s*(?:"([^"]*)"|([^;,\s]+))/i,
  proto: /(?:^|[;,])\s*proto\s*=\s*(?:"([^"]*)"|([^;,\s]+))/i,
};

/** A parameter of the `Forwarded` header (RFC 7239), from the first element that has it. */
function forwarded(headers: Headers, parameter: keyof typeof FORWARDED): string | undefined {
  const { forwarded: header } = headers;
  if (header === undefined) return undefined;
  const match = FORWARDED[parameter].exec(String(header));
  return match?.[1] ?? match?.[2];
}

/** `socketScheme` unless a proxy says that the client used another one. */
export function schemeOf(headers: Headers, socketScheme: string): string {
  const scheme = forwarded(headers, 'proto') ?? firstOf(headers['x-forwarded-proto']);
  return scheme === undefined ? socketScheme : scheme.toLowerCase();
}

/** The host that the client asked for; undefined when it named none. */
export function serverHostOf(headers: Headers): HostAndPort | undefined {
  const { ':authority': authority, host = authority } = headers;
  const text = forwarded(headers, 'host') ?? firstOf(headers['x-forwarded-host']) ?? host;
  return typeof text === 'string' && text !== '' ? splitHost(text) : undefined;
}

/** The client's address as the nearest proxy that was trusted to say it did; undefined when none did. */
export function forwardedClientOf(headers: Headers): string | undefined {
  const text = forwarded(headers, 'for') ?? firstOf(headers['x-forwarded-for']);
  return text === undefined ? undefined : split(text).address;
}

export function defaultPort(scheme: string): number | undefined {
  if (scheme === 'http') return 80;
  return scheme === 'https' ? 443 : undefined;
}
