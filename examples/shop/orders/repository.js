/** Orders and the jobs that finish them, on an ordinary `pg` Pool. */
export function createRepository(pool) {
  return {
    /** Stores the order and its job in one transaction; resolves to both ids. */
    async createOrder({ customer, lines, totalCents, chargeId }) {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        const order = await client.query(
          'INSERT INTO shop_demo.orders (customer, lines, total_cents, charge_id) VALUES ($1, $2, $3, $4) RETURNING id',
          [customer, JSON.stringify(lines), totalCents, chargeId],
        );
        const job = await client.query('INSERT INTO shop_demo.jobs (order_id) VALUES ($1) RETURNING id', [
          order.rows[0].id,
        ]);
        await client.query('COMMIT');
        return { id: order.rows[0].id, jobId: job.rows[0].id };
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      } finally {
        client.release();
      }
    },

    async findOrder(id) {
      const { rows } = await pool.query(
        'SELECT id, customer, status, total_cents AS "totalCents" FROM shop_demo.orders WHERE id = $1',
        [id],
      );
      return rows[0];
    },
  };
}
