/**
 * What the agent says when spans do not arrive: each fault of delivery against real endpoints, one line for its cause,
 * one when it is over.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import '../helpers/end-by-exit.js';
import type { Answer, Collector, IncomingTraces } from '../../src/viewer/otlp-receiver.js';
import { type Diagnosis, type Stage, testDiagnoses } from '../helpers/diagnosis.js';
import { CLOSED_PORT } from '../helpers/ports.js';

/** Nothing was delivered, so the spans are lost when the process ends. */
const LOST = ['TA3025'] as const;

type Protocol = 'http/protobuf' | 'grpc';

/** An environment that exports to a collector in a certain mood. */
function sendTo(collector: Collector, protocol: Protocol = 'http/protobuf') {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? collector.grpcUrl : collector.httpUrl,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
  };
}

/** A collector that answers this to every request. */
async function answering(stage: Stage, answer: Answer | ((request: IncomingTraces) => Answer), protocol?: Protocol) {
  const respond = typeof answer === 'function' ? answer : () => answer;
  return { env: sendTo(await stage.collector({ respond }), protocol) };
}

const ANSWERS: readonly Diagnosis[] = [
  {
    name: '401 over HTTP',
    set: (stage) => answering(stage, { status: 401 }),
    codes: ['TA3012'],
    atEnd: LOST,
    says: [/HTTP 401.*; check the credentials in OTEL_EXPORTER_OTLP_HEADERS$/m],
  },
  { name: '403 over HTTP', set: (stage) => answering(stage, { status: 403 }), codes: ['TA3012'], atEnd: LOST },
  {
    name: 'UNAUTHENTICATED over grpc',
    set: (stage) => answering(stage, { grpc: { code: 16 } }, 'grpc'),
    codes: ['TA3012'],
    atEnd: LOST,
  },
  {
    name: '404 with the exact URL',
    set: (stage) => answering(stage, { status: 404 }),
    codes: ['TA3013'],
    atEnd: LOST,
    says: [/http:\/\/127\.0\.0\.1:\d+\/v1\/traces: HTTP 404/],
  },
  {
    name: 'UNIMPLEMENTED over grpc',
    set: (stage) => answering(stage, { grpc: { code: 12 } }, 'grpc'),
    codes: ['TA3013'],
    atEnd: LOST,
  },
  { name: '400', set: (stage) => answering(stage, { status: 400 }), codes: ['TA3014'], atEnd: LOST },
  { name: '413', set: (stage) => answering(stage, { status: 413 }), codes: ['TA3015'], atEnd: LOST },
  { name: '429', set: (stage) => answering(stage, { status: 429 }), codes: ['TA3016'], atEnd: LOST },
  { name: '500', set: (stage) => answering(stage, { status: 500 }), codes: ['TA3017'], atEnd: LOST },
  {
    name: 'partial success',
    set: (stage) => answering(stage, { partialSuccess: { rejected: 1, message: 'too old' } }),
    codes: ['TA3032', 'TA3025'],
    says: [/rejected 1 spans: too old/, /dropped \d spans?: \d because the collector rejected these spans/],
  },
  {
    name: 'a warning in a success',
    set: (stage) => answering(stage, { partialSuccess: { rejected: 0, message: 'deprecated' } }),
    codes: ['TA3024'],
    says: [/says: deprecated/],
  },
];

