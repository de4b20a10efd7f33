/** Versions that appear in the resource and in the start line. A test holds them against package.json. */
export const AGENT_VERSION = '0.1.0';
/** Version of the OpenTelemetry SDK that makes the spans. */
export const SDK_VERSION = '2.12.0';
/** Version of the OTLP exporter packages whose rules ours follows; part of the user agent. */
export const OTLP_VERSION = '0.223.0';
