/**
 * Settings of the OTLP exporter for traces.
 */
import { readEndpoint } from './endpoint.js';
import { readHeaders } from './headers.js';
import type { Settings } from './settings.js';
import type { OtlpConfig } from './types.js';

export function readOtlp(settings: Settings): OtlpConfig {
  const protocol = settings.word('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL');
  const isInsecureSet = settings.boolean('OTEL_EXPORTER_OTLP_TRACES_INSECURE', 'OTEL_EXPORTER_OTLP_INSECURE');
  return {
    protocol,
    isProtocolExplicit: settings.isValid('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'),
    ...readEndpoint(settings, protocol, isInsecureSet),
    headers: readHeaders(settings, protocol),
    compression: settings.word('OTEL_EXPORTER_OTLP_TRACES_COMPRESSION', 'OTEL_EXPORTER_OTLP_COMPRESSION'),
    timeoutMillis: settings.number('OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', 'OTEL_EXPORTER_OTLP_TIMEOUT'),
    certificateFile: settings.text('OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE', 'OTEL_EXPORTER_OTLP_CERTIFICATE'),
    ...readClientPair(settings),
  };
}

/** A client key without its certificate, or the reverse, is of no use to TLS. */
function readClientPair(settings: Settings): Pick<OtlpConfig, 'clientKeyFile' | 'clientCertificateFile'> {
  const key = 'OTEL_EXPORTER_OTLP_CLIENT_KEY';
  const certificate = 'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE';
  const clientKeyFile = settings.text('OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY', key);
  const clientCertificateFile = settings.text('OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE', certificate);
  if ((clientKeyFile === undefined) === (clientCertificateFile === undefined)) {
    return { clientKeyFile, clientCertificateFile };
  }
  const [present, missing] = clientKeyFile === undefined ? [certificate, key] : [key, certificate];
  settings.report('warn', 'TA1115', present, `${present} is set without ${missing}; using neither (mTLS needs both)`);
  return { clientKeyFile: undefined, clientCertificateFile: undefined };
}
