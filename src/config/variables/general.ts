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
  OTEL_NODE_EXTRACT_PROPAGATORS: {
    type: 'enum list',
    default: ['tracecontext', 'baggage'],
    defaultNote: '`OTEL_PROPAGATORS`',
    allowed: ['tracecontext', 'baggage', 'b3', 'b3multi', 'jaeger', 'xray', 'ottrace', 'none'],
    source: '@org/trace-agent',
    description:
      'Formats in which context is read, where these are not those of OTEL_PROPAGATORS, which are then only written. ' +
      '`none` = read nothing: every request starts a trace. See [docs/propagation.md](propagation.md).',
  },
  OTEL_NODE_UNTRUSTED_INBOUND: {
    type: 'string',
    default: undefined,
    source: '@org/trace-agent',
    description:
      'Requests whose trace context is not followed: each starts a trace of its own, linked to what it came with. `all`, ' +
      'or conditions as in sampling rules, `host=api.example.com; path=/public/*`. See [docs/propagation.md](propagation.md).',
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
      'probability',
      'parentbased_probability',
    ],
    spellings: { experimental_composite_parentbased_traceidratio: 'parentbased_probability' },
    laterValues: {
      jaeger_remote: 'traceidratio with the initialSamplingRate of OTEL_TRACES_SAMPLER_ARG, or the default sampler',
      parentbased_jaeger_remote:
        'parentbased_traceidratio with the initialSamplingRate of OTEL_TRACES_SAMPLER_ARG, or the default sampler',
      xray: 'the default sampler',
    },
    source: 'specification',
    description:
      'Which traces are recorded. The `parentbased_` ones follow the decision of the caller when there is one. The two ' +
      'probability samplers are not of the specification: they are its consistent probability sampling, see ' +
      '[docs/sampling.md](sampling.md). `experimental_composite_parentbased_traceidratio` also works.',
  },
  OTEL_TRACES_SAMPLER_ARG: {
    type: 'string',
    default: undefined,
    defaultNote: '`1.0` for the ratio and probability samplers',
    source: 'specification',
    description:
      'The share of traces to record, 0 to 1, for the ratio and probability samplers. Other samplers take none.',
  },
  OTEL_NODE_SAMPLING_RULES: {
    type: 'string',
    default: undefined,
    source: '@org/trace-agent',
    description:
      'Decisions by path, method, kind, host, name or attribute for the traces that start here, in one line: ' +
      '`path=/health* -> drop; method=POST,path=/orders/* -> 1.0; kind=consumer -> rate 10/s; * -> 0.05`. The first rule ' +
      'that matches decides, OTEL_TRACES_SAMPLER decides for the rest. See [docs/sampling.md](sampling.md).',
  },
  OTEL_NODE_KEEP_ERRORS: {
    type: 'boolean',
    default: false,
    source: '@org/trace-agent',
    description:
      'Records what is not sampled too, holds it back until the local root span ends, and sends it when that ended with ' +
      'an error. Costs what recording everything costs. See [docs/sampling.md](sampling.md).',
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
