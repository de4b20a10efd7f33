/**
 * The agents for both kinds of destination, which have most of their code in common: one file of the package. Worker; loaded
 * when a proxy is named.
 */
export { HttpProxyAgent } from 'http-proxy-agent';
export { HttpsProxyAgent } from 'https-proxy-agent';
