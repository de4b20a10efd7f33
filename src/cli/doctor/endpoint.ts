/**
 * The way to the collector, step by step: proxy, name, connection, TLS, protocol, a real export, clock. Each step that
 * fails is told with the message the agent would print; the export is tried all the same. Command line program.
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describeUrl } from '../../pipeline/export-report.js';
import { FAILURE_CODES } from '../../pipeline/failure-codes.js';
import type { ExportSettings } from '../../pipeline/protocol.js';
import { DEFAULT_DELIVERY, exportSettings } from '../../pipeline/settings.js';
import { describeResource } from '../../sdk/resource.js';
import { describeProcess } from '../../sdk/service.js';
import { AGENT_VERSION, SDK_VERSION } from '../../version.js';
import { classOfCode, failureOf } from '../../worker/failure.js';
import { connectThrough, proxyFor, proxyName } from '../../worker/proxy.js';
import { TlsFiles, type TlsOptions } from '../../worker/tls-files.js';
import type { DoctorContext } from './context.js';
import { exportTestSpan } from './export.js';
import { inspectTls, openTcp, readClock, resolveHost, spokenAt, type TlsFacts } from './network.js';
import { coded, type Finding, note, ok, type Section } from './report.js';

const DAY_MILLIS = 86_400_000;
const SOON_DAYS = 14;
const MAX_SKEW_MILLIS = 5000;
const GRPC_PORT = 4317;
const HTTP_PORT = 4318;

function failed(error: unknown, what: string): Finding {
  const { failureClass, detail } = failureOf(error);
  return coded('problem', FAILURE_CODES[failureClass], `${what}: ${detail}`);
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** One destination on its way through the steps. */
class Walk {
  readonly findings: Finding[] = [];
  readonly #url: URL;
  readonly #settings: ExportSettings;
  readonly #context: DoctorContext;
  #proxy: URL | undefined;
  #tls: TlsOptions = {};

  constructor(settings: ExportSettings, context: DoctorContext) {
    this.#settings = settings;
    this.#context = context;
    this.#url = new URL(settings.url);
  }

  async run(isExporting: boolean): Promise<readonly Finding[]> {
    if (this.#readFiles() && this.#readProxy()) {
      const addresses = await this.#resolve();
      if (addresses !== undefined) await this.#connect(addresses);
    }
    if (isExporting) await this.#export();
    return this.findings;
  }

