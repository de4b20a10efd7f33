/**
 * The receiver under TLS and mutual TLS, with the official exporters and certificates made for the test.
 */
import { request } from 'node:https';
import { ChannelCredentials } from '@grpc/grpc-js';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as ProtoExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BasicTracerProvider, SimpleSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import t from 'tap';
import '../helpers/end-by-exit.js';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { createCertificates, type KeyPair } from '../helpers/certificates.js';

async function sendOne(exporter: SpanExporter): Promise<void> {
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  provider.getTracer('tls').startSpan('secret').end();
  await provider.shutdown();
}

/** One POST; resolves with the status, rejects with the TLS error's code. */
function post(url: string, tls: { ca: string; key?: string; cert?: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}/v1/traces`, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json' },
      ...tls,
    });
    outgoing.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => reject(new Error(error.code)));
    outgoing.end('{}');
  });
}

t.test('mutual TLS on both endpoints', async (test) => {
  const { ca, server, client } = await createCertificates();
  const collector = await startCollector({ tls: { ...server, ca: ca.cert, requireClientCert: true } });
  test.teardown(() => collector.close());

  await sendOne(
    new ProtoExporter({
      url: `${collector.httpUrl}/v1/traces`,
      httpAgentOptions: { ca: ca.cert, key: client.key, cert: client.cert },
    }),
  );
  await collector.waitForSpans(1);
  const credentials = ChannelCredentials.createSsl(
    Buffer.from(ca.cert),
    Buffer.from(client.key),
    Buffer.from(client.cert),
  );
  await sendOne(new GrpcExporter({ url: collector.grpcUrl, credentials }));
  await collector.waitForSpans(2);
  test.match(collector.requests(), [
    { protocol: 'http/protobuf', clientCertificateName: 'trace-agent-client' },
    { protocol: 'grpc', clientCertificateName: 'trace-agent-client' },
  ]);
  await test.rejects(post(collector.httpUrl, { ca: ca.cert }), /./, 'no client certificate, no request');
  test.equal(collector.counts().requests, 2);
});

t.test('certificates that a client must refuse, and one that is rotated', async (test) => {
  const { ca, server, expiredServer, wrongNameServer } = await createCertificates();
  const stranger = await createCertificates();
  const collector = await startCollector({ tls: server });
  test.teardown(() => collector.close());
  const trust = { ca: ca.cert };

  test.equal(await post(collector.httpUrl, trust), 200);
  const refused: [KeyPair, string][] = [
    [expiredServer, 'CERT_HAS_EXPIRED'],
    [wrongNameServer, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    [stranger.server, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ];
  for (const [tls, code] of refused) {
    collector.setTls(tls);
    await test.rejects(post(collector.httpUrl, trust), { message: code });
  }
  test.equal(await post(collector.httpUrl, { ca: stranger.ca.cert }), 200, 'the rotated one is served');
  test.equal(collector.counts().requests, 2, 'a refused handshake carries no request');
});
