/**
 * Attribute keys of the semantic conventions 1.44 that our own instrumentations set. Constants only: the official
 * package is 100 kB of them.
 */
export const CLIENT_ADDRESS = 'client.address';
export const DB_COLLECTION_NAME = 'db.collection.name';
export const DB_NAMESPACE = 'db.namespace';
export const DB_OPERATION_BATCH_SIZE = 'db.operation.batch.size';
export const DB_OPERATION_NAME = 'db.operation.name';
export const DB_QUERY_SUMMARY = 'db.query.summary';
export const DB_QUERY_TEXT = 'db.query.text';
export const DB_RESPONSE_STATUS_CODE = 'db.response.status_code';
export const DB_STORED_PROCEDURE_NAME = 'db.stored_procedure.name';
export const DB_SYSTEM_NAME = 'db.system.name';
export const ERROR_TYPE = 'error.type';
export const HTTP_REQUEST_METHOD = 'http.request.method';
export const HTTP_REQUEST_METHOD_ORIGINAL = 'http.request.method_original';
export const HTTP_REQUEST_RESEND_COUNT = 'http.request.resend_count';
export const HTTP_RESPONSE_STATUS_CODE = 'http.response.status_code';
export const HTTP_ROUTE = 'http.route';
export const MESSAGING_BATCH_MESSAGE_COUNT = 'messaging.batch.message_count';
export const MESSAGING_CONSUMER_GROUP_NAME = 'messaging.consumer.group.name';
export const MESSAGING_DESTINATION_NAME = 'messaging.destination.name';
export const MESSAGING_DESTINATION_TEMPLATE = 'messaging.destination.template';
export const MESSAGING_MESSAGE_CONVERSATION_ID = 'messaging.message.conversation_id';
export const MESSAGING_MESSAGE_ID = 'messaging.message.id';
export const MESSAGING_OPERATION_NAME = 'messaging.operation.name';
export const MESSAGING_OPERATION_TYPE = 'messaging.operation.type';
export const MESSAGING_RABBITMQ_DESTINATION_ROUTING_KEY = 'messaging.rabbitmq.destination.routing_key';
export const MESSAGING_SYSTEM = 'messaging.system';
export const NETWORK_PEER_ADDRESS = 'network.peer.address';
export const NETWORK_PEER_PORT = 'network.peer.port';
export const NETWORK_PROTOCOL_VERSION = 'network.protocol.version';
export const RPC_METHOD = 'rpc.method';
export const RPC_METHOD_ORIGINAL = 'rpc.method_original';
/** Being renamed: `rpc.status_code` after 1.44. */
export const RPC_RESPONSE_STATUS_CODE = 'rpc.response.status_code';
export const RPC_SYSTEM_NAME = 'rpc.system.name';
export const SERVER_ADDRESS = 'server.address';
export const SERVER_PORT = 'server.port';
export const URL_FULL = 'url.full';
export const URL_PATH = 'url.path';
export const URL_QUERY = 'url.query';
export const URL_SCHEME = 'url.scheme';
export const USER_AGENT_ORIGINAL = 'user_agent.original';

/** Prefix of captured headers; the lower-case header name follows. */
export const HTTP_REQUEST_HEADER_PREFIX = 'http.request.header.';
export const HTTP_RESPONSE_HEADER_PREFIX = 'http.response.header.';

/** Value of an enumerated attribute when none of the known ones fits. */
export const OTHER = '_OTHER';
