'use strict';
// graphql-js: schemas, resolvers, errors, promises, subscriptions, default resolvers, reflection on resolved types.
const graphql = require('graphql');

exports.modules = ['graphql'];
exports.depth = 3;
exports.run = async (t) => {
  const { GraphQLObjectType, GraphQLString, GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLSchema } = graphql;
  const order = [];
  const User = new GraphQLObjectType({
    name: 'User',
    fields: () => ({
      id: { type: GraphQLInt },
      name: {
        type: GraphQLString,
        resolve: async function name(source, _given, context, info) {
          order.push(['name', source.id, context?.mine, info.fieldName, info.path.key, Object.keys(info)]);
          return `user ${source.id}`;
        },
      },
      friends: {
        type: new GraphQLList(User),
        resolve: (source) => (source.id < 3 ? [{ id: source.id + 1 }, Promise.resolve({ id: source.id + 2 })] : []),
      },
      fails: {
        type: GraphQLString,
        resolve() {
          throw Object.assign(new TypeError('field'), { extensions: { code: 'MINE' } });
        },
      },
      rejects: { type: new GraphQLNonNull(GraphQLString), resolve: async () => Promise.reject(new Error('rejected')) },
    }),
  });
  const Query = new GraphQLObjectType({
    name: 'Query',
    fields: {
      user: { type: User, args: { id: { type: GraphQLInt } }, resolve: (_source, { id }) => ({ id }) },
      plain: { type: GraphQLString },
    },
  });
  const Subscription = new GraphQLObjectType({
    name: 'Subscription',
    fields: {
      ticks: {
        type: GraphQLInt,
        subscribe: async function* ticks() {
          yield { ticks: 1 };
          yield { ticks: 2 };
        },
      },
    },
  });
  const schema = new GraphQLSchema({ query: Query, subscription: Subscription });
  const run = (label, source, more = {}) =>
    t.attempt(
      label,
      () => graphql.graphql({ schema, source, contextValue: { mine: 1 }, rootValue: { plain: () => 'root' }, ...more }),
      8,
    );
  await run('query', '{ user(id: 1) { id name friends { id name } } plain }');
  await run('variables', 'query Q($id: Int) { user(id: $id) { name } }', {
    variableValues: { id: 2 },
    operationName: 'Q',
  });
  await run('a bad variable', 'query Q($id: Int!) { user(id: $id) { name } }', { variableValues: { id: 'x' } });
  await run('a field that fails', '{ user(id: 1) { fails name } }');
  await run('a field that rejects', '{ user(id: 1) { rejects } }');
  await run('syntax', '{ user(');
  await run('validation', '{ nothing }');
  await run('an unknown operation', 'query A { plain }', { operationName: 'B' });
  await run('introspection', '{ __schema { queryType { name } } }');
  await run('own resolver', '{ plain }', { fieldResolver: () => 'mine' });
  await t.attempt('sync', () => graphql.graphqlSync({ schema, source: '{ plain }', rootValue: { plain: 'x' } }));
  await t.attempt('sync with a promise', () => graphql.graphqlSync({ schema, source: '{ user(id: 1) { name } }' }));
  const document = graphql.parse('query Named { user(id: 3) { name } }', { noLocation: true });
  t.note('parsed', JSON.parse(JSON.stringify(document)), 12);
  t.note(
    'validated',
    graphql.validate(schema, graphql.parse('{ nope }')).map((error) => error.toJSON()),
  );
  await t.attempt('executed', () =>
    graphql.execute({ schema, document, contextValue: Object.freeze({ frozen: true }) }),
  );
  await t.attempt('executed without a context', () => graphql.execute({ schema, document }));
  const Plain = new GraphQLObjectType({
    name: 'Plain',
    fields: {
      context: { type: GraphQLString, resolve: (_source, _given, context) => `${typeof context} ${context}` },
      keys: { type: GraphQLString, resolve: (_source, _given, context) => Reflect.ownKeys(Object(context)).join() },
      number: { type: GraphQLInt, args: { of: { type: GraphQLInt } } },
    },
  });
  const plain = new GraphQLSchema({ query: Plain });
  const contextValue = { mine: 1 };
  for (const value of [undefined, null, 'text', 7, contextValue, Object.freeze({})]) {
    await t.attempt(`context ${value}`, () =>
      graphql.execute({ schema: plain, document: graphql.parse('{ context keys }'), contextValue: value }),
    );
  }
  t.note('the context value after it was used', Reflect.ownKeys(contextValue));
  await t.attempt('parameters one by one', () =>
    graphql.execute(plain, graphql.parse('{ context keys }'), undefined, 'positional'),
  );
  const many = graphql.parse('query ($a: Int, $b: Int) { a: number(of: $a) b: number(of: $b) }');
  await t.attempt('an option that is new', () =>
    graphql.execute({
      schema: plain,
      document: many,
      variableValues: { a: 'x', b: 'y' },
      options: { maxCoercionErrors: 1 },
    }),
  );
  await t.attempt('validated nothing', () => graphql.validate(plain));
  await t.attempt('executed with nothing', () => graphql.execute({}));
  await t.attempt('no source', () => graphql.parse());
  await t.attempt('subscribed', async () => {
    const results = [];
    for await (const result of await graphql.subscribe({ schema, document: graphql.parse('subscription { ticks }') }))
      results.push(result);
    return results;
  });
  const { name } = User.getFields();
  t.note('the type after it was used', [
    name.resolve.name,
    name.resolve.length,
    Object.keys(name),
    User.getFields().id.resolve,
    graphql.printSchema(schema),
  ]);
  t.note('order', order);
};

exports.crashes = {
  'an unhandled rejection': async () => {
    await graphql.execute({});
  },
};
