/**
 * The URL the OTLP exporter sends to. Pure apart from reporting; never throws.
 *
 * Spec: protocol/exporter.md, "Endpoint URLs for OTLP/HTTP" and the note on gRPC endpoints.
 */
import { escapeCredentials } from '../credentials.js';
import type { CodeOf } from '../diag/catalogue.js';
import { redactUrl } from './redact.js';
import { type Settings, type SetValue, show } from './settings.js';
import type { OtlpProtocol } from './types.js';

const TRACES_PATH = '/v1/traces';
const GRPC_PORT = '4317';
const HTTP_PORT = '4318';
const GRPC_DEFAULT = `http://localhost:${GRPC_PORT}`;
const HTTP_DEFAULT = `http://localhost:${HTTP_PORT}`;

/** `http:/host` is a URL too; `localhost:4318` has no scheme. */
const SCHEME = /^(?:[a-z][a-z0-9+.-]*:\/\/|https?:)/i;
const UNIX_SCHEME = /^[uU][nN][iI][xX]:./;
/** `$(NAME)` of Kubernetes or `${NAME}` of a shell that was not replaced. */
const PLACEHOLDER = /\$[({]\w+[)}]/;

export interface Endpoint {
  readonly endpoint: string;
  readonly isEndpointExplicit: boolean;
  readonly isInsecure: boolean;
}

type Read = (settings: Settings, value: SetValue) => string | undefined;

/** Traces endpoint, else general endpoint, else the default of the protocol. `isInsecureSet` is INSECURE. */
export function readEndpoint(settings: Settings, protocol: OtlpProtocol, isInsecureSet: boolean): Endpoint {
  const isGrpc = protocol === 'grpc';
  const readGrpc: Read = (_, value) => readGrpcEndpoint(settings, value, isInsecureSet);
  const endpoint =
    tryEndpoint(settings, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', isGrpc ? readGrpc : readSignalUrl) ??
    tryEndpoint(settings, 'OTEL_EXPORTER_OTLP_ENDPOINT', isGrpc ? readGrpc : readBaseUrl);
  const used = endpoint ?? (isGrpc ? GRPC_DEFAULT : HTTP_DEFAULT + TRACES_PATH);
  const isInsecure = used.startsWith('http:') || (isInsecureSet && !used.startsWith('https:'));
  return { endpoint: used, isEndpointExplicit: endpoint !== undefined, isInsecure };
}

function tryEndpoint(
  settings: Settings,
  name: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT' | 'OTEL_EXPORTER_OTLP_ENDPOINT',
  read: Read,
): string | undefined {
  const value = settings.find(name);
  if (value === undefined) return undefined;
  const placeholder = value.text.includes('$') ? PLACEHOLDER.exec(value.text)?.[0] : undefined;
  if (placeholder === undefined) return read(settings, value);
  const hint = 'in a Kubernetes manifest the variable must be declared above this one';
  reject(settings, value, `contains ${placeholder}, which was not replaced by its value (${hint})`);
  return undefined;
}

/** The path of the general endpoint is a base to which the signal's path is added. */
function readBaseUrl(settings: Settings, value: SetValue): string | undefined {
  const url = readHttpUrl(settings, value);
  if (url === undefined) return undefined;
  const base = withoutTrailingSlashes(url.pathname);
  if (base.endsWith(TRACES_PATH)) {
    url.pathname = base;
    const advice = `${value.name} takes the URL without it, ${value.name.replace('OTLP_', 'OTLP_TRACES_')} the whole URL`;
    settings.report(
      'warn',
      'TA1107',
      value.name,
      `${show(value)} ends in ${TRACES_PATH} already, so it is not added; ${advice}`,
    );
  } else {
    url.pathname = base + TRACES_PATH;
  }
  return url.href;
}

function withoutTrailingSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === '/') end--;
  return path.slice(0, end);
}

/** The traces endpoint is used as it is. */
function readSignalUrl(settings: Settings, value: SetValue): string | undefined {
  const url = readHttpUrl(settings, value);
  if (url?.pathname.includes(TRACES_PATH + TRACES_PATH)) {
    const message = `${show(value)} has ${TRACES_PATH} twice and is used as it is; most receivers answer 404 there`;
    settings.report('warn', 'TA1107', value.name, message);
  }
  if (url?.pathname === '/') {
    const usual = new URL(TRACES_PATH, url).href;
    const message = `${show(value)} has no path and nothing is added to it; most receivers need ${redactUrl(usual)}`;
    settings.report('warn', 'TA1109', value.name, message);
  }
  return url?.href;
}

