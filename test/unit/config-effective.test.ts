/** The effective configuration as the user is shown it: complete, with the source of each value, secrets masked. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadConfig } from '../../src/config/config.js';
import { describeConfig, type SettingName } from '../../src/config/effective.js';
import { VARIABLES } from '../../src/config/env-table.js';

function describe(env: Record<string, string>, cwd = '/nowhere') {
  const settings = describeConfig(loadConfig(env, { cwd }));
  return (name: string) => {
    const setting = settings.find((candidate) => candidate.name === name);
    return setting && `${setting.value} (${setting.source})`;
  };
}

t.test('every variable the agent reads is there, under its general name', async (t) => {
  const shown = new Set(describeConfig(loadConfig({}, { cwd: '/nowhere' })).map(({ name }) => name));
  const expected = Object.entries(VARIABLES)
    .filter(([name, row]) => !('later' in row) && !name.includes('OTLP_TRACES_') && !name.includes('<'))
    .map(([name]) => name);
  t.strictSame([...shown].sort(), expected.sort());
});

t.test('the source is the variable that decided', async (t) => {
  const folder = t.testdir();
  writeFileSync(join(folder, '.env'), 'OTEL_TRACES_SAMPLER=always_off\nOTEL_LOG_LEVEL=warn\n');
  const shown = describe(
    {
      OTEL_LOG_LEVEL: 'error',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://general:4318',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://traces:4318/v1/traces',
      OTEL_EXPORTER_OTLP_TIMEOUT: '5000',
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: 'never',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'zip',
      OTEL_BSP_EXPORT_TIMEOUT: '0',
      OTEL_INSTRUMENTATION_COMMON_DB_STATEMENT_SANITIZER_ENABLED: 'false',
      OTEL_INSTRUMENTATION_FS_ENABLED: 'true',
      HTTPS_PROXY: 'http://me:secret@proxy:3128',
      NO_PROXY: 'localhost',
    },
    folder,
  );
  const expected: Partial<
    Record<SettingName | 'HTTPS_PROXY' | 'NO_PROXY' | 'OTEL_INSTRUMENTATION_FS_ENABLED', string>
  > = {
    OTEL_LOG_LEVEL: 'error (environment)',
    OTEL_TRACES_SAMPLER: 'always_off (.env file)',
    OTEL_TRACES_SAMPLER_ARG: 'none (default)',
    OTEL_NODE_ENV_FILE: `${join(folder, '.env')} (default)`,
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://traces:4318/v1/traces (environment: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)',
    OTEL_EXPORTER_OTLP_TIMEOUT: '5000 (environment)',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'none (instead of what OTEL_EXPORTER_OTLP_COMPRESSION says)',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf (default)',
    OTEL_BSP_EXPORT_TIMEOUT: 'no limit (environment)',
    OTEL_INSTRUMENTATION_COMMON_DB_QUERY_SANITIZATION_ENABLED:
      'false (environment: OTEL_INSTRUMENTATION_COMMON_DB_STATEMENT_SANITIZER_ENABLED)',
    OTEL_INSTRUMENTATION_FS_ENABLED: 'true (environment)',
    HTTPS_PROXY: 'http://***@proxy:3128 (environment)',
    NO_PROXY: 'localhost (environment)',
  };
  for (const [name, text] of Object.entries(expected)) t.equal(shown(name), text, name);
});

t.test('secrets are masked, names stay', async (t) => {
  const shown = describe({
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc,x=y',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://me:secret@collector/?key=secret',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=prod,db.password=secret,apiKey=secret',
  });
  t.equal(shown('OTEL_EXPORTER_OTLP_HEADERS'), 'authorization=***,x=*** (environment)');
  t.equal(shown('OTEL_EXPORTER_OTLP_ENDPOINT'), 'https://***@collector/v1/traces?*** (environment)');
  t.equal(
    shown('OTEL_RESOURCE_ATTRIBUTES'),
    'deployment.environment.name=prod,db.password=***,apiKey=*** (environment)',
  );
});
