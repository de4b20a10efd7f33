/**
 * gRPC: one CLIENT and one SERVER span a call, whatever streams in it; metadata of the application stays as it is.
 */
import t from 'tap';
import { caseOf, testEverywhere } from '../helpers/libraries.js';
import { CALLS } from '../libraries/calls.js';

const GRPC = caseOf(CALLS, '@grpc/grpc-js');

testEverywhere(t, GRPC);
// The exporter speaks gRPC as well, with code of its own.
testEverywhere(t, { ...GRPC, scenario: { ...GRPC.scenario, protocol: 'grpc' } });
