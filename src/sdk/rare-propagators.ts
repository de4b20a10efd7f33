/** Formats that few landscapes have, in one file of the package. Loaded when one of them is configured. */
export { AWSXRayPropagator } from '@opentelemetry/propagator-aws-xray';
export { JaegerPropagator } from '@opentelemetry/propagator-jaeger';
export { OTTracePropagator } from '@opentelemetry/propagator-ot-trace';
