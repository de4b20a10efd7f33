// What NODE_OPTIONS names in a Pod: loads the agent from node_modules beside this file. Any Node can parse it.
require('@org/trace-agent/register');