  #add(...findings: Finding[]): void {
    this.findings.push(...findings);
  }

  #readFiles(): boolean {
    if (this.#url.protocol !== 'https:') return true;
    try {
      this.#tls = new TlsFiles(this.#settings).read().options;
      return true;
    } catch (error) {
      this.#add(failed(error, 'the TLS files'));
      return false;
    }
  }

  #readProxy(): boolean {
    try {
      this.#proxy = proxyFor(this.#url);
    } catch (error) {
      this.#add(failed(error, 'the proxy'));
      return false;
    }
    const { proxyVariables } = this.#context.environment;
    if (this.#proxy !== undefined) {
      this.#add(
        note(`goes through the proxy ${proxyName(this.#proxy)}; NO_PROXY=${hostOf(this.#url)} would go direct`),
      );
    } else if (proxyVariables.length > 0) {
      this.#add(note(`goes direct: ${proxyVariables.join(', ')} do not apply to ${hostOf(this.#url)}`));
    }
    return true;
  }

  async #resolve(): Promise<string[] | undefined> {
    const host = hostOf(this.#proxy ?? this.#url);
    try {
      const addresses = await resolveHost(host, this.#context.timeoutMillis);
      if (addresses.length > 1 || addresses[0] !== host) this.#add(ok(`${host} resolves to ${addresses.join(', ')}`));
      return addresses;
    } catch (error) {
      this.#add(failed(error, `${host} does not resolve`));
      return undefined;
    }
  }

  async #connect(addresses: readonly string[]): Promise<void> {
    const target = this.#proxy ?? this.#url;
    const { timeoutMillis } = this.#context;
    const startedAt = performance.now();
    let socket: Socket;
    try {
      socket = await openTcp(addresses, portOf(target), timeoutMillis);
    } catch (error) {
      const what = `no connection to ${hostOf(target)} port ${portOf(target)}`;
      const { detail } = failureOf(error);
      this.#add(this.#proxy === undefined ? failed(error, what) : coded('problem', 'TA3018', `${what}: ${detail}`));
      await this.#tryOtherPort(addresses);
      return;
    }
    const millis = Math.round(performance.now() - startedAt);
    this.#add(ok(`${hostOf(target)} port ${portOf(target)} takes connections (${millis} ms)`));
    if (this.#url.protocol === 'https:') await this.#handshake(socket);
    else if (this.#proxy === undefined) await this.#listen(socket);
    else socket.destroy();
  }

  /** 4317 for 4318 and the reverse: what is open there? */
  async #tryOtherPort(addresses: readonly string[]): Promise<void> {
    const port = portOf(this.#url);
    if (this.#proxy !== undefined || (port !== GRPC_PORT && port !== HTTP_PORT)) return;
    const other = port === GRPC_PORT ? HTTP_PORT : GRPC_PORT;
    try {
      const spoken = await spokenAt(await openTcp(addresses, other, this.#context.timeoutMillis), 1000);
      const protocol = spoken === 'h2' ? 'grpc' : 'http/protobuf';
      const fix = `set OTEL_EXPORTER_OTLP_ENDPOINT to port ${other} and OTEL_EXPORTER_OTLP_PROTOCOL=${protocol}`;
      this.#add({ status: 'warning', text: `port ${other} of the same host is open`, fix });
    } catch {
      this.#add(note(`port ${other} of the same host is closed, too`));
    }
  }

  async #handshake(socket: Socket): Promise<void> {
    const host = hostOf(this.#url);
    try {
      const tunnel: Duplex = this.#proxy === undefined ? socket : await this.#tunnel(socket, this.#proxy);
      this.#addTls(await inspectTls(tunnel, host, this.#tls, this.#context.timeoutMillis));
    } catch (error) {
      this.#add(failed(error, 'the TLS handshake'));
    } finally {
      socket.destroy();
    }
  }

  async #tunnel(socket: Socket, proxy: URL): Promise<Duplex> {
    socket.destroy();
    const tunnel = await connectThrough(proxy, `${this.#url.hostname}:${portOf(this.#url)}`);
    this.#add(ok('the proxy opens a tunnel'));
    return tunnel;
  }

  #addTls({ protocol, http, certificate, distrust, mismatch }: TlsFacts): void {
    const { subject, issuer, valid_from, valid_to, subjectaltname } = certificate;
    const agreed = http === undefined ? 'no word about HTTP/2 or HTTP/1.1' : http === 'h2' ? 'HTTP/2' : 'HTTP/1.1';
    this.#add(ok(`${protocol}, ${agreed}`));
    const names = subjectaltname ?? `CN ${String(subject?.CN ?? 'none')}`;
    this.#add(note(`certificate for ${names}, issued by ${String(issuer?.CN ?? issuer?.O ?? 'unknown')}`));
    this.#add(note(`valid from ${valid_from} to ${valid_to}`));
    const now = Date.now();
    const left = (Date.parse(valid_to) - now) / DAY_MILLIS;
    if (left < 0 || Date.parse(valid_from) > now)
      this.#add(coded('problem', 'TA3007', 'the certificate is not valid now'));
    else if (left < SOON_DAYS) {
      const fix = 'renew the certificate; the agent reads certificate files again when they change';
      this.#add({ status: 'warning', text: `the certificate expires in ${Math.floor(left)} days`, fix });
    }
    if (mismatch !== undefined) this.#add(coded('problem', 'TA3008', mismatch));
    // The other reasons not to trust it are told by date and name.
    if (distrust !== undefined && classOfCode(distrust) === 'tls_untrusted') {
      this.#add(coded('problem', 'TA3006', `the certificate is not trusted (${distrust})`));
    }
  }

  async #listen(socket: Socket): Promise<void> {
    const spoken = await spokenAt(socket, Math.min(this.#context.timeoutMillis, 2000));
    const isGrpc = this.#settings.kind === 'grpc';
    if (spoken === 'nothing' || spoken === 'something else') {
      this.#add({ status: 'warning', text: `the port says ${spoken} to a greeting of HTTP/2`, code: 'TA3011' });
      return;
    }
    const shown = spoken === 'h2' ? 'HTTP/2, as grpc does' : 'HTTP/1.1';
    if (isGrpc === (spoken === 'h2')) {
      this.#add(ok(`the port speaks ${shown}`));
    } else if (this.#settings.mayChangeKind) {
      const to = isGrpc ? 'http/protobuf' : 'grpc';
      const fix = `set OTEL_EXPORTER_OTLP_PROTOCOL=${to}`;
      this.#add({
        status: 'warning',
        text: `the port speaks ${shown}; the agent will switch to ${to}`,
        fix,
        code: 'TA3033',
      });
    } else
      this.#add(coded('problem', 'TA3011', `the port speaks ${shown}, and the protocol is ${this.#settings.kind}`));
  }

  async #export(): Promise<void> {
    const { loaded, service, timeoutMillis } = this.#context;
    const versions = { agentVersion: AGENT_VERSION, sdkVersion: SDK_VERSION };
    const { outcome, traceId, millis, kind } = await exportTestSpan(
      this.#settings,
      describeResource({ config: loaded.config, service, start: describeProcess(), ...versions })(),
      Math.min(timeoutMillis, this.#settings.timeoutMillis),
    );
    const names = Object.keys(this.#settings.headers);
    if (outcome.kind !== 'delivered') {
      const { failureClass, detail } = outcome.failure;
      this.#add(coded('problem', FAILURE_CODES[failureClass], `the export of a test span failed: ${detail}`));
      return;
    }
    if (outcome.rejectedSpans > 0) this.#add(coded('problem', 'TA3032', `the collector ${outcome.message}`));
    else this.#add(ok(`a test span was taken over ${kind} in ${Math.round(millis)} ms (trace ${traceId})`));
    if (outcome.rejectedSpans === 0 && outcome.message !== undefined) {
      this.#add(coded('warning', 'TA3024', `the collector says: ${outcome.message}`));
    }
    if (names.length > 0) this.#add(ok(`with the headers ${names.join(', ')}`));
    if (kind !== 'grpc') await this.#compareClocks();
  }

  async #compareClocks(): Promise<void> {
    if (this.#proxy !== undefined) return;
    const clock = await readClock(this.#url, this.#settings.headers, this.#tls, this.#context.timeoutMillis);
    if (clock === undefined) {
      this.#add(note('the collector sends no Date header to compare clocks by'));
      return;
    }
    const seconds = Math.round(clock.skewMillis / 1000);
    if (Math.abs(clock.skewMillis) < MAX_SKEW_MILLIS) this.#add(ok('the clocks of both sides agree'));
    else {
      const text = `the collector's clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead' : 'behind'}`;
      this.#add({ status: 'warning', text, fix: 'keep both clocks in step (NTP)', code: 'TA4003' });
    }
  }
}

const USER_AGENT = `Trace-Agent/${AGENT_VERSION} (doctor)`;

/** One section for each place that spans go to. */
export async function checkEndpoints(context: DoctorContext, isExporting: boolean): Promise<Section[]> {
  const { config } = context.loaded;
  const sections: Section[] = [];
  for (const destination of config.tracesExporters) {
    if (destination === 'console') {
      sections.push({ title: 'Console', findings: [note('spans are printed to the console of the application')] });
      continue;
    }
    const settings = exportSettings(config, destination, DEFAULT_DELIVERY, USER_AGENT, {
      diagnosticsSocket: undefined,
      metrics: undefined,
    });
    const title = `${describeUrl(settings.url)} (${settings.kind})`;
    if (settings.url.startsWith('unix:')) {
      sections.push({ title, findings: [note('a Unix socket: only the application itself can tell')] });
      continue;
    }
    sections.push({ title, findings: await new Walk(settings, context).run(isExporting) });
  }
  if (sections.length > 0) return sections;
  const fix = 'unset OTEL_TRACES_EXPORTER';
  const finding: Finding = { status: 'warning', text: 'OTEL_TRACES_EXPORTER=none: spans are sent nowhere', fix };
  return [{ title: 'Endpoint', findings: [finding] }];
}
