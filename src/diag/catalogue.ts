/**
 * Every message of the agent: code, severity, cause and what to do. Data only; loaded when a warning or an error is
 * printed, never at start. `docs/messages.md` is generated from it. A code is never given to another message.
 *
 *   TA10xx start · TA11xx configuration · TA20xx libraries · TA30xx export · TA40xx traces
 */

export type Severity = 'error' | 'warn' | 'info' | 'debug';

export interface CatalogueEntry<S extends Severity = Severity> {
  readonly severity: S;
  /** Heading of the page, in the words that users search for. */
  readonly title: string;
  readonly cause: string;
  /** What to do, naming the variable. */
  readonly fix: string;
  /** True: `fix` is part of the printed line. False: the line's own text says it about the case at hand. */
  readonly isFixPrinted: boolean;
}

function entry<S extends Severity>(severity: S, isFixPrinted: boolean) {
  return (title: string, cause: string, fix: string): CatalogueEntry<S> => ({
    severity,
    title,
    cause,
    fix,
    isFixPrinted,
  });
}

const error = entry('error', false);
const warn = entry('warn', false);
const info = entry('info', false);
const debug = entry('debug', false);
const errorWithFix = entry('error', true);
const warnWithFix = entry('warn', true);

export const CATALOGUE = {
  TA1001: info(
    'The agent has started',
    'Printed once at every start: version, service name and where it came from, destination, sampler, propagators.',
    'Nothing. `OTEL_LOG_LEVEL=warn` leaves the line out.',
  ),
  TA1002: info(
    'Only trace context is passed on',
    '`OTEL_SDK_DISABLED=true`: no span is made, the context of callers is still passed on.',
    'Unset `OTEL_SDK_DISABLED` to get traces.',
  ),
  TA1003: error(
    'This Node.js is not supported',
    'The application runs without traces: the agent does not touch a Node.js that it was not made for.',
    'Use Node.js ^18.19.0 or >=20.6.0.',
  ),
  TA1004: warn(
    'This Node.js is newer than the tested ones',
    'The agent runs, but its tests have not run on this line of Node.js.',
    'Look for a newer version of the agent.',
  ),
  TA1005: error(
    'The agent did not start',
    'Something failed while the agent started. The application runs without traces.',
    'Reinstall the agent; when the line comes back, report it with the text after the code.',
  ),
  TA1006: warnWithFix(
    'The service has no name',
    'Neither a variable nor a package.json near the entry file names the service, so back ends show `unknown_service`.',
    'set OTEL_SERVICE_NAME',
  ),
  TA1007: info(
    'Effective configuration',
    '`OTEL_NODE_PRINT_CONFIG=1`: one line for each setting with its value and where the value came from.',
    'Unset `OTEL_NODE_PRINT_CONFIG`.',
  ),
  TA1101: warn(
    'A value cannot be used',
    'The variable counts as unset; the line says what is used instead.',
    'Correct the value. `docs/configuration.md` lists what each variable accepts.',
  ),
  TA1102: warn(
    'A variable is not known',
    'Its name looks like one of the agent, so it is probably a typing error. It is ignored.',
    'Use the name that the line suggests, or remove the variable.',
  ),
  TA1103: info(
    'A setting has no effect yet',
    'The variable belongs to a capability that this version does not have.',
    'Remove the variable, or ignore the line.',
  ),
  TA1104: warn(
    'A setting that matters is not supported',
    'The variable asks for something that this version cannot do, and the traces will differ from what it says.',
    'Use one of the values of `docs/configuration.md`.',
  ),
  TA1105: debug(
    'A setting changes nothing',
    'The variable belongs to a capability that this version does not have, and says what happens anyway.',
    'Nothing.',
  ),
  TA1106: error(
    'The endpoint cannot be used',
    'The text is no URL the agent can send to: a typing error, a scheme other than http and https, or a `$(NAME)` that ' +
      'was not replaced.',
    'Write `OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318` (with grpc `http://collector:4317`).',
  ),
  TA1107: warn(
    'The endpoint has /v1/traces once too often',
    '`OTEL_EXPORTER_OTLP_ENDPOINT` takes the base URL, to which `/v1/traces` is added; here it is there already.',
    'Remove `/v1/traces` from `OTEL_EXPORTER_OTLP_ENDPOINT`, or use `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`.',
  ),
  TA1108: warn(
    'The endpoint has no scheme',
    'Without `http://` or `https://` before it, whether TLS is meant is a guess. The line says what is used.',
    'Write the scheme in `OTEL_EXPORTER_OTLP_ENDPOINT`.',
  ),
  TA1109: warn(
    'The traces endpoint has no path',
    '`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is used as it is, and most receivers answer 404 at `/`.',
    'Add `/v1/traces` to it, or use `OTEL_EXPORTER_OTLP_ENDPOINT`.',
  ),
  TA1110: warn(
    'Port and protocol do not match',
    'Receivers take grpc on 4317 and HTTP on 4318; the endpoint names the port of the other protocol.',
    'Change the port of `OTEL_EXPORTER_OTLP_ENDPOINT`, or `OTEL_EXPORTER_OTLP_PROTOCOL`.',
  ),
  TA1111: info(
    'Part of the endpoint has no effect',
    'grpc uses scheme, host and port alone, and the scheme decides about TLS before `OTEL_EXPORTER_OTLP_INSECURE` does.',
    'Remove what the line names, or ignore it.',
  ),
  TA1112: warn(
    'The grpc endpoint has no port',
    'Without a port it is 80 for http, which is seldom where grpc is.',
    'Write the port in `OTEL_EXPORTER_OTLP_ENDPOINT`, usually 4317.',
  ),
  TA1113: warn(
    'A header is not sent',
    'An entry of `OTEL_EXPORTER_OTLP_HEADERS` is not of the form `name=value`, or holds characters that are not allowed.',
    'Write `name=value,name=value`, with `%20` for a blank, `%2C` for a comma.',
  ),
  TA1114: info(
    'A header value is cut',
    'The format of `OTEL_EXPORTER_OTLP_HEADERS` ends a value at `;`.',
    'Write `%3B` for a `;` that belongs to the value.',
  ),
  TA1115: warn(
    'Half of the client certificate is missing',
    'mTLS needs a certificate and its key; one of the two variables is not set, so neither is used.',
    'Set both `OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE` and `OTEL_EXPORTER_OTLP_CLIENT_KEY`.',
  ),
  TA1116: warn(
    'The .env file cannot be read',
    '`OTEL_NODE_ENV_FILE` names a file that is not there, is not a plain file, or may not be read.',
    'Correct `OTEL_NODE_ENV_FILE`, or set it to `none`.',
  ),
  TA1117: error(
    'A resource attribute is left out',
    'An entry of `OTEL_RESOURCE_ATTRIBUTES` is not of the form `key=value`. The others are used.',
    'Write `%2C`, `%3D`, `%25` for `,`, `=`, `%` in a key or value.',
  ),
  TA1118: warn(
    'A placeholder was not replaced',
    'Kubernetes leaves `$(NAME)` as it is when the variable is declared further down or not at all.',
    'Declare the variable above the one that uses it.',
  ),
  TA1119: info(
    'The sampler and its argument do not fit',
    'Only the ratio samplers take `OTEL_TRACES_SAMPLER_ARG`, and without it they record everything.',
    'Set both `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`, or neither.',
  ),
  TA1120: info(
    'The sampler drops everything',
    'With this `OTEL_TRACES_SAMPLER` no trace, or none that starts here, is recorded.',
    'Unset `OTEL_TRACES_SAMPLER`, or raise `OTEL_TRACES_SAMPLER_ARG`.',
  ),
  TA1121: error(
    'The environment cannot be read',
    'Reading the variables failed, so every one has its default.',
    'Report the line: this should not happen.',
  ),
  TA1122: info(
    'An option belongs to an instrumentation that does not run',
    'The library is traced by an instrumentation of this package; the variable is an option of the official one.',
    'Add the library to `OTEL_NODE_OFFICIAL_INSTRUMENTATIONS`, or remove the variable.',
  ),
  TA1123: warn(
    'The credentials of an endpoint have a % that starts no escape',
    'In a URL `%` and two hexadecimal digits stand for a byte of UTF-8 text; what follows this `%` does not. It is sent as it is.',
    'Write `%25` in its place.',
  ),
  TA2001: warn(
    'A version of a library is not supported',
    'The library was loaded in a version outside the range that the agent knows, and is left as it is: its calls make ' +
      'no spans.',
    'Use a version within the range of the line, or a newer agent.',
  ),
  TA2002: warn(
    'An instrumentation could not be loaded',
    'The code that traces this library failed to load. The library works, without spans.',
    'Reinstall the agent, or switch the instrumentation off: `OTEL_NODE_DISABLED_INSTRUMENTATIONS`.',
  ),
  TA2003: warn(
    'A library could not be patched',
    'The library does not have the shape that its instrumentation expects, and was left as it is.',
    'Use another version of the library, or switch the instrumentation off: `OTEL_NODE_DISABLED_INSTRUMENTATIONS`.',
  ),
  TA2004: warn(
    'ES modules cannot be hooked',
    'This Node.js needs a loader thread to see what ES modules import, and may not start one.',
    'Allow it (`--allow-worker`), or use Node.js 22.22.3, 24.11.1 or later, which need no thread.',
  ),
  TA2005: warn(
    'Code of the agent failed inside a call',
    'The application was not affected: its call ran as it was. The span may be missing or incomplete.',
    'Report the line. `OTEL_NODE_DISABLED_INSTRUMENTATIONS` switches the instrumentation off.',
  ),
  TA2006: error(
    'An instrumentation is off after repeated faults',
    'Its code failed ten times, so it does nothing any more until the process ends.',
    'Report the line before it. `OTEL_NODE_DISABLED_INSTRUMENTATIONS` switches the instrumentation off from the start.',
  ),
  TA2007: warnWithFix(
    'A library was loaded before the agent',
    'Only what is loaded after the agent can be patched.',
    'load the agent before everything else: `--require @org/trace-agent/register`, first in NODE_OPTIONS',
  ),
  TA2008: warnWithFix(
    'The application is bundled',
    'A bundler has put libraries into the file of the application, where they cannot be patched. Built-in modules such as ' +
      '`http` are traced all the same.',
    'build with the esbuild or webpack plugin of this package (docs/bundlers.md), or mark the libraries as external in the ' +
      'bundler and install them beside the bundle',
  ),
  TA2009: warnWithFix(
    'A library was loaded as an ES module',
    'The library has a build of its own for ES modules, which cannot be patched.',
    'load it with `require` (createRequire of node:module), which gives the build that is traced',
  ),
  TA2010: info(
    'Nothing to trace was loaded',
    'A minute after its start the application has used no library and no built-in module that the agent traces.',
    'See the list of libraries in the README, and `OTEL_NODE_ENABLED_INSTRUMENTATIONS`, ' +
      '`OTEL_NODE_DISABLED_INSTRUMENTATIONS`. Was the agent loaded into the process that does the work?',
  ),
  TA2011: warnWithFix(
    'A second agent is in the process',
    'Another tracing agent patches the same libraries.',
    'remove one of the two: its preload from NODE_OPTIONS, or its start from the application',
  ),
  TA2012: warnWithFix(
    'Another tracer has the process',
    'The application, or a preload before the agent, started a tracer of its own: an OpenTelemetry SDK, dd-trace, newrelic, ' +
      'elastic-apm-node or Sentry with tracing. Two tracers would make two SERVER spans for each request, so the agent leaves ' +
      'the field to it (docs/neighbours.md).',
    'remove the other tracer, or set OTEL_NODE_OTHER_TRACERS=ignore to keep both',
  ),
  TA2013: warnWithFix(
    'A copy of the OpenTelemetry API cannot be joined',
    "The application has a copy of `@opentelemetry/api` that is newer than the agent's, or of another major version: spans " +
      'that it makes by that copy are not recorded.',
    'update the agent, or use an older release of the API in the application',
  ),
  TA2014: warn(
    'An extra instrumentation cannot be used',
    'A package that `OTEL_NODE_EXTRA_INSTRUMENTATIONS` names was not found from the folder of the application, failed to ' +
      'load, or holds no instrumentation class. The line says which of these. All else is traced as usual.',
    'Install the package beside the application, or correct its name.',
  ),
  TA2020: info(
    'A library is newer than the tested versions',
    'Its shape is the one that the agent knows, so it is traced.',
    'Nothing, unless its spans look wrong: then look for a newer version of the agent.',
  ),
  TA3001: errorWithFix(
    'Connection refused',
    'Nothing listens at the address.',
    'nothing listens there; check that the collector runs and OTEL_EXPORTER_OTLP_ENDPOINT names it',
  ),
  TA3002: errorWithFix(
    'The host name does not resolve',
    'The name server knows no such host, or does not answer.',
    'the host name does not resolve; check OTEL_EXPORTER_OTLP_ENDPOINT',
  ),
  TA3003: errorWithFix(
    'No route to the collector',
    'The network does not lead there: a missing route, a firewall, a network policy.',
    'no route to the collector; check the network policy and OTEL_EXPORTER_OTLP_ENDPOINT',
  ),
  TA3004: errorWithFix(
    'The connection was closed before an answer',
    'The other side, or something between, cut the connection.',
    'the connection was closed before an answer; check the collector and what stands between',
  ),
  TA3005: errorWithFix(
    'No answer in time',
    'The collector took the connection, or nothing answered at all, until the time limit was over.',
    'no answer within OTEL_EXPORTER_OTLP_TIMEOUT; check the collector and the network policy',
  ),
  TA3006: errorWithFix(
    'The certificate is not trusted',
    'The certificate of the collector is signed by an authority that Node.js does not know, or by itself.',
    'name the authority that signed the certificate in OTEL_EXPORTER_OTLP_CERTIFICATE or NODE_EXTRA_CA_CERTS',
  ),
  TA3007: errorWithFix(
    'The certificate is not valid now',
    'The certificate of the collector has expired, or is not valid yet.',
    'the certificate is not valid now; renew it or check the clock',
  ),
  TA3008: errorWithFix(
    'The certificate is for another host',
    'The host in the endpoint is not among the names of the certificate.',
    'the certificate was issued for another name; check the host in OTEL_EXPORTER_OTLP_ENDPOINT',
  ),
  TA3009: errorWithFix(
    'A TLS file cannot be read',
    'A certificate or key file is missing, may not be read, or holds something else.',
    'check the files named by OTEL_EXPORTER_OTLP_CERTIFICATE, _CLIENT_CERTIFICATE and _CLIENT_KEY',
  ),
  TA3010: errorWithFix(
    'The TLS handshake failed',
    'The two sides could not agree: no TLS on the other side, no common version, a client certificate that is wanted.',
    'the TLS handshake failed; check the scheme, the certificates and whether a client certificate is wanted',
  ),
  TA3011: errorWithFix(
    'Something else than the configured protocol answered',
    'HTTP was sent to a port that speaks grpc, or the reverse, or to something that is no collector.',
    'port 4317 speaks grpc and 4318 http; set OTEL_EXPORTER_OTLP_PROTOCOL or the port to match',
  ),
  TA3012: errorWithFix(
    'The collector refuses the credentials',
    'It answered 401 or 403 (grpc: UNAUTHENTICATED, PERMISSION_DENIED).',
    'check the credentials in OTEL_EXPORTER_OTLP_HEADERS',
  ),
  TA3013: errorWithFix(
    'The collector does not know the path',
    'It answered 404 or 405 (grpc: UNIMPLEMENTED). The line has the exact URL.',
    'the path is wrong; OTEL_EXPORTER_OTLP_ENDPOINT gets /v1/traces appended, ..._TRACES_ENDPOINT does not',
  ),
  TA3014: errorWithFix(
    'The collector refuses the request',
    'It answered with a status that means that asking again is of no use.',
    'the collector refuses the request; check that it takes OTLP traces at this address',
  ),
  TA3015: errorWithFix(
    'The request is too large',
    'It exceeds 64 MiB, or the limit of the collector (413).',
    'lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE or raise the limit of the collector',
  ),
  TA3016: errorWithFix(
    'The collector is overloaded',
    'It answered 429 or 503 (grpc: UNAVAILABLE, RESOURCE_EXHAUSTED).',
    'the collector asks for less traffic',
  ),
  TA3017: errorWithFix(
    'The collector failed',
    'It answered with an error of its own.',
    'the collector failed; look at its log',
  ),
  TA3018: errorWithFix(
    'The proxy is in the way',
    'The proxy cannot be reached, refuses the connection, or wants credentials.',
    'check HTTP_PROXY, HTTPS_PROXY and NO_PROXY',
  ),
  TA3019: errorWithFix(
    'The answer makes no sense',
    'The answer is larger than any collector sends.',
    'the answer makes no sense; check what listens there',
  ),
  TA3020: errorWithFix(
    'A header cannot be sent',
    'A header holds characters that HTTP does not allow.',
    'a name or value in OTEL_EXPORTER_OTLP_HEADERS is not allowed in HTTP',
  ),
  TA3021: errorWithFix(
    'The spool cannot be used',
    'The directory cannot be written or read, or a file in it is damaged.',
    'check OTEL_NODE_SPOOL_DIRECTORY; spans wait in memory meanwhile',
  ),
  TA3022: errorWithFix(
    'The exporter failed',
    'A fault of the agent, not of the configuration.',
    'this is a fault of the agent: report the line',
  ),
  TA3023: info(
    'Spans reach the collector again',
    'The first request after a failure was taken. The line says how long the outage was.',
    'Nothing. Spans that waited are sent now.',
  ),
  TA3024: warn(
    'The collector warns',
    'The answer was a success with a text. All spans were taken.',
    'Do what the text says; it comes from the collector.',
  ),
  TA3025: warn(
    'Spans were dropped',
    'The line has the number of spans for each reason.',
    'Follow the reason: a full queue (`OTEL_BSP_MAX_QUEUE_SIZE`, `OTEL_NODE_MAX_QUEUE_BYTES`) comes from a collector that ' +
      'is down or slow, or from too many spans (`OTEL_TRACES_SAMPLER`).',
  ),
  TA3026: warn(
    'Spans are sent from the application’s thread',
    'No worker thread can be had: `--permission` without `--allow-worker`, or a limit of the container.',
    'Allow worker threads. Until then spans left at `process.exit` are lost.',
  ),
  TA3027: error(
    'Spans cannot be sent',
    'The exporter could not be loaded, neither in a thread of its own nor in the application’s.',
    'Reinstall the agent; when the line comes back, report it.',
  ),
  TA3028: error(
    'The exporting thread keeps failing',
    'It ended several times without having sent anything. What it held is dropped and it starts afresh.',
    'Report the line; check the memory limit of the container.',
  ),
  TA3029: error(
    'The last spans could not be handed over',
    'Something failed while the process ended.',
    'Report the line.',
  ),
  TA3030: debug(
    'Account of all spans',
    'Printed when the process ends: created, exported, dropped, queued.',
    'Nothing.',
  ),
  TA3031: debug(
    'An open span could not be ended',
    'The process ended while a span was open, and ending it failed.',
    'Nothing; report the line when spans are missing.',
  ),
  TA3032: warn(
    'The collector rejected some spans',
    'The answer was a partial success: the other spans of the request were taken.',
    'Do what the text says; it comes from the collector.',
  ),
  TA3033: warn(
    'Another protocol is used than the default',
    '`OTEL_EXPORTER_OTLP_PROTOCOL` is not set, and the port does not speak the default protocol. The agent found out which ' +
      'one it speaks and uses that.',
    'Set `OTEL_EXPORTER_OTLP_PROTOCOL` to what the line says. With it set, the agent never changes the protocol.',
  ),
  TA3034: warnWithFix(
    'The diagnostics directory cannot be used',
    'The local socket for `trace-agent doctor --pid` could not be opened. Traces are not affected.',
    'check OTEL_NODE_DIAGNOSTICS_DIRECTORY: it must be writable, and its path at most 90 characters',
  ),
  TA3035: warnWithFix(
    'The back end takes no metrics',
    "The agent's own metrics were asked for by OTEL_NODE_EXPERIMENTAL_SDK_METRICS, and the collector does not know them: a back " +
      'end for traces alone. They are not sent again; spans are not concerned.',
    'unset OTEL_NODE_EXPERIMENTAL_SDK_METRICS, or send to a collector that takes metrics',
  ),
  TA3036: warn(
    'Metrics were not sent',
    "An export of the agent's own metrics failed. They are cumulative: the next export has everything.",
    'If it lasts, the cause is in the line, or in one about spans.',
  ),
  TA4001: warnWithFix(
    'The callers do not sample',
    'The requests carry a trace context that says "not sampled", and a `parentbased_` sampler follows it.',
    'raise the sampling rate of the callers (a gateway, a mesh), or set OTEL_TRACES_SAMPLER=always_on',
  ),
  TA4002: warn(
    'Requests carry a context that is not read',
    'The callers pass the trace context on in a format that `OTEL_PROPAGATORS` does not have, so traces fall apart. Those of ' +
      'Datadog and of Google Cloud Trace have no propagator here: the line says what the callers can do.',
    'Add the format that the line names to `OTEL_PROPAGATORS`.',
  ),
  TA4003: warn(
    'The clock jumped',
    'The clock of the system was set, the machine slept, or the application replaced `Date.now`.',
    'Nothing, if it happens once. Keep the clock of the node in step (NTP).',
  ),
  TA4010: info(
    'Work outlives the request that started it',
    'An interval, a loop or a connection made in a request goes on after its end. Its spans would make the trace of that ' +
      'request grow for ever, so each starts a trace of its own, with a link.',
    'Nothing. `OTEL_NODE_DETACH_AFTER` sets after how long, 0 switches it off.',
  ),
} as const satisfies Readonly<Record<string, CatalogueEntry>>;

export type Code = keyof typeof CATALOGUE;

/** The codes of one severity, so that printing a message with another severity does not compile. */
export type CodeOf<S extends Severity> = {
  [C in Code]: (typeof CATALOGUE)[C] extends CatalogueEntry<S> ? C : never;
}[Code];
