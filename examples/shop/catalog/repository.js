/** An order asks for more than there is. */
class OutOfStockError extends Error {
  constructor(sku, quantity, stock) {
    super(`cannot reserve ${quantity} x ${sku}: ${stock} in stock`);
    this.name = 'OutOfStockError';
  }
}

/** The catalog's queries, on an ordinary `pg` Pool. */
function createRepository(pool) {
  async function reserveLine(client, { sku, quantity }) {
    const taken = await client.query(
      'UPDATE shop_demo.products SET stock = stock - $2 WHERE sku = $1 AND stock >= $2 RETURNING stock',
      [sku, quantity],
    );
    if (taken.rowCount === 1) return;
    const found = await client.query('SELECT stock FROM shop_demo.products WHERE sku = $1', [sku]);
    throw new OutOfStockError(sku, quantity, found.rows[0]?.stock ?? 0);
  }

  return {
    async findProduct(sku) {
      const { rows } = await pool.query(
        'SELECT (price::numeric * 100)::integer AS "priceCents", sku, name, stock FROM shop_demo.products WHERE sku = $1',
        [sku],
      );
      return rows[0];
    },

    async listProducts() {
      const { rows } = await pool.query('SELECT sku, name, stock FROM shop_demo.products ORDER BY sku');
      return rows;
    },

    /** Reserves every line or none; resolves to the number of units. */
    async reserve(lines) {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        for (const line of lines) await reserveLine(client, line);
        await client.query('COMMIT');
        return lines.reduce((units, line) => units + line.quantity, 0);
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      } finally {
        client.release();
      }
    },
  };
}

module.exports = { createRepository, OutOfStockError };
