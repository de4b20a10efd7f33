/**
 * TLS (private authority, client certificates, rotation on disk, certificates that must be refused) and proxies, over
 * HTTP and gRPC, from the worker.
 */
import { rmSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import '../helpers/end-by-exit.js';
import type { OtlpConfig, OtlpProtocol } from '../../src/config/types.js';
import { type Collector, type CollectorOptions, startCollector } from '../../src/viewer/otlp-receiver.js';
import { type CertificateSet, createCertificates } from '../helpers/certificates.js';
import { createTestPipeline, type TestPipeline } from '../helpers/pipeline.js';
import { startProxy } from '../helpers/proxy.js';

const PROTOCOLS = ['http/protobuf', 'grpc'] as const;

async function collect(test: Test, options: CollectorOptions): Promise<Collector> {
  const collector = await startCollector(options);
  test.teardown(() => collector.close());
  return collector;
}

function endpointOf(collector: Collector, protocol: OtlpProtocol): string {
  return protocol === 'grpc' ? collector.grpcUrl : `${collector.httpUrl}/v1/traces`;
}

interface Settings extends Partial<OtlpConfig> {
  readonly environment?: Record<string, string>;
}

function start(test: Test, collector: Collector, { environment = {}, ...otlp }: Settings): TestPipeline {
  const endpoint = endpointOf(collector, otlp.protocol ?? 'http/protobuf');
  return createTestPipeline(test, { otlp: { endpoint, ...otlp }, options: { environment } });
}

async function sendOne({ pipeline, produce }: TestPipeline): Promise<void> {
  produce(1);
  await pipeline.forceFlush(5000);
}

t.test('TLS', async (t) => {
  const certificates = await createCertificates();
  const { files } = certificates;
  const trust = { certificateFile: files.ca };

  for (const protocol of PROTOCOLS) {
    t.test(`${protocol}: a private authority`, async (t) => {
      const collector = await collect(t, { tls: certificates.server });
      const made = start(t, collector, { protocol, ...trust });
      await sendOne(made);
      t.strictSame(made.account(), { created: 1, exported: 1, queued: 0, dropped: {} });
    });

    t.test(`${protocol}: an authority nobody named is refused with advice`, async (t) => {
      const collector = await collect(t, { tls: certificates.server });
      const made = start(t, collector, { protocol });
      await sendOne(made);
      t.equal(made.account().queued, 1);
      t.match(made.lines[0], /OTEL_EXPORTER_OTLP_CERTIFICATE or NODE_EXTRA_CA_CERTS/);
    });

    t.test(`${protocol}: expired`, async (t) => {
      const collector = await collect(t, { tls: certificates.expiredServer });
      const made = start(t, collector, { protocol, ...trust });
      await sendOne(made);
      t.match(made.lines[0], /renew it or check the clock/);
    });

    t.test(`${protocol}: issued for another name`, async (t) => {
      const collector = await collect(t, { tls: certificates.wrongNameServer });
      const made = start(t, collector, { protocol, ...trust });
      await sendOne(made);
      t.match(made.lines[0], /issued for another name/);
    });

    t.test(`${protocol}: client certificate`, async (t) => {
      const tls = { ...certificates.server, ca: certificates.ca.cert, requireClientCert: true };
      const collector = await collect(t, { tls });
      const without = start(t, collector, { protocol, ...trust });
      await sendOne(without);
      t.equal(without.account().exported, 0);
      const made = start(t, collector, {
        protocol,
        ...trust,
        clientCertificateFile: files.clientCert,
        clientKeyFile: files.clientKey,
      });
      await sendOne(made);
      t.equal(made.account().exported, 1);
      t.equal(collector.requests().at(-1)?.clientCertificateName, 'trace-agent-client');
    });

    t.test(`${protocol}: the authority is replaced on disk while running`, async (t) => {
      const next = await createCertificates();
      const certificateFile = `${t.testdir()}/ca.crt`;
      writeFileSync(certificateFile, certificates.ca.cert);
      const collector = await collect(t, { tls: certificates.server });
      const made = start(t, collector, { protocol, certificateFile });
      await sendOne(made);
      t.equal(made.account().exported, 1);
      rmSync(certificateFile);
      await sendOne(made);
      t.equal(made.account().exported, 2, 'in the middle of the rotation the old one stays in use');
      collector.setTls(next.server);
      await collector.connections('serve');
      writeFileSync(certificateFile, next.ca.cert);
      await sendOne(made);
      t.strictSame(made.account(), { created: 3, exported: 3, queued: 0, dropped: {} });
    });

    t.test(`${protocol}: files that cannot be read keep the spans and say which`, async (t) => {
      const certificateFile = `${t.testdir()}/later.crt`;
      const collector = await collect(t, { tls: certificates.server });
      const made = start(t, collector, { protocol, certificateFile });
      await sendOne(made);
      t.match(made.lines[0], /later\.crt.*check the files named by/);
      writeFileSync(certificateFile, certificates.ca.cert);
      await sendOne(made);
      t.equal(made.account().exported, 2);
    });
  }
});

t.test('proxy', async (t) => {
  const certificates: CertificateSet = await createCertificates();
  const trust = { certificateFile: certificates.files.ca };

  for (const protocol of PROTOCOLS) {
    for (const scheme of ['http', 'https'] as const) {
      for (const variable of [`${scheme}_proxy`, `${scheme.toUpperCase()}_PROXY`]) {
        t.test(`${protocol} over ${scheme} with ${variable}`, async (t) => {
          const proxy = await startProxy(t, 'user:pass');
          const collector = await collect(t, scheme === 'https' ? { tls: certificates.server } : {});
          const made = start(t, collector, { protocol, ...trust, environment: { [variable]: proxy.url } });
          await sendOne(made);
          await sendOne(made);
          t.strictSame(made.account(), { created: 2, exported: 2, queued: 0, dropped: {} });
          const isTunnel = scheme === 'https' || protocol === 'grpc';
          t.match(proxy.asked[0], isTunnel ? /^CONNECT (127\.0\.0\.1|localhost):\d+$/ : /^POST http:\/\/127/);
          if (isTunnel) t.equal(proxy.asked.length, 1, 'the tunnel is kept');
        });
      }
    }

    t.test(`${protocol}: a % in a proxy's credentials that starts no escape stands for itself`, async (t) => {
      const proxy = await startProxy(t, 'user:100%');
      const collector = await collect(t, {});
      const made = start(t, collector, { protocol, environment: { HTTP_PROXY: proxy.url } });
      await sendOne(made);
      t.equal(made.account().exported, 1);
      t.equal(proxy.asked.length, 1);
    });

    for (const variable of ['no_proxy', 'NO_PROXY']) {
      t.test(`${protocol}: ${variable} goes direct`, async (t) => {
        const collector = await collect(t, {});
        const environment = { HTTP_PROXY: 'http://127.0.0.1:9', [variable]: 'example.com,127.0.0.1' };
        const made = start(t, collector, { protocol, environment });
        await sendOne(made);
        t.equal(made.account().exported, 1);
      });
    }

    t.test(`${protocol}: a proxy that refuses is named`, async (t) => {
      const proxy = await startProxy(t, 'user:pass');
      const collector = await collect(t, { tls: certificates.server });
      const environment = { HTTPS_PROXY: proxy.url.replace('user:pass@', '') };
      const made = start(t, collector, { protocol, ...trust, environment });
      await sendOne(made);
      t.equal(made.account().exported, 0);
      t.match(made.lines[0], /407.*HTTP_PROXY, HTTPS_PROXY and NO_PROXY/);
    });
  }
});

t.test('credentials in the address that cannot be read', async (t) => {
  const made = createTestPipeline(t, {
    otlp: { endpoint: 'http://user:a%b@127.0.0.1:9/v1/traces', protocol: 'http/protobuf' },
  });
  await sendOne(made);
  t.equal(made.account().queued, 1, 'the span waits');
  t.match(made.lines[0], /malformed/);
});