const CONNECTIONS: readonly Diagnosis[] = [
  {
    name: 'refused over HTTP',
    set: async () => ({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${CLOSED_PORT}` } }),
    codes: ['TA3001'],
    atEnd: LOST,
    says: [/ECONNREFUSED.* \(will retry\); nothing listens there; .*OTEL_EXPORTER_OTLP_ENDPOINT/],
  },
  {
    name: 'refused over grpc',
    set: async () => ({
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${CLOSED_PORT}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      },
    }),
    codes: ['TA3001'],
    atEnd: LOST,
  },
  {
    name: 'refused, then there: told again when it is over',
    async set(stage) {
      const collector = await stage.collector();
      await collector.connections('refuse');
      recovering = collector;
      return { env: sendTo(collector) };
    },
    codes: ['TA3001'],
    act: async () => void (await recovering?.connections('serve')),
    next: ['TA3023'],
    says: [/spans reach http:\/\/127\.0\.0\.1:\d+\/v1\/traces again after \d+ s/],
  },
  {
    name: 'a name that does not resolve',
    set: () => ({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.invalid:4318' } }),
    codes: ['TA3002'],
    atEnd: LOST,
  },
  {
    name: 'cut before an answer',
    set: (stage) => answering(stage, { reset: true }),
    codes: ['TA3004'],
    atEnd: LOST,
  },
  {
    name: 'no answer in time',
    async set(stage) {
      const { env } = await answering(stage, { hang: true });
      return { env: { ...env, OTEL_EXPORTER_OTLP_TIMEOUT: '300' } };
    },
    codes: ['TA3005', 'TA3025'],
    atEnd: LOST,
    says: [/no answer after \d+ ms.*OTEL_EXPORTER_OTLP_TIMEOUT/],
  },
];

let recovering: Collector | undefined;

async function withTls(
  stage: Stage,
  server: 'server' | 'expiredServer' | 'wrongNameServer',
  protocol: Protocol,
  env: Record<string, string> = {},
) {
  const certificates = await stage.certificates();
  const collector = await stage.collector({ tls: certificates[server] });
  const trust = { OTEL_EXPORTER_OTLP_CERTIFICATE: certificates.files.ca };
  return { env: { ...sendTo(collector, protocol), ...trust, ...env } };
}

const TLS: readonly Diagnosis[] = (['http/protobuf', 'grpc'] as const).flatMap((protocol): Diagnosis[] => [
  {
    name: `an untrusted certificate over ${protocol}`,
    set: (stage) => withTls(stage, 'server', protocol, { OTEL_EXPORTER_OTLP_CERTIFICATE: '' }),
    codes: ['TA3006'],
    atEnd: LOST,
    says: [/OTEL_EXPORTER_OTLP_CERTIFICATE or NODE_EXTRA_CA_CERTS/],
  },
  {
    name: `an expired certificate over ${protocol}`,
    set: (stage) => withTls(stage, 'expiredServer', protocol),
    codes: ['TA3007'],
    atEnd: LOST,
  },
  {
    name: `a certificate for another host over ${protocol}`,
    set: (stage) => withTls(stage, 'wrongNameServer', protocol),
    codes: ['TA3008'],
    atEnd: LOST,
    says: [protocol === 'grpc' ? /DNS:elsewhere\.test/ : /127\.0\.0\.1 is not in the cert/],
  },
  {
    name: `a certificate file that is not there, over ${protocol}`,
    set: (stage) => withTls(stage, 'server', protocol, { OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere/ca.crt' }),
    codes: ['TA3009'],
    atEnd: LOST,
    says: [/\/nowhere\/ca\.crt/],
  },
  {
    name: `a certificate file with something else in it, over ${protocol}`,
    set(stage) {
      const file = join(stage.folder(), 'ca.crt');
      writeFileSync(file, 'no certificate');
      return withTls(stage, 'server', protocol, { OTEL_EXPORTER_OTLP_CERTIFICATE: file });
    },
    codes: ['TA3009'],
    atEnd: LOST,
  },
  {
    name: `https to a port without TLS, over ${protocol}`,
    async set(stage) {
      const env = sendTo(await stage.collector(), protocol);
      return { env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: env.OTEL_EXPORTER_OTLP_ENDPOINT.replace('http', 'https') } };
    },
    codes: ['TA3010'],
    atEnd: LOST,
  },
]);

const PROTOCOLS: readonly Diagnosis[] = [
  {
    name: 'HTTP to a grpc port, no protocol named: switches',
    async set(stage) {
      return { env: { OTEL_EXPORTER_OTLP_ENDPOINT: (await stage.collector()).grpcUrl } };
    },
    codes: ['TA3033'],
    says: [/speaks grpc, not http\/protobuf: .*OTEL_EXPORTER_OTLP_PROTOCOL=grpc/],
  },
  {
    name: 'HTTP to a grpc port with TLS, no protocol named: switches',
    async set(stage) {
      const { env } = await withTls(stage, 'server', 'grpc');
      return { env: { ...env, OTEL_EXPORTER_OTLP_PROTOCOL: '' } };
    },
    codes: ['TA3033'],
  },
  {
    name: 'HTTP named, grpc port',
    async set(stage) {
      const { grpcUrl } = await stage.collector();
      return { env: { OTEL_EXPORTER_OTLP_ENDPOINT: grpcUrl, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' } };
    },
    codes: ['TA3011'],
    atEnd: LOST,
    says: [/set OTEL_EXPORTER_OTLP_PROTOCOL or the port to match/],
  },
  {
    name: 'grpc named, HTTP port',
    async set(stage) {
      const { httpUrl } = await stage.collector();
      return { env: { OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' } };
    },
    codes: ['TA3011'],
    atEnd: LOST,
  },
  {
    name: 'no protocol named, and neither is spoken there',
    async set(stage) {
      const collector = await stage.collector();
      await collector.connections({ resetAfterBytes: 1 });
      return { env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl } };
    },
    codes: ['TA3004'],
    atEnd: LOST,
  },
];

const PROXIES: readonly Diagnosis[] = [
  {
    name: 'a proxy that is not there',
    async set(stage) {
      const env = sendTo(await stage.collector());
      return { env: { ...env, HTTP_PROXY: `http://127.0.0.1:${CLOSED_PORT}` } };
    },
    codes: ['TA3018'],
    atEnd: LOST,
    says: [/by way of the proxy http:\/\/127\.0\.0\.1:\d+.*NO_PROXY/],
  },
  {
    name: 'a proxy that wants credentials',
    async set(stage) {
      const proxy = await stage.proxy('me:secret');
      return { env: { ...sendTo(await stage.collector()), HTTP_PROXY: proxy.url.replace('me:secret@', '') } };
    },
    codes: ['TA3018'],
    atEnd: LOST,
  },
  {
    name: 'a proxy that refuses the tunnel of https',
    async set(stage) {
      const proxy = await stage.proxy('me:secret');
      const { env } = await withTls(stage, 'server', 'http/protobuf');
      return { env: { ...env, HTTPS_PROXY: proxy.url.replace('me:secret@', 'me:wrong@') } };
    },
    codes: ['TA3018'],
    atEnd: LOST,
  },
  {
    name: 'a proxy that is not there, over grpc',
    async set(stage) {
      const env = sendTo(await stage.collector(), 'grpc');
      return { env: { ...env, HTTP_PROXY: `http://127.0.0.1:${CLOSED_PORT}` } };
    },
    codes: ['TA3018'],
    atEnd: LOST,
  },
];

testDiagnoses(t, [...ANSWERS, ...CONNECTIONS, ...TLS, ...PROTOCOLS, ...PROXIES]);
