/**
 * Export over TLS with a private authority and over mutual TLS: what the three variables name is used, for every
 * protocol; what they do not name is refused, said once, and harms nothing.
 */
import t, { type Test } from 'tap';
import '../helpers/end-by-exit.js';
import { type Collector, startCollector, type TlsOptions } from '../../src/viewer/otlp-receiver.js';
import { type CertificateSet, createCertificates } from '../helpers/certificates.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { runApp } from '../helpers/run-app.js';
import { sketch } from '../helpers/spans.js';

const PROTOCOLS = ['http/protobuf', 'http/json', 'grpc'] as const;
const TRACE = 'app CLIENT GET\n  app SERVER GET';

interface Case {
  readonly node: string;
  readonly protocol: (typeof PROTOCOLS)[number];
  readonly tls: TlsOptions;
  readonly env: Record<string, string>;
}

/** Runs an application that exports to a collector of its own; the application must behave as without the agent. */
async function exportTo(
  t: Test,
  { node, protocol, tls, env }: Case,
): Promise<{ collector: Collector; stderr: string }> {
  const collector = await startCollector({ tls });
  t.teardown(() => collector.close());
  const app = runApp({
    node,
    file: 'preload/hello.cjs',
    env: {
      OTEL_SERVICE_NAME: 'app',
      OTEL_LOG_LEVEL: 'warn',
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? collector.grpcUrl : collector.httpUrl,
      ...env,
    },
  });
  const { code, signal } = await app.exited;
  t.strictSame({ code, signal, stdout: app.stdout() }, { code: 0, signal: null, stdout: 'hello\n' });
  return { collector, stderr: app.stderr() };
}

function serverOf({ server, ca }: CertificateSet, requireClientCert: boolean): TlsOptions {
  return { ...server, ...(requireClientCert ? { ca: ca.cert, requireClientCert } : {}) };
}

function clientOf({ files }: CertificateSet, infix = ''): Record<string, string> {
  return {
    [`OTEL_EXPORTER_OTLP_${infix}CLIENT_KEY`]: files.clientKey,
    [`OTEL_EXPORTER_OTLP_${infix}CLIENT_CERTIFICATE`]: files.clientCert,
  };
}

t.test('TLS', async (t) => {
  const [ours, theirs] = await Promise.all([createCertificates(), createCertificates()]);
  const trusted = { OTEL_EXPORTER_OTLP_CERTIFICATE: ours.files.ca };

  for (const { node, version } of nodeBinaries()) {
    for (const protocol of PROTOCOLS) {
      t.test(`Node ${version}, ${protocol}: a private authority`, async (t) => {
        const { collector, stderr } = await exportTo(t, { node, protocol, tls: serverOf(ours, false), env: trusted });
        t.equal(stderr, '');
        t.equal(sketch(collector.spans()), TRACE);
      });

      t.test(`Node ${version}, ${protocol}: mutual TLS`, async (t) => {
        const env = { ...trusted, ...clientOf(ours) };
        const { collector, stderr } = await exportTo(t, { node, protocol, tls: serverOf(ours, true), env });
        t.equal(stderr, '');
        t.equal(sketch(collector.spans()), TRACE);
        t.match(collector.requests(), [{ clientCertificateName: 'trace-agent-client' }]);
      });

      t.test(`Node ${version}, ${protocol}: an unknown authority is refused`, async (t) => {
        const { collector, stderr } = await exportTo(t, { node, protocol, tls: serverOf(theirs, false), env: trusted });
        t.strictSame(collector.requests(), []);
        t.match(stderr, /^trace-agent error TA3006: cannot send spans to https:[^\n]*OTEL_EXPORTER_OTLP_CERTIFICATE/);
        t.equal(stderr.match(/cannot send/g)?.length, 1, 'said once');
      });
    }

    t.test(`Node ${version}: without a client certificate mutual TLS fails`, async (t) => {
      const tls = serverOf(ours, true);
      const { collector, stderr } = await exportTo(t, { node, protocol: 'http/protobuf', tls, env: trusted });
      t.strictSame(collector.requests(), []);
      t.match(stderr, /^trace-agent error TA30\d\d: cannot send spans to https:[^\n]*client certificate/);
    });

    t.test(`Node ${version}: the files of the signal win over the general ones`, async (t) => {
      const env = {
        OTEL_EXPORTER_OTLP_CERTIFICATE: theirs.files.ca,
        OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: ours.files.ca,
        ...clientOf(theirs),
        ...clientOf(ours, 'TRACES_'),
      };
      const { collector, stderr } = await exportTo(t, { node, protocol: 'grpc', tls: serverOf(ours, true), env });
      t.equal(stderr, '');
      t.equal(sketch(collector.spans()), TRACE);
    });
  }
});
