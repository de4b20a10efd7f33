/**
 * Rows of the variable table: the SDK in general, the resource, propagation and sampling. Data only.
 */
import type { VariableRows } from '../variable.js';

export const GENERAL = {
  OTEL_SDK_DISABLED: {
    type: 'boolean',
    default: false,
    source: 'specification',
    description:
      'Records nothing. Only libraries that carry context between processes are patched, so that it is passed on.',
  },
  OTEL_SERVICE_NAME: {
    type: 'string',
    default: undefined,
    defaultNote: 'name of the nearest package.json, else `unknown_service:node`',
    source: 'specification',
    description: 'Value of `service.name`. Wins over `service.name` in OTEL_RESOURCE_ATTRIBUTES.',
  },
  OTEL_RESOURCE_ATTRIBUTES: {
    type: 'key=value list',
    default: undefined,
    source: 'specification',
    description:
      'Resource attributes, `key=value,key=value`. A `,`, `=` or `%` in a key or value is written `%2C`, `%3D`, `%25`. ' +
      'An entry that cannot be read is left out, named in an error line, and the others are kept. (The specification ' +
      'recommends dropping all of them; we keep the rest because the OpenTelemetry Operator writes values unencoded, ' +
      'and one annotation must not cost the identity of a pod.)',
  },
  OTEL_ENTITIES: {
    type: 'string',
    default: undefined,
    source: 'specification',
    later: 'entities',
    description: 'Entities of the resource. Ignored.',
  },
  OTEL_LOG_LEVEL: {
    type: 'enum',
    default: 'info',
    allowed: ['none', 'error', 'warn', 'info', 'debug', 'verbose', 'all'],
    spellings: { warning: 'warn', trace: 'verbose', off: 'none' },
    source: 'specification',
    description:
      'How much the agent says about itself on stderr. `none` is silent. `warning`, `trace`, `off` also work.',
  },
  OTEL_PROPAGATORS: {
    type: 'enum list',
    default: ['tracecontext', 'baggage'],
    allowed: ['tracecontext', 'baggage', 'b3', 'b3multi', 'jaeger', 'xray', 'ottrace', 'none'],
    source: 'specification',
    description:
      'Formats in which context is read from and written to requests. The later one in the list wins when a request ' +
      'carries several. `none` anywhere switches propagation off.',
  },
  OTEL_TRACES_SAMPLER: {
    type: 'enum',
    default: 'parentbased_always_on',
    allowed: [
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ],
    laterValues: {
      jaeger_remote: 'traceidratio with the initialSamplingRate of OTEL_TRACES_SAMPLER_ARG, or the default sampler',
      parentbased_jaeger_remote:
        'parentbased_traceidratio with the initialSamplingRate of OTEL_TRACES_SAMPLER_ARG, or the default sampler',
      xray: 'the default sampler',
    },
    source: 'specification',
    description:
      'Which traces are recorded. The `parentbased_` ones follow the decision of the caller when there is one.',
  },
  OTEL_TRACES_SAMPLER_ARG: {
    type: 'string',
    default: undefined,
    defaultNote: '`1.0` for the ratio samplers',
    source: 'specification',
    description: 'The share of traces to record, 0 to 1, for the two ratio samplers. Other samplers take none.',
  },
  OTEL_CONFIG_FILE: {
    type: 'path',
    default: undefined,
    aliases: ['OTEL_EXPERIMENTAL_CONFIG_FILE'],
    source: 'specification',
    later: 'declarative configuration',
    description: 'YAML file that replaces all other variables.',
  },
  OTEL_SEMCONV_STABILITY_OPT_IN: {
    type: 'list',
    default: [],
    source: 'semantic conventions',
    later: 'semantic convention opt-in',
    description: 'Moves old instrumentation to stable attribute names.',
  },
} as const satisfies VariableRows;
