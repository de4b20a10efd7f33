const CLAIM = `UPDATE shop_demo.jobs SET state = 'running'
  WHERE id = (SELECT id FROM shop_demo.jobs WHERE id = $1 AND state = 'queued' FOR UPDATE SKIP LOCKED)
  RETURNING order_id`;

/** The jobs table as a queue: whoever claims a job runs it, everybody else skips it. */
export function createJobs(pool, notificationsUrl) {
  async function notify(order) {
    const response = await fetch(`${notificationsUrl}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to: order.customer, text: `Your order ${order.id} is on its way` }),
    });
    if (!response.ok) throw new Error(`notifications answered ${response.status}`);
    await response.body?.cancel();
  }

  return {
    async run(jobId) {
      const claimed = await pool.query(CLAIM, [jobId]);
      if (claimed.rowCount === 0) return;
      const orders = await pool.query(
        "UPDATE shop_demo.orders SET status = 'confirmed' WHERE id = $1 RETURNING id, customer",
        [claimed.rows[0].order_id],
      );
      await notify(orders.rows[0]);
      await pool.query("UPDATE shop_demo.jobs SET state = 'done' WHERE id = $1", [jobId]);
    },
  };
}