function readHttpUrl(settings: Settings, value: SetValue): URL | undefined {
  const { url, hasScheme } = parseUrl(value.text, 'http');
  if (url === undefined) {
    reject(settings, value, 'is not a URL like http://collector:4318');
    return undefined;
  }
  if (!isHttp(url)) {
    reject(settings, value, 'must start with http:// or https://');
    return undefined;
  }
  if (url.hash !== '') url.hash = '';
  repairCredentials(settings, value, url);
  if (!hasScheme) {
    const message = `${show(value)} has no scheme; using ${redactUrl(url.href)} (write http:// or https:// before it)`;
    settings.report('warn', 'TA1108', value.name, message);
  }
  // Without a named protocol the exporter finds out what the port speaks.
  if (url.port === GRPC_PORT && isProtocolNamed(settings)) {
    const advice = `use port ${HTTP_PORT}, or set OTEL_EXPORTER_OTLP_PROTOCOL=grpc`;
    const message = `${show(value)} names port ${GRPC_PORT}, usually grpc, but the protocol is HTTP; ${advice}`;
    settings.report('warn', 'TA1110', value.name, message);
  }
  return url;
}

function isProtocolNamed(settings: Settings): boolean {
  return settings.isValid('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL');
}

/** Scheme and authority; the path means nothing to gRPC. */
function readGrpcEndpoint(settings: Settings, value: SetValue, isInsecureSet: boolean): string | undefined {
  if (UNIX_SCHEME.test(value.text) && !/^[a-zA-Z]+:\d+$/.test(value.text)) return value.text;
  const { url, hasScheme } = parseUrl(value.text, isInsecureSet ? 'http' : 'https');
  if (url === undefined) {
    reject(settings, value, 'is not a URL like http://collector:4317');
    return undefined;
  }
  if (!isHttp(url)) {
    reject(settings, value, 'must start with http://, https:// or unix:');
    return undefined;
  }
  const used = `${url.protocol}//${authority(url)}`;
  reportGrpcEndpoint(settings, value, { url, used, hasScheme, isInsecureSet });
  return used;
}

/** URL leaves out the port 80 of http, and gRPC would take 443 then. */
function authority(url: URL): string {
  return url.protocol === 'http:' && url.port === '' ? `${url.host}:80` : url.host;
}

interface GrpcReading {
  readonly url: URL;
  readonly used: string;
  readonly hasScheme: boolean;
  readonly isInsecureSet: boolean;
}

function reportGrpcEndpoint(settings: Settings, value: SetValue, reading: GrpcReading): void {
  const { url, used, hasScheme, isInsecureSet } = reading;
  const warn = (code: CodeOf<'warn'>, text: string): void =>
    settings.report('warn', code, value.name, `${show(value)} ${text}`);
  const note = (text: string): void => settings.report('info', 'TA1111', value.name, `${show(value)} ${text}`);
  if (!hasScheme && isInsecureSet) {
    note(`has no scheme; using ${used} because OTEL_EXPORTER_OTLP_INSECURE is true`);
  } else if (!hasScheme) {
    warn('TA1108', `has no scheme, so TLS is used (${used}); write http:// before it for a connection without TLS`);
  } else if (isInsecureSet && url.protocol === 'https:') {
    note('asks for TLS, so OTEL_EXPORTER_OTLP_INSECURE=true has no effect');
  }
  if (url.port === HTTP_PORT) {
    const advice = `use port ${GRPC_PORT}, or set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`;
    warn('TA1110', `names port ${HTTP_PORT}, usually HTTP, but the protocol is grpc; ${advice}`);
  }
  if (url.protocol === 'http:' && url.port === '')
    warn('TA1112', `has no port; using ${used} (grpc is usually ${GRPC_PORT})`);
  if (url.pathname !== '/') note('has a path, which grpc does not use');
}

/** Changes the URL: with a `%` that starts no escape in its credentials, Node.js fails to read it at every request. */
export function repairCredentials(settings: Settings, value: SetValue, url: URL): void {
  if (!escapeCredentials(url)) return;
  const reason =
    'has a user name or password with a % that starts no escape of text; it is taken for itself (write %25)';
  settings.report('warn', 'TA1123', value.name, `${show(value)} ${reason}`);
}

/** `http//host` is no URL, and must not become one of a host named `http`; nor does `/path` name a host. */
function parseUrl(
  text: string,
  assumed: 'http' | 'https',
): { readonly url: URL | undefined; readonly hasScheme: boolean } {
  const hasScheme = text.startsWith('http://') || text.startsWith('https://') || SCHEME.test(text);
  if (!hasScheme && /^(https?)?\//i.test(text)) return { url: undefined, hasScheme };
  try {
    return { url: new URL(hasScheme ? text : `${assumed}://${text}`), hasScheme };
  } catch {
    return { url: undefined, hasScheme };
  }
}

function isHttp(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

function reject(settings: Settings, value: SetValue, reason: string): void {
  const next = value.name.includes('TRACES') ? 'OTEL_EXPORTER_OTLP_ENDPOINT or the default' : 'the default endpoint';
  settings.reportBadEndpoint(value, reason, next);
}
